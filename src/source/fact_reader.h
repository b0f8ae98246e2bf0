// FactReader: the facts of a view, read from its source. The one place where a row of a source
// becomes a fact, or is refused: training and materialization both read here, so they treat the
// same rows the same (rule 4.7).
//
//   source rows                                        facts
//   (city=ams, 2013-01-01T10:00:00.0000001Z, 3.5)      key ams, event time 10:00:00.000001, 3.5
//   (city=null, ...)                                   none: ignored, counted (null_keys)
//   (city=ams, null, ...)                              an error that lists rows, or skipped,
//   counted
//
// In this order, for each row: field mapping; a null join key (rules 2.2, 4.7); event and created
// time, rounded up to the µs (rule 1.2); null or impossible times (4.7) and times too far ahead
// (3.5); the range asked for; keys and features converted to their declared types, losing nothing.
// An event or created time comes from a timestamp or date column, or from text in ISO 8601;
// integers are refused, since nothing says their unit. Of CSV, keys and features are read as the
// declared types, so that a string key "007" stays one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/batch.h"
#include "column/column.h"
#include "column/key.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "source/manifest.h"
#include "source/scan.h"
#include "source/wanted_keys.h"

namespace coeval {

// Which facts are wanted, by their times. Rows outside are left out exactly, and row groups, files
// and partitions that can hold none are not read, unless their statistics allow a bad time in them.
//
//   kept = event_time <= event_max and (event_time >= event_min or created_time >= created_min)
//
// `created_min` serves materialize_incremental (rule 7.7); without it the "or" falls away. A
// timeless source has no event times: all of its facts are wanted.
struct FactRange {
  TimeMicros event_min = kMinTime;
  TimeMicros event_max = kMaxTime;
  std::optional<TimeMicros> created_min = {};
};

// Keys: only facts of some keys may be wanted. Those of others are left out where row groups, files
// and partitions can hold no wanted key nor a bad time, and may be given else.
struct FactRequest {
  std::string view = {};                    // named in errors
  std::vector<JoinKey> keys = {};           // in order; none = the one global row (rule 2.2)
  std::vector<ColumnSchema> features = {};  // in declared order; names after field_mapping
  FactRange range = {};
  std::optional<FactRange> pushed_range = {};     // of what was pushed; none: the same
  std::shared_ptr<const WantedKeys> wanted = {};  // of `keys`; null = all
  bool hindsight = false;                         // with what was pushed to be offline alone (3.2)
  std::int64_t batch_rows = 65536;                // at most so many rows in a batch
};

// Facts, column by column; all of num_rows, none of them refused. Immutable, cheap to copy.
// At a delete (rule 3.7) the feature values are whatever the source holds and mean nothing.
struct FactBatch {
  std::int64_t num_rows = 0;
  std::vector<Column> keys;      // one for each join key, of its declared type, without nulls
  Column event_time;             // timestamps without nulls; kMinTime where timeless (rule 1.3)
  Column created_time;           // timestamps; type null where the source declares none
  Column sequence;               // int64; type null where the source declares none
  Column deleted;                // bool without nulls; type null where the source declares none
  std::vector<Column> features;  // one for each feature asked for, of its declared type
  // Where the facts lie among the rows that were read of a file, which is the one at that position
  // in the source's manifest: fact i is row first_row + i, or, where rows between them are no
  // facts, row (*row_numbers)[i].
  std::size_t file = 0;
  std::int64_t first_row = 0;
  std::shared_ptr<const std::vector<std::int64_t>> row_numbers = {};
  // Of facts that were pushed, which are arrivals (rule 3.2): the writer of the log that holds
  // them, by which and by their numbers they are told apart (1.3). Null: of a batch source. So a
  // batch is of one or the other.
  std::shared_ptr<const std::string> log = {};

  [[nodiscard]] bool arrived() const { return log != nullptr; }

  [[nodiscard]] std::int64_t row_number(std::int64_t i) const {
    return row_numbers == nullptr ? first_row + i : (*row_numbers)[static_cast<std::size_t>(i)];
  }

  [[nodiscard]] std::span<const TimeMicros> event_times() const {
    return event_time.values<TimeMicros>();
  }

  [[nodiscard]] FactTimes times(std::int64_t row) const {
    const auto i = static_cast<std::size_t>(row);
    FactTimes result{.event_time = event_times()[i]};
    if (!created_time.IsNull(row)) {
      result.created_time = created_time.values<TimeMicros>()[i];
      result.has_created = true;
      result.arrived = arrived();
    }
    return result;
  }

  // For comparing facts: a batch source's declared column has the empty log (rule 1.3), and for
  // that of pushed facts kAnyLog stands.
  [[nodiscard]] Sequence sequence_of(std::int64_t row) const {
    if (sequence.IsNull(row)) return {};
    return {.present = true,
            .log = arrived() ? kAnyLog : std::string_view(),
            .number = sequence.values<std::int64_t>()[static_cast<std::size_t>(row)]};
  }

  [[nodiscard]] bool is_delete(std::int64_t row) const {
    return deleted.type().id() == TypeId::kBool &&
           deleted.values<std::uint8_t>()[static_cast<std::size_t>(row)] != 0;
  }
};

// What became of the rows read so far. rows = facts + null_keys + bad_times + too_far_ahead
// + out_of_range; row groups that were not read count in ScanStats alone.
struct FactCounts {
  std::int64_t rows = 0;
  std::int64_t facts = 0;
  std::int64_t null_keys = 0;
  std::int64_t bad_times = 0;      // null or impossible, skipped
  std::int64_t too_far_ahead = 0;  // rule 3.5, skipped
  std::int64_t out_of_range = 0;   // good, but not asked for
};

// Of the features that were asked for, those from `first` on.
struct FeatureSpan {
  std::size_t first = 0;
  std::size_t count = static_cast<std::size_t>(-1);  // at most: as many as there are

