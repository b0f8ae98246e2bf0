#include "cli/materialize_report.h"

#include <utility>

#include "cli/terminal.h"
#include "cli/value_text.h"

namespace coeval {

std::string ReportsText(const std::vector<MaterializeReport>& reports) {
  if (reports.empty()) return "no view is online; there is nothing to carry";
  std::vector<std::vector<std::string>> rows;
  for (const MaterializeReport& report : reports) {
    rows.push_back({report.view, FormatCount(report.rows_read), FormatCount(report.rows_written),
                    FormatCount(report.rows_refused), TimeText(report.watermark), report.detail});
  }
  return FormatTable({"view", "read", "written", "refused", "watermark", ""}, rows);
}

Json ReportsJson(const std::vector<MaterializeReport>& reports) {
  Json json = Json::MakeArray();
  for (const MaterializeReport& report : reports) {
    Json each = Json::MakeObject();
    each.Set("view", report.view).Set("rows_read", report.rows_read);
    each.Set("rows_written", report.rows_written).Set("rows_refused", report.rows_refused);
    each.Set("watermark", TimeJson(report.watermark)).Set("detail", report.detail);
    json.Append(std::move(each));
  }
  return json;
}

}  // namespace coeval
