#include "arrow/inspection.h"

#include <arrow/c/bridge.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/plugin_abi.h"

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;

namespace {

void ReleaseInspection(coeval_arrow_inspection* inspection) {
  if (inspection->schema.release != nullptr) inspection->schema.release(&inspection->schema);
  delete static_cast<Inspection*>(inspection->private_data);
  inspection->private_data = nullptr;
  inspection->release = nullptr;
}

}  // namespace

Status ExportInspection(Inspection inspection, coeval_arrow_inspection* out) {
  auto held = std::make_unique<Inspection>(std::move(inspection));
  *out = {};
  ARROW_RETURN_NOT_OK(::arrow::ExportSchema(*held->schema, &out->schema));
  out->rows = held->rows;
  out->file_bytes = held->file_bytes;
  out->row_groups = held->row_groups.data();
  out->n_row_groups = static_cast<int64_t>(held->row_groups.size());
  out->release = &ReleaseInspection;
  out->private_data = held.release();
  return Status::OK();
}

std::vector<std::string> Strings(const char* const* texts, int64_t count) {
  if (texts == nullptr) return {};
  return {texts, texts + count};
}

Result<std::vector<int>> ColumnPositions(const ::arrow::Schema& schema, const char* const* names,
                                         int64_t count) {
  std::vector<int> positions;
  if (names == nullptr) {
    for (int i = 0; i < schema.num_fields(); ++i) positions.push_back(i);
    return positions;
  }
  for (int64_t i = 0; i < count; ++i) {
    const std::vector<int> found = schema.GetAllFieldIndices(names[i]);
    if (found.size() > 1) return Status::Invalid("column `", names[i], "` occurs twice");
    if (found.empty()) {
      std::string there;
      for (const std::string& name : schema.field_names()) {
        if (there.size() > 500) {
          there += ", ...";
          break;
        }
        there += (there.empty() ? "" : ", ") + name;
      }
      return Status::KeyError("no column `", names[i], "`; there are: ", there);
    }
    positions.push_back(found.front());
  }
  return positions;
}

}  // namespace coeval::plugin
