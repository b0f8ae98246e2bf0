#include "io/machine_limits.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "base/status.h"
#include "io/files.h"

namespace coeval {
namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

std::vector<std::string_view> Split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<std::int64_t> NumberOf(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return {};
  return number;
}

// The files of one machine, or of a test's picture of one.
class Machine {
 public:
  explicit Machine(std::string root) : root_(std::move(root)) {}

  [[nodiscard]] std::string Read(const std::string& path) const {
    Result<std::string> text = ReadFile(JoinPath(root_, path), 1 << 20);
    return text.ok() ? std::move(text).value() : std::string();
  }

  // "MemTotal:       24689316 kB"
  [[nodiscard]] std::int64_t TotalMemory() const {
    const std::string text = Read("proc/meminfo");
    const std::string_view name = "MemTotal:";
    const std::size_t at = text.find(name);
    if (at == std::string::npos) return kNoLimit;
    const auto kib = NumberOf(std::string_view(text).substr(at + name.size()));
    return kib.has_value() ? *kib * 1024 : kNoLimit;
  }

  // Where the group of a controller ("" = version 2) lies, and all above it, innermost first. In a
  // container the path may be that of the host; then the mount's own root is the group.
  [[nodiscard]] std::vector<std::string> GroupFolders(std::string_view controller) const {
    const std::string text = Read("proc/self/cgroup");
    for (const std::string_view line : Split(text, '\n')) {
      const std::size_t first = line.find(':');
      const std::size_t second = line.find(':', first + 1);
      if (first == std::string_view::npos || second == std::string_view::npos) continue;
      const auto names = Split(line.substr(first + 1, second - first - 1), ',');
      const bool is_it = controller.empty()
                             ? names.empty()
                             : std::find(names.begin(), names.end(), controller) != names.end();
      if (!is_it) continue;
      std::string folder = "sys/fs/cgroup";
      if (!controller.empty()) folder += "/" + std::string(controller);
      std::vector<std::string> folders{folder};
      for (const std::string_view part : Split(line.substr(second + 1), '/')) {
        folder += "/" + std::string(part);
        folders.push_back(folder);
      }
      std::reverse(folders.begin(), folders.end());
      return folders;
    }
    return {};
  }

 private:
  std::string root_;
};

std::int64_t MemoryLimit(const Machine& machine) {
  std::int64_t least = machine.TotalMemory();
  const auto take = [&](const std::string& file) {
    const auto limit = NumberOf(machine.Read(file));  // "max" is no number
    if (limit.has_value() && *limit > 0) least = std::min(least, *limit);
  };
  for (const std::string& folder : machine.GroupFolders("")) {
    take(folder + "/memory.max");
    take(folder + "/memory.high");
  }
  for (const std::string& folder : machine.GroupFolders("memory")) {
    take(folder + "/memory.limit_in_bytes");
  }
  return least;
}

// Processors that a quota amounts to, rounded up.
std::int64_t OfQuota(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
  if (!quota.has_value() || !period.has_value() || *quota <= 0 || *period <= 0) return kNoLimit;
  return std::max<std::int64_t>(1, (*quota + *period - 1) / *period);
}

std::int64_t ProcessorQuota(const Machine& machine) {
  std::int64_t least = kNoLimit;
  for (const std::string& folder : machine.GroupFolders("")) {
    const std::string text = machine.Read(folder + "/cpu.max");  // "max 100000", "150000 100000"
    const std::size_t space = text.find(' ');
    if (space == std::string::npos) continue;
    least = std::min(least, OfQuota(NumberOf(text), NumberOf(text.substr(space))));
  }
  for (const std::string& folder : machine.GroupFolders("cpu")) {
    least = std::min(least, OfQuota(NumberOf(machine.Read(folder + "/cpu.cfs_quota_us")),
                                    NumberOf(machine.Read(folder + "/cpu.cfs_period_us"))));
  }
  return least;
}

std::int64_t AllowedProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

MachineLimits ReadMachineLimits(const std::string& root) {
  const Machine machine(root);
  MachineLimits limits;
  limits.memory_bytes = MemoryLimit(machine);
  limits.processors = static_cast<int>(std::min(AllowedProcessors(), ProcessorQuota(machine)));
  return limits;
}

Context MachineContext() {
  const MachineLimits limits = ReadMachineLimits();
  Context context;
  context.memory_budget_bytes = limits.memory_bytes / 2;
  context.threads = limits.processors;
  return context;
}

}  // namespace coeval
