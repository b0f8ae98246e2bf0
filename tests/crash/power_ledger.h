// For tests of power cuts: what a store has acknowledged, kept outside of its disk. The process
// that uses the store sends a line, through a pipe, after each acknowledgement; whoever cuts the
// power reads them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "log/log_record.h"

namespace coeval {

inline constexpr int kPowerWriters = 3;

// One write to the pipe, short enough to be whole.
struct LedgerLine {
  enum class Kind : std::uint8_t {
    kChecked,  // opened, and all that was acknowledged is there
    kPush,     // number: the writer's push; time: its C
    kLoad,     // number: the load's
    kAnswer,   // time: the t of an answer
    kLog,      // number: the last record of the log beside the store
    kRefused,  // text: the disk failed, as it does once the power is cut
    kBroken,   // text: the promise that was not kept
  };

  Kind kind = Kind::kChecked;
  std::int32_t writer = 0;
  std::int64_t number = 0;
  TimeMicros time = 0;
  std::array<char, 400> text = {};
};

struct PowerLedger {
  // How far each of them was told to have come.
  struct Reach {
    std::array<std::int64_t, kPowerWriters> pushes = {};
    std::int64_t loads = 0;
    LogPosition log = 0;
  };

  // C of each writer's pushes; push i + 1 of a writer at [i]; kMinTime where it is not known.
  std::array<std::vector<TimeMicros>, kPowerWriters> pushes;
  std::int64_t loads = 0;
  TimeMicros answered = kMinTime;  // the greatest t of an answer
  LogPosition log = 0;
  // Beyond it what was told while the power went: it may be there or not. (Where a sync and
  // EXT4_IOC_SHUTDOWN meet, Linux may report success for a journal that was aborted meanwhile;
  // when the power goes, nobody hears of it.)
  Reach told;

  void Take(const LedgerLine& line) {
    TakeInDoubt(line);
    if (line.kind == LedgerLine::Kind::kPush) {
      auto& of_writer = pushes.at(static_cast<std::size_t>(line.writer));
      of_writer.resize(static_cast<std::size_t>(line.number), kMinTime);
      of_writer.back() = line.time;
    }
    if (line.kind == LedgerLine::Kind::kLoad) loads = line.number;
    if (line.kind == LedgerLine::Kind::kLog) log = line.number;
    if (line.kind == LedgerLine::Kind::kAnswer) answered = std::max(answered, line.time);
  }

  void TakeInDoubt(const LedgerLine& line) {
    if (line.kind == LedgerLine::Kind::kPush) {
      told.pushes.at(static_cast<std::size_t>(line.writer)) = line.number;
    }
    if (line.kind == LedgerLine::Kind::kLoad) told.loads = line.number;
    if (line.kind == LedgerLine::Kind::kLog) told.log = line.number;
  }

  [[nodiscard]] std::int64_t PushesOf(int writer) const {
    return std::ssize(pushes.at(static_cast<std::size_t>(writer)));
  }

  [[nodiscard]] std::int64_t all_pushes() const {
    std::int64_t sum = 0;
    for (const auto& of_writer : pushes) sum += std::ssize(of_writer);
    return sum;
  }
};

}  // namespace coeval
