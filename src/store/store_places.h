// StorePlaces: where a project's registry, online store, log and quarantine lie. A backup that is
// restored gets places of its own, and one file, replaced in one step, says which ones count:
//
//   state/EPOCH    {"format":1,"epoch":1482913}; none: nothing was ever restored, epoch 0
//
//                         epoch 0               epoch 1482913
//   registry              .coeval/registry.db   .coeval/epoch-1482913/registry.db
//   online store          .coeval/online        .coeval/epoch-1482913/online
//   ... on another disk   /ssd/online           /ssd/online/epoch-1482913
//   log                   .coeval/log           .coeval/epoch-1482913/log
//   quarantine            .coeval/quarantine    .coeval/epoch-1482913/quarantine
//
// So no process that opened the store before writes into the restored one, whatever it does: it has
// other paths, and learns from EPOCH that its own count no more (docs/decisions/0025).
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "config/config.h"

namespace coeval {

struct StorePlaces {
  std::int64_t epoch = 0;
  std::string state;  // of all epochs
  std::string registry;
  std::string online;
  std::string log;
  std::string quarantine;
};

// Threads: any, for all of them.
StorePlaces PlacesOf(const Config& config, std::int64_t epoch);

// The one that counts now. Errors: Corruption; FailedPrecondition (a newer release wrote it);
// IoError. Cost: microseconds.
Result<std::int64_t> ReadStoreEpoch(const std::string& state);
// Durable when it returns OK; after an error it is this one or the one before.
Status WriteStoreEpoch(const std::string& state, std::int64_t epoch);
// Do these places count still? Errors: FailedPrecondition where a backup was restored since they
// were found; those of ReadStoreEpoch.
Status CheckStoreEpoch(const StorePlaces& places);

// Is `name`, of an entry of a folder, that of an epoch's own folder?
bool IsEpochName(const std::string& name);

}  // namespace coeval
