// In and out of Arrow's C structs, at Coeval's border: files (through the arrow/ plugin), data
// frames (through PyCapsules).
//
// Coming in, everything that Arrow can say is brought to the types of type.h: dictionaries decoded,
// chunk offsets taken away, large and view layouts made plain, every float NaN made canonical (rule
// 1.5), small and unsigned integers widened (int8, int16, uint8, uint16 -> int32; uint32 -> int64;
// uint64 -> int64 where it fits), half floats -> float32, times of any unit and zone -> µs UTC,
// dates
// -> days, decimals of 128 bits. Buffers are shared, not copied, where the layout is Coeval's own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/arrow_c.h"
#include "column/batch.h"

namespace coeval {

// An ArrowSchema that is released when dropped. Shared ownership, immutable.
using SharedArrowSchema = std::shared_ptr<const ArrowSchema>;
using SharedArrowArray = std::shared_ptr<const ArrowArray>;
// Take over `*schema` / `*array` (moved from: its release becomes null).
SharedArrowSchema OwnArrowSchema(ArrowSchema* schema);
SharedArrowArray OwnArrowArray(ArrowArray* array);

// The type that a field of that format comes in as. Errors: InvalidArgument for what Coeval has no
// type for (struct, union, interval, time of day, run-end), naming the field and its Arrow type.
Result<DataType> TypeFromArrow(const ArrowSchema& field);

// Is the field (dictionary-decoded) a timestamp, and of what unit and zone?
struct ArrowTimestamp {
  TimeUnit unit;
  std::string zone;  // "" = without zone
};

std::optional<ArrowTimestamp> TimestampOf(const ArrowSchema& field);

// How a stream tells what kind of error it is: kInvalidArgument EINVAL, kNotFound ENOENT,
// kCorruption EBADMSG, kIoError EIO, kCancelled ECANCELED, kInternal ENOTRECOVERABLE, kUnavailable
// EAGAIN, others EINVAL; and back (ENOSYS is kInvalidArgument, ENOMEM kUnavailable, unknown ones
// kIoError).
int ArrowErrnoOf(StatusCode code);
Status StatusOfArrowErrno(int number, const char* text);

// One array as a Column. `rounding` says what becomes of times finer than 1 µs (rule 1.2: kUp for
// event and created times, kDown for question times, kExact, an error with its row, for join keys
// and values). `keep_alive` owns the memory behind `array`.
// Errors: InvalidArgument as TypeFromArrow; also times that do not fit (rule 4.7), uint64 > 2^63
// - 1.
Result<Column> ImportArray(const ArrowSchema& field, const ArrowArray& array,
                           std::shared_ptr<const void> keep_alive,
                           Rounding rounding = Rounding::kExact);

// A column of event times, created times or questions, as timestamps: dates are 00:00 UTC
// (rule 1.1), a time that does not fit int64 µs becomes null and is added to *impossible
// (rule 4.7). Errors: InvalidArgument where the column holds neither timestamps nor dates.
Result<Column> ImportTimes(const ArrowSchema& field, const ArrowArray& array,
                           std::shared_ptr<const void> keep_alive, Rounding rounding,
                           std::int64_t* impossible);

// Column -> Arrow: fills `*schema` (with `name`) and `*array`; both own what they need, release
// frees.
void ExportColumn(const Column& column, const std::string& name, ArrowSchema* schema,
                  ArrowArray* array);
void ExportSchema(const Schema& schema, ArrowSchema* out);  // a struct (record batch) schema
void ExportBatch(const Batch& batch, ArrowArray* out);

// Any record-batch stream of Arrow as typed batches. Columns not named in `columns` are left alone
// (empty = all). `times` says how to round named time columns; others are kExact. Errors while
// reading keep the kind that the producer's errno tells; a batch that does not have the types of
// schema() (a vector with a null element) is InvalidArgument. Takes the stream over, also on error.
struct StreamImport {
  std::vector<std::string> columns;
  std::vector<std::pair<std::string, Rounding>> times;
};

Result<std::unique_ptr<BatchStream>> ImportStream(ArrowArrayStream* stream, StreamImport options);
// A BatchStream as an Arrow stream; errors become errno + text. Takes the stream over.
void ExportStream(std::unique_ptr<BatchStream> stream, ArrowArrayStream* out);

// A table whose columns stay exactly what they were, byte for byte and type for type: a spine
// (rule 4.1: all its columns come out unchanged). Record batches of one schema, kept as Arrow.
class ArrowTable {
 public:
  // Reads the whole stream and releases it. Errors: InvalidArgument (no record batches), the
  // producer's.
  static Result<ArrowTable> Read(ArrowArrayStream* stream);

  [[nodiscard]] const ArrowSchema& schema() const { return *schema_; }

  [[nodiscard]] std::size_t num_columns() const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::optional<std::size_t> Find(std::string_view name) const;
  [[nodiscard]] const ArrowSchema& field(std::size_t column) const;
  [[nodiscard]] std::int64_t num_rows() const;

  [[nodiscard]] const std::vector<SharedArrowArray>& batches() const { return batches_; }

  // One column over all batches, typed and in one piece.
  [[nodiscard]] Result<Column> ReadColumn(std::size_t column, Rounding rounding) const;
  // The same batch by batch, of one type; none where there are no batches.
  [[nodiscard]] Result<std::vector<Column>> ReadParts(std::size_t column, Rounding rounding) const;

  // The rows of the ranges [first, first + count), in their order, sharing memory. REQUIRES: they
  // are rows of the table.
  [[nodiscard]] ArrowTable Ranges(
      std::span<const std::pair<std::int64_t, std::int64_t>> ranges) const;

  // Rows [first, first + count) of added columns, one for each; asked for in order.
  using AddedRows =
      std::function<Result<std::vector<Column>>(std::int64_t first, std::int64_t count)>;

  // The table followed by more columns (one entry per name, each of num_rows()), as an Arrow stream
  // with batches of at most `batch_rows` rows. The original columns are passed on untouched.
  [[nodiscard]] Result<ArrowArrayStream> ExportWith(Schema added, std::vector<Column> columns,
                                                    std::int64_t batch_rows = 65536) const;
  // The same with columns that are given as they are needed; a batch ends at every multiple of
  // `block_rows` (0: anywhere). Their errors are those of the stream.
  [[nodiscard]] Result<ArrowArrayStream> ExportWith(Schema added, AddedRows rows,
                                                    std::int64_t batch_rows,
                                                    std::int64_t block_rows) const;

 private:
  SharedArrowSchema schema_;
  std::vector<SharedArrowArray> batches_;
};

}  // namespace coeval
