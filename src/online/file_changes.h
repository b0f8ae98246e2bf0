// FileChanges: which keys of a view the store's last writes of files touched. Each write gives the
// view's files a new version; what was read of a key at one version is still right at another where
// no write between them touched the key. By hashes of store keys: a false hit costs a read, no
// more.
//
//   version 7 --push flushed, keys {a, b}--> 9 --load, too many keys--> 12 --keys {c}--> 13
//   a read at 7 is right at 9: no; b's likewise; c's: yes. At 12: who knows. 12 to 13: all but c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace coeval {

// Hash64 of the keys that a write touched, in any order; none: too many to tell.
using TouchedKeys = std::optional<std::vector<std::uint64_t>>;

// Immutable; threads: any.
class FileChanges {
 public:
  // Keys that are remembered of a view: 2 MiB.
  static constexpr std::size_t kMostKeys = std::size_t{1} << 18;
  static constexpr std::size_t kMostWrites = 32;

  FileChanges() = default;

  // After a write that led from version `from` to `to`.
  [[nodiscard]] FileChanges With(std::uint64_t from, std::uint64_t to, TouchedKeys keys) const;

  // Was the key certainly not touched between these versions? REQUIRES: from <= to.
  // Cost: O(writes x log keys).
  [[nodiscard]] bool Untouched(std::uint64_t from, std::uint64_t to, std::uint64_t hash) const;

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Write {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::shared_ptr<const std::vector<std::uint64_t>> keys;  // sorted
  };

  std::vector<Write> writes_;  // each begins where the one before it ends
};

}  // namespace coeval
