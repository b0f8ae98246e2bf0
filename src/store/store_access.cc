#include "store/store_access.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "io/fork_guard.h"

namespace coeval {
namespace {

constexpr std::chrono::milliseconds kPause{10};   // between two looks for an owner
constexpr std::chrono::seconds kHandOverWait{5};  // for calls that use the store
constexpr std::chrono::seconds kYield{2};         // for who asked to take it
constexpr int kMostRounds = 16;                   // of taking over from one owner after another

}  // namespace

struct StoreAccess::State {
  // The next child's own; what the parent's says of the store as a whole goes on.
  explicit State(const State* parent = nullptr)
      : keeps(parent != nullptr && parent->keeps), closed(parent != nullptr && parent->closed) {}

  const std::uint64_t generation = ForkGeneration();
  std::atomic<OpenedStore*> here = nullptr;  // `opened`, unless it is being given up
  std::atomic<std::int64_t> users = 0;       // of it, and those who are about to look
  std::atomic<bool> owns = false;            // `opened` is there
  std::atomic<bool> keeps;
  std::atomic<bool> closed;

  std::mutex mutex;
  std::condition_variable changed;
  std::unique_ptr<OpenedStore> opened;
  std::unique_ptr<OwnerDoor> door;
  std::vector<std::future<void>> ending;  // of doors that were shut
  std::shared_ptr<StoreOwner> owner;
  bool handing_over = false;
  Clock::time_point yield_until;  // who asked for the store comes first
};

StoreUse::StoreUse(StoreUse&& other) noexcept
    : access_(std::exchange(other.access_, nullptr)),
      store_(std::exchange(other.store_, nullptr)) {}

StoreUse::~StoreUse() {
  if (access_ != nullptr) access_->Leave();
}

StoreAccess::StoreAccess() : state_(new State) {}

StoreAccess::~StoreAccess() {
  Close();
  delete state_.load();
}

StoreAccess::State& StoreAccess::Mine() {
  State* state = state_.load();
  if (state->generation == ForkGeneration()) return *state;
  // Its parent's is not even freed: threads that are not here may hold its locks.
  auto mine = std::make_unique<State>(state);
  if (state_.compare_exchange_strong(state, mine.get())) return *mine.release();
  return *state;
}

bool StoreAccess::owns() {
  return Mine().owns.load();
}

void StoreAccess::Close() {
  State& mine = Mine();
  std::unique_lock lock(mine.mutex);
  mine.closed = true;
  mine.changed.wait(lock, [&] { return !mine.handing_over; });
  std::vector<std::future<void>> ending = std::move(mine.ending);
  std::unique_ptr<OwnerDoor> door = std::move(mine.door);
  lock.unlock();
  door.reset();  // waits for answers, which use the store, and may give it up
  ending.clear();
  lock.lock();
  mine.owner.reset();
  mine.here = nullptr;
  mine.owns = false;
  std::unique_ptr<OpenedStore> opened = std::move(mine.opened);
  lock.unlock();
  opened.reset();
}

void StoreAccess::Prepare(FeatureStore* store, Tools tools) {
  store_ = store;
  tools_ = std::move(tools);
}

// Who gives the store up takes `here_` away first and then waits until nobody is left: so who finds
// it after having been counted may use it.
StoreUse StoreAccess::Use() {
  State& mine = Mine();
  mine.users.fetch_add(1);
  OpenedStore* store = mine.here.load();
  if (store != nullptr) return {this, store};
  Leave();
  return {};
}

void StoreAccess::Leave() {
  State& mine = Mine();
  if (mine.users.fetch_sub(1) != 1 || mine.here.load() != nullptr) return;
  const std::lock_guard lock(mine.mutex);
  mine.changed.notify_all();
}

// REQUIRES: the lock.
Status StoreAccess::OpenHere(State* mine) {
  if (mine->closed) return Status::FailedPrecondition("the feature store is closed");
  COEVAL_ASSIGN_OR_RETURN(mine->opened, tools_.open());
  mine->here = mine->opened.get();
  mine->owns = true;
  if (tools_.link == nullptr) return {};
  auto door = tools_.link->Open(store_, tools_.folder);
  if (door.ok()) {
    mine->door = std::move(door).value();
  } else {
    tools_.log(LogLevel::kWarning,
               "other processes cannot reach the online store while this one has it: " +
                   door.status().message());
  }
  return {};
}

Result<StoreUse> StoreAccess::Here() {
  if (StoreUse use = Use()) return use;
  State& mine = Mine();
  std::unique_lock lock(mine.mutex);
  mine.changed.wait(lock, [&] { return !mine.handing_over; });
  if (!mine.opened) COEVAL_RETURN_IF_ERROR(OpenHere(&mine));
  return UseOpened(&mine);
}

Result<StoreAccess::Reached> StoreAccess::Reach() {
  if (StoreUse use = Use()) return Reached{std::move(use), nullptr};
  State& mine = Mine();
  std::unique_lock lock(mine.mutex);
  mine.changed.wait(lock, [&] { return !mine.handing_over; });
  if (mine.opened) return Reached{UseOpened(&mine), nullptr};
  if (mine.owner && !mine.owner->gone()) return Reached{StoreUse(), mine.owner};
  const bool again = mine.owner != nullptr;
  mine.owner.reset();
  return ReachAny(&mine, &lock, again);
}

// REQUIRES: the lock; `opened`.
StoreUse StoreAccess::UseOpened(State* mine) {
  mine->users.fetch_add(1);
  return {this, mine->opened.get()};
}

// Whoever owned the store may be ending, and whoever owns it now may be opening it still. `again`:
// an owner has just gone away, and is given the time to.
Result<StoreAccess::Reached> StoreAccess::ReachAny(State* mine, std::unique_lock<std::mutex>* lock,
                                                   bool again) {
  const auto give_up = std::max(Clock::now() + std::chrono::microseconds(tools_.patience),
                                mine->yield_until + kYield);
  Status refused;
  while (true) {
    if (Clock::now() >= mine->yield_until) {
      refused = OpenHere(mine);
      if (refused.ok()) return Reached{UseOpened(mine), nullptr};
      if (refused.code() != StatusCode::kUnavailable || tools_.link == nullptr) return refused;
    }
    if (again) {
      mine->changed.wait_for(*lock, kPause);
      if (mine->opened) return Reached{UseOpened(mine), nullptr};
    }
    COEVAL_ASSIGN_OR_RETURN(mine->owner,
                            tools_.link->Reach(*store_, tools_.folder, tools_.patience));
    if (mine->owner) return Reached{StoreUse(), mine->owner};
    if (Clock::now() >= give_up) break;
    again = true;
  }
  return Status::Unavailable(refused.message() + "; it does not answer other processes");
}

Status StoreAccess::TakeOver() {
  State& mine = Mine();
  mine.keeps = true;
  for (int round = 0; round < kMostRounds; ++round) {
    COEVAL_ASSIGN_OR_RETURN(const Reached reached, Reach());
    if (reached.here) {
      reached.here->online->KeepWarm();
      return {};
    }
    const Status given = reached.owner->HandOver();
    if (!given.ok() && !reached.owner->gone()) {
      return given.WithContext("the online store has one owner, " + reached.owner->name());
    }
    const std::lock_guard lock(mine.mutex);
    if (mine.owner == reached.owner) mine.owner.reset();
  }
  return Status::Unavailable("other processes take the online store again and again");
}

Status StoreAccess::HandOver() {
  State& mine = Mine();
  std::unique_lock lock(mine.mutex);
  mine.changed.wait(lock, [&] { return !mine.handing_over; });
  if (!mine.opened) return {};
  if (mine.keeps || mine.closed) {
    return Status::Unavailable(mine.closed ? "it is ending"
                                           : "it serves the repository, and keeps the store");
  }
  mine.handing_over = true;
  mine.here = nullptr;
  if (!mine.changed.wait_for(lock, kHandOverWait, [&] { return mine.users == 0; })) {
    mine.handing_over = false;
    mine.here = mine.opened.get();
    mine.changed.notify_all();
    return Status::Unavailable("it is at work with the online store; ask again later");
  }
  std::erase_if(mine.ending, [](const std::future<void>& end) {
    return end.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  if (mine.door) {
    mine.door->Shut();
    // This may be a call through it, so that it cannot end here.
    mine.ending.push_back(
        std::async(std::launch::async, [door = std::move(mine.door)]() mutable { door.reset(); }));
  }
  std::unique_ptr<OpenedStore> opened = std::move(mine.opened);
  mine.owns = false;
  lock.unlock();
  opened.reset();  // writes what is not in files yet, and gives the lock back
  lock.lock();
  mine.yield_until = Clock::now() + kYield;
  mine.handing_over = false;
  mine.changed.notify_all();
  return {};
}

}  // namespace coeval
