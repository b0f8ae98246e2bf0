#include "offline/key_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/hash.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

constexpr std::int64_t kBlock = 512;  // rows whose table entries are fetched ahead of their use
constexpr std::size_t kFirstTableSize = 1024;
constexpr std::int64_t kFirstRows = 1 << 16;  // that tell whether more rows bring many new keys
constexpr std::int64_t kFewNew = 64;          // of so many rows one, at most

int TotalWidth(std::span<const Column> columns) {
  int width = 0;
  for (const Column& column : columns) {
    if (column.type().width() == 0) return 0;
    width += column.type().width();
  }
  return width;
}

bool IsWord(std::span<const Column> columns) {
  const int width = TotalWidth(columns);
  return width > 0 && width <= 8;
}

bool AnyNull(std::span<const Column> columns, std::int64_t row) {
  return std::any_of(columns.begin(), columns.end(),
                     [row](const Column& column) { return column.IsNull(row); });
}

template <typename T>
void AddToWords(const Column& column, std::int64_t first, std::int64_t count,
                std::uint64_t* words) {
  using Unsigned = std::make_unsigned_t<T>;
  const T* values = column.values<T>().data() + first;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto bits = static_cast<std::uint64_t>(static_cast<Unsigned>(values[i]));
    if constexpr (sizeof(T) == 8) {
      words[i] = bits;
    } else {
      words[i] = words[i] << (8 * sizeof(T)) | bits;
    }
  }
}

// Rows [first, first + count) as one word each: the parts' bits side by side.
void MakeWords(std::span<const Column> columns, std::int64_t first, std::int64_t count,
               std::uint64_t* words) {
  std::fill_n(words, count, 0);
  for (const Column& column : columns) {
    switch (column.type().width()) {
      case 1:
        AddToWords<std::uint8_t>(column, first, count, words);
        break;
      case 4:
        AddToWords<std::int32_t>(column, first, count, words);
        break;
      default:
        AddToWords<std::int64_t>(column, first, count, words);
        break;
    }
  }
}

// A finalizer that lets every bit of the word reach the upper bits, from which the slot is taken.
std::uint64_t Mix(std::uint64_t word) {
  word ^= word >> 32;
  word *= 0xD6E8FEB86659FD93U;
  word ^= word >> 29;
  return word * 0x9E3779B97F4A7C15U;
}

// The keys of rows [first, first + count) as bytes, whatever their types. Borrows the columns.
class KeyRows {
 public:
  KeyRows(std::span<const Column> columns, std::int64_t first, std::int64_t count)
      : first_(first), width_(static_cast<std::size_t>(TotalWidth(columns))) {
    if (width_ > 0) {
      PackFixed(columns, count);
    } else if (columns.size() == 1) {
      plain_ = columns.data();
    } else {
      std::vector<Column> slices;
      slices.reserve(columns.size());
      for (const Column& column : columns) slices.push_back(column.Slice(first, count));
      encoded_ = KeyColumn::Encode(slices, count);
    }
  }

  // The key of row first + i.
  [[nodiscard]] std::string_view operator[](std::int64_t i) const {
    if (plain_ != nullptr) return plain_->bytes(first_ + i);
    if (width_ > 0) {
      return std::string_view(packed_).substr(static_cast<std::size_t>(i) * width_, width_);
    }
    return encoded_.bytes(i);
  }

 private:
  void PackFixed(std::span<const Column> columns, std::int64_t count) {
    packed_.resize(static_cast<std::size_t>(count) * width_);
    std::size_t offset = 0;
    for (const Column& column : columns) {
      const auto width = static_cast<std::size_t>(column.type().width());
      const std::uint8_t* from =
          column.values_buffer().data + static_cast<std::size_t>(first_) * width;
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        std::memcpy(packed_.data() + i * width_ + offset, from + i * width, width);
      }
      offset += width;
    }
  }

  std::int64_t first_;
  std::size_t width_;
  const Column* plain_ = nullptr;
  std::string packed_;
  KeyColumn encoded_;
};

}  // namespace

Result<KeyIndex> KeyIndex::Build(std::span<const Column> columns, std::int64_t n,
                                 std::vector<KeyId>* ids, int threads) {
  ids->resize(static_cast<std::size_t>(n));
  return Build(columns, n, ids->data(), threads);
}

