#include "base/hash.h"

#include <openssl/evp.h>

#include <array>

#define XXH_INLINE_ALL
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XXH_NO_INLINE_HINTS 1  // gcc refuses where it would have to, with a sanitizer
#endif
#include <xxhash.h>

#include "base/status.h"

namespace coeval {

std::uint64_t Hash64(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

struct Hasher64::Impl {
  XXH3_state_t* state = XXH3_createState();
};

Hasher64::Hasher64() : impl_(std::make_unique<Impl>()) {
  COEVAL_CHECK(impl_->state != nullptr);
  COEVAL_CHECK(XXH3_64bits_reset(impl_->state) == XXH_OK);
}

Hasher64::~Hasher64() {
  XXH3_freeState(impl_->state);
}

void Hasher64::Update(std::string_view bytes) {
  COEVAL_CHECK(XXH3_64bits_update(impl_->state, bytes.data(), bytes.size()) == XXH_OK);
}

std::uint64_t Hasher64::Digest() const {
  return XXH3_64bits_digest(impl_->state);
}

std::uint32_t Checksum32(std::string_view bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()) & 0xFFFFFFFFU);
}

struct Sha256::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  COEVAL_CHECK(impl_->context != nullptr);
  COEVAL_CHECK(EVP_DigestInit_ex(impl_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(impl_->context);
}

void Sha256::Update(std::string_view bytes) {
  COEVAL_CHECK(EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::HexDigest() {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  COEVAL_CHECK(EVP_DigestFinal_ex(impl_->context, digest.data(), &size) == 1 && size == 32);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.HexDigest();
}

std::array<std::uint64_t, 2> Sha256Front(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  COEVAL_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1 &&
      size == digest.size());
  std::array<std::uint64_t, 2> front{};
  for (std::size_t i = 0; i < 16; ++i) {
    front[i / 8] |= std::uint64_t{digest[i]} << (8 * (i % 8));
  }
  return front;
}

}  // namespace coeval
