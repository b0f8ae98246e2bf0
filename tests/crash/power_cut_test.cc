// Power cuts: what was acknowledged is there afterwards, whole, and the store opens by itself. On a
// real file system, with nothing in between; root is needed to mount it. And the proof of the
// proof: without syncs, losses are found.
//
// $COEVAL_POWER_CUTS: how many cuts, in place of the few of every change.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "loop_disk.h"
#include "lost_syncs.h"
#include "power_child.h"
#include "power_ledger.h"

namespace coeval {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = LedgerLine::Kind;

constexpr std::int64_t kDiskBytes = std::int64_t{192} << 20;
constexpr std::chrono::seconds kPatience{60};

// When the power goes.
struct Moment {
  int checks = 1;                      // once the child has checked so often, 0: while it begins,
  int acknowledgements = 0;            // and then acknowledged so much,
  std::chrono::microseconds after{0};  // so much later
  LoopDisk::Journal journal = LoopDisk::Journal::kLost;
};

// What a child told, from its start to its end.
struct Told {
  int checks = 0;
  int acknowledgements = 0;
  std::int64_t pushes = 0;
  std::optional<std::string> broken;   // the first promise that was not kept
  std::optional<std::string> refused;  // the first refusal
  std::map<int, int> afterwards;       // lines since the power has gone, by writer or kind
};

class PowerCutTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<LoopDisk> disk = LoopDisk::Make(kDiskBytes);
    if (disk.status().code() == StatusCode::kUnavailable) {
      std::cout << "not proved: power cuts: " << disk.status().message() << std::endl;
      GTEST_SKIP() << disk.status().message();
    }
    ASSERT_TRUE(disk.ok()) << disk.status().ToString();
    disk_.emplace(std::move(*disk));
  }

  std::uint64_t Pick(std::uint64_t below) { return random_() % below; }

  Moment AnyMoment() {
    Moment moment;
    moment.journal = Pick(5) == 0 ? LoopDisk::Journal::kFlushed : LoopDisk::Journal::kLost;
    if (Pick(4) == 0) {  // while it is opened and checked
      moment.checks = 0;
      moment.after = std::chrono::microseconds(Pick(80'000));
    } else {
      moment.acknowledgements = 1 + static_cast<int>(Pick(Pick(6) == 0 ? 500 : 100));
      moment.after = std::chrono::microseconds(Pick(3000));
    }
    return moment;
  }

  void Format() {
    const Status formatted = disk_->Format();
    ASSERT_TRUE(formatted.ok()) << formatted.ToString();
    ledger_ = {};
  }

  void Start(bool only_check, bool lose_syncs) {
    const Status mounted = disk_->Mount();
    ASSERT_TRUE(mounted.ok()) << mounted.ToString();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const PowerTask task = {.folder = disk_->folder() + "/store",
                            .ledger = &ledger_,
                            .lines = ends[1],
                            .seed = random_(),
                            .only_check = only_check};
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      if (lose_syncs) LoseSyncs();
      RunPowerTask(task);
    }
    ::close(ends[1]);
    lines_ = ends[0];
    told_ = {};
    has_power_ = true;
  }

  // False at the end of what the child says, or when `until` has come.
  bool Read(Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::nanoseconds>(until - Clock::now());
    const std::int64_t ns = std::max<std::int64_t>(left.count(), 0);
    const ::timespec wait = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
    ::pollfd poll = {.fd = lines_, .events = POLLIN, .revents = 0};
    if (::ppoll(&poll, 1, &wait, nullptr) != 1) return false;
    LedgerLine line;
    if (::read(lines_, &line, sizeof(line)) != sizeof(line)) return false;
    if (has_power_) {
      ledger_.Take(line);
    } else {
      ledger_.TakeInDoubt(line);
      ++told_.afterwards[line.kind == Kind::kPush ? line.writer : -static_cast<int>(line.kind)];
    }
    told_.checks += line.kind == Kind::kChecked ? 1 : 0;
    const bool acknowledged =
        line.kind == Kind::kPush || line.kind == Kind::kLoad || line.kind == Kind::kLog;
    if (told_.checks > 0) told_.acknowledgements += acknowledged ? 1 : 0;
    if (told_.checks > 0) told_.pushes += line.kind == Kind::kPush ? 1 : 0;
    if (line.kind == Kind::kBroken && !told_.broken) told_.broken = line.text.data();
    if (line.kind == Kind::kRefused && !told_.refused) told_.refused = line.text.data();
    return true;
  }

  void ReadAll() {
    while (Read(Clock::now())) {
    }
  }

  // How the child ended, by itself or killed.
  int End(bool kill) {
    const Clock::time_point patience = Clock::now() + kPatience;
    if (kill) ::kill(child_, SIGKILL);
    while (Read(patience)) {
    }
    if (!kill && Clock::now() >= patience) ::kill(child_, SIGKILL);
    ::close(lines_);
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    const Status unmounted = disk_->Unmount();
    EXPECT_TRUE(unmounted.ok()) << unmounted.ToString();
    return status;
  }

  // The child works until `moment`, and the power goes.
  void CutAt(const Moment& moment, bool lose_syncs) {
    Start(false, lose_syncs);
    const Clock::time_point patience = Clock::now() + kPatience;
    while (!told_.broken && !told_.refused &&
           (told_.checks < moment.checks || told_.acknowledgements < moment.acknowledgements)) {
      ASSERT_TRUE(Read(patience)) << "the process has ended, or does nothing";
    }
    const Clock::time_point cut = Clock::now() + moment.after;
    while (Clock::now() < cut && Read(cut)) {
    }
    EXPECT_FALSE(told_.refused) << "the disk works, and: " << *told_.refused;
    ReadAll();
    has_power_ = false;
    const Status gone = disk_->Cut(moment.journal);
    EXPECT_TRUE(gone.ok()) << gone.ToString();
    ReadAll();
    // It lives on for a moment, on a disk that gives errors: what was on its way may be told.
    told_.afterwards.clear();
    const Clock::time_point kill = Clock::now() + std::chrono::microseconds(Pick(4000));
    while (Clock::now() < kill && Read(kill)) {
    }
    const int status = End(true);
    // RocksDB 7.8 as Debian builds it ends the process where a compaction cannot make its file.
    const bool by_assertion = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    assertions_ += by_assertion ? 1 : 0;
    EXPECT_TRUE(by_assertion || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) << status;
    ExpectSilence();
  }

  // Nothing is acknowledged once the disk gives errors.
  void ExpectSilence() const {
    for (const auto& [of, lines] : told_.afterwards) {
      const bool acknowledges =
          of >= 0 || of == -static_cast<int>(Kind::kLoad) || of == -static_cast<int>(Kind::kLog);
      if (acknowledges) {
        EXPECT_LE(lines, 1) << "without power, of " << of;
      }
    }
  }

  void CheckOnce() {
    Start(true, false);
    const int status = End(false);
    EXPECT_TRUE(told_.broken || told_.checks == 1) << "status " << status;
  }

  void ExpectKept() const { EXPECT_FALSE(told_.broken) << *told_.broken; }

  const std::uint64_t seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
  std::optional<LoopDisk> disk_;
  PowerLedger ledger_;
  Told told_;
  pid_t child_ = -1;
  int lines_ = -1;
  bool has_power_ = false;
  int assertions_ = 0;  // that ended the process once the power had gone
};

