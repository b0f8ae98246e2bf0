// FactMaker: raw rows of a source as facts, batch after batch, and a tally of those that are none.
// The rules of fact_reader.h about one row live here, and nowhere else. Parts of a source may be
// read apart, each by a maker of its own; their tallies are then put together in the source's
// order.
//
// Rows are looked at in blocks of a few thousand. Mostly nothing in a block needs a decision row by
// row (no time is null, impossible or too far ahead), and the least and the greatest of its times
// tell that it is wanted as a whole or not at all; where they do not, the range is searched if the
// times ascend, and otherwise compared in one pass.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "base/time_spread.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "source/bad_times.h"
#include "source/chosen_rows.h"
#include "source/fact_columns.h"
#include "source/fact_reader.h"
#include "source/file_list.h"
#include "source/scan.h"

namespace coeval {

// What all parts of a reading share. Immutable; threads: any.
struct FactMeaning {
  Source source;
  FactRequest request;
  TimeMicros clock = 0;
  std::vector<SourceFile> files;                // none for a stream
  std::shared_ptr<const std::string> log = {};  // FactBatch::log

  [[nodiscard]] FactSource From(const RawBatch& raw) const {
    return {.batch = &raw,
            .file = files.empty() ? nullptr : &files[raw.file],
            .text_times = !files.empty() && source.format == FileFormat::kCsv};
  }

  // The status with view and source before it.
  [[nodiscard]] Status InView(const Status& status) const;
};

// "row 17 of a.parquet", of a row of the batch at hand.
using RowName = std::function<std::string(std::int64_t row)>;

// What became of some rows.
struct FactTally {
  FactCounts counts;
  BadTimes bad;
  bool any_time = false;
  TimeMicros newest = kMinTime;
  TimeUnit stored_unit = TimeUnit::kMicro;

  // Adds what became of the rows after these.
  void Append(const FactTally& next);
  // Of a whole source. Errors: bad times, unless they are skipped; all times before 1973.
  [[nodiscard]] Status Check(const Source& source) const;
};

// Threads: one.
class FactMaker {
 public:
  // `columns`: where the parts of a fact lie in the batches; as many features as they name are
  // read.
  FactMaker(std::shared_ptr<const FactMeaning> meaning, FactColumns columns)
      : meaning_(std::move(meaning)), columns_(std::move(columns)) {}

  // None where no row of the batch is a fact, or where it is already known that the scan fails.
  // Errors: InvalidArgument for a value that its declared type cannot hold.
  Result<std::optional<FactBatch>> Make(const RawBatch& raw, const RowName& name);

  [[nodiscard]] const FactTally& tally() const { return tally_; }

  void set_newest(TimeMicros newest) { tally_.newest = newest; }

 private:
  struct Decisive;
  struct Block;

  Result<Decisive> ReadDecisive(const FactSource& from, const RowName& name) const;
  ChosenRows Choose(const FactSource& from, const Decisive& decisive, const RowName& name);
  // Counts its times in, and decides the block as a whole unless some row needs a look of its own.
  bool ChooseBlock(const Decisive& decisive, const Block& block, ChosenRows* chosen);
  void ChooseRange(const Decisive& decisive, const Block& block, const TimeSpread& spread,
                   ChosenRows* chosen);
  void ChooseMarked(const Decisive& decisive, const Block& block, bool all_in_range,
                    ChosenRows* chosen);
  void ChooseRow(const FactSource& from, const Decisive& decisive, std::int64_t row,
                 const RowName& name, ChosenRows* chosen);
  void AddNewest(const TimeSpread& spread);
  [[nodiscard]] bool AnyTooFarAhead(const Decisive& decisive, const Block& block,
                                    const TimeSpread& spread) const;
  [[nodiscard]] bool InRange(const FactTimes& times) const;
  [[nodiscard]] std::string TimeProblem(const FactSource& from, const ColumnRef& ref,
                                        std::int64_t row, bool is_null) const;

  std::shared_ptr<const FactMeaning> meaning_;
  FactColumns columns_;
  FactTally tally_;
};

// A value that does not convert, with its row and column.
Status CellError(const FactSource& from, const CellFailure& failure, const RowName& name);

}  // namespace coeval
