// Hashes: a fast one for tables in memory, a strong one for identities on disk (rule 8.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace coeval {

// XXH3, 64 bits, seed 0. Fast; not for identities.
std::uint64_t Hash64(std::string_view bytes);

// The same over pieces.
class Hasher64 {
 public:
  Hasher64();
  ~Hasher64();
  Hasher64(const Hasher64&) = delete;
  Hasher64& operator=(const Hasher64&) = delete;
  void Update(std::string_view bytes);
  [[nodiscard]] std::uint64_t Digest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The checksum of stored rows (docs/formats): the low 32 bits of XXH3.
std::uint32_t Checksum32(std::string_view bytes);

// SHA-256 over pieces; the same bytes in other pieces give the same digest.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(std::string_view bytes);
  // 64 lower-case hex digits. Call once.
  std::string HexDigest();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string Sha256Hex(std::string_view bytes);
// Its first 16 bytes: stands for bytes that others choose, of which nobody can find two alike. The
// numbers are the same on every machine.
std::array<std::uint64_t, 2> Sha256Front(std::string_view bytes);

}  // namespace coeval
