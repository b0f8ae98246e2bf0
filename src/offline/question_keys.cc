#include "offline/question_keys.h"

#include <algorithm>
#include <cstddef>

#include "offline/work_items.h"

namespace coeval {
Result<QuestionKeys> QuestionKeys::Of(std::span<const Column> columns,
                                      std::span<const TimeMicros> times, int threads) {
  QuestionKeys made;
  made.ids = UntouchedArray<KeyId>(times.size());
  COEVAL_ASSIGN_OR_RETURN(
      made.keys,
      KeyIndex::Build(columns, static_cast<std::int64_t>(times.size()), made.ids.data(), threads));

  struct Spread {
    TimeMicros min = kMaxTime;
    TimeMicros max = kMinTime;
  };

  std::vector<Spread> spreads(ChunksOf(times.size(), 0, threads));
  DoChunks(threads, times.size(), spreads.size(),
           [&](std::size_t chunk, std::size_t begin, std::size_t end) {
             Spread spread;
             for (std::size_t i = begin; i < end; ++i) {
               if (made.ids[i] == kNoKey) continue;
               spread.min = std::min(spread.min, times[i]);
               spread.max = std::max(spread.max, times[i]);
             }
             spreads[chunk] = spread;
           });
  for (const Spread& spread : spreads) {
    made.min_time = std::min(made.min_time, spread.min);
    made.max_time = std::max(made.max_time, spread.max);
  }
  return made;
}

std::vector<TimeMicros> LatestOfKeys(const QuestionKeys& questions,
                                     std::span<const TimeMicros> times, int threads) {
  const std::size_t num_keys = questions.keys.size();
  std::vector<std::vector<TimeMicros>> latest(ChunksOf(times.size(), num_keys, threads));
  DoChunks(threads, times.size(), latest.size(),
           [&](std::size_t chunk, std::size_t begin, std::size_t end) {
             std::vector<TimeMicros>& own = latest[chunk];
             own.assign(num_keys, kMinTime);
             for (std::size_t i = begin; i < end; ++i) {
               if (questions.ids[i] == kNoKey) continue;
               TimeMicros& of_key = own[questions.ids[i]];
               of_key = std::max(of_key, times[i]);
             }
           });
  for (std::size_t chunk = 1; chunk < latest.size(); ++chunk) {
    for (std::size_t key = 0; key < num_keys; ++key) {
      latest[0][key] = std::max(latest[0][key], latest[chunk][key]);
    }
  }
  return std::move(latest[0]);
}

}  // namespace coeval
