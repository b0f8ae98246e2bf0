#include "arrow/csv_text.h"

#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>
#include <arrow/util/value_parsing.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace coeval::plugin {

using ::arrow::Type;

namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

// Arrow trims numbers and booleans, and nothing else.
std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

template <typename ArrowType>
bool Parses(std::string_view text) {
  typename ArrowType::c_type value{};
  const std::string_view trimmed = Trim(text);
  return ::arrow::internal::ParseValue<ArrowType>(trimmed.data(), trimmed.size(), &value);
}

bool ParsesBool(std::string_view text) {
  bool value = false;
  const std::string_view trimmed = Trim(text);
  return ::arrow::internal::ParseValue<::arrow::BooleanType>(trimmed.data(), trimmed.size(),
                                                             &value);
}

bool ParsesDate(std::string_view text) {
  int32_t value = 0;
  return ::arrow::internal::ParseValue<::arrow::Date32Type>(text.data(), text.size(), &value);
}

bool ParsesTime(std::string_view text, ::arrow::TimeUnit::type unit, bool zoned) {
  int64_t value = 0;
  bool zone = false;
  return ::arrow::internal::ParseTimestampISO8601(text.data(), text.size(), unit, &value, &zone) &&
         zone == zoned;
}

bool ParsesDecimal(std::string_view text, const ::arrow::DecimalType& type) {
  ::arrow::Decimal128 value;
  int32_t precision = 0;
  int32_t scale = 0;
  if (!::arrow::Decimal128::FromString(Trim(text), &value, &precision, &scale).ok()) return false;
  return scale <= type.scale() && precision - scale <= type.precision() - type.scale();
}

}  // namespace

bool Converts(std::string_view text, const ::arrow::DataType& type) {
  switch (type.id()) {
    case Type::NA:
      return false;
    case Type::BOOL:
      return ParsesBool(text);
    case Type::INT32:
      return Parses<::arrow::Int32Type>(text);
    case Type::INT64:
      return Parses<::arrow::Int64Type>(text);
    case Type::FLOAT:
      return Parses<::arrow::FloatType>(text);
    case Type::DOUBLE:
      return Parses<::arrow::DoubleType>(text);
    case Type::DATE32:
      return ParsesDate(text);
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const ::arrow::TimestampType&>(type);
      return ParsesTime(text, timestamp.unit(), !timestamp.timezone().empty());
    }
    case Type::DECIMAL128:
      return ParsesDecimal(text, static_cast<const ::arrow::DecimalType&>(type));
    case Type::STRING:
    case Type::LARGE_STRING:
      return ::arrow::util::ValidateUTF8(text);
    default:
      return true;
  }
}

bool TypeGuess::Holds(Candidate candidate, std::string_view text) const {
  switch (candidate) {
    case kInt:
      return Parses<::arrow::Int64Type>(text);
    case kBool:
      return ParsesBool(text);
    case kDate:
      return ParsesDate(text);
    case kMicros:
      return ParsesTime(text, ::arrow::TimeUnit::MICRO, false);
    case kNanos:
      return ParsesTime(text, ::arrow::TimeUnit::NANO, false);
    case kZonedMicros:
      return ParsesTime(text, ::arrow::TimeUnit::MICRO, true);
    case kZonedNanos:
      return ParsesTime(text, ::arrow::TimeUnit::NANO, true);
    case kFloat:
      return Parses<::arrow::DoubleType>(text);
    case kText:
      return ::arrow::util::ValidateUTF8(text);
    case kAll:
      break;
  }
  return false;
}

void TypeGuess::See(std::string_view text) {
  seen_ = true;
  for (uint32_t candidate = kInt; candidate <= kText; candidate <<= 1) {
    if ((left_ & candidate) != 0 && !Holds(static_cast<Candidate>(candidate), text)) {
      left_ &= ~candidate;
    }
    // Text is what remains; that a number is valid UTF-8 needs no looking.
    if (candidate == kFloat && (left_ & (kText - 1U)) != 0) return;
  }
}

std::shared_ptr<::arrow::DataType> TypeGuess::type() const {
  if (!seen_) return ::arrow::null();
  if ((left_ & kInt) != 0) return ::arrow::int64();
  if ((left_ & kBool) != 0) return ::arrow::boolean();
  if ((left_ & kDate) != 0) return ::arrow::date32();
  if ((left_ & kMicros) != 0) return ::arrow::timestamp(::arrow::TimeUnit::MICRO);
  if ((left_ & kNanos) != 0) return ::arrow::timestamp(::arrow::TimeUnit::NANO);
  if ((left_ & kZonedMicros) != 0) return ::arrow::timestamp(::arrow::TimeUnit::MICRO, "UTC");
  if ((left_ & kZonedNanos) != 0) return ::arrow::timestamp(::arrow::TimeUnit::NANO, "UTC");
  if ((left_ & kFloat) != 0) return ::arrow::float64();
  if ((left_ & kText) != 0) return ::arrow::utf8();
  return ::arrow::binary();
}

}  // namespace coeval::plugin
