// BadTimes: the rows of a scan whose times cannot be true (rules 3.5, 4.7), remembered for one
// clear error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "definition/source.h"

namespace coeval {

// Before this, a source's newest event time is taken for a mistake of units (rule 3.5).
inline constexpr TimeMicros kDoubtfulBefore = TimeMicros{94'694'400} * kSecond;  // 1973-01-01

class BadTimes {
 public:
  // `row`: "row 17 of a.parquet"; `why`: "event_time is null".
  void Add(const std::string& row, const std::string& why) {
    if (count_++ < kShown) shown_.push_back(row + ": " + why);
  }

  // Counts one without describing it.
  [[nodiscard]] bool wants_text() const { return count_ < kShown; }

  void AddCounted() { ++count_; }

  // Adds the bad rows of what comes after.
  void Append(const BadTimes& next) {
    for (const std::string& text : next.shown_) {
      if (shown_.size() < static_cast<std::size_t>(kShown)) shown_.push_back(text);
    }
    count_ += next.count_;
  }

  [[nodiscard]] std::int64_t count() const { return count_; }

  // OK without bad rows.
  [[nodiscard]] Status ToStatus(const Source& source) const;

 private:
  static constexpr std::int64_t kShown = 10;
  std::int64_t count_ = 0;
  std::vector<std::string> shown_;
};

// Rule 3.5's other half: InvalidArgument where the newest event time of a source lies before 1973.
Status CheckNewest(const Source& source, TimeMicros newest, TimeUnit stored);

}  // namespace coeval
