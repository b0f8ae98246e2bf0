// StoreAccess: how the calls of one FeatureStore get at the online store: it is opened when it is
// first needed; where another process owns it, that one is reached; where that one ends, this
// process takes its place. So the owner may come and go while calls go on.
//
//   nothing yet --Reach--> here (lock, open, door)  --HandOver--> there --owner gone--> here ...
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "ingest/ingester.h"
#include "online/online_store.h"
#include "store/owner_link.h"

namespace coeval {

// What only the owner has.
struct OpenedStore {
  std::unique_ptr<OnlineStore> online;
  std::mutex log_mutex;                // of making the ingester
  std::unique_ptr<Ingester> ingester;  // null while nothing was pushed; goes before the store
};

class StoreAccess;

// While a call holds one, the store is not given up. Movable; one thread.
class StoreUse {
 public:
  StoreUse() = default;
  StoreUse(StoreUse&& other) noexcept;
  StoreUse& operator=(StoreUse&& other) = delete;
  ~StoreUse();

  explicit operator bool() const { return store_ != nullptr; }

  OpenedStore& operator*() const { return *store_; }

  OpenedStore* operator->() const { return store_; }

 private:
  friend class StoreAccess;

  StoreUse(StoreAccess* access, OpenedStore* store) : access_(access), store_(store) {}

  StoreAccess* access_ = nullptr;
  OpenedStore* store_ = nullptr;
};

// Threads: any; where the store is open here, a call takes no lock. A child of a fork is no owner,
// whatever the threads of its parent were doing: it leaves alone what it has from its parent, and
// reaches that one as any other process does.
class StoreAccess {
 public:
  struct Tools {
    std::string folder;
    // Errors: Unavailable where another process has it open.
    std::function<Result<std::unique_ptr<OpenedStore>>()> open;
    std::shared_ptr<OwnerLink> link;  // null: others are refused, and refuse
    DurationMicros patience = 10 * kSecond;
    LogSink log;
  };

  // One of the two.
  struct Reached {
    StoreUse here;
    std::shared_ptr<StoreOwner> owner;
  };

  StoreAccess();
  StoreAccess(const StoreAccess&) = delete;
  StoreAccess& operator=(const StoreAccess&) = delete;
  ~StoreAccess();

  // Nobody is answered any more, and the store is closed for good. Waits for answers that are being
  // given. REQUIRES: no other call of this process is on its way.
  void Close();

  // Before anything else. `store` must outlive this.
  void Prepare(FeatureStore* store, Tools tools);

  // Errors: those of opening the store; Unavailable where its owner does not answer.
  Result<Reached> Reach();
  // The store of this process alone. Errors: Unavailable where another one owns it.
  Result<StoreUse> Here();
  // Makes this process the owner, for as long as it lives: another owner is asked to give the store
  // up. Errors: as Reach; what that one says.
  Status TakeOver();
  // Gives the store up for another process. Waits a little for calls that use it. Errors:
  // Unavailable (it is to be kept, or calls go on using it).
  Status HandOver();

  // This process has it open.
  [[nodiscard]] bool owns();

  [[nodiscard]] DurationMicros patience() const { return tools_.patience; }

 private:
  friend class StoreUse;
  using Clock = std::chrono::steady_clock;

  // All that is this process's alone. A child of a fork leaves that of its parent as it is, locked
  // or not, and begins with one of its own.
  struct State;

  State& Mine();
  StoreUse Use();
  StoreUse UseOpened(State* mine);
  void Leave();
  Status OpenHere(State* mine);
  Result<Reached> ReachAny(State* mine, std::unique_lock<std::mutex>* lock, bool again);

  FeatureStore* store_ = nullptr;
  Tools tools_;
  std::atomic<State*> state_;
};

}  // namespace coeval
