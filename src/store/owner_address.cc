#include "store/owner_address.h"

#include "io/files.h"
#include "io/process.h"

namespace coeval {
namespace {

constexpr std::int64_t kLongest = 4096;

std::string PathIn(const std::string& folder) {
  return JoinPath(folder, "ADDRESS");
}

}  // namespace

Status WriteOwnerAddress(const std::string& folder, const std::string& address) {
  return WriteFileAtomically(PathIn(folder), std::to_string(ProcessId()) + " " + address + "\n",
                             0600);
}

std::string OwnerAddress(const std::string& folder) {
  const auto owner = ReadFile(JoinPath(folder, "OWNER"), kLongest);
  const auto told = ReadFile(PathIn(folder), kLongest);
  if (!owner.ok() || !told.ok()) return "";
  const std::size_t space = told->find(' ');
  if (space == std::string::npos || told->substr(0, space) + "\n" != *owner) return "";
  return told->substr(space + 1, told->find('\n') - space - 1);
}

}  // namespace coeval
