// "did you mean": the nearest of some names, for errors (rule 9).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace coeval {

// The candidate with the least edit distance (ignoring case) to `name`, if that distance is at most
// a third of the name's length (and at least 1 allowed); else "". Cost: O(candidates x lengths).
std::string Nearest(std::string_view name, std::span<const std::string> candidates);

// `, did you mean "weather"?` or "".
std::string DidYouMean(std::string_view name, std::span<const std::string> candidates);

}  // namespace coeval
