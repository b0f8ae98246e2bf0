// Expression: one SQL scalar expression, typed and null-safe (rule 6), compiled once and evaluated
// over columns. One row and a million rows run the same kernels (6.1), so they give the same bits.
//
//   auto e = Expression::Compile("coalesce(dep_delay, 0) / 60", inputs, std::nullopt);
//   e->type()    float64           e->inputs()   {"dep_delay"}
//
// The language: docs/expressions.md, generated from the function table (functions.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/batch.h"
#include "column/column.h"

namespace coeval {

struct RowError {
  std::int64_t row;
  std::string message;  // "integer overflow in 9223372036854775807 + 1"
};

// Values of all rows. Where a row's used value is an error (6.2) it is null here and `invalid`
// is 1.
struct Evaluation {
  Evaluation() = default;

  Evaluation(Column made, std::vector<std::uint8_t> marks, std::int64_t count)
      : values(std::move(made)), invalid(std::move(marks)), invalid_count(count) {}

  Column values;
  std::vector<std::uint8_t> invalid;  // one a row, or empty: none is invalid
  std::int64_t invalid_count = 0;
  std::vector<RowError> first_errors;  // at most 10, lowest rows first
};

// Immutable once compiled; any number of threads may evaluate at once.
class Expression {
 public:
  // Parses and type-checks `text` over the named inputs; names may be written plain, qualified
  // (view.feature when the schema's name is "view.feature") or quoted ("odd name").
  // `result` converts the result implicitly (int to float, float64 to float32 rounded once, 6.3)
  // and fails where only an explicit cast could. Errors: InvalidArgument with line and column of
  // the character, what was found, what was expected, the nearest name or function, and a caret
  // line.
  static Result<Expression> Compile(std::string_view text, const Schema& inputs,
                                    const std::optional<DataType>& result);

  [[nodiscard]] const DataType& type() const;
  // The names of the inputs that it reads, in order of first use.
  [[nodiscard]] const std::vector<std::string>& inputs() const;
  [[nodiscard]] const std::string& text() const;
  // Reads now()? Then its value changes with t alone.
  [[nodiscard]] bool uses_now() const;
  // The canonical form (normalized spacing, case of keywords, explicit casts) for rule 8.2's hash.
  [[nodiscard]] std::string Canonical() const;

  // Shapes: `columns` as the schema given to Compile (only inputs() are read; others may be null
  // columns), each [n]; `now` has n times, or 1 for all rows. Result: n values.
  // Cost: O(n x operations), vectors of up to 1024 rows at a time; no allocation per row.
  [[nodiscard]] Evaluation Evaluate(std::span<const Column> columns, std::int64_t n,
                                    std::span<const TimeMicros> now) const;

 private:
  struct Program;

  explicit Expression(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;
};

// The versions of what decides values beside the text (rule 6.4): "sleef 3.5.1; tzdata 2026a;
// utf8proc 2.8.0; re2 ...". Part of each on-demand view's identity and of the manifest.
const std::string& ExpressionLibraryVersions();

}  // namespace coeval
