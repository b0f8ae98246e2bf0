// Source: where the facts of a view come from, and what its times mean
// (rules 1.3, 3.2, 3.5, 5.8, 7.7). Of a view that is pushed to, view_source.h says what is read
// where.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "definition/field.h"

namespace coeval {

enum class SourceKind : std::uint8_t { kFile, kRequest, kPush };
enum class FileFormat : std::uint8_t { kParquet, kCsv, kArrow };  // kArrow: IPC file or stream
// What a created time says (rule 3.2).
enum class CreatedMeaning : std::uint8_t { kVersion, kArrival };
// What to do with rows whose event time is null or impossible (rule 4.7).
enum class OnBadTime : std::uint8_t { kError, kSkip };

struct CsvOptions {
  char delimiter = ',';
  char quote = '"';
  bool header = true;
  std::vector<std::string> null_values = {""};  // texts that mean null, in string columns too
  std::vector<std::pair<std::string, DataType>>
      types;                              // columns whose type is not left to inference
  std::vector<std::string> column_names;  // where there is no header
};

// A batch source of files: `path` may be one file, a folder, or a glob, absolute or relative to the
// repository, and may hold names that the configuration binds: "{data}/weather/*.parquet". Or a
// push source: batches that are handed over, known when they arrive. Or what a request brings.
struct Source {
  std::string name;
  SourceKind kind = SourceKind::kFile;
  std::string description;
  Tags tags;
  std::string owner;

  // kFile: location (not part of a version's identity, rule 8.2)
  std::string path;
  FileFormat format = FileFormat::kParquet;
  CsvOptions csv;
  bool hive_partitions = false;  // folders key=value become columns

  // meaning (part of the identity); column names are those of the source, before field_mapping
  std::string timestamp_field;  // event time; "" where timeless
  std::string created_field;    // "" = none
  CreatedMeaning created = CreatedMeaning::kVersion;
  DurationMicros data_delay = 0;
  std::string sequence_field;  // int64; breaks ties (rule 1.3)
  std::string event_id_field;  // an event's identity within its key (rule 5.3); "" = none
  std::string delete_field;    // bool; true = a delete (rule 3.7)
  bool timeless = false;
  std::map<std::string, std::string> field_mapping;  // source column -> feature or key name
  DurationMicros lateness = -1;                      // -1 = data_delay + 7 d (rule 5.8)
  DurationMicros max_future = 365 * kDay;            // rule 3.5; kMaxTime = no check

  // how its rows are carried (no part of the identity: it changes no answer)
  DurationMicros overlap = kDay;  // rule 7.7
  bool allow_1970 = false;        // rule 3.5
  OnBadTime on_bad_time = OnBadTime::kError;

  // kRequest: what a request brings. kPush: the columns of a pushed batch, named as they are
  // pushed; the timestamp_field may be left out. Needed where there is no batch source.
  std::vector<Field> schema;

  // kPush: the file source that has the history of what is pushed; "" = none. As declared, what is
  // not given (timestamp_field, event_id_field, field_mapping, lateness, max_future) is as there;
  // PushMeaning (view_source.h) fills it in. `created` is kArrival, always.
  std::string batch_source;

  [[nodiscard]] DurationMicros effective_lateness() const {
    return lateness < 0 ? SaturatingAdd(data_delay, 7 * kDay) : lateness;
  }
};

}  // namespace coeval
