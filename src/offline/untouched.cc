#include "offline/untouched.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace coeval {

std::shared_ptr<std::uint8_t> Untouched(std::size_t bytes) {
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  const std::size_t alignment = bytes >= kHuge ? kHuge : 64;
  const std::size_t size = std::max(alignment, (bytes + alignment - 1) / alignment * alignment);
  // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): aligned, and given back by std::free
  auto* memory = static_cast<std::uint8_t*>(std::aligned_alloc(alignment, size));
  if (memory == nullptr) throw std::bad_alloc();
  if (bytes >= kHuge) ::madvise(memory, size, MADV_HUGEPAGE);
  return {memory, [](std::uint8_t* held) { std::free(held); }};  // NOLINT(*-no-malloc)
}

}  // namespace coeval
