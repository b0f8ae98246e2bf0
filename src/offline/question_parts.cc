#include "offline/question_parts.h"

#include <algorithm>

#include "base/hash.h"
#include "column/key.h"

namespace coeval {
namespace {

constexpr std::int64_t kBlock = 1 << 14;  // rows whose encoded keys are held at a time

}  // namespace

QuestionParts::QuestionParts(std::span<const Column> keys, std::span<const TimeMicros> times,
                             std::size_t parts)
    : keys_(keys),
      times_(times),
      sizes_(keys.empty() ? 1 : std::clamp<std::size_t>(parts, 1, 1 << 16)) {
  part_of_.resize(times.size());
  const auto n = static_cast<std::int64_t>(times.size());
  for (std::int64_t first = 0; first < n; first += kBlock) {
    const std::int64_t count = std::min(kBlock, n - first);
    std::vector<Column> block;
    for (const Column& key : keys) block.push_back(key.Slice(first, count));
    const KeyColumn encoded = KeyColumn::Encode(block, count);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::size_t>(first + i);
      std::size_t part = 0;
      if (!encoded.IsNull(i)) {
        part = Hash64(encoded.bytes(i)) % sizes_.size();
        min_time_ = std::min(min_time_, times[row]);
        max_time_ = std::max(max_time_, times[row]);
      }
      part_of_[row] = static_cast<std::uint16_t>(part);
      ++sizes_[part];
    }
  }
}

Result<QuestionPart> QuestionParts::Make(std::size_t part) const {
  QuestionPart made;
  made.rows.reserve(sizes_[part]);
  for (std::size_t row = 0; row < part_of_.size(); ++row) {
    if (part_of_[row] == part) made.rows.push_back(static_cast<std::uint32_t>(row));
  }
  const std::vector<std::int64_t> rows(made.rows.begin(), made.rows.end());
  std::vector<Column> keys;
  for (const Column& key : keys_) keys.push_back(key.Take(rows));
  std::vector<TimeMicros> times;
  times.reserve(rows.size());
  for (const std::int64_t row : rows) times.push_back(times_[static_cast<std::size_t>(row)]);
  COEVAL_ASSIGN_OR_RETURN(made.index, QuestionIndex::Build(keys, times));
  made.index.WidenTimes(min_time_, max_time_);
  return made;
}

}  // namespace coeval
