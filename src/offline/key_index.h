// KeyIndex: the distinct keys of a few rows (a spine), numbered 0, 1, ..., so that the keys of many
// rows (facts streaming past) can be looked up in bulk.
//
//   spine keys   jfk, lga, jfk, null      ids 0, 1, 0, kNoKey
//   fact keys    lga, ewr                 ids 1, kNoKey
//
// Keys are equal by rule 2.1 (same declared types, same values); a null in any part matches nothing
// (2.2). One or more fixed-width keys that fit eight bytes together are compared as one word, and
// through a plain array where the words lie close together; all others as bytes.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column/column.h"
#include "column/key.h"

namespace coeval {

using KeyId = std::uint32_t;
inline constexpr KeyId kNoKey = std::numeric_limits<KeyId>::max();

// Changes only in Build; then immutable, threads: any.
class KeyIndex {
 public:
  // Numbers the keys of `n` rows in the order in which they first appear; (*ids)[row] is a row's
  // number. `columns` have the declared types, in the order of the join keys; none = the one global
  // key (rule 2.2). Errors: InvalidArgument from 2^32 - 1 rows on.
  // Cost: O(n); by `threads` where few keys are new after the first rows.
  static Result<KeyIndex> Build(std::span<const Column> columns, std::int64_t n,
                                std::vector<KeyId>* ids, int threads = 1);
  // The same with room for `n` numbers.
  static Result<KeyIndex> Build(std::span<const Column> columns, std::int64_t n, KeyId* ids,
                                int threads);

  [[nodiscard]] KeyId size() const { return size_; }

  // Is there but the one global key, 0?
  [[nodiscard]] bool is_global() const { return form_ == Form::kGlobal; }

  // ids[i] = number of row first + i, for `count` rows; kNoKey where the index does not have it.
  // REQUIRES: columns of the same types as in Build.
  void Find(std::span<const Column> columns, std::int64_t first, std::int64_t count,
            KeyId* ids) const;

 private:
  enum class Form : std::uint8_t { kGlobal, kWord, kBytes };

  struct WordEntry {
    std::uint64_t word = 0;
    KeyId id = kNoKey;
  };

  struct BytesEntry {
    std::uint32_t tag = 0;  // upper half of the hash
    KeyId id = kNoKey;
  };

  void Insert(std::span<const Column> columns, std::int64_t first, std::int64_t end, KeyId* ids);
  void InsertMissing(std::span<const Column> columns, std::int64_t first, std::int64_t end,
                     int threads, KeyId* ids);
  void InsertWords(std::span<const Column> columns, std::int64_t begin, std::int64_t end,
                   KeyId* ids);
  void InsertBytes(std::span<const Column> columns, std::int64_t begin, std::int64_t end,
                   KeyId* ids);
  KeyId InsertWord(std::uint64_t word);
  KeyId InsertKey(std::string_view key);
  void GrowWords();
  void GrowBytes();
  void MakeDirect();
  void FindWords(const std::uint64_t* words, std::int64_t count, KeyId* ids) const;
  void FindDirect(const std::uint64_t* words, std::int64_t count, KeyId* ids) const;
  [[nodiscard]] KeyId FindKey(std::string_view key, std::uint64_t hash) const;

  [[nodiscard]] std::string_view key(KeyId id) const {
    return std::string_view(key_bytes_)
        .substr(key_offsets_[id], key_offsets_[id + 1] - key_offsets_[id]);
  }

  Form form_ = Form::kGlobal;
  KeyId size_ = 0;

  std::vector<WordEntry> word_table_;  // open addressing, linear, at most half full
  int word_shift_ = 0;                 // 64 - log2 of its size
  bool direct_ = false;
  std::uint64_t direct_base_ = 0;
  std::vector<KeyId> direct_ids_;  // id of word direct_base_ + i

  std::vector<BytesEntry> bytes_table_;
  std::uint64_t bytes_mask_ = 0;
  std::string key_bytes_;                      // of all keys, end to end
  std::vector<std::uint64_t> key_offsets_{0};  // of key id: [id, id + 1)
};

}  // namespace coeval
