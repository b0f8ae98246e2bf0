// Training sets in words, for terminals and notebooks.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "offline/training_set.h"

namespace coeval {
namespace {

// 336776 -> "336,776".
std::string Grouped(std::int64_t n) {
  std::string text = std::to_string(n);
  for (auto at = static_cast<std::int64_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

// "0 %" and "100 %" are exact; what is between never shows as one of them.
std::string Share(std::int64_t part, std::int64_t whole) {
  if (whole == 0 || part == 0) return "0 %";
  if (part == whole) return "100 %";
  const double percent =
      std::clamp(100.0 * static_cast<double>(part) / static_cast<double>(whole), 0.1, 99.9);
  char text[16];
  std::snprintf(text, sizeof(text), "%.1f %%", percent);
  return text;
}

// Columns of text, the first two to the left, the others to the right.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string fill(widths[i] - row[i].size(), ' ');
      text += i < 2 ? row[i] + fill : fill + row[i];
      text += i + 1 < row.size() ? "  " : "\n";
    }
  }
  return text;
}

}  // namespace

std::string DescribeTrainingSet(const TrainingSet& set) {
  std::string text = Grouped(set.num_rows()) + (set.num_rows() == 1 ? " row" : " rows");
  const std::vector<TimeMicros>& times = set.spine.times;
  if (!times.empty()) {
    const auto [first, last] = std::minmax_element(times.begin(), times.end());
    text += " from " + FormatTime(*first) + " to " + FormatTime(*last);
  }
  text += "\n";
  const bool any_invalid =
      std::any_of(set.summary.begin(), set.summary.end(),
                  [](const FeatureSummary& feature) { return feature.invalid > 0; });
  std::vector<std::vector<std::string>> rows = {{"feature", "type", "null", "expired"}};
  if (any_invalid) rows[0].emplace_back("invalid");
  for (const FeatureSummary& feature : set.summary) {
    rows.push_back({feature.name, feature.type.ToString(), Share(feature.nulls, set.num_rows()),
                    Share(feature.expired, set.num_rows())});
    if (any_invalid) rows.back().push_back(Grouped(feature.invalid));
  }
  text += Table(rows);
  for (const std::string& warning : set.warnings) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace coeval