Result<KeyIndex> KeyIndex::Build(std::span<const Column> columns, std::int64_t n, KeyId* ids,
                                 int threads) {
  if (n >= static_cast<std::int64_t>(kNoKey)) {
    return Status::InvalidArgument("a spine may have at most 4294967294 rows, but this one has " +
                                   std::to_string(n) + "; ask in parts");
  }
  KeyIndex index;
  if (columns.empty()) {
    index.size_ = 1;
    std::fill_n(ids, n, KeyId{0});
    return index;
  }
  index.form_ = IsWord(columns) ? Form::kWord : Form::kBytes;
  if (index.form_ == Form::kWord) {
    index.word_table_.resize(kFirstTableSize);
    index.word_shift_ = 64 - 10;
  } else {
    index.bytes_table_.resize(kFirstTableSize);
    index.bytes_mask_ = kFirstTableSize - 1;
  }
  // Most spines name their keys early: then the other rows are looked up, by all threads.
  const std::int64_t half = std::min(n, kFirstRows / 2);
  const std::int64_t first = std::min(n, kFirstRows);
  index.Insert(columns, 0, half, ids);
  const KeyId early = index.size_;
  index.Insert(columns, half, first, ids);
  if (threads > 1 && index.size_ - early <= static_cast<KeyId>((first - half) / kFewNew)) {
    index.InsertMissing(columns, first, n, threads, ids);
  } else {
    index.Insert(columns, first, n, ids);
  }
  if (index.form_ == Form::kWord) index.MakeDirect();
  return index;
}

void KeyIndex::Insert(std::span<const Column> columns, std::int64_t begin, std::int64_t end,
                      KeyId* ids) {
  form_ == Form::kWord ? InsertWords(columns, begin, end, ids)
                       : InsertBytes(columns, begin, end, ids);
}

// As Insert(): what was not found is inserted in the order of its rows.
void KeyIndex::InsertMissing(std::span<const Column> columns, std::int64_t begin, std::int64_t end,
                             int threads, KeyId* ids) {
  const auto items = static_cast<std::size_t>((end - begin + kFirstRows - 1) / kFirstRows);
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> missing(items);  // begin, end
  DoItems(threads, items, [&](std::size_t /*worker*/, std::size_t item) {
    const std::int64_t first = begin + static_cast<std::int64_t>(item) * kFirstRows;
    const std::int64_t count = std::min(kFirstRows, end - first);
    Find(columns, first, count, ids + first);
    for (std::int64_t row = first; row < first + count; ++row) {
      if (ids[row] != kNoKey || AnyNull(columns, row)) continue;
      auto& runs = missing[item];
      if (runs.empty() || runs.back().second != row) runs.emplace_back(row, row);
      ++runs.back().second;
    }
  });
  for (const auto& runs : missing) {
    for (const auto& [first, last] : runs) Insert(columns, first, last, ids);
  }
}

void KeyIndex::InsertWords(std::span<const Column> columns, std::int64_t begin, std::int64_t end,
                           KeyId* ids) {
  std::array<std::uint64_t, kBlock> words;  // NOLINT(*-member-init): all that is read is written
  for (std::int64_t first = begin; first < end; first += kBlock) {
    const std::int64_t count = std::min(kBlock, end - first);
    MakeWords(columns, first, count, words.data());
    for (std::int64_t i = 0; i < count; ++i) {
      __builtin_prefetch(&word_table_[Mix(words[static_cast<std::size_t>(i)]) >> word_shift_]);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      ids[first + i] =
          AnyNull(columns, first + i) ? kNoKey : InsertWord(words[static_cast<std::size_t>(i)]);
    }
  }
}

KeyId KeyIndex::InsertWord(std::uint64_t word) {
  const std::size_t mask = word_table_.size() - 1;
  std::size_t at = Mix(word) >> word_shift_;
  while (word_table_[at].id != kNoKey) {
    if (word_table_[at].word == word) return word_table_[at].id;
    at = (at + 1) & mask;
  }
  word_table_[at] = {word, size_};
  const KeyId id = size_++;
  if (2 * static_cast<std::size_t>(size_) > word_table_.size()) GrowWords();
  return id;
}

void KeyIndex::GrowWords() {
  std::vector<WordEntry> old = std::exchange(word_table_, {});
  word_table_.resize(old.size() * 4);
  word_shift_ -= 2;
  const std::size_t mask = word_table_.size() - 1;
  for (const WordEntry& entry : old) {
    if (entry.id == kNoKey) continue;
    std::size_t at = Mix(entry.word) >> word_shift_;
    while (word_table_[at].id != kNoKey) at = (at + 1) & mask;
    word_table_[at] = entry;
  }
}

// Words that lie close together (numbered users, days) need no hashing: a plain array of at most
// four entries a key is smaller than the table and is read at one place.
void KeyIndex::MakeDirect() {
  if (size_ == 0) return;
  // As signed numbers, so that keys on both sides of 0 lie together.
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  std::uint64_t low = ~std::uint64_t{0};
  std::uint64_t high = 0;
  for (const WordEntry& entry : word_table_) {
    if (entry.id == kNoKey) continue;
    low = std::min(low, entry.word ^ kSign);
    high = std::max(high, entry.word ^ kSign);
  }
  const std::uint64_t span = high - low;
  if (span >= 4 * std::uint64_t{size_} + kFirstTableSize) return;
  direct_ = true;
  direct_base_ = low ^ kSign;
  direct_ids_.assign(static_cast<std::size_t>(span) + 1, kNoKey);
  for (const WordEntry& entry : word_table_) {
    if (entry.id != kNoKey) direct_ids_[entry.word - direct_base_] = entry.id;
  }
  word_table_ = {};
}

