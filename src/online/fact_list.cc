#include "online/fact_list.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <utility>

#include "base/hash.h"

namespace coeval {
namespace {

constexpr std::size_t kChecksumSize = 4;

enum Flag : std::uint8_t { kCreated = 1, kSequence = 2, kLog = 4, kDelete = 8, kCopy = 16 };

constexpr std::uint64_t kMostCopies = std::numeric_limits<std::uint32_t>::max();

constexpr std::uint8_t FlagsOf(FactListFormat format) {
  constexpr std::uint8_t kOfFacts = kCreated | kSequence | kLog | kDelete;
  return format == FactListFormat::kEvents ? kOfFacts | kCopy : kOfFacts;
}

void AppendVarint(std::uint64_t value, std::string* out) {
  char bytes[10];
  std::size_t n = 0;
  while (value >= 0x80) {
    bytes[n++] = static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  bytes[n++] = static_cast<char>(value);
  out->append(bytes, n);
}

constexpr std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

void AppendBytes(std::string_view bytes, std::string* out) {
  AppendVarint(bytes.size(), out);
  out->append(bytes);
}

// Differences of times are taken modulo 2^64, so that every pair of int64 has one.
std::uint64_t Difference(TimeMicros a, TimeMicros b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

void AppendFact(const KeptFact& fact, FactListFormat format, std::string* out) {
  const bool is_event = format == FactListFormat::kEvents;
  const bool has_log = fact.sequence.present && !fact.sequence.log.empty();
  unsigned flags = 0;
  if (fact.times.has_created) flags |= kCreated;
  if (fact.sequence.present) flags |= kSequence;
  if (has_log) flags |= kLog;
  if (fact.is_delete) flags |= kDelete;
  if (fact.copy > 0) flags |= kCopy;
  out->push_back(static_cast<char>(flags));
  AppendVarint(ZigZag(fact.times.event_time), out);
  const std::uint64_t delay = Difference(fact.visible_time, fact.times.event_time);
  AppendVarint(is_event ? ZigZag(static_cast<std::int64_t>(delay)) : delay, out);
  if (fact.times.has_created) {
    const std::uint64_t delta = Difference(fact.times.created_time, fact.times.event_time);
    AppendVarint(ZigZag(static_cast<std::int64_t>(delta)), out);
  }
  if (has_log) AppendBytes(fact.sequence.log, out);
  if (fact.sequence.present) AppendVarint(ZigZag(fact.sequence.number), out);
  if (fact.copy > 0) AppendVarint(fact.copy, out);
  AppendBytes(fact.is_delete && !is_event ? std::string_view() : fact.row, out);
}

void AppendChecksum(std::size_t begin, std::string* out) {
  const std::uint32_t sum = Checksum32(std::string_view(*out).substr(begin));
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out->push_back(static_cast<char>((sum >> shift) & 0xff));
  }
}

// Reads from the front of `rest_`; every method returns false at the end of the bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  bool Varint(std::uint64_t* value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return false;
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return false;  // more than 64 bits
      *value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool Byte(std::uint8_t* value) {
    if (rest_.empty()) return false;
    *value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }

  bool Bytes(std::string_view* value) {
    std::uint64_t size = 0;
    if (!Varint(&size) || size > rest_.size()) return false;
    *value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view rest_;
};

bool ReadFact(FactListFormat format, Reader* reader, KeptFact* fact) {
  const bool is_event = format == FactListFormat::kEvents;
  std::uint8_t flags = 0;
  std::uint64_t number = 0;
  if (!reader->Byte(&flags) || (flags & ~FlagsOf(format)) != 0) return false;
  if ((flags & kLog) != 0 && (flags & kSequence) == 0) return false;
  if (!reader->Varint(&number)) return false;
  fact->times.event_time = UnZigZag(number);
  const auto event_time = static_cast<std::uint64_t>(fact->times.event_time);
  if (!reader->Varint(&number)) return false;
  if (is_event) number = static_cast<std::uint64_t>(UnZigZag(number));
  fact->visible_time = static_cast<TimeMicros>(event_time + number);
  if (!is_event && fact->visible_time < fact->times.event_time) return false;
  if ((flags & kCreated) != 0) {
    if (!reader->Varint(&number)) return false;
    fact->times.has_created = true;
    fact->times.created_time =
        static_cast<TimeMicros>(event_time + static_cast<std::uint64_t>(UnZigZag(number)));
  }
  if ((flags & kLog) != 0 && !reader->Bytes(&fact->sequence.log)) return false;
  if ((flags & kSequence) != 0) {
    if (!reader->Varint(&number)) return false;
    fact->sequence.present = true;
    fact->sequence.number = UnZigZag(number);
  }
  fact->is_delete = (flags & kDelete) != 0;
  if ((flags & kCopy) != 0) {
    if (!reader->Varint(&number) || number == 0 || number > kMostCopies) return false;
    fact->copy = static_cast<std::uint32_t>(number);
  }
  if (!reader->Bytes(&fact->row)) return false;
  return is_event ? !fact->row.empty() : fact->is_delete == fact->row.empty();
}

}  // namespace

void EncodeFactList(const FactList& list, std::string* out) {
  const std::size_t begin = out->size();
  out->push_back(static_cast<char>(list.format));
  AppendVarint(list.facts.size(), out);
  for (const KeptFact& fact : list.facts) AppendFact(fact, list.format, out);
  for (const std::string_view aside : list.asides) AppendBytes(aside, out);
  AppendChecksum(begin, out);
}

void EncodeOneFact(const KeptFact& fact, std::string* out, FactListFormat format) {
  const std::size_t begin = out->size();
  out->push_back(static_cast<char>(format));
  out->push_back(1);
  AppendFact(fact, format, out);
  AppendChecksum(begin, out);
}

Status DecodeFactList(std::string_view bytes, FactList* list) {
  if (bytes.size() < 2 + kChecksumSize) {
    return Status::Corruption("a fact list is cut short");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumSize);
  std::uint32_t stored = 0;
  for (std::size_t i = 0; i < kChecksumSize; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[body.size() + i]);
    stored |= static_cast<std::uint32_t>(byte) << (8 * i);
  }
  if (stored != Checksum32(body)) {
    return Status::Corruption("a fact list does not match its checksum");
  }
  const auto format = static_cast<FactListFormat>(body.front());
  if (format != FactListFormat::kFacts && format != FactListFormat::kEvents) {
    return Status::Corruption("a fact list has the unknown format " +
                              std::to_string(static_cast<std::uint8_t>(body.front())));
  }
  Reader reader(body.substr(1));
  std::uint64_t count = 0;
  if (!reader.Varint(&count)) return Status::Corruption("a fact list is cut short");
  const std::size_t facts_before = list->facts.size();
  const std::size_t asides_before = list->asides.size();
  bool good = true;
  for (std::uint64_t i = 0; good && i < count; ++i) {
    KeptFact fact;
    good = ReadFact(format, &reader, &fact);
    if (good) list->facts.push_back(fact);
  }
  while (good && !reader.empty()) {
    std::string_view aside;
    good = reader.Bytes(&aside);
    if (good) list->asides.push_back(aside);
  }
  if (good) {
    list->format = format;
    return {};
  }
  list->facts.resize(facts_before);
  list->asides.resize(asides_before);
  return Status::Corruption("a fact list is malformed");
}

}  // namespace coeval
