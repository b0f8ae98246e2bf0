#include "cli/output_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/files.h"
#include "io/system_error.h"
#include "source/file_list.h"
#include "source/writer.h"

namespace coeval {
namespace {

bool SameFile(const struct stat& one, const std::string& path) {
  struct stat other{};
  return ::stat(path.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

// The files of an input; none where there is none, which the command itself will say.
std::vector<std::string> FilesOf(const InputFile& input) {
  Source source;
  source.name = input.path;
  source.format = input.format;
  std::vector<std::string> paths;
  const auto files = ListFiles(source, input.path);
  if (!files.ok()) return paths;
  for (const SourceFile& file : files->files) paths.push_back(file.path);
  return paths;
}

Status CheckFolder(const std::string& output) {
  const std::string folder = ParentDirectory(output);
  if (!IsDirectory(folder)) {
    return Status::NotFound("cannot write '" + output + "': there is no folder " + folder +
                            "; make it, or choose another name for -o");
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return SystemError(errno, "write to", folder);
  return {};
}

}  // namespace

Status CheckOutputFile(const std::string& output, const std::vector<InputFile>& inputs,
                       std::optional<FileFormat> format) {
  if (output.empty() || output == kStandardOutput) return {};
  if (!format.has_value()) COEVAL_RETURN_IF_ERROR(FormatOfName(output).status());
  struct stat facts{};
  if (::stat(output.c_str(), &facts) != 0) return CheckFolder(output);
  if (S_ISDIR(facts.st_mode)) {
    return Status::InvalidArgument("cannot write '" + output +
                                   "': it is a folder; name a file with -o");
  }
  for (const InputFile& input : inputs) {
    for (const std::string& path : FilesOf(input)) {
      if (!SameFile(facts, path)) continue;
      return Status::InvalidArgument("-o '" + output + "' is " + input.what + " (" + path +
                                     "), which writing would destroy; choose another name");
    }
  }
  return CheckFolder(output);
}

}  // namespace coeval
