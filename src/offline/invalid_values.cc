#include "offline/invalid_values.h"

#include <cstdint>
#include <string>

namespace coeval {

Status CheckInvalid(const FeatureTable& features, OnInvalid on_invalid) {
  if (features.invalid_count == 0 || on_invalid == OnInvalid::kNull) return Status::Ok();
  std::string text = std::to_string(features.invalid_count) +
                     (features.invalid_count == 1 ? " value is" : " values are") + " invalid:";
  for (const std::string& error : features.first_errors) text += "\n  " + error;
  if (features.invalid_count > static_cast<std::int64_t>(features.first_errors.size())) {
    text += "\n  ...";
  }
  return Status::InvalidArgument(
      text +
      "\nMend the expression or the data, or ask for on_error=\"null\": null, as serving gives");
}

}  // namespace coeval