  // The positions of these among `n` features.
  [[nodiscard]] std::size_t begin(std::size_t n) const { return std::min(first, n); }

  [[nodiscard]] std::size_t end(std::size_t n) const {
    return begin(n) + std::min(count, n - begin(n));
  }
};

inline constexpr FeatureSpan kAllFeatures{};

// The facts of a source in pieces that lie apart, its row groups, for a reader who looks at all
// keys and times first and wants the values of a few facts later.
//
//   for each piece        ReadKeys(piece)          -> keys and times, the rows where they lie
//                         or ReadFacts(piece)      -> these with all features
//   then                  Finish()                 -> errors of the source as a whole
//   for some pieces       ReadValues(piece, rows, features)  -> these features of these rows
//
// Threads: any number, each with a piece of its own, or, of values, with features of its own.
class FactPieces {
 public:
  using Use = std::function<void(const FactBatch& facts)>;

  virtual ~FactPieces() = default;

  // Pieces are numbered in the order of files and rows.
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual std::int64_t rows(std::size_t piece) const = 0;

  // Do the rows lie in memory as long as this does? Then batches may be kept, and values of a whole
  // piece cost no more than those of some rows.
  [[nodiscard]] virtual bool is_held() const { return false; }

  // The facts of a piece without their features, batch by batch; row numbers count within the
  // piece. Each piece once. Errors: those of FactReader::Next but for the bad times.
  virtual Result<FactCounts> ReadKeys(std::size_t piece, const Use& use) = 0;
  // In place of ReadKeys: with their features.
  virtual Result<FactCounts> ReadFacts(std::size_t piece, const Use& use) = 0;
  // When all pieces were read. Errors: the bad times of the whole source, as FactReader::Next.
  virtual Status Finish() = 0;
  // One column for each of the features: its values in these rows, which ascend. REQUIRES: rows are
  // not empty, and facts that ReadKeys gave. Errors: a value of them that does not convert;
  // Unavailable where the file is no longer what it was; those of the files.
  virtual Result<std::vector<Column>> ReadValues(std::size_t piece,
                                                 std::span<const std::int64_t> rows,
                                                 FeatureSpan features) = 0;
};

// A run of facts, in no promised order. Threads: one at a time.
class FactStream {
 public:
  virtual ~FactStream() = default;

  // The same facts in pieces, for a reader who has not called Next(); null where there are none.
  [[nodiscard]] virtual FactPieces* pieces() { return nullptr; }

  // The next facts, at least one row; an empty optional is the end. After an error: the same error.
  virtual Result<std::optional<FactBatch>> Next() = 0;
  [[nodiscard]] virtual const FactCounts& counts() const = 0;
};

// Reads in the order of files and rows. Holds a few batches, never a whole source.
class FactReader : public FactStream {
 public:
  // `location`: the source's path, absolute, with all names bound. Lists the files, reads their
  // footers, and checks names and types of every column that it needs in every file.
  // Errors: NotFound (no file; a column, with the nearest name), InvalidArgument (types), and those
  // of the files.
  static Result<std::unique_ptr<FactReader>> Open(const Source& source, const std::string& location,
                                                  FactRequest request, const Context& context);

  // The same rules over rows in memory: a data frame, or any Arrow stream (taken over). `source`
  // needs no path. A join without a repository sets max_future to kMaxTime and allow_1970 (3.5).
  static Result<std::unique_ptr<FactReader>> FromStream(const Source& source,
                                                        ArrowArrayStream* stream,
                                                        FactRequest request,
                                                        const Context& context);

  // The same of a table that is held, which has pieces: all threads may read it. Shares its memory.
  static Result<std::unique_ptr<FactReader>> FromTable(const Source& source,
                                                       const ArrowTable& table, FactRequest request,
                                                       const Context& context);

  // The same of rows that were pushed: `log` is FactBatch::log.
  static Result<std::unique_ptr<FactReader>> FromLogged(const Source& push, const ArrowTable& table,
                                                        FactRequest request,
                                                        std::shared_ptr<const std::string> log,
                                                        const Context& context);

  FactReader(const FactReader&) = delete;
  FactReader& operator=(const FactReader&) = delete;
  ~FactReader() override;

  // Errors: InvalidArgument for bad times (the first 10 rows with their file, and the count of all:
  // the rest of the source is counted first), for a source whose event times all lie before 1973
  // (rule 3.5; known at its end, or at Open from statistics), for a value that its declared type
  // cannot hold (file, row, column); Corruption and IoError of the files; Cancelled.
  Result<std::optional<FactBatch>> Next() override;

  [[nodiscard]] const FactCounts& counts() const override;
  // Row groups, which are read apart.
  [[nodiscard]] FactPieces* pieces() override;

  [[nodiscard]] virtual ScanStats stats() const;
  // Rows that the scan will read, for progress; -1 where the format does not say (CSV).
  [[nodiscard]] virtual std::int64_t expected_rows() const;
  // Where a row of a batch that Next() gave lies in its file: FactBatch::file and row_number().
  [[nodiscard]] virtual RowPlace PlaceOf(std::size_t file, std::int64_t row) const;
  // The files of the source as they were at Open, also those that the range left out.
  [[nodiscard]] virtual const SourceManifest& manifest() const;

 protected:
  // For readers of another kind, which override all of the above.
  FactReader();

 private:
  struct Impl;
  explicit FactReader(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace coeval
