// Backups of a project's store: registry, online store, log and quarantine, as they were at one
// moment. FeatureStore::Backup takes one; here are those that need no open store.
//
//   store->Backup("/backups/monday")
//   VerifyBackup("/backups/monday", context)
//   RestoreBackup({.repository = "flights"}, "/backups/monday", {}, context)
//
// A restored store is another one than that which the backup was taken of: it has an epoch, and
// folders, of its own (store_places.h), and who had the old one open takes and answers nothing.
#pragma once

#include <string>

#include "base/context.h"
#include "base/json.h"
#include "base/status.h"
#include "store/feature_store.h"

namespace coeval {

// Reads all of a backup: the hash of each file first, then registry, log and every fact.
// {"project", "time", "release", "files", "bytes", "records", "keys", "facts", "problems": [...]};
// it is sound where there are no problems. Errors: NotFound (no whole backup); Corruption of what
// tells the rest; FailedPrecondition (a newer release wrote it); IoError; Cancelled. Changes
// nothing.
Result<Json> VerifyBackup(const std::string& folder, const Context& context);

struct RestoreOptions {
  // A store that is there gives way: its files stay where they are, and count no more.
  bool replace = false;
};

// Puts a backup in the place of the repository's store: copied, every hash compared, and then made
// the one that counts, in one step; whatever happens before, nothing has changed. {"epoch", "time",
// "files", "bytes", "records", "replaced": [paths that count no more], "removable": [those of them
// in the state folder, which are no other project's]}. Errors: FailedPrecondition (there is a
// store, and not `replace`; a backup of another project; a newer release wrote it); Unavailable
// (another restore is on its way); those of VerifyBackup and of reading coeval.yaml.
Result<Json> RestoreBackup(const StoreOptions& options, const std::string& folder,
                           const RestoreOptions& restore, const Context& context);

}  // namespace coeval
