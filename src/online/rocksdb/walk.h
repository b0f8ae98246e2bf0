// Walks over the rows that an embedded store holds: to verify it, and to compare two of them.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "online/rocksdb/db.h"
#include "online/rocksdb/meta.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// What is committed in a database, as far as it concerns a project. Errors: Corruption; IoError.
Result<std::shared_ptr<Meta>> ReadMeta(const Db& db, const std::string& project);

// The data of all projects that share the database. Errors: as above.
Result<std::set<DataId>> ReadDataInUse(const Db& db);

// The key is without the view's number.
using VisitRow = std::function<Status(std::string_view key, std::string_view value)>;

// Rows that lie in a damaged block: those behind `after` and before `until`, as far as is known.
struct UnreadableRows {
  std::string_view after;  // the last key that was read; "": from the first on
  std::string_view until;  // the first key behind that was read; "": there is none
  std::string_view what;
};

// Each row of a view's data, ascending; stops at the first error of `visit`. Errors also:
// Corruption, IoError.
Status ForEachRow(const StoreState& state, DataId id, const VisitRow& visit);
// The same, past what cannot be read: it goes on where the next file begins or ends, and `missed`
// is told of each gap. Errors: IoError; those of `visit`.
Status ForEachReadableRow(const StoreState& state, DataId id, const VisitRow& visit,
                          const std::function<void(const UnreadableRows&)>& missed);

// The entity key in a row's key. Errors: Corruption.
Result<std::string_view> EntityOf(const ViewRecord& record, std::string_view key);

// SHA-256 over keys and collapsed facts at `horizon`. Errors: InvalidArgument where it lies before
// the state's; Corruption; IoError.
Result<std::string> HashFacts(const StoreState& state, const std::string& data_identity,
                              TimeMicros horizon);

}  // namespace coeval
