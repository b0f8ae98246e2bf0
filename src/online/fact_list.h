// A fact list: the facts of one entity key, as bytes. It is the value of every row of the online
// store, and also every merge operand, so a store may hold a key's facts in one piece or in many.
// docs/formats/online_store.md; golden stores in tests/format.
//
//   OFFSET  SIZE   MEANING
//   0       1      format, 1
//   1       1..10  number of facts n, varint
//   ...     ...    n facts, least rank first (rule 3.3)
//   ...     ...    set-aside pieces up to the checksum, normally none: varint length, bytes
//   end-4   4      checksum: low 32 bits of XXH3 over all before, little-endian
//
//   a fact:
//   0       1      flags: 1 created time, 2 sequence, 4 the sequence has a log, 8 delete (rule 3.7)
//   ...     1..10  event time, zigzag varint
//   ...     1..10  v(f) of rule 3.6 minus event time, varint
//   ...     1..10  created time minus event time (modulo 2^64), zigzag varint, if flag 1
//   ...     ...    log: varint length, bytes, if flag 4
//   ...     1..10  number, zigzag varint, if flag 2
//   ...     ...    row: varint length, bytes (column/row_encoding.h); length 0 of a delete
//
// Events of aggregated views (online/event_keeping.h) lie in lists of format 2, which differ in a
// fact:
//   0       1      flags: also 16 it is not the first of equal facts
//   ...     1..10  known time minus event time (modulo 2^64), zigzag varint, in place of v(f)
//   ...     1..5   how many equal facts go before it, varint, if flag 16; before the row
//   ...     ...    the row of a retraction holds its id, and nulls beside
//
// A piece that cannot be decoded where lists are merged is set aside, whole, and not lost: the
// merge goes on, and whoever reads the key gets Corruption.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "definition/fact.h"

namespace coeval {

// One fact as an online store keeps it. Borrows the bytes of `sequence.log` and `row`.
struct KeptFact {
  FactTimes times;
  Sequence sequence;
  // v(f) of rule 3.6; of an event its known time. Taken from the source when the fact came in.
  TimeMicros visible_time = 0;
  bool is_delete = false;
  // Row encoding of the view's features; "" of a delete. Of an event: of the view's inputs; a
  // retraction's has its id alone.
  std::string_view row;
  std::uint32_t copy = 0;  // of equal events of one reading (rule 5.3): how many go before it
};

enum class FactListFormat : char { kFacts = 1, kEvents = 2 };

// A decoded list. Borrows the bytes that it was decoded from.
struct FactList {
  std::vector<KeptFact> facts;           // as stored: least rank first
  std::vector<std::string_view> asides;  // pieces that a merge could not decode
  FactListFormat format = FactListFormat::kFacts;

  void Clear() {
    facts.clear();
    asides.clear();
  }
};

// Appends the encoded list to *out. Equal lists give equal bytes.
void EncodeFactList(const FactList& list, std::string* out);
// The same for a list of one fact, without a vector: what bulk loads call for each row.
void EncodeOneFact(const KeptFact& fact, std::string* out,
                   FactListFormat format = FactListFormat::kFacts);

// Appends to *list what `bytes` hold, and takes their format. Errors: Corruption (short, checksum,
// unknown format); *list is unchanged then. Rows are not looked into.
Status DecodeFactList(std::string_view bytes, FactList* list);

// Does an encoded list hold just one fact? A peek, without looking at the checksum.
inline bool HoldsOneFact(std::string_view bytes) {
  return bytes.size() > 2 && bytes[1] == 1;
}

}  // namespace coeval
