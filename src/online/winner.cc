#include "online/winner.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "column/row_encoding.h"
#include "column/tie_encoding.h"
#include "column/value.h"

namespace coeval {
namespace {

FactRank RankWithoutTie(const KeptFact& fact) {
  return {
      .times = fact.times, .sequence = fact.sequence, .is_delete = fact.is_delete, .tie_bytes = {}};
}

// Nothing where the row cannot be decoded.
std::optional<std::string> TieBytesOf(std::string_view row, std::span<const DataType> types) {
  const Result<RowView> view = RowView::Parse(row, types);
  if (!view.ok() || view->tombstone()) return std::nullopt;
  const Result<std::vector<Value>> values = view->Values();
  if (!values.ok()) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < types.size(); ++i) AppendTieBytes((*values)[i], types[i], &bytes);
  return bytes;
}

// Equal, or equal but for tie bytes that were not compared.
bool SameTimes(const KeptFact& a, const KeptFact& b) {
  return a.is_delete == b.is_delete &&
         CompareTimes(a.times, a.sequence, b.times, b.sequence) == std::strong_ordering::equal;
}

// Of equal rank: the one visible first, then, so that the order of arrival leaves no trace, the
// lesser bytes (two formats of the same row).
bool StaysBefore(const KeptFact& a, const KeptFact& b) {
  if (a.visible_time != b.visible_time) return a.visible_time < b.visible_time;
  return a.row < b.row;
}

}  // namespace

std::strong_ordering CompareKept(const KeptFact& a, const KeptFact& b,
                                 std::span<const DataType> types) {
  FactRank rank_a = RankWithoutTie(a);
  FactRank rank_b = RankWithoutTie(b);
  const std::strong_ordering order = CompareRank(rank_a, rank_b);
  if (order != std::strong_ordering::equal || a.is_delete || a.row == b.row) return order;
  const std::optional<std::string> tie_a = TieBytesOf(a.row, types);
  const std::optional<std::string> tie_b = TieBytesOf(b.row, types);
  if (!tie_a || !tie_b) {
    if (tie_a.has_value() != tie_b.has_value()) return tie_b <=> tie_a;
    return a.row <=> b.row;
  }
  rank_a.tie_bytes = *tie_a;
  rank_b.tie_bytes = *tie_b;
  return CompareRank(rank_a, rank_b);
}

void Collapse(const KeepRule& rule, std::vector<KeptFact>* facts) {
  if (rule.events.has_value()) {
    return CollapseEvents(*rule.events, rule.equals, rule.horizon, facts);
  }
  std::erase_if(*facts, [&](const KeptFact& fact) {
    return IsExpired(fact.times.event_time, rule.horizon, rule.ttl);
  });
  std::sort(facts->begin(), facts->end(), [&](const KeptFact& a, const KeptFact& b) {
    const std::strong_ordering order = CompareKept(a, b, rule.types);
    return order != std::strong_ordering::equal ? order == std::strong_ordering::less
                                                : StaysBefore(a, b);
  });
  const auto same = [&](const KeptFact& a, const KeptFact& b) {
    return CompareKept(a, b, rule.types) == std::strong_ordering::equal;
  };
  facts->erase(std::unique(facts->begin(), facts->end(), same), facts->end());
  // Everything below the greatest fact that every t >= H can see is hidden by it for ever.
  const auto settled = std::find_if(facts->rbegin(), facts->rend(), [&](const KeptFact& fact) {
    return fact.visible_time <= rule.horizon;
  });
  if (settled != facts->rend()) facts->erase(facts->begin(), std::next(settled).base());
}

void Unite(std::vector<KeptFact>* facts) {
  std::sort(facts->begin(), facts->end(), [](const KeptFact& a, const KeptFact& b) {
    const std::strong_ordering order = CompareRank(RankWithoutTie(a), RankWithoutTie(b));
    if (order != std::strong_ordering::equal) return order == std::strong_ordering::less;
    if (a.row != b.row) return a.row < b.row;
    if (a.copy != b.copy) return a.copy < b.copy;
    return a.visible_time < b.visible_time;
  });
  const auto same = [](const KeptFact& a, const KeptFact& b) {
    return SameTimes(a, b) && a.row == b.row && a.copy == b.copy;
  };
  facts->erase(std::unique(facts->begin(), facts->end(), same), facts->end());
}

bool MayFollow(const KeptFact& b, const KeptFact& a) {
  const std::strong_ordering order = CompareRank(RankWithoutTie(a), RankWithoutTie(b));
  return order == std::strong_ordering::less ||
         (order == std::strong_ordering::equal && (a.row != b.row || a.copy < b.copy));
}

const KeptFact* NewestVisible(std::span<const KeptFact> facts, TimeMicros t) {
  const auto newest = std::find_if(facts.rbegin(), facts.rend(),
                                   [&](const KeptFact& fact) { return fact.visible_time <= t; });
  return newest == facts.rend() ? nullptr : &*newest;
}

KeptAnswer AnswerOf(const KeptFact* newest, TimeMicros t, DurationMicros ttl) {
  // Ranks go by event time first, so when the newest is too old for the ttl, all are.
  if (newest == nullptr || newest->is_delete) return {};
  const TimeMicros event_time = newest->times.event_time;
  if (WithinTtl(event_time, t, ttl)) return {Match::kFound, event_time, newest};
  if (WithinTwiceTtl(event_time, t, ttl)) return {Match::kOutsideMaxAge, event_time, nullptr};
  return {};
}

KeptAnswer AnswerAt(std::span<const KeptFact> facts, TimeMicros t, DurationMicros ttl) {
  return AnswerOf(NewestVisible(facts, t), t, ttl);
}

}  // namespace coeval
