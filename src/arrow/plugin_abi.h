// The border between Coeval and libcoeval_arrow.so, in C. The plugin alone sees Arrow's headers;
// the rest of Coeval sees this one, and data as Arrow's C streams (column/arrow_c.h).
//
//   host                                        plugin, opened once, never closed
//   coeval_arrow_open(&host, &table, ABI)  -->  fills the table of functions
//   table.inspect(...)                     -->  schema, rows, statistics; ended by its release()
//   table.open(...)                        -->  a file, for several scans; ended by its release()
//   table.may_hold(...)                    -->  what a Bloom filter of an open file denies
//   table.scan(...)                        -->  an ArrowArrayStream; ended by its release()
//   table.write(...)                       -->  a file, whole or not at all, or standard output
//   table.decode(...), table.encode(...)   -->  Arrow IPC in memory: what processes tell each other
//
// Rules of the border: no C++ type or exception crosses, and what one side allocated the same side
// frees. Texts are UTF-8 and end in 0; structs that go in are borrowed for the call, but `call`
// itself, whose `self` must live as long as the stream that the call opened. Every function returns
// a coeval_arrow_code and fills `error` where that is not COEVAL_ARROW_OK. Streams answer with an
// errno (the table at coeval_arrow_code) and get_last_error().
// Threads: any function from any thread; one stream from one thread at a time; an open file serves
// any number of scans at the same time.
#pragma once

#include <cstdint>

#include "column/arrow_c.h"

// Raised by any change below; a plugin refuses another number.
#define COEVAL_ARROW_ABI 6