int CutsWanted(int otherwise) {
  const char* cuts = std::getenv("COEVAL_POWER_CUTS");
  return cuts == nullptr ? otherwise : std::atoi(cuts);
}

TEST_F(PowerCutTest, WhatWasAcknowledgedOutlivesThePowerAndTheStoreOpensByItself) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  const int cuts = CutsWanted(60);
  int while_opened = 0;
  int flushed = 0;
  std::int64_t pushes = 0;
  std::int64_t loads = 0;
  LogPosition records = 0;
  int left = 0;  // until the disk is renewed
  for (int cut = 0; cut < cuts && !HasFailure(); ++cut) {
    SCOPED_TRACE("cut " + std::to_string(cut));
    if (left-- == 0) {
      Format();
      left = 5 + static_cast<int>(Pick(20));
    }
    const Moment moment = AnyMoment();
    CutAt(moment, false);
    ExpectKept();
    while_opened += told_.checks == 0 ? 1 : 0;
    flushed += moment.journal == LoopDisk::Journal::kFlushed ? 1 : 0;
    if (left > 0 && cut + 1 < cuts) continue;
    CheckOnce();
    ExpectKept();
    pushes += ledger_.all_pushes();
    loads += ledger_.loads;
    records += ledger_.log;
  }
  EXPECT_GT(while_opened, cuts / 20);
  EXPECT_GT(pushes, cuts);
  EXPECT_GT(loads, cuts / 4);
  std::cout << "proof: power, " << cuts << " cuts of a mounted ext4 (" << while_opened
            << " before the store had opened, " << flushed << " with the journal written out, "
            << assertions_ << " ended by RocksDB's assertions on the dead disk): " << pushes
            << " pushes, " << loads << " loads and " << records
            << " records of a log of short files, none lost or seen in part, seed " << seed_
            << std::endl;
}

TEST_F(PowerCutTest, WithoutSyncsTheLossesAreFound) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  const int cuts = std::max(20, CutsWanted(0) / 25);
  int found = 0;
  for (int cut = 0; cut < cuts && !HasFailure(); ++cut) {
    Format();
    CutAt({.checks = 1, .acknowledgements = 1 + static_cast<int>(Pick(200))}, true);
    ExpectKept();  // as long as there is power
    CheckOnce();
    found += told_.broken ? 1 : 0;
  }
  EXPECT_GE(found * 100, cuts * 95);
  std::cout << "proof: power, syncs turned off: losses found after " << found << " of " << cuts
            << " cuts" << std::endl;
}

}  // namespace
}  // namespace coeval
