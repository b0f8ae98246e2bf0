// Output: the result register of each vector of rows, gathered into one column and the invalid
// rows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "column/builder.h"
#include "column/type.h"
#include "expression/expression.h"
#include "expression/vector.h"

namespace coeval {

// One thread. Floats are made canonical here (rule 1.5), and null rows all zero.
class Output {
 public:
  Output(const DataType& type, std::int64_t rows);

  void Append(const Vec& result, std::int64_t rows);
  // Without first_errors. Call once.
  Evaluation Finish();

  // At most 10, lowest first.
  [[nodiscard]] std::span<const std::int64_t> first_invalid() const { return first_invalid_; }

 private:
  template <typename To, typename From>
  void AppendFixed(const Vec& result, std::int64_t rows);
  void AppendTexts(const Vec& result, std::int64_t rows);
  void AppendNested(const Vec& result, std::int64_t rows);
  Column FinishColumn();
  void MarkNull(std::int64_t row);
  void MarkInvalid(std::int64_t row);

  DataType type_;
  std::int64_t rows_;
  std::int64_t done_ = 0;

  // Fixed-width values lie in one allocation with their owner: a request makes one for its row.
  struct alignas(16) Block {
    std::uint64_t words[2];
  };

  std::shared_ptr<Block[]> fixed_;
  std::vector<std::uint8_t> texts_;
  std::vector<std::int32_t> offsets_;  // texts
  std::vector<std::uint8_t> validity_;
  std::unique_ptr<ColumnBuilder> builder_;  // nested types
  std::vector<std::uint8_t> invalid_;
  std::int64_t invalid_count_ = 0;
  std::vector<std::int64_t> first_invalid_;
};

}  // namespace coeval