// NOLINTBEGIN(readability-identifier-naming): names of a C interface
extern "C" {

enum coeval_arrow_code : int32_t {
  COEVAL_ARROW_OK = 0,
  COEVAL_ARROW_INVALID = 1,      // the caller's mistake, a value that does not convert   EINVAL
  COEVAL_ARROW_NOT_FOUND = 2,    // file or column                                        ENOENT
  COEVAL_ARROW_CORRUPT = 3,      // the bytes of the file are not what was written         EBADMSG
  COEVAL_ARROW_IO = 4,           // the system refused                                     EIO
  COEVAL_ARROW_CANCELLED = 5,    //                                                        ECANCELED
  COEVAL_ARROW_UNSUPPORTED = 6,  // sound, but nothing that Arrow reads (encrypted files) ENOSYS
  COEVAL_ARROW_NO_MEMORY = 7,    //                                                        ENOMEM
  COEVAL_ARROW_INTERNAL = 8,  //                                                     ENOTRECOVERABLE
};

enum coeval_arrow_format : int32_t {
  COEVAL_ARROW_PARQUET = 0,
  COEVAL_ARROW_CSV = 1,  // also .gz, .zst, .bz2, by the ending of the name
  COEVAL_ARROW_IPC = 2,  // file or stream, told apart by the first bytes
};

struct coeval_arrow_error {
  int32_t code;
  char text[4096];  // what was wrong, in which file, row group, row and column, and what to do
};

// Given once, when the plugin is opened.
struct coeval_arrow_host {
  uint32_t size;    // sizeof(coeval_arrow_host)
  int32_t threads;  // that decode; shared by all streams
};

// Given with every call.
struct coeval_arrow_call {
  void* self;
  int32_t (*cancelled)(void* self);                          // not 0: stop soon. May be null
  void (*log)(void* self, int32_t level, const char* text);  // 0 debug .. 3 error. May be null
  int64_t memory_budget_bytes;                               // read ahead stays well below
};

struct coeval_arrow_csv {
  char delimiter;
  char quote;      // 0 = no quoting
  int32_t header;  // 0: the first line is data
  // Texts that mean null, in string columns too. Where "" is among them, quoted texts are never
  // null, so that "" can be an empty text.
  const char* const* null_values;
  int64_t n_null_values;
  // Column names where there is no header; none: f0, f1, ...
  const char* const* names;
  int64_t n_names;
  // Types known beforehand: column, and type as a format string of the C data interface. Columns
  // without one are inferred from all of their values.
  const char* const* typed_names;
  const char* const* typed_formats;
  int64_t n_typed;
};

struct coeval_arrow_inspect_request {
  const char* path;
  int32_t format;
  const coeval_arrow_csv* csv;  // for CSV
  int32_t infer;                // CSV: 0 = names only, types of untyped columns are text
  // Statistics wanted of these columns (unknown and nested ones have none).
  const char* const* stat_columns;
  int64_t n_stat_columns;
  // Columns that `bytes` of a row group counts; null = all.
  const char* const* columns;
  int64_t n_columns;
};

// Of one column in one row group. Integers as they are, dates and timestamps in µs since 1970 with
// min rounded down and max up; other types have no range. Strings and bytes have `bytes` in its
// place, compared as unsigned bytes: `min_bytes` is at most the least value, no value is beyond all
// texts that begin with `max_bytes`. Not ended by 0; the inspection's.
struct coeval_arrow_statistics {
  int32_t has_range;
  int64_t min, max;
  int64_t nulls;  // -1 = not known
  int32_t has_bytes;
  const char* min_bytes;
  int64_t n_min_bytes;
  const char* max_bytes;
  int64_t n_max_bytes;
  // The size of the Bloom filter that may_hold() can ask; 0 = none.
  int64_t filter_bytes;
};

struct coeval_arrow_row_group {
  int64_t rows;
  int64_t bytes;                              // encoded, of the columns asked for
  const coeval_arrow_statistics* statistics;  // one for each of stat_columns
  const int64_t* column_bytes;                // of each column asked for; all: of the file's
};

struct coeval_arrow_inspection {
  struct ArrowSchema schema;  // all columns; owned by the inspection
  int64_t rows;               // -1 = not known without reading (CSV, IPC streams)
  int64_t file_bytes;
  const coeval_arrow_row_group* row_groups;
  int64_t n_row_groups;  // 0 = the format has none
  void (*release)(struct coeval_arrow_inspection*);
  void* private_data;
};

// A file whose footer was read once, for scans that each read a part of it. Parquet only. May be
// released while its scans still run.
struct coeval_arrow_file {
  int64_t bytes;     // its size and time of change (µs since 1970) when it was opened, by which a
  int64_t modified;  // caller knows that it still is the file that was planned for
  void (*release)(struct coeval_arrow_file*);
  void* private_data;
};

// May a column of a row group hold one of these values?
struct coeval_arrow_value_request {
  const coeval_arrow_file* file;
  const char* column;
  int64_t row_group;
  int64_t most_bytes;  // a filter that is larger is not read
  // Values as coeval_arrow_statistics has them: `numbers`, or, where that is null, texts of so many
  // bytes each.
  const int64_t* numbers;
  const char* const* texts;
  const int64_t* text_bytes;
  int64_t n_values;
};

struct coeval_arrow_scan_request {
  const char* path;
  int32_t format;
  const coeval_arrow_file* file;  // of this path; null = the scan opens it
  const coeval_arrow_csv* csv;
  // In this order in the stream; null = all.
  const char* const* columns;
  int64_t n_columns;
  // Row groups to read, ascending; null = all. Parquet only.
  const int64_t* row_groups;
  int64_t n_row_groups;
  // Rows to give, ascending, counted from 0 over the row groups read; null = all. Parquet only.
  // Values of other rows are not checked, pages beyond the last of these rows are not read.
  const int64_t* rows;
  int64_t n_rows;
  int64_t batch_rows;  // at most; batches are smaller where rows are wide
  // 1: a thread of the stream reads a few batches ahead from the moment of the call, and columns
  // are decoded by several threads. 0: batches are decoded when they are asked for, by who asks.
  int32_t ahead;
};

// As the path of what is written: standard output, batch by batch.
#define COEVAL_ARROW_STANDARD_OUTPUT "-"

struct coeval_arrow_write_request {
  const char* path;  // replaced as one step, when all is written and synced; or the above
  int32_t format;    // IPC: the stream form on standard output and where the path ends in .arrows
  const char* compression;  // "zstd" (also for null), "snappy", "lz4", "gzip", "none"
  int64_t row_group_rows;   // 0 = by the width of a row
  // Key-value metadata of the file; CSV has no place for it.
  const char* const* keys;
  const char* const* values;
  int64_t n_metadata;
  // Parquet: asked once, when all data has been read, for metadata that only then is known. The
  // strings stay the caller's and must live until write() returns. May be null.
  void* finish_self;
  void (*finish)(void* self, const char* const** keys, const char* const** values, int64_t* count);
};

struct coeval_arrow_written {
  int64_t rows;
  int64_t bytes;
};

// Bytes that the plugin made.
struct coeval_arrow_bytes {
  const char* data;
  int64_t size;
  void (*release)(struct coeval_arrow_bytes*);
  void* private_data;
};

struct coeval_arrow_table {
  uint32_t size;        // sizeof(coeval_arrow_table)
  const char* version;  // of Arrow: "26.0.1"
  int32_t (*inspect)(const coeval_arrow_call*, const coeval_arrow_inspect_request*,
                     coeval_arrow_inspection* out, coeval_arrow_error*);
  int32_t (*open)(const coeval_arrow_call*, const char* path, int32_t format,
                  coeval_arrow_file* out, coeval_arrow_error*);
  // `*answer`: 0 where a sound Bloom filter denies all of the values; else 1. A filter that does
  // not read is told to the log and denies nothing: it is an aid, and the rows are sound without.
  int32_t (*may_hold)(const coeval_arrow_call*, const coeval_arrow_value_request*, int32_t* answer,
                      coeval_arrow_error*);
  int32_t (*scan)(const coeval_arrow_call*, const coeval_arrow_scan_request*,
                  struct ArrowArrayStream* out, coeval_arrow_error*);
  // Takes `data` over, also where it fails.
  int32_t (*write)(const coeval_arrow_call*, const coeval_arrow_write_request*,
                   struct ArrowArrayStream* data, coeval_arrow_written* out, coeval_arrow_error*);
  // An IPC stream as its record batches; the bytes are copied. They may be anybody's: all is
  // checked, down to each offset and each byte of text.
  int32_t (*decode)(const coeval_arrow_call*, const char* bytes, int64_t size,
                    struct ArrowArrayStream* out, coeval_arrow_error*);
  // The inverse, not compressed, with metadata for its schema. Takes `data` over, also where it
  // fails.
  int32_t (*encode)(const coeval_arrow_call*, struct ArrowArrayStream* data,
                    const char* const* keys, const char* const* values, int64_t n_metadata,
                    coeval_arrow_bytes* out, coeval_arrow_error*);
};

// The one exported symbol. 0, or a coeval_arrow_code with the reason in `error`.
int32_t coeval_arrow_open(const coeval_arrow_host* host, coeval_arrow_table* out, int32_t abi,
                          coeval_arrow_error* error);

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
