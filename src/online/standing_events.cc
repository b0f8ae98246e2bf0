#include "online/standing_events.h"

#include <algorithm>
#include <compare>
#include <unordered_map>
#include <utility>

#include "column/row_encoding.h"
#include "column/tie_encoding.h"
#include "online/event_keeping.h"
#include "retrieval/event_timeline.h"

namespace coeval {
namespace {

std::strong_ordering CompareButTies(const KeptFact& a, const KeptFact& b) {
  const auto rank = [](const KeptFact& fact) {
    return FactRank{.times = fact.times,
                    .sequence = fact.sequence,
                    .is_delete = fact.is_delete,
                    .tie_bytes = {}};
  };
  return CompareRank(rank(a), rank(b));
}

bool AreOne(const KeptFact& a, const KeptFact& b) {
  return CompareButTies(a, b) == 0 && a.row == b.row && a.copy == b.copy;
}

}  // namespace

std::string StandingEvents::TieBytesOf(const KeptFact& fact, bool with_id) {
  std::string bytes;
  const Result<RowView> row = RowView::Parse(fact.row, rule_.types);
  const Result<std::vector<Value>> values =
      row.ok() ? row->Values() : Result<std::vector<Value>>(row.status());
  if (!values.ok()) {
    damage_ = values.status();
    return bytes;
  }
  for (const std::size_t i : view_.tie_columns) {
    AppendTieBytes((*values)[i], rule_.types[i], &bytes);
  }
  if (with_id && view_.id_column) {
    AppendTieBytes((*values)[*view_.id_column], rule_.types[*view_.id_column], &bytes);
  }
  return bytes;
}

// The order of rule 3.3, with the id last: it parts events that are alike in all else.
void StandingEvents::Sort(std::vector<KeptFact>* facts) {
  const auto before = [this](const KeptFact& a, const KeptFact& b) {
    const std::strong_ordering order = CompareButTies(a, b);
    if (order != 0) return order < 0;
    if (a.row != b.row) {
      const int ties = TieBytesOf(a, true).compare(TieBytesOf(b, true));
      if (ties != 0) return ties < 0;
      return a.row < b.row;
    }
    return a.copy < b.copy;
  };
  if (!std::is_sorted(facts->begin(), facts->end(), before)) {
    std::sort(facts->begin(), facts->end(), before);
  }
  facts->erase(std::unique(facts->begin(), facts->end(), AreOne), facts->end());
}

// Ids numbered; a fact without id is alone.
std::vector<std::uint32_t> StandingEvents::Identities(const std::vector<KeptFact>& facts) {
  std::vector<std::uint32_t> identities(facts.size(), kAlone);
  if (!view_.id_column) return identities;
  const std::string null_id(1, '\0');
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::string id;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    id.clear();
    const Status status = AppendId(facts[i].row, rule_.types, *view_.id_column, &id);
    if (!status.ok()) damage_ = status;
    if (!status.ok() || id == null_id) continue;
    const auto number = static_cast<std::uint32_t>(numbers.size());
    identities[i] = numbers.try_emplace(id, number).first->second;
  }
  return identities;
}

Status StandingEvents::Leave(TimeMicros t, std::vector<KeptFact>* facts) {
  std::erase_if(*facts, [t](const KeptFact& fact) { return fact.visible_time > t; });
  Sort(facts);
  const std::vector<std::uint32_t> identities = Identities(*facts);
  std::vector<TimelineFact> timeline;
  timeline.reserve(facts->size());
  for (std::size_t i = 0; i < facts->size(); ++i) {
    const KeptFact& fact = (*facts)[i];
    timeline.push_back({.times = fact.times,
                        .sequence = fact.sequence,
                        .is_retraction = fact.is_delete,
                        .known = fact.visible_time,
                        .declared = fact.visible_time,
                        .identity = identities[i]});
  }
  std::vector<Appearance> appearances;
  std::int64_t too_late = 0;
  const auto compare = [&](std::uint32_t a, std::uint32_t b) {
    return TieBytesOf((*facts)[a], false).compare(TieBytesOf((*facts)[b], false));
  };
  const DurationMicros lateness = rule_.events ? rule_.events->lateness : 0;
  FindAppearances(timeline, lateness, compare, &appearances, &too_late);
  std::vector<bool> stands(facts->size(), false);
  for (const Appearance& appearance : appearances) {
    if (appearance.at <= t) stands[appearance.position] = appearance.counts;
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < facts->size(); ++i) {
    if (stands[i]) (*facts)[next++] = (*facts)[i];
  }
  facts->resize(next);
  return damage_;
}

}  // namespace coeval
