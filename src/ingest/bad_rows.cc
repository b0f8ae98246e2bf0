#include "ingest/bad_rows.h"

#include <string_view>
#include <utility>

namespace coeval {
namespace {

using Range = std::pair<std::int64_t, std::int64_t>;  // first row, number of rows

class Sorter {
 public:
  Sorter(const PushColumns& columns, const ArrowTable& rows, const Context& context)
      : columns_(columns), rows_(rows), context_(context) {
    columns_.meaning.allow_1970 = true;  // a rule about all rows together
  }

  // Halves what is refused until a row is alone.
  Status Sort(std::int64_t first, std::int64_t count) {
    if (count == 0) return {};
    Status refused = Check({first, count});
    if (refused.ok()) {
      good.emplace_back(first, count);
      return {};
    }
    if (refused.code() != StatusCode::kInvalidArgument) return refused;
    if (count > 1) {
      COEVAL_RETURN_IF_ERROR(Sort(first, count / 2));
      return Sort(first + count / 2, count - count / 2);
    }
    if (std::ssize(bad) == kMostBadRows) {
      return Status::InvalidArgument("more than " + std::to_string(kMostBadRows) +
                                     " rows cannot be taken; the first: " + faults.front().reason);
    }
    bad.emplace_back(first, 1);
    faults.push_back({first, ReasonOf(refused)});
    return {};
  }

  Status Check(Range range) {
    return CheckPushedRows(columns_, rows_.Ranges({&range, 1}), context_).status();
  }

  // What is said of the row alone: source and number are known beside it.
  static std::string ReasonOf(const Status& refused) {
    constexpr std::string_view kRow = "row 0 of the data frame";
    const std::string& text = refused.message();
    const std::size_t at = text.find(kRow);
    if (at == std::string::npos) return text;
    const std::size_t begin = text.find_first_not_of(":, ", at + kRow.size());
    return begin == std::string::npos ? text : text.substr(begin);
  }

  std::vector<Range> good;
  std::vector<Range> bad;
  std::vector<BadRow> faults;

 private:
  PushColumns columns_;
  const ArrowTable& rows_;
  const Context& context_;
};

}  // namespace

Result<SortedRows> SortRows(const PushColumns& columns, const ArrowTable& rows,
                            const Context& context) {
  Sorter sorter(columns, rows, context);
  COEVAL_RETURN_IF_ERROR(sorter.Check({0, 0}));
  COEVAL_RETURN_IF_ERROR(sorter.Sort(0, rows.num_rows()));
  return SortedRows{.good = rows.Ranges(sorter.good),
                    .bad = rows.Ranges(sorter.bad),
                    .faults = std::move(sorter.faults)};
}

}  // namespace coeval
