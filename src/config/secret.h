// Secret: a text that does not print. Streams, fmt and JSON give "***"; only Reveal() gives the
// text, so that every use of it can be found by searching for that word.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"

namespace coeval {

class Secret {
 public:
  Secret() = default;

  explicit Secret(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& Reveal() const { return text_; }

  [[nodiscard]] bool empty() const { return text_.empty(); }

  [[nodiscard]] static Json ToJson() { return "***"; }

  friend std::ostream& operator<<(std::ostream& out, const Secret& /*secret*/) {
    return out << "***";
  }

  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

// A text setting: what it stands for, and how it may be shown. A part that came from the
// environment or from a file is shown as it was written: "${DATA_DIR}/weather".
struct BoundText {
  Secret value;
  std::string shown;

  friend std::ostream& operator<<(std::ostream& out, const BoundText& text) {
    return out << text.shown;
  }
};

}  // namespace coeval

template <>
struct fmt::formatter<coeval::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const coeval::Secret& /*secret*/, Context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
