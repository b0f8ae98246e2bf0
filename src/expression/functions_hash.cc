// Hashes by name. Each is a published algorithm over a written byte form of the value, and neither
// ever changes: another algorithm or form gets another name.
//
//   bool, ints, date (days), times (µs)       as int64, 8 bytes, lowest first
//   floats                                    as float64, its 8 bytes, lowest first; -0.0 as 0.0,
//                                             NaN as the one NaN (rule 1.5)
//   string, bytes                             its bytes
//   decimal                                   the digits without the point as a whole number in
//                                             two's complement, highest byte first, as few bytes as
//                                             hold it
//
// It is the form of Apache Iceberg's bucket transform (its specification, appendix B), so bucket()
// agrees with tables that are partitioned so.
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <fmt/format.h>

#include "expression/functions.h"

namespace coeval {

namespace {

using Int = std::int64_t;

static_assert(std::endian::native == std::endian::little);

// The byte form of one value; `memory` holds what does not lie elsewhere.
using ByteForm = std::array<char, 16>;

template <typename T>
std::string_view Copied(T value, ByteForm* memory) {
  std::memcpy(memory->data(), &value, sizeof(T));
  return {memory->data(), sizeof(T)};
}

std::string_view BytesOf(std::uint8_t value, ByteForm* memory) {
  return Copied<Int>(value, memory);
}

std::string_view BytesOf(Int value, ByteForm* memory) {
  return Copied(value, memory);
}

std::string_view BytesOf(double value, ByteForm* memory) {
  return Copied(value == 0 ? 0.0 : Canonical(value), memory);
}

std::string_view BytesOf(std::string_view value, ByteForm* /*memory*/) {
  return value;
}

std::string_view BytesOf(Int128 value, ByteForm* memory) {
  std::size_t size = 0;
  bool fits = false;
  while (!fits) {
    (*memory)[15 - size] = static_cast<char>(value & 0xFF);
    ++size;
    const bool negative = (value & 0x80) != 0;
    value >>= 8;
    fits = value == (negative ? -1 : 0) || size == 16;
  }
  return {memory->data() + 16 - size, size};
}

std::uint32_t RotateLeft(std::uint32_t x, int by) {
  return std::rotl(x, by);
}

// MurmurHash3_x86_32, by Austin Appleby, in the public domain.
std::uint32_t Murmur3(std::string_view bytes, std::uint32_t seed) {
  constexpr std::uint32_t kFirst = 0xCC9E2D51U, kSecond = 0x1B873593U;
  std::uint32_t hash = seed;
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t block = 0;
    std::memcpy(&block, bytes.data() + at, 4);
    hash ^= RotateLeft(block * kFirst, 15) * kSecond;
    hash = RotateLeft(hash, 13) * 5 + 0xE6546B64U;
  }
  std::uint32_t tail = 0;
  for (std::size_t i = bytes.size(); i > at; --i) {
    tail = tail << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  hash ^= RotateLeft(tail * kFirst, 15) * kSecond;
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85EBCA6BU;
  hash = (hash ^ hash >> 13) * 0xC2B2AE35U;
  return hash ^ hash >> 16;
}

Int Xxh3(std::string_view bytes, std::uint64_t seed) {
  return static_cast<Int>(XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
}

template <typename T>
void Xxh3Kernel(const Call& call) {
  ByteForm memory;
  if (call.num_args == 1) {
    MapRows<Int, T>(call, [&](const T& value, Int& result) {
      result = Xxh3(BytesOf(value, &memory), 0);
      return kValue;
    });
    return;
  }
  MapRows<Int, T, Int>(call, [&](const T& value, Int seed, Int& result) {
    result = Xxh3(BytesOf(value, &memory), static_cast<std::uint64_t>(seed));
    return kValue;
  });
}

template <typename T>
void Murmur3Kernel(const Call& call) {
  ByteForm memory;
  if (call.num_args == 1) {
    MapRows<Int, T>(call, [&](const T& value, Int& result) {
      result = Murmur3(BytesOf(value, &memory), 0);
      return kValue;
    });
    return;
  }
  MapRows<Int, T, Int>(call, [&](const T& value, Int seed, Int& result) {
    if (seed < 0 || seed > std::numeric_limits<std::uint32_t>::max()) {
      return call.Fail([&] { return fmt::format("the seed {} does not fit 32 bits", seed); });
    }
    result = Murmur3(BytesOf(value, &memory), static_cast<std::uint32_t>(seed));
    return kValue;
  });
}

template <typename T>
void BucketKernel(const Call& call) {
  ByteForm memory;
  MapRows<Int, T, Int>(call, [&](const T& value, Int count, Int& result) {
    if (count < 1)
      return call.Fail([&] { return fmt::format("{} buckets; it takes 1 or more", count); });
    result = static_cast<Int>(Murmur3(BytesOf(value, &memory), 0) & 0x7FFFFFFFU) % count;
    return kValue;
  });
}

// The kernel of one function for a kind of values; lists and maps have no byte form.
template <template <typename> typename Choice>
Kernel Pick(Physical kind) {
  switch (kind) {
    case Physical::kBool:
      return Choice<std::uint8_t>::kKernel;
    case Physical::kInt:
      return Choice<Int>::kKernel;
    case Physical::kFloat:
      return Choice<double>::kKernel;
    case Physical::kText:
      return Choice<std::string_view>::kKernel;
    case Physical::kDecimal:
      return Choice<Int128>::kKernel;
    case Physical::kNested:
      return nullptr;
  }
  return nullptr;
}

template <typename T>
struct Xxh3Choice {
  static constexpr Kernel kKernel = Xxh3Kernel<T>;
};

template <typename T>
struct Murmur3Choice {
  static constexpr Kernel kKernel = Murmur3Kernel<T>;
};

template <typename T>
struct BucketChoice {
  static constexpr Kernel kKernel = BucketKernel<T>;
};

}  // namespace

std::vector<Function> HashFunctions() {
  return {
      {.name = "xxh3_64",
       .family = Family::kHash,
       .usage = "xxh3_64(x[, seed])",
       .meaning = "XXH3 of 64 bits, as an int64 of the same bits. The seed is 0 unless given.",
       .overloads = {{"T -> int64", nullptr, Pick<Xxh3Choice>},
                     {"T, int64 -> int64", nullptr, Pick<Xxh3Choice>}},
       .examples = {{"xxh3_64('')", "3244421341483603138"},
                    {"xxh3_64('N14228') = xxh3_64('N14229')", "false"}}},
      {.name = "murmur3_32",
       .family = Family::kHash,
       .usage = "murmur3_32(x[, seed])",
       .meaning = "MurmurHash3 (x86, 32 bits): 0 to 4294967295. The seed is 0 unless given.",
       .errors = "a seed outside 0 to 4294967295",
       .overloads = {{"T -> int64", nullptr, Pick<Murmur3Choice>},
                     {"T, int64 -> int64", nullptr, Pick<Murmur3Choice>}},
       .examples = {{"murmur3_32('iceberg')", "1210000089"},
                    {"murmur3_32(34)", "2017239379"},
                    {"murmur3_32('', 1)", "1364076727"}}},
      {.name = "bucket",
       .family = Family::kHash,
       .usage = "bucket(x, n)",
       .meaning =
           "A bucket from 0 to n - 1: murmur3_32(x) without its highest bit, modulo n, which "
           "is Apache Iceberg's bucket transform.",
       .errors = "n below 1",
       .overloads = {{"T, int64 -> int64", nullptr, Pick<BucketChoice>}},
       .examples = {{"bucket('iceberg', 16)", "9"}, {"bucket(34, 16)", "3"}}},
  };
}

}  // namespace coeval
