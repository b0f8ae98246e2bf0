// The embedded tz database, written by tools/embed_tzdata.py at build time from the pinned PyPI
// package tzdata: the compiled TZif file of each zone, equal ones once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace coeval {

struct EmbeddedZone {
  std::string_view name;
  std::uint32_t offset;  // of its TZif bytes in EmbeddedZoneBytes()
  std::uint32_t size;
};

// Sorted by name.
std::span<const EmbeddedZone> EmbeddedZones();
const char* EmbeddedZoneBytes();
std::string_view EmbeddedZoneVersion();

}  // namespace coeval
