#include "store/store_access.h"

#include <algorithm>
#include <utility>

namespace coeval {
namespace {

constexpr std::chrono::milliseconds kPause{10};   // between two looks for an owner
constexpr std::chrono::seconds kHandOverWait{5};  // for calls that use the store
constexpr std::chrono::seconds kYield{2};         // for who asked to take it
constexpr int kMostRounds = 16;                   // of taking over from one owner after another

// What belongs to the parent of this process: not even freed.
template <typename Pointer>
void Leak(Pointer* pointer) {
  static_cast<void>(pointer->release());
}

}  // namespace

StoreUse::StoreUse(StoreUse&& other) noexcept
    : access_(std::exchange(other.access_, nullptr)),
      store_(std::exchange(other.store_, nullptr)) {}

StoreUse::~StoreUse() {
  if (access_ != nullptr) access_->Leave();
}

StoreAccess::~StoreAccess() {
  Close();
}

void StoreAccess::Close() {
  std::unique_lock lock(mutex_);
  NoticeFork();
  closed_ = true;
  changed_.wait(lock, [this] { return !handing_over_; });
  std::vector<std::unique_ptr<OwnerDoor>> doors = std::move(shut_);
  doors.push_back(std::move(door_));
  lock.unlock();
  doors.clear();  // waits for answers, which use the store, and may give it up
  lock.lock();
  owner_.reset();
  here_ = nullptr;
  owns_ = false;
  std::unique_ptr<OpenedStore> opened = std::move(opened_);
  lock.unlock();
  opened.reset();
}

void StoreAccess::Prepare(FeatureStore* store, Tools tools) {
  store_ = store;
  tools_ = std::move(tools);
}

void StoreAccess::NoticeFork() {
  if (generation_ == ForkGeneration()) return;
  here_ = nullptr;
  owns_ = false;
  users_ = 0;
  generation_ = ForkGeneration();
  Leak(&opened_);
  Leak(&door_);
  for (auto& door : shut_) Leak(&door);
  shut_.clear();
  // Its connections are the parent's too.
  new std::shared_ptr<StoreOwner>(std::move(owner_));
  owner_.reset();
  handing_over_ = false;
}

// Who gives the store up takes `here_` away first and then waits until nobody is left: so who finds
// it after having been counted may use it.
StoreUse StoreAccess::Use() {
  if (generation_ != ForkGeneration()) return {};
  users_.fetch_add(1);
  OpenedStore* store = here_.load();
  if (store != nullptr) return {this, store};
  Leave();
  return {};
}

void StoreAccess::Leave() {
  if (users_.fetch_sub(1) != 1 || here_.load() != nullptr) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

// REQUIRES: the lock.
Status StoreAccess::OpenHere() {
  if (closed_) return Status::FailedPrecondition("the feature store is closed");
  COEVAL_ASSIGN_OR_RETURN(opened_, tools_.open());
  here_ = opened_.get();
  owns_ = true;
  if (tools_.link == nullptr) return {};
  auto door = tools_.link->Open(store_, tools_.folder);
  if (door.ok()) {
    door_ = std::move(door).value();
  } else {
    tools_.log(LogLevel::kWarning,
               "other processes cannot reach the online store while this one has it: " +
                   door.status().message());
  }
  return {};
}

Result<StoreUse> StoreAccess::Here() {
  if (StoreUse use = Use()) return use;
  std::unique_lock lock(mutex_);
  NoticeFork();
  changed_.wait(lock, [this] { return !handing_over_; });
  if (!opened_) COEVAL_RETURN_IF_ERROR(OpenHere());
  return UseOpened();
}

Result<StoreAccess::Reached> StoreAccess::Reach() {
  if (StoreUse use = Use()) return Reached{std::move(use), nullptr};
  std::unique_lock lock(mutex_);
  NoticeFork();
  changed_.wait(lock, [this] { return !handing_over_; });
  if (opened_) return Reached{UseOpened(), nullptr};
  if (owner_ && !owner_->gone()) return Reached{StoreUse(), owner_};
  const bool again = owner_ != nullptr;
  owner_.reset();
  return ReachAny(&lock, again);
}

// REQUIRES: the lock; opened_.
StoreUse StoreAccess::UseOpened() {
  users_.fetch_add(1);
  return {this, opened_.get()};
}

// Whoever owned the store may be ending, and whoever owns it now may be opening it still. `again`:
// an owner has just gone away, and is given the time to.
Result<StoreAccess::Reached> StoreAccess::ReachAny(std::unique_lock<std::mutex>* lock, bool again) {
  const auto give_up =
      std::max(Clock::now() + std::chrono::microseconds(tools_.patience), yield_until_ + kYield);
  Status refused;
  while (true) {
    if (Clock::now() >= yield_until_) {
      refused = OpenHere();
      if (refused.ok()) return Reached{UseOpened(), nullptr};
      if (refused.code() != StatusCode::kUnavailable || tools_.link == nullptr) return refused;
    }
    if (again) {
      changed_.wait_for(*lock, kPause);
      if (opened_) return Reached{UseOpened(), nullptr};
    }
    COEVAL_ASSIGN_OR_RETURN(owner_, tools_.link->Reach(*store_, tools_.folder, tools_.patience));
    if (owner_) return Reached{StoreUse(), owner_};
    if (Clock::now() >= give_up) break;
    again = true;
  }
  return Status::Unavailable(refused.message() + "; it does not answer other processes");
}

Status StoreAccess::TakeOver() {
  {
    const std::lock_guard lock(mutex_);
    keeps_ = true;
  }
  for (int round = 0; round < kMostRounds; ++round) {
    COEVAL_ASSIGN_OR_RETURN(const Reached reached, Reach());
    if (reached.here) return {};
    const Status given = reached.owner->HandOver();
    if (!given.ok() && !reached.owner->gone()) {
      return given.WithContext("the online store has one owner, " + reached.owner->name());
    }
    const std::lock_guard lock(mutex_);
    if (owner_ == reached.owner) owner_.reset();
  }
  return Status::Unavailable("other processes take the online store again and again");
}

Status StoreAccess::HandOver() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !handing_over_; });
  if (!opened_) return {};
  if (keeps_ || closed_) {
    return Status::Unavailable(closed_ ? "it is ending"
                                       : "it serves the repository, and keeps the store");
  }
  handing_over_ = true;
  here_ = nullptr;
  if (!changed_.wait_for(lock, kHandOverWait, [this] { return users_ == 0; })) {
    handing_over_ = false;
    here_ = opened_.get();
    changed_.notify_all();
    return Status::Unavailable("it is at work with the online store; ask again later");
  }
  if (door_) {
    door_->Shut();
    shut_.push_back(std::move(door_));  // this may be a call through it, so that it cannot end here
  }
  std::unique_ptr<OpenedStore> opened = std::move(opened_);
  owns_ = false;
  lock.unlock();
  opened.reset();  // writes what is not in files yet, and gives the lock back
  lock.lock();
  yield_until_ = Clock::now() + kYield;
  handing_over_ = false;
  changed_.notify_all();
  return {};
}

}  // namespace coeval
