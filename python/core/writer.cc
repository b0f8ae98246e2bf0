#include "core/writer.h"

#include <cstdint>
#include <string>
#include <utility>

#include <nanobind/stl/string.h>

#include "base/context.h"
#include "core/capsule.h"
#include "core/errors.h"
#include "core/frame.h"
#include "core/long_call.h"
#include "definition/source.h"
#include "source/writer.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

Result<FileFormat> ParseFormat(const std::string& name) {
  if (name == "parquet") return FileFormat::kParquet;
  if (name == "csv") return FileFormat::kCsv;
  if (name == "arrow") return FileFormat::kArrow;
  return Status::InvalidArgument("'" + name + "' is no file format; parquet, csv and arrow are");
}

// How many bytes were written.
std::int64_t Write(const Frame& frame, const std::string& path, const std::string& format,
                   std::string compression) {
  WriteOptions options;
  options.format = Unwrap(ParseFormat(format));
  options.compression = std::move(compression);
  OwnedStream stream(Unwrap(frame.Export()));
  const Context context;
  ProgressBoard board;
  const WrittenFile written = Unwrap(
      CallWatched<WrittenFile>([&] { return WriteTable(stream.get(), path, options, context); },
                               *context.cancel, board, nb::none()));
  return written.bytes;
}

}  // namespace

void BindWriter(nb::module_& module) {
  module.def("write_frame", &Write, nb::arg("frame"), nb::arg("path"), nb::arg("format"),
             nb::arg("compression"),
             "Replaces a file when all is written; gives its size in bytes.");
}

}  // namespace coeval::python
