// RowGroupFacts: the facts of Parquet files as FactPieces, one for each row group that is read.
// Footers are kept for the files that were read last, so that a file's pieces, which are read one
// after another, share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/column.h"
#include "source/arrow_plugin.h"
#include "source/fact_columns.h"
#include "source/fact_maker.h"
#include "source/fact_plan.h"
#include "source/fact_reader.h"
#include "source/scan.h"

namespace coeval {

class RowGroupFacts : public FactPieces {
 public:
  // Null where the source has no row groups: other formats than Parquet.
  static std::unique_ptr<RowGroupFacts> Make(std::shared_ptr<const FactMeaning> meaning,
                                             const FactPlan& plan, const Context& context);

  [[nodiscard]] std::size_t size() const override { return pieces_.size(); }

  [[nodiscard]] std::int64_t rows(std::size_t piece) const override { return pieces_[piece].rows; }

  Result<FactCounts> ReadKeys(std::size_t piece, const Use& use) override;
  Result<FactCounts> ReadFacts(std::size_t piece, const Use& use) override;
  Status Finish() override;
  Result<std::vector<Column>> ReadValues(std::size_t piece, std::span<const std::int64_t> rows,
                                         FeatureSpan features) override;

  // Adds what was read so far.
  void AddTo(ScanStats* stats) const;

 private:
  struct Piece {
    std::uint32_t file = 0;  // among the files of the source
    std::int64_t group = 0;
    std::int64_t first_row = 0;  // in its file
    std::int64_t rows = 0;
    std::int64_t key_bytes = 0;
    std::int64_t value_bytes = 0;
    FactTally tally;
    bool keys_read = false;
    bool values_read = false;  // by several, who read features of their own
  };

  RowGroupFacts(std::shared_ptr<const FactMeaning> meaning, const FactPlan& plan,
                const Context& context);
  void AddFile(const FactPlan& plan, std::size_t file);

  Result<FactCounts> Read(Piece* piece, const FactColumns& columns, const Use& use);
  // Errors: Unavailable where it is not the file that was planned for.
  Result<ArrowFile> OpenFile(std::size_t file);
  // The columns of a piece; null rows: of all its rows.
  Result<ArrowStream> Scan(const Piece& piece, const std::vector<std::string>& columns,
                           const std::span<const std::int64_t>* rows);
  // The features of `columns`, of which the first is the request's `first`.
  Result<std::vector<Column>> Convert(const Piece& piece, const RawBatch& raw,
                                      const FactColumns& columns, std::size_t first,
                                      std::span<const std::int64_t> rows) const;
  [[nodiscard]] std::string NameOf(const Piece& piece, std::int64_t row) const;

  std::shared_ptr<const FactMeaning> meaning_;
  FactColumns columns_;
  FactColumns key_columns_;
  FactColumns value_columns_;
  FormatOptions format_;
  Context context_;
  TimeMicros newest_ = kMinTime;  // by statistics
  std::vector<Piece> pieces_;     // each is written by who reads it

  struct OpenedFile {
    std::size_t file = 0;
    ArrowFile opened;
  };

  std::mutex mutex_;
  std::deque<OpenedFile> open_;  // the newest last; guarded by mutex_
};

}  // namespace coeval
