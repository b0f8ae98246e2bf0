// For tests of materialization: a source in memory that grows, read like one of files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "materialize/materialize.h"
#include "online/testing.h"

namespace coeval {

// Rows that land in a source over time. Its reader gives what FactReader gives: the facts of the
// range asked for, in batches.
class GrowingSource {
 public:
  void Land(const TestFact& row) {
    rows_.push_back(row);
    ++changes_;
  }

  // Rows of another table take the place of all.
  void Replace(std::vector<TestFact> rows) {
    rows_ = std::move(rows);
    ++changes_;
  }

  // The next reads fail after this many rows; -1: they do not.
  void FailAfter(std::int64_t rows) { fail_after_ = rows; }

  [[nodiscard]] const std::vector<TestFact>& rows() const { return rows_; }

  // How often it was opened, and the rows that readers gave.
  [[nodiscard]] int opened() const { return opened_; }

  [[nodiscard]] std::int64_t rows_given() const { return rows_given_; }

  // Must outlive what it gives. `batch_rows`: at most so many rows in a batch.
  [[nodiscard]] OpenCarriedFacts Opener(std::size_t batch_rows = 7);

 private:
  class Stream;

  std::vector<TestFact> rows_;
  int changes_ = 0;
  std::int64_t fail_after_ = -1;
  int opened_ = 0;
  std::int64_t rows_given_ = 0;
};

}  // namespace coeval
