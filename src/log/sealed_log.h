// SealedLog: the part of a log that lies in segments, files that are written once and read by many,
// and no longer in log files. One manifest names it, and is replaced in one step:
//
//   log/sealed.json                                             the manifest
//   log/segments/rates_push/<writer>/0000000003-0000000001.parquet   pushes of one source
//   log/keys/<writer>/0000000003-0000000001.parquet             idempotency keys
//   log/0000000003-0000000002.log                               what is not sealed
//
// A seal takes the records behind the last one, all of them up to its own last. Its files are
// durable before the manifest names them, and the manifest is durable before log files are trimmed:
// whatever is between is a leftover, or a record that lies in both and counts once, since what is
// read of the log begins behind `last` (docs/formats/log.md). Segments may be merged into larger
// ones, which take their place in the manifest in one step as well. What the files hold is not
// known here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "log/log_record.h"

namespace coeval {

// A file that is never written again.
struct SealedFile {
  std::string name;        // below the log's folder
  std::int64_t bytes = 0;  // its size
  std::uint64_t hash = 0;  // XXH3 over it

  friend bool operator==(const SealedFile&, const SealedFile&) = default;
};

// Pushes of one source and of the same columns: all of them among the records from the first to the
// last.
struct LogSegment {
  SealedFile file;
  std::string source;
  std::uint64_t columns = 0;  // what identifies them; 0 = not known: an older release sealed it
  LogPosition first = 0;      // record
  LogPosition last = 0;
  std::int64_t batches = 0;
  std::int64_t rows = 0;
  TimeMicros first_c = 0;
  TimeMicros last_c = 0;
  std::optional<TimeMicros> last_event = {};  // the greatest event time; as `columns`

  friend bool operator==(const LogSegment&, const LogSegment&) = default;
};

// The idempotency keys of one seal.
struct SealedKeys {
  SealedFile file;
  TimeMicros last_c = kMinTime;  // the newest of the seal: tells when all of them are forgotten

  friend bool operator==(const SealedKeys&, const SealedKeys&) = default;
};

// What was once sealed of a source and is there no more (log.retention): some of its pushes up to
// `last_c`, with event times up to `last_event`.
struct DroppedPushes {
  std::string source;
  std::int64_t batches = 0;
  std::int64_t rows = 0;
  TimeMicros last_c = kMinTime;
  TimeMicros last_event = kMinTime;
  TimeMicros at_c = kMinTime;  // the newest C when something of it was dropped last

  friend bool operator==(const DroppedPushes&, const DroppedPushes&) = default;
};

// What is sealed in one step: behind what is sealed already.
struct LogSeal {
  LogPosition last = 0;
  std::int64_t next_number = 1;
  TimeMicros last_c = kMinTime;
  std::vector<LogSegment> segments;
  std::optional<SealedFile> keys;  // none: nothing was named
};

struct SealedLog {
  std::string writer;                       // of the log, 16 bytes; "" = nothing is sealed
  LogPosition last = 0;                     // all records up to here are sealed; 0 = none
  std::int64_t next_number = 1;             // of a row: greater than all that are sealed
  TimeMicros last_c = kMinTime;             // the newest C that is sealed
  std::vector<LogSegment> segments;         // in the order of their first records
  std::vector<SealedKeys> keys;             // in the order in which they were sealed
  std::vector<DroppedPushes> dropped = {};  // by source

  void Add(LogSeal seal);
  // `merged` takes the place of the segments of these names.
  void Replace(std::span<const LogSegment> segments, LogSegment merged);
  // They are there no more. REQUIRES: their last_event is known.
  void Drop(std::span<const LogSegment> segments);
  // What was dropped of a source; null: nothing.
  [[nodiscard]] const DroppedPushes* FindDropped(const std::string& source) const;

  // Of all files.
  [[nodiscard]] std::int64_t bytes() const;

  friend bool operator==(const SealedLog&, const SealedLog&) = default;
};

// The manifest's text and back. Errors: Corruption (damaged); FailedPrecondition (a newer release
// wrote it). They do not name the file. What the release before wrote (format 1) is read as well.
std::string EncodeSealedLog(const SealedLog& sealed, std::string_view release);
Result<SealedLog> DecodeSealedLog(std::string_view text);

// What is sealed of the log in `folder`; nothing where there is no manifest. Errors: as
// DecodeSealedLog, with the file's name; IoError.
Result<SealedLog> ReadSealedLog(const std::string& folder);
// The names of all files below `folder` that hold what is sealed: segments, keys, and the manifest.
std::vector<std::string> SealedNames(const SealedLog& sealed);
// Durable when it returns OK; after an error the manifest is the one before or this one.
Status WriteSealedLog(const std::string& folder, const SealedLog& sealed);

std::string HexOfWriter(std::string_view writer);
// "segments/rates_push/<writer>/0000000003-0000000001.parquet"; without a source
// "keys/<writer>/...".
std::string SealedFileName(const std::string& source, const std::string& writer,
                           std::uint64_t epoch, std::uint64_t number);
// Makes the folder of a file that is to be written, durably.
Status PrepareSealedFile(const std::string& folder, const std::string& name);
// Syncs a file that was written, and takes its size and hash.
Result<SealedFile> FinishSealedFile(const std::string& folder, const std::string& name);
// Is it what it was? Errors: Corruption that names it; NotFound; IoError. Cost: reads it.
Status CheckSealedFile(const std::string& folder, const SealedFile& file);

// Best effort: what stays is removed by the next RemoveSealLeftovers.
void RemoveSealedFile(const std::string& folder, const std::string& name);
// Removes what lies beside the files that the manifest names: what a process that was killed, or
// failed, left, and what is forgotten. What cannot be removed stays.
void RemoveSealLeftovers(const std::string& folder, const SealedLog& sealed);

}  // namespace coeval
