#include "offline/invalid_values.h"

namespace coeval {

Status CheckInvalid(std::int64_t count, const std::vector<std::string>& first_errors,
                    OnInvalid on_invalid) {
  if (count == 0 || on_invalid == OnInvalid::kNull) return Status::Ok();
  std::string text =
      std::to_string(count) + (count == 1 ? " value is" : " values are") + " invalid:";
  for (const std::string& error : first_errors) text += "\n  " + error;
  if (count > std::ssize(first_errors)) text += "\n  ...";
  return Status::InvalidArgument(
      text +
      "\nMend the expression or the data, or ask for on_error=\"null\": null, as serving gives");
}

}  // namespace coeval
