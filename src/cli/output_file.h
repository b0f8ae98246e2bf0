// Is `-o FILE` a place to write to? Asked before any work, so that a mistake costs no join.
//
//   refused: an ending that says no format, a folder that is missing or may not be written, and a
//   file that the command reads: the same by device and inode, so also through links.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "definition/source.h"

namespace coeval {

// A file, or the folder or pattern of files, that the command reads.
struct InputFile {
  std::string what;  // "the spine", "source `weather`"
  std::string path;
  FileFormat format = FileFormat::kParquet;  // which files of a folder count
};

// "" (no output) and standard output are fine; with a `format` any ending is. Errors:
// InvalidArgument; NotFound and IoError of the folder. Costs a look at each input where `output`
// exists, else one at its folder.
Status CheckOutputFile(const std::string& output, const std::vector<InputFile>& inputs,
                       std::optional<FileFormat> format = std::nullopt);

}  // namespace coeval
