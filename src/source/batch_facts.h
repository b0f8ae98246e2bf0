// BatchFacts: the facts of rows in memory as FactPieces: runs of the record batches of a data
// frame, which all threads may read at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/column.h"
#include "source/fact_columns.h"
#include "source/fact_maker.h"
#include "source/fact_reader.h"
#include "source/scan.h"

namespace coeval {

class BatchFacts : public FactPieces {
 public:
  static constexpr std::int64_t kPieceRows = 1 << 17;  // at most

  // Takes the batches of a scan of rows in memory, to its end; they are held, not copied. `name`:
  // for errors. Errors: those of the scan.
  static Result<std::unique_ptr<BatchFacts>> Make(std::shared_ptr<const FactMeaning> meaning,
                                                  const FactColumns& columns, RawScan* scan,
                                                  std::string name, const Context& context);

  [[nodiscard]] std::size_t size() const override { return pieces_.size(); }

  [[nodiscard]] std::int64_t rows(std::size_t piece) const override {
    return pieces_[piece].raw.num_rows();
  }

  [[nodiscard]] bool is_held() const override { return true; }

  Result<FactCounts> ReadKeys(std::size_t piece, const Use& use) override;
  Result<FactCounts> ReadFacts(std::size_t piece, const Use& use) override;
  Status Finish() override;
  Result<std::vector<Column>> ReadValues(std::size_t piece, std::span<const std::int64_t> rows,
                                         FeatureSpan features) override;

 private:
  struct Piece {
    RawBatch raw;  // its first row counts in the whole table
    FactTally tally;
  };

  BatchFacts(std::shared_ptr<const FactMeaning> meaning, const FactColumns& columns,
             std::string name, const Context& context);

  Result<FactCounts> Read(Piece* piece, const FactColumns& columns, const Use& use);
  [[nodiscard]] RowName NameOf(const Piece& piece) const;

  std::shared_ptr<const FactMeaning> meaning_;
  FactColumns columns_;
  FactColumns key_columns_;  // the same without features
  std::string name_;
  Context context_;
  std::vector<Piece> pieces_;  // each is written by who reads it
};

}  // namespace coeval
