// OwnerLink: how a process that needs an online store of which another process is the owner reaches
// that owner, and how an owner is reached (docs/decisions/0021). What is said and how is the link's
// business (serve/owner/); a store without a link refuses where another process owns it.
//
//   notebook: FeatureStore, owner --- OwnerDoor  <- socket -  StoreOwner --- FeatureStore: coeval
//   push
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/json.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/column.h"
#include "definition/object_kind.h"
#include "retrieval/feature_plan.h"

namespace coeval {

class FeatureStore;
struct DiffOptions;
struct MaterializeOptions;
struct MaterializeReport;
struct OnlineAnswer;
struct PushOptions;
struct PushOutcome;

// The process that owns a store, to another one. Each call answers as the FeatureStore of that
// process would, with the same bits and the same errors; beside these: Unavailable where the owner
// is there and shows no sign of life, and where it is gone().
// Threads: any.
class StoreOwner {
 public:
  virtual ~StoreOwner() = default;

  // It has ended, or owns the store no more: what failed may be said to whoever owns it now. Reads,
  // pushes with an idempotency key and materializing may be said again in any case.
  [[nodiscard]] virtual bool gone() const = 0;

  virtual Result<OnlineAnswer> ReadOnline(const SharedFeaturePlan& plan,
                                          std::span<const Column> columns, std::int64_t n,
                                          std::optional<TimeMicros> at) = 0;
  virtual Result<PushOutcome> Push(const std::string& source, const ArrowTable& rows,
                                   const PushOptions& options) = 0;
  // Without `start`: incrementally. Progress is not told; cancelling works.
  virtual Result<std::vector<MaterializeReport>> Materialize(std::optional<TimeMicros> start,
                                                             TimeMicros end,
                                                             const MaterializeOptions& options) = 0;
  // The same of progress and cancelling.
  virtual Result<std::vector<MaterializeReport>> RebuildOnline(
      const MaterializeOptions& options) = 0;
  // Notes on the views of a version whose online data lie behind. Changes nothing.
  virtual Result<std::vector<std::string>> DataBehind(ObjectKind kind, const std::string& name,
                                                      int version) = 0;
  virtual Result<Json> Describe(const std::string& name) = 0;
  // The number of the newest record of the log that is durable; 0 = none.
  virtual Result<std::int64_t> LogEnd() = 0;
  virtual Result<Json> SealLog(bool merge) = 0;
  // Progress is not told. `cancel`: null = the asking store's own.
  virtual Result<Json> VerifyOnline(const std::shared_ptr<CancelToken>& cancel) = 0;
  // Likewise.
  virtual Result<Json> DiffOnline(const DiffOptions& options) = 0;
  // `folder`: absolute.
  virtual Result<Json> Backup(const std::string& folder, const CancelToken* cancel) = 0;
  // Asks it to give the store up; OK: it has. Errors: Unavailable (a server keeps its own;
  // others may be busy).
  virtual Status HandOver() = 0;
  // "process 1234"
  [[nodiscard]] virtual std::string name() const = 0;
};

// While it lives, others are answered. Its end waits for answers that are being given.
class OwnerDoor {
 public:
  virtual ~OwnerDoor() = default;
  // Nobody new comes in; waits for nothing. Called before the store is given up.
  virtual void Shut() = 0;
};

class OwnerLink {
 public:
  virtual ~OwnerLink() = default;
  // For the process that owns the store in `folder`. `store` must outlive the door. Errors:
  // IoError.
  virtual Result<std::unique_ptr<OwnerDoor>> Open(FeatureStore* store,
                                                  const std::string& folder) = 0;
  // For one that does not. `store` is the asking one, which must outlive what comes back. Null: at
  // the moment nobody answers there. Errors: Unavailable (it is there and shows no sign of life for
  // `patience`); FailedPrecondition (it speaks for another project, or has another clock); IoError.
  virtual Result<std::shared_ptr<StoreOwner>> Reach(const FeatureStore& store,
                                                    const std::string& folder,
                                                    DurationMicros patience) = 0;
};

}  // namespace coeval
