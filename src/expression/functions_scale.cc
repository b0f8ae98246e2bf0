// Numbers brought to a scale: bucketize, z_score.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "expression/comparison.h"
#include "expression/functions.h"

namespace coeval {

namespace {

using Int = std::int64_t;

Int Read(const Value& value, Int /*kind*/) {
  return value.AsInt();
}

double Read(const Value& value, double /*kind*/) {
  return value.AsDouble();
}

// Arguments 1 and on: constants, each above the one before.
template <typename T>
Result<std::shared_ptr<const void>> PrepareBoundaries(const PrepareContext& context) {
  auto boundaries = std::make_shared<std::vector<T>>();
  for (std::size_t i = 1; i < context.constants.size(); ++i) {
    *context.bad_argument = i;
    const Value& constant = *context.constants[i];
    if (constant.is_null()) return Status::InvalidArgument("the boundary is null");
    const T boundary = Read(constant, T{});
    if (std::isnan(static_cast<double>(boundary)))
      return Status::InvalidArgument("the boundary is NaN");
    if (!boundaries->empty() && !(boundaries->back() < boundary)) {
      return Status::InvalidArgument(
          fmt::format("the boundary {} is not above {}, the one before it; write them in order",
                      boundary, boundaries->back()));
    }
    boundaries->push_back(boundary);
  }
  return std::shared_ptr<const void>(std::move(boundaries));
}

template <typename T>
void BucketizeKernel(const Call& call) {
  const auto& boundaries = call.prepared_as<std::vector<T>>();
  const T* const values = call.arg<T>(0);
  Int* const result = call.out->as<Int>();
  CombineStates(call);
  for (Int row = 0; row < call.rows; ++row) {
    if (call.out->StateOf(row) != kValue) continue;
    const auto above = std::upper_bound(boundaries.begin(), boundaries.end(), values[row], Less{});
    result[row] = above - boundaries.begin();
  }
}

void ZScoreKernel(const Call& call) {
  MapTotal<double, double, double, double>(
      call, [](double x, double mean, double deviation) { return (x - mean) / deviation; });
}

}  // namespace

std::vector<Function> ScaleFunctions() {
  return {
      {.name = "bucketize",
       .family = Family::kMath,
       .usage = "bucketize(x, b1, b2, ...)",
       .meaning =
           "How many of the boundaries are not above x: 0 below the first, 1 from b1 to below b2, "
           "and so on. Boundaries are constants in rising order. NaN is above all of them.",
       .overloads = {{"int64, const int64... -> int64", BucketizeKernel<Int>, nullptr,
                      PrepareBoundaries<Int>},
                     {"float64, const float64... -> int64", BucketizeKernel<double>, nullptr,
                      PrepareBoundaries<double>}},
       .examples = {{"bucketize(17, 0, 10, 20)", "2"},
                    {"bucketize(-0.5, 0, 10, 20)", "0"},
                    {"bucketize(20, 0, 10, 20)", "3"}}},
      {.name = "z_score",
       .family = Family::kMath,
       .usage = "z_score(x, mean, std)",
       .meaning =
           "(x - mean) / std, as floats: how many standard deviations x lies above the mean. "
           "A deviation of 0 gives an infinity, or NaN where x is the mean.",
       .overloads = {{"float64, float64, float64 -> float64", ZScoreKernel}},
       .examples = {{"z_score(13, 10, 2)", "1.5"}, {"z_score(10, 10, 0)", "nan"}}},
  };
}

}  // namespace coeval
