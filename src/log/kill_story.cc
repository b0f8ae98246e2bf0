#include "log/kill_story.h"

#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/temp_directory.h"
#include "log/testing.h"

namespace coeval {
namespace {

constexpr LogPosition kMostAtOnce = 4;

// What record n holds, so that any reader can check it.
std::string PayloadOf(LogPosition number) {
  std::mt19937_64 random(static_cast<std::uint64_t>(number));
  std::string payload = std::to_string(number) + ":";
  payload.resize(payload.size() + random() % 300);
  for (char& c : payload) c = c == '\0' ? static_cast<char>(random()) : c;
  return payload;
}

FactLogOptions Options(const std::string& folder) {
  return {.folder = folder, .file_bytes = 4000, .room_bytes = 1024};
}

// The process that is killed. Every acknowledged number goes into the ledger; the reader may have
// had enough at any time.
[[noreturn]] void Child(const std::string& folder, int ledger, int appends, std::uint64_t seed,
                        std::int64_t kill_at_step) {
  std::unique_ptr<FaultInjection> mine;
  if (kill_at_step > 0) {
    mine = std::make_unique<FaultInjection>(kill_at_step, FaultInjection::kKill);
  }
  std::mt19937_64 random(seed);
  std::unique_ptr<FactLog> log;
  for (int i = 0; i < appends; ++i) {
    if (log == nullptr || random() % 16 == 0) {
      log.reset();
      auto opened = FactLog::Open(Options(folder));
      if (!opened.ok()) ::_exit(2);
      log = std::move(*opened);
    }
    std::vector<std::string> batch;
    for (auto n = 1 + static_cast<LogPosition>(random() % kMostAtOnce); n > 0; --n) {
      batch.push_back(PayloadOf(log->last() + std::ssize(batch) + 1));
    }
    if (!AppendAll(log.get(), batch).ok()) ::_exit(3);
    const LogPosition last = log->last();
    if (::write(ledger, &last, sizeof(last)) != sizeof(last)) ::_exit(4);
    if (random() % 4 == 0 && !log->Trim(last - 100).ok()) ::_exit(5);
  }
  ::_exit(0);
}

class KilledLog {
 public:
  // False where the child came to its end. It is killed after `acknowledgements`, or by its mine.
  bool Run(int appends, std::uint64_t seed, std::int64_t kill_at_step, int acknowledgements) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      Child(folder(), ends[1], appends, seed, kill_at_step);
    }
    ::close(ends[1]);
    LogPosition last = 0;
    while (::read(ends[0], &last, sizeof(last)) == sizeof(last)) {
      acknowledged_ = last;
      if (--acknowledgements == 0) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
    return WIFSIGNALED(status);
  }

  void ExpectAllThere() {
    const auto log = OpenLog(Options(folder()));
    ASSERT_NE(log, nullptr);
    ASSERT_GE(log->last(), acknowledged_);
    ASSERT_LE(log->last(), acknowledged_ + kMostAtOnce);
    ASSERT_LE(log->first(), std::max<LogPosition>(log->last() - 99, 1));
    LogPosition number = log->first();
    for (const std::string& payload : PayloadsOf(*log, log->first() - 1)) {
      ASSERT_EQ(payload, PayloadOf(number++));
    }
    found_ += log->last() - acknowledged_;
    acknowledged_ = log->last();  // what was found once stays
  }

  [[nodiscard]] LogPosition acknowledged() const { return acknowledged_; }

  [[nodiscard]] LogPosition found() const { return found_; }

 private:
  [[nodiscard]] std::string folder() const { return parent_.File("log"); }

  TempDirectory parent_ = *TempDirectory::Make();
  LogPosition acknowledged_ = 0;
  LogPosition found_ = 0;
};

void KillAtEveryStep(std::uint64_t seed) {
  LogPosition found = 0;
  for (std::int64_t step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    KilledLog log;
    const bool killed = log.Run(60, seed, step, 0);
    log.ExpectAllThere();
    if (testing::Test::HasFailure()) return;
    found += log.found();
    if (killed) continue;
    EXPECT_GT(step, 200);
    EXPECT_GT(found, 0);  // some were killed between a write and its acknowledgement
    return;
  }
}

}  // namespace

void KillLogs(int kills) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  KillAtEveryStep(seed);
  std::mt19937_64 random(seed);
  KilledLog log;
  int killed = 0;
  for (int run = 0; killed < kills && !testing::Test::HasFailure(); ++run) {
    SCOPED_TRACE("run " + std::to_string(run));
    ASSERT_LT(run, 2 * kills + 10);
    killed += log.Run(1000, random(), 0, 1 + static_cast<int>(random() % 40)) ? 1 : 0;
    log.ExpectAllThere();
  }
  std::cout << "proof: log, " << killed << " processes killed at a random moment, "
            << log.acknowledged() << " records, " << log.found()
            << " of them found though not acknowledged, seed " << seed << std::endl;
}

}  // namespace coeval
