// WantedKeys: the keys that a reader of facts asks for, as far as the statistics of a row group, or
// a folder's name, can tell that none of them is there. Row groups that can hold none are not read.
//
//   wanted users       3, 4, 900
//   users 0 to 99      may hold one: read
//   users 100 to 199   lies between two of them: left out
//   users 950 to 990   left out
//
// Each join key is looked at by itself: up to kMostValues distinct values one by one, more as the
// range from the least to the greatest. That leaves out too little, never too much. Those listed
// can be looked for in a Bloom filter too (KeyFilters), where statistics cannot tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "column/column.h"
#include "column/type.h"
#include "column/value.h"
#include "source/arrow_plugin.h"

namespace coeval {

// Immutable; threads: any.
class WantedKeys {
 public:
  static constexpr std::size_t kMostValues = 16384;  // of a join key

  // One column for each join key, in order, of the declared types; nulls are no keys (rule 2.2).
  // Copies what it needs. Cost: O(rows).
  explicit WantedKeys(std::span<const Column> keys);

  // Can statistics of join key `key` tell anything, where the files hold it as `stored`? They can
  // where conversion keeps the order: whole numbers, dates and times, text.
  [[nodiscard]] bool CanTell(std::size_t key, const DataType& stored) const;
  // May a row group with these statistics hold a wanted value of that key, or one that its declared
  // type cannot hold, which is an error to be seen? REQUIRES: CanTell.
  [[nodiscard]] bool MayBeIn(std::size_t key, const ColumnStatistics& statistics) const;

  // The wanted values that such a row group may hold, for a filter to deny one by one. Either
  // numbers (dates and times in µs) or texts, borrowed.
  struct Listed {
    std::span<const std::int64_t> numbers = {};
    std::span<const std::string> texts = {};

    [[nodiscard]] std::size_t size() const { return numbers.size() + texts.size(); }
  };

  // Nothing where they are not all known, or where the row group may hold a value that is an error
  // to be seen, or has no statistics that exclude it. REQUIRES: CanTell.
  [[nodiscard]] std::optional<Listed> ListedIn(std::size_t key,
                                               const ColumnStatistics& statistics) const;
  // Is that a wanted value of the key? A null never is. `value` is of the declared type.
  [[nodiscard]] bool Has(std::size_t key, const Value& value) const;

  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  // All distinct values, ascending; or, where they are not all listed, the least and the greatest.
  template <typename T>
  struct Values {
    std::vector<T> sorted;
    bool all = true;
  };

  // Dates and times in µs; `texts` is filled for strings and bytes, else `numbers`.
  struct Key {
    DataType type;
    Values<std::int64_t> numbers;
    Values<std::string> texts;
  };

  static bool MayHoldUnfit(const Key& key, const ColumnStatistics& statistics);

  std::vector<Key> keys_;
};

}  // namespace coeval
