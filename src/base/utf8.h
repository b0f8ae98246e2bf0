// UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coeval {

// Bytes of the character that begins at text[at]; 0 where no valid one does. REQUIRES: at < size.
std::size_t Utf8Length(std::string_view text, std::size_t at);

// Offset of the first byte that is not valid UTF-8, or npos.
std::size_t FindInvalidUtf8(std::string_view text);

inline bool IsUtf8(std::string_view text) {
  return FindInvalidUtf8(text) == std::string_view::npos;
}

// REQUIRES: code_point <= 0x10FFFF.
void AppendUtf8(std::uint32_t code_point, std::string* out);

}  // namespace coeval
