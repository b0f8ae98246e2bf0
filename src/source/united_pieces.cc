#include "source/united_pieces.h"

#include <algorithm>
#include <utility>

namespace coeval {

UnitedColumns UnitedColumns::Of(const Source& meaning, bool pushed, bool pushed_deletes) {
  return {.created = pushed || !meaning.created_field.empty(),
          .sequence = pushed || !meaning.sequence_field.empty(),
          .deletes = pushed_deletes || !meaning.delete_field.empty()};
}

void UnitedColumns::FillIn(FactBatch* facts) const {
  const std::int64_t n = facts->num_rows;
  if (created && facts->created_time.type().id() == TypeId::kNull) {
    facts->created_time = Column::Nulls(TypeId::kTimestamp, n);
  }
  if (sequence && facts->sequence.type().id() == TypeId::kNull) {
    facts->sequence = Column::Nulls(TypeId::kInt64, n);
  }
  if (deletes && facts->deleted.type().id() == TypeId::kNull) {
    std::vector<std::uint8_t> no(static_cast<std::size_t>(n), 0);
    facts->deleted = Column::FixedWidth(TypeId::kBool, n, MakeBuffer(std::move(no)));
  }
}

UnitedPieces::UnitedPieces(std::vector<Part> parts, UnitedColumns columns)
    : parts_(std::move(parts)), columns_(columns) {
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    for (std::size_t piece = 0; piece < parts_[part].pieces->size(); ++piece) {
      owners_.push_back({part, piece});
    }
  }
}

std::int64_t UnitedPieces::rows(std::size_t piece) const {
  return parts_[owners_[piece].part].pieces->rows(owners_[piece].piece);
}

bool UnitedPieces::is_held() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.pieces->is_held(); });
}

FactPieces::Use UnitedPieces::AsOne(std::size_t piece, const Use& use) const {
  return [this, piece, &use](const FactBatch& facts) {
    FactBatch all = facts;
    all.file += parts_[owners_[piece].part].first_file;
    columns_.FillIn(&all);
    use(all);
  };
}

Result<FactCounts> UnitedPieces::ReadKeys(std::size_t piece, const Use& use) {
  const Owner& owner = owners_[piece];
  return parts_[owner.part].pieces->ReadKeys(owner.piece, AsOne(piece, use));
}

Result<FactCounts> UnitedPieces::ReadFacts(std::size_t piece, const Use& use) {
  const Owner& owner = owners_[piece];
  return parts_[owner.part].pieces->ReadFacts(owner.piece, AsOne(piece, use));
}

Status UnitedPieces::Finish() {
  for (const Part& part : parts_) COEVAL_RETURN_IF_ERROR(part.pieces->Finish());
  return {};
}

Result<std::vector<Column>> UnitedPieces::ReadValues(std::size_t piece,
                                                     std::span<const std::int64_t> rows,
                                                     FeatureSpan features) {
  const Owner& owner = owners_[piece];
  return parts_[owner.part].pieces->ReadValues(owner.piece, rows, features);
}

}  // namespace coeval
