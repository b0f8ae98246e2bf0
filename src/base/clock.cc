#include "base/clock.h"

#include <chrono>
#include <fstream>
#include <utility>

namespace coeval {
namespace {

class MachineClock final : public Clock {
 public:
  Result<TimeMicros> Now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return TimeMicros{std::chrono::floor<std::chrono::microseconds>(since_epoch).count()};
  }

  std::string Describe() const override { return "system"; }
};

class ClockOfFile final : public Clock {
 public:
  explicit ClockOfFile(std::string path) : path_(std::move(path)) {}

  Result<TimeMicros> Now() const override {
    std::ifstream file(path_);
    std::string text;
    if (!file || !std::getline(file, text)) {
      return Status::Unavailable("cannot read the clock file '" + path_ +
                                 "'; it must hold one time, for example 2013-10-01T00:00:00Z");
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.pop_back();
    auto time = ParseTime(text);
    if (time.ok()) return time;
    return Status::Unavailable("clock file '" + path_ + "': " + time.status().message());
  }

  std::string Describe() const override { return "file " + path_; }

 private:
  std::string path_;
};

}  // namespace

std::shared_ptr<const Clock> SystemClock() {
  static const auto kClock = std::make_shared<const MachineClock>();
  return kClock;
}

std::string FixedClock::Describe() const {
  return "fixed " + FormatTime(now_.load());
}

std::shared_ptr<const Clock> FileClock(std::string path) {
  return std::make_shared<const ClockOfFile>(std::move(path));
}

Result<std::shared_ptr<const Clock>> ParseClock(const std::string& text) {
  if (text.empty() || text == "system") return SystemClock();
  if (text == "@") {
    return Status::InvalidArgument("clock: a file name must follow '@', for example @/run/clock");
  }
  if (text.front() == '@') return FileClock(text.substr(1));
  auto time = ParseTime(text);
  if (!time.ok()) return time.status().WithContext("clock");
  return std::shared_ptr<const Clock>(std::make_shared<const FixedClock>(*time));
}

}  // namespace coeval
