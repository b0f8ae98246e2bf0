// Any bytes as the facts of a key, with a right checksum: refused, or read, and written back as a
// list that gives the same bytes again.
#include "online/fact_list.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/hash.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::uint32_t checksum = coeval::Checksum32(bytes);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>((checksum >> shift) & 0xffU));
  }
  coeval::FactList list;
  if (!coeval::DecodeFactList(bytes, &list).ok()) {
    COEVAL_CHECK(list.facts.empty() && list.asides.empty());
    return 0;
  }
  std::string written;
  coeval::EncodeFactList(list, &written);
  coeval::FactList again;
  COEVAL_CHECK(coeval::DecodeFactList(written, &again).ok());
  COEVAL_CHECK(again.facts.size() == list.facts.size() && again.format == list.format);
  std::string same;
  coeval::EncodeFactList(again, &same);
  COEVAL_CHECK(same == written);
  return 0;
}
