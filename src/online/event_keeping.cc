#include "online/event_keeping.h"

#include <algorithm>
#include <compare>
#include <utility>

#include "column/key.h"
#include "column/row_encoding.h"
#include "column/tie_encoding.h"
#include "definition/field_mapping.h"
#include "definition/retention.h"

namespace coeval {
namespace {

constexpr std::string_view kNullId("\0", 1);

// All but the copy and the known time, which follows from the rest.
std::strong_ordering CompareEvents(const KeptFact& a, const KeptFact& b) {
  if (const auto order = CompareTimes(a.times, a.sequence, b.times, b.sequence); order != 0) {
    return order;
  }
  if (const auto order = a.is_delete <=> b.is_delete; order != 0) return order;
  return a.row <=> b.row;
}

bool AreEqual(const KeptFact& a, const KeptFact& b) {
  return CompareEvents(a, b) == 0;
}

bool AreOne(const KeptFact& a, const KeptFact& b) {
  return AreEqual(a, b) && a.copy == b.copy;
}

bool IsBefore(const KeptFact& a, const KeptFact& b) {
  if (const auto order = CompareEvents(a, b); order != 0) return order < 0;
  if (a.copy != b.copy) return a.copy < b.copy;
  return a.visible_time < b.visible_time;
}

void Number(std::vector<KeptFact>* facts) {
  for (std::size_t i = 0; i < facts->size(); ++i) {
    const bool again = i > 0 && AreEqual((*facts)[i - 1], (*facts)[i]);
    (*facts)[i].copy = again ? (*facts)[i - 1].copy + 1 : 0;
  }
}

}  // namespace

std::optional<EventKeeping> KeepingOf(const ViewVersion& version) {
  const FeatureView& view = version.view;
  if (!view.is_aggregated()) return std::nullopt;
  EventKeeping keeping{.id_column = {},
                       .retention = RetentionOf(view, version.source),
                       .lateness = version.source.effective_lateness()};
  if (version.source.event_id_field.empty()) return keeping;
  const std::string id = MappedName(version.source, version.source.event_id_field);
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (view.inputs[i].name == id) keeping.id_column = i;
  }
  return keeping;
}

const std::vector<Field>& KeptColumns(const ViewVersion& version) {
  return version.view.is_aggregated() ? version.view.inputs : version.view.schema;
}

DurationMicros KeptTtl(const ViewVersion& version) {
  return version.view.is_aggregated() ? 0 : version.view.ttl;
}

std::optional<DurationMicros> KeptSpan(const ViewVersion& version) {
  if (version.view.is_aggregated()) return RetentionOf(version.view, version.source);
  const DurationMicros twice = SaturatingAdd(version.view.ttl, version.view.ttl);
  if (twice == 0 || twice == kMaxTime) return std::nullopt;
  return twice;
}

void AppendEventTime(TimeMicros time, std::string* key) {
  const std::uint64_t bits = static_cast<std::uint64_t>(time) ^ 0x8000'0000'0000'0000U;
  for (int shift = 56; shift >= 0; shift -= 8) {
    key->push_back(static_cast<char>((bits >> shift) & 0xff));
  }
}

void AppendPlace(std::string_view id, TimeMicros event_time, std::string* key) {
  key->append(id);
  if (id.empty() || id == kNullId) AppendEventTime(event_time, key);
}

Result<std::string_view> EntityKeyOf(std::string_view key, std::span<const JoinKey> keys) {
  COEVAL_ASSIGN_OR_RETURN(const std::size_t size, KeySize(key, keys));
  return key.substr(0, size);
}

Status AppendId(std::string_view row, std::span<const DataType> types, std::size_t id_column,
                std::string* id) {
  COEVAL_ASSIGN_OR_RETURN(const RowView view, RowView::Parse(row, types));
  ColumnBuilder builder(types[id_column]);
  COEVAL_RETURN_IF_ERROR(view.AppendTo(id_column, &builder));
  AppendTieBytes(builder.Finish(), 0, id);
  return {};
}

void CollapseEvents(const EventKeeping& keeping, Equals equals, TimeMicros horizon,
                    std::vector<KeptFact>* facts) {
  const bool all_out = std::all_of(facts->begin(), facts->end(), [&](const KeptFact& fact) {
    return IsOutOfReach(fact.times.event_time, horizon, keeping);
  });
  if (all_out) return facts->clear();
  std::sort(facts->begin(), facts->end(), IsBefore);
  if (equals == Equals::kAreNumbered) Number(facts);
  if (equals != Equals::kAreOne) return;
  facts->erase(std::unique(facts->begin(), facts->end(), AreOne), facts->end());
}

}  // namespace coeval
