#include "serve/api/base64.h"

#include <openssl/evp.h>

#include <vector>

namespace coeval {

void AppendBase64(std::string_view bytes, std::string* out) {
  std::vector<unsigned char> text((bytes.size() + 2) / 3 * 4 + 1);
  const int size =
      EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  out->append(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size));
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + 1);
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (size < 0) return {};
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string decoded(reinterpret_cast<const char*>(bytes.data()),
                      static_cast<std::size_t>(size) - padding);
  // OpenSSL skips white space; only the canonical text is taken.
  std::string again;
  AppendBase64(decoded, &again);
  if (again != text) return {};
  return decoded;
}

}  // namespace coeval
