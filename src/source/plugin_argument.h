// Coeval's texts and CSV options as the C interface of the plugin takes them: pointers, and the
// memory that they point to.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "arrow/plugin_abi.h"
#include "base/status.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"

namespace coeval {

// Borrows the texts.
std::vector<const char*> Pointers(std::span<const std::string> texts);

// coeval_arrow_csv and the memory that it points to.
class CsvArgument {
 public:
  // Points to nothing for other formats. Errors: InvalidArgument for types that CSV cannot hold.
  static Result<std::unique_ptr<CsvArgument>> Make(const FormatOptions& format);

  [[nodiscard]] const coeval_arrow_csv* get() const { return &csv_; }

 private:
  CsvArgument() = default;
  void Point(const CsvOptions& options);

  std::vector<std::string> null_values_, names_, typed_names_, typed_formats_;
  std::vector<std::vector<const char*>> pointers_;
  coeval_arrow_csv csv_{};
};

}  // namespace coeval
