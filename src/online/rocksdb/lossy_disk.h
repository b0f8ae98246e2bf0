// For tests: a disk that knows what was synced, and what may be left of the rest after a power cut.
//
//   Append "abc", Sync, Append "def"      the file holds abc, and of def: nothing, all of it, its
//                                         first bytes, or as many zeros
//   create, rename, link, delete          done or not, each by itself, until their folder is synced
//
// Stricter than any file system: ext4 orders what changes in folders, this does not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <rocksdb/env.h>

namespace coeval {

// Threads: internally locked. Keeps all that is written in memory.
class LossyDisk {
 public:
  // Of what is written below `folder`, through env() and else; what does not go through it counts
  // as synced. `syncs`: false to have every sync forgotten, for a proof that losses are seen.
  LossyDisk(std::string folder, bool syncs);

  // Must outlive all that is opened with it.
  [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }

  // A cut: what was on the disk then, synced and not, and what `now` said.
  struct Moment {
    std::int64_t step = 0;
    std::int64_t note = 0;
    // Makes `folder` what the cut may leave: of what was not synced each piece stays with a
    // chance of `kept`.
    std::function<void(std::mt19937_64& random, double kept, const std::string& folder)> leave;
  };

  // Right before each of these steps (a write, a sync, a change of a folder; the first is 1) the
  // power could be cut.
  void CutAt(std::set<std::int64_t> steps, std::function<std::int64_t()> now);
  [[nodiscard]] std::int64_t steps() const;
  [[nodiscard]] std::vector<Moment> moments() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace coeval
