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

// Of epochs, a log's too: what is greater, or negative, nobody wrote.
constexpr std::int64_t kGreatestEpoch = 1'000'000'000'000'000;

struct StorePlaces {
  std::int64_t epoch = 0;
  std::string state;  // of all epochs; like the others without a slash at its end
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

// Does a path lie in the state folder, by its text?
bool IsInState(const StorePlaces& places, const std::string& path);

// "epoch-1482913": the folder that an epoch has for itself, wherever it has one.
std::string EpochName(std::int64_t epoch);
// Is `name`, of an entry of a folder, that of an epoch's own folder?
bool IsEpochName(const std::string& name);
// The epoch of such a name; 0 where it is another one.
std::int64_t EpochOfName(const std::string& name);

}  // namespace coeval
