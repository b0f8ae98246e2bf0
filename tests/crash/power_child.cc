#include "power_child.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "power_store.h"

namespace coeval {
namespace {

constexpr TimeMicros kStart = 1'357'041'600'000'000 + kHour;

class Child {
 public:
  explicit Child(const PowerTask& task)
      : task_(task), ledger_(*task.ledger), random_(task.seed), clock_(kStart) {}

  // One opening and what is done until it is closed again. False once the disk has failed.
  bool Live() {
    clock_.fixed->Set(kStart + Pick(kHour));
    PowerStore store(task_.folder, clock_);
    PowerLedger found;
    if (!Keep(store.Open()) || !Keep(store.Check(ledger_, &found))) return false;
    Tell(found);
    if (task_.only_check) ::_exit(0);
    Work(store);
    return !failed_;
  }

 private:
  std::int64_t Pick(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }

  void Send(const LedgerLine& line) const {
    if (::write(task_.lines, &line, sizeof(line)) != sizeof(line)) ::_exit(1);
  }

  // What was found stays, and is the next ledger.
  void Tell(const PowerLedger& found) {
    using Kind = LedgerLine::Kind;
    for (int writer = 0; writer < kPowerWriters; ++writer) {
      if (found.PushesOf(writer) == ledger_.PushesOf(writer)) continue;
      const TimeMicros c = found.pushes.at(static_cast<std::size_t>(writer)).back();
      Send({.kind = Kind::kPush, .writer = writer, .number = found.PushesOf(writer), .time = c});
    }
    if (found.loads != ledger_.loads) Send({.kind = Kind::kLoad, .number = found.loads});
    if (found.log != ledger_.log) Send({.kind = Kind::kLog, .number = found.log});
    ledger_ = found;
    Send({.kind = Kind::kChecked});
  }

  // False, and told, where it is an error.
  bool Keep(const Status& status) {
    if (status.ok()) return true;
    failed_ = true;
    LedgerLine line;
    const bool broken = status.code() != StatusCode::kIoError;
    line.kind = broken ? LedgerLine::Kind::kBroken : LedgerLine::Kind::kRefused;
    const std::string text = status.ToString();
    std::copy_n(text.begin(), std::min(text.size(), line.text.size() - 1), line.text.begin());
    Send(line);
    return false;
  }

  void Work(PowerStore& store) {
    const std::int64_t steps = 5 + Pick(80);
    std::vector<std::thread> threads;
    for (int writer = 0; writer < kPowerWriters; ++writer) {
      threads.emplace_back([&, writer, seed = random_()] { PushSome(store, writer, steps, seed); });
    }
    threads.emplace_back([&, seed = random_()] { LoadSome(store, steps / 8, seed); });
    threads.emplace_back([&, seed = random_()] { LogSome(store, 2 * steps, seed); });
    for (std::thread& thread : threads) thread.join();
  }

  void PushSome(PowerStore& store, int writer, std::int64_t steps, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto& acknowledged = ledger_.pushes.at(static_cast<std::size_t>(writer));  // its own alone
    for (std::int64_t i = 0; i < steps && !failed_; ++i) {
      // Now and then what was acknowledged is said again, by one who has not heard the answer.
      const bool again = !acknowledged.empty() && (i == 0 || random() % 16 == 0);
      const std::int64_t n = std::ssize(acknowledged) + (again ? 0 : 1);
      clock_.fixed->Set(*clock_.fixed->Now() + static_cast<TimeMicros>(random() % 300'000));
      const Result<TimeMicros> c = store.Push(writer, n);
      if (!Keep(c.status())) return;
      if (again && acknowledged.back() != kMinTime && *c != acknowledged.back()) {
        Keep(Status::Internal("push " + std::to_string(n) + " was said again and made again"));
        return;
      }
      if (!again) {
        acknowledged.push_back(*c);
        ledger_.told.pushes.at(static_cast<std::size_t>(writer)) = n;
        Send({.kind = LedgerLine::Kind::kPush, .writer = writer, .number = n, .time = *c});
      }
      if (random() % 4 == 0 && !ReadOwn(store, writer, n)) return;
    }
  }

  // Nobody else writes what it asks for.
  bool ReadOwn(PowerStore& store, int writer, std::int64_t n) {
    const auto seen = store.ValueOf(writer);
    if (!Keep(seen.status())) return false;
    Send({.kind = LedgerLine::Kind::kAnswer, .time = seen->second});
    if (seen->first == n) return true;
    return Keep(Status::Internal("push " + std::to_string(n) + " is acknowledged and not served"));
  }

  void LoadSome(PowerStore& store, std::int64_t steps, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (std::int64_t i = 0; i < steps && !failed_; ++i) {
      if (!Keep(store.Load(ledger_.loads + 1, random() % 6 == 0))) return;
      ledger_.told.loads = ++ledger_.loads;
      Send({.kind = LedgerLine::Kind::kLoad, .number = ledger_.loads});
      if (random() % 4 == 0 && !Keep(store.store().Flush())) return;
      if (random() % 8 == 0 && !Keep(store.store().Compact())) return;
    }
  }

  void LogSome(PowerStore& store, std::int64_t steps, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (std::int64_t i = 0; i < steps && !failed_; ++i) {
      const Result<LogPosition> last = store.AppendBeside(random());
      if (!Keep(last.status())) return;
      ledger_.told.log = ledger_.log = *last;
      Send({.kind = LedgerLine::Kind::kLog, .number = *last});
    }
  }

  const PowerTask& task_;
  PowerLedger ledger_;
  std::mt19937_64 random_;
  TestClock clock_;
  std::atomic<bool> failed_{false};
};

}  // namespace

void RunPowerTask(const PowerTask& task) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Child child(task);
  while (child.Live()) {
  }
  if (task.only_check) ::_exit(0);
  while (true) ::pause();
}

}  // namespace coeval
