// Feature references, as people write them (rule 8.1):
//
//   weather:temp   weather@v3:temp   weather@latest:temp   weather__v3:temp   weather__v1.2:temp
//   weather:*
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "definition/catalogue.h"

namespace coeval {

struct FeatureReference {
  std::string view;
  int version = 0;      // 0 = active, kLatestVersion, or a number
  std::string label;    // "1.2" where asked for by label
  std::string feature;  // "*" = all
};

inline constexpr int kLatestVersion = -1;

// Errors: InvalidArgument that shows the form expected.
Result<FeatureReference> ParseFeatureReference(std::string_view text);

}  // namespace coeval
