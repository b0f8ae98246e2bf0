#include "retrieval/feature_reference.h"

#include <charconv>
#include <optional>

namespace coeval {
namespace {

Status Malformed(std::string_view text) {
  return Status::InvalidArgument("'" + std::string(text) +
                                 "' is not a feature reference; write view:feature, "
                                 "view@v3:feature, view@latest:feature or view:*");
}

// "3" -> 3; empty, signs, other characters or 0 -> nothing.
std::optional<int> VersionNumber(std::string_view digits) {
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 1) return {};
  return number;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
  }
  return true;
}

bool IsLabel(std::string_view text) {
  if (text.empty() || text.find('.') == std::string_view::npos) return false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && c != '.') return false;
  }
  return true;
}

// "weather__v3" / "weather__v1.2": a version written into the name (rule 8.1).
void TakeVersionSuffix(FeatureReference* reference) {
  const std::size_t at = reference->view.rfind("__v");
  if (at == std::string::npos || at == 0) return;
  const std::string suffix = reference->view.substr(at + 3);
  if (const auto number = VersionNumber(suffix)) {
    reference->version = *number;
  } else if (IsLabel(suffix)) {
    reference->label = suffix;
  } else {
    return;
  }
  reference->view.resize(at);
}

}  // namespace

Result<FeatureReference> ParseFeatureReference(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return Malformed(text);
  }
  FeatureReference reference;
  reference.feature = std::string(text.substr(colon + 1));
  const std::string_view left = text.substr(0, colon);
  const std::size_t at = left.find('@');
  reference.view = std::string(left.substr(0, at));
  if (reference.view.empty() || reference.feature.find(':') != std::string::npos) {
    return Malformed(text);
  }
  if (at == std::string_view::npos) {
    TakeVersionSuffix(&reference);
    return reference;
  }
  const std::string_view version = left.substr(at + 1);
  if (EqualsIgnoringCase(version, "latest")) {
    reference.version = kLatestVersion;
    return reference;
  }
  if (version.size() < 2 || (version[0] != 'v' && version[0] != 'V')) return Malformed(text);
  if (const auto number = VersionNumber(version.substr(1))) {
    reference.version = *number;
  } else if (IsLabel(version.substr(1))) {
    reference.label = std::string(version.substr(1));
  } else {
    return Malformed(text);
  }
  return reference;
}

}  // namespace coeval
