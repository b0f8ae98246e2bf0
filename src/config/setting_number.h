// What settings that are numbers say: "5m", "16MiB", "4".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/setting.h"

namespace coeval {

// Durations in µs, sizes in bytes. `shown` stands for the text in errors, where it is a secret.
// Errors: InvalidArgument for what is no such number or not within the setting's bounds. REQUIRES:
// an integer, duration or size.
Result<std::int64_t> ParseNumber(const Setting& setting, std::string_view text,
                                 const std::string& shown);
// The same of the setting `memory`, for what has no repository.
Result<std::int64_t> ParseMemory(const std::string& text);

}  // namespace coeval
