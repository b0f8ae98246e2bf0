#include "online/fact_encoder.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "column/row_encoding.h"
#include "column/tie_encoding.h"
#include "definition/fact.h"

namespace coeval {

KeptFact FactEncoder::FactOf(std::int64_t row) const {
  const auto i = static_cast<std::size_t>(row);
  KeptFact fact;
  fact.times.event_time = rows_.event_time.values<TimeMicros>()[i];
  fact.is_delete =
      rows_.deleted.type().id() == TypeId::kBool && rows_.deleted.values<std::uint8_t>()[i] != 0;
  if (!rows_.sequence.IsNull(row)) {
    fact.sequence.present = true;
    fact.sequence.number = rows_.sequence.values<std::int64_t>()[i];
  }
  if (arrival_) {
    fact.times.has_created = true;
    fact.times.created_time = arrival_->c;
    fact.sequence.log = arrival_->log;
    fact.visible_time = events_ ? arrival_->c : std::max(fact.times.event_time, arrival_->c);
    return fact;
  }
  if (!rows_.created_time.IsNull(row)) {
    fact.times.has_created = true;
    fact.times.created_time = rows_.created_time.values<TimeMicros>()[i];
  }
  if (rows_.log != nullptr) {
    fact.times.arrived = true;
    fact.sequence.log = *rows_.log;
  }
  fact.visible_time = events_ ? KnownTime(fact.times, *source_, Known::kDeclared)
                              : VisibleTime(fact.times, *source_, Known::kDeclared);
  return fact;
}

std::string_view FactEncoder::PlaceOf(const KeptFact& fact, std::int64_t row) {
  place_.clear();
  if (!events_) return place_;
  id_.clear();
  if (events_->id_column) AppendTieBytes(rows_.features[*events_->id_column], row, &id_);
  AppendPlace(id_, fact.times.event_time, &place_);
  return place_;
}

std::string_view FactEncoder::RowOf(const KeptFact& fact, std::int64_t row) {
  row_.clear();
  if (!fact.is_delete) {
    EncodeRow(rows_.features, row, &row_);
  } else if (events_) {
    EncodeIdAlone(row);
  }
  return row_;
}

// At a retraction the other values mean nothing (rule 5.3).
void FactEncoder::EncodeIdAlone(std::int64_t row) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < rows_.features.size(); ++i) {
    const Column& column = rows_.features[i];
    const bool is_id = events_->id_column == i;
    columns.push_back(is_id ? column.Slice(row, 1) : Column::Nulls(column.type(), 1));
  }
  EncodeRow(columns, 0, &row_);
}

std::string_view FactEncoder::ListOf(KeptFact fact, std::int64_t row) {
  fact.row = RowOf(fact, row);
  list_.clear();
  EncodeOneFact(fact, &list_, events_ ? FactListFormat::kEvents : FactListFormat::kFacts);
  return list_;
}

}  // namespace coeval
