// Progress of a long operation: rows done of rows expected. The caller draws the bar.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace coeval {

struct Progress {
  std::string_view what;  // "weather", valid during the call only
  std::int64_t rows_done = 0;
  std::int64_t rows_expected = -1;  // -1: not known
  bool finished = false;
};

using ProgressSink = std::function<void(const Progress&)>;

}  // namespace coeval
