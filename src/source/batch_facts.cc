#include "source/batch_facts.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace coeval {
namespace {

// Rows [first, first + count) of a batch, which is shared.
SharedArrowArray SliceRows(const SharedArrowArray& rows, std::int64_t first, std::int64_t count) {
  struct Slice {
    SharedArrowArray owner;
    ArrowArray rows{};
  };

  auto slice = std::make_shared<Slice>();
  slice->owner = rows;
  slice->rows = *rows;
  slice->rows.offset += first;
  slice->rows.length = count;
  return {slice, &slice->rows};
}

}  // namespace

BatchFacts::BatchFacts(std::shared_ptr<const FactMeaning> meaning, const FactColumns& columns,
                       std::string name, const Context& context)
    : meaning_(std::move(meaning)),
      columns_(columns),
      key_columns_(columns),
      name_(std::move(name)),
      context_(context) {
  key_columns_.features.clear();
}

Result<std::unique_ptr<BatchFacts>> BatchFacts::Make(std::shared_ptr<const FactMeaning> meaning,
                                                     const FactColumns& columns, RawScan* scan,
                                                     std::string name, const Context& context) {
  std::unique_ptr<BatchFacts> facts(
      new BatchFacts(std::move(meaning), columns, std::move(name), context));
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const std::optional<RawBatch> raw, scan->Next());
    if (!raw.has_value()) return facts;
    for (std::int64_t first = 0; first < raw->num_rows(); first += kPieceRows) {
      const std::int64_t count = std::min(kPieceRows, raw->num_rows() - first);
      RawBatch piece = *raw;
      piece.rows = SliceRows(raw->rows, first, count);
      piece.first_row += first;
      facts->pieces_.push_back({std::move(piece), {}});
    }
  }
}

RowName BatchFacts::NameOf(const Piece& piece) const {
  return [this, &piece](std::int64_t row) {
    return "row " + std::to_string(piece.raw.first_row + row) + " of " + name_;
  };
}

Result<FactCounts> BatchFacts::ReadKeys(std::size_t piece, const Use& use) {
  return Read(&pieces_[piece], key_columns_, use);
}

Result<FactCounts> BatchFacts::ReadFacts(std::size_t piece, const Use& use) {
  return Read(&pieces_[piece], columns_, use);
}

Result<FactCounts> BatchFacts::Read(Piece* piece, const FactColumns& columns, const Use& use) {
  COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
  FactMaker maker(meaning_, columns);
  // Row numbers of what it gives count within the piece.
  RawBatch raw = piece->raw;
  raw.first_row = 0;
  Result<std::optional<FactBatch>> facts = maker.Make(raw, NameOf(*piece));
  piece->tally = maker.tally();
  if (!facts.ok()) return meaning_->InView(facts.status());
  if (facts->has_value()) use(**facts);
  return piece->tally.counts;
}

Status BatchFacts::Finish() {
  FactTally tally;
  for (const Piece& piece : pieces_) tally.Append(piece.tally);
  const Status status = tally.Check(meaning_->source);
  return status.ok() ? status : meaning_->InView(status);
}

Result<std::vector<Column>> BatchFacts::ReadValues(std::size_t piece,
                                                   std::span<const std::int64_t> rows,
                                                   FeatureSpan features) {
  COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
  // The rows from the first that is wanted to the last.
  Piece part;
  part.raw = pieces_[piece].raw;
  const std::int64_t first = rows.front();
  part.raw.rows = SliceRows(part.raw.rows, first, rows.back() - first + 1);
  part.raw.first_row += first;
  std::vector<std::int64_t> wanted(rows.begin(), rows.end());
  for (std::int64_t& row : wanted) row -= first;
  const FactSource from = meaning_->From(part.raw);
  std::vector<Column> columns;
  const std::size_t n = columns_.features.size();
  for (std::size_t i = features.begin(n); i < features.end(n); ++i) {
    CellFailure failure;
    const auto column = ::coeval::ReadValues(from, columns_.features[i],
                                             meaning_->request.features[i].type, &failure);
    if (!column) return meaning_->InView(CellError(from, failure, NameOf(part)));
    columns.push_back(std::ssize(wanted) == column->length() ? *column : column->Take(wanted));
  }
  return columns;
}

}  // namespace coeval
