// What a text in a CSV cell can be read as, exactly as Arrow's CSV converters read it.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace coeval::plugin {

// Does Arrow's converter for `type` take the text? Texts that mean null are the caller's business.
bool Converts(std::string_view text, const ::arrow::DataType& type);

// The types that all texts of a column, seen one by one, could have; the first that is left is the
// inferred one: int64, bool, date, timestamp (µs, else ns; without or with zone), float64, string,
// bytes. A column without any text is of type null.
class TypeGuess {
 public:
  void See(std::string_view text);
  [[nodiscard]] std::shared_ptr<::arrow::DataType> type() const;

 private:
  enum Candidate : uint32_t {
    kInt = 1,
    kBool = 2,
    kDate = 4,
    kMicros = 8,
    kNanos = 16,
    kZonedMicros = 32,
    kZonedNanos = 64,
    kFloat = 128,
    kText = 256,
    kAll = 511,
  };

  [[nodiscard]] bool Holds(Candidate candidate, std::string_view text) const;

  bool seen_ = false;
  uint32_t left_ = kAll;
};

}  // namespace coeval::plugin
