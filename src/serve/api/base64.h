// Base 64 of RFC 4648, for bytes in JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coeval {

void AppendBase64(std::string_view bytes, std::string* out);
// Nothing where the text is not canonical base 64 with padding.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace coeval