void KeyIndex::InsertBytes(std::span<const Column> columns, std::int64_t begin, std::int64_t end,
                           KeyId* ids) {
  constexpr std::int64_t kRows = 65536;  // encoded at a time
  for (std::int64_t first = begin; first < end; first += kRows) {
    const std::int64_t count = std::min(kRows, end - first);
    const KeyRows rows(columns, first, count);
    for (std::int64_t i = 0; i < count; ++i) {
      ids[first + i] = AnyNull(columns, first + i) ? kNoKey : InsertKey(rows[i]);
    }
  }
}

KeyId KeyIndex::FindKey(std::string_view wanted, std::uint64_t hash) const {
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::uint64_t at = hash & bytes_mask_;; at = (at + 1) & bytes_mask_) {
    const BytesEntry& entry = bytes_table_[at];
    if (entry.id == kNoKey) return kNoKey;
    if (entry.tag == tag && key(entry.id) == wanted) return entry.id;
  }
}

KeyId KeyIndex::InsertKey(std::string_view bytes) {
  const std::uint64_t hash = Hash64(bytes);
  if (const KeyId id = FindKey(bytes, hash); id != kNoKey) return id;
  std::uint64_t at = hash & bytes_mask_;
  while (bytes_table_[at].id != kNoKey) at = (at + 1) & bytes_mask_;
  bytes_table_[at] = {static_cast<std::uint32_t>(hash >> 32), size_};
  key_bytes_.append(bytes);
  key_offsets_.push_back(key_bytes_.size());
  const KeyId id = size_++;
  if (2 * static_cast<std::size_t>(size_) > bytes_table_.size()) GrowBytes();
  return id;
}

void KeyIndex::GrowBytes() {
  bytes_table_.assign(bytes_table_.size() * 4, {});
  bytes_mask_ = bytes_table_.size() - 1;
  for (KeyId id = 0; id < size_; ++id) {
    const std::uint64_t hash = Hash64(key(id));
    std::uint64_t at = hash & bytes_mask_;
    while (bytes_table_[at].id != kNoKey) at = (at + 1) & bytes_mask_;
    bytes_table_[at] = {static_cast<std::uint32_t>(hash >> 32), id};
  }
}

void KeyIndex::FindWords(const std::uint64_t* words, std::int64_t count, KeyId* ids) const {
  const std::size_t mask = word_table_.size() - 1;
  for (std::int64_t i = 0; i < count; ++i) {
    __builtin_prefetch(&word_table_[Mix(words[i]) >> word_shift_]);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    std::size_t at = Mix(words[i]) >> word_shift_;
    while (word_table_[at].id != kNoKey && word_table_[at].word != words[i]) at = (at + 1) & mask;
    ids[i] = word_table_[at].id;
  }
}

void KeyIndex::FindDirect(const std::uint64_t* words, std::int64_t count, KeyId* ids) const {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t at = words[i] - direct_base_;
    ids[i] = at < direct_ids_.size() ? direct_ids_[at] : kNoKey;
  }
}

void KeyIndex::Find(std::span<const Column> columns, std::int64_t first, std::int64_t count,
                    KeyId* ids) const {
  if (form_ == Form::kGlobal) {
    std::fill_n(ids, count, KeyId{0});
    return;
  }
  if (size_ == 0) {
    std::fill_n(ids, count, kNoKey);
    return;
  }
  if (form_ == Form::kWord) {
    std::array<std::uint64_t, kBlock> words{};
    for (std::int64_t done = 0; done < count; done += kBlock) {
      const std::int64_t rows = std::min(kBlock, count - done);
      MakeWords(columns, first + done, rows, words.data());
      direct_ ? FindDirect(words.data(), rows, ids + done)
              : FindWords(words.data(), rows, ids + done);
    }
  } else {
    const KeyRows rows(columns, first, count);
    std::array<std::uint64_t, kBlock> hashes{};
    for (std::int64_t done = 0; done < count; done += kBlock) {
      const std::int64_t block = std::min(kBlock, count - done);
      for (std::int64_t i = 0; i < block; ++i) {
        const std::uint64_t hash = Hash64(rows[done + i]);
        hashes[static_cast<std::size_t>(i)] = hash;
        __builtin_prefetch(&bytes_table_[hash & bytes_mask_]);
      }
      for (std::int64_t i = 0; i < block; ++i) {
        ids[done + i] = FindKey(rows[done + i], hashes[static_cast<std::size_t>(i)]);
      }
    }
  }
  const bool may_have_nulls = std::any_of(columns.begin(), columns.end(),
                                          [](const Column& c) { return c.may_have_nulls(); });
  if (!may_have_nulls) return;
  for (std::int64_t i = 0; i < count; ++i) {
    if (AnyNull(columns, first + i)) ids[i] = kNoKey;
  }
}

}  // namespace coeval
