#include "source/row_group_facts.h"

#include <atomic>
#include <optional>
#include <utility>

#include "column/arrow_bridge.h"

namespace coeval {

namespace {

constexpr std::size_t kMostOpen = 32;  // files

// A batch of so many rows without columns, for features that all come from folders.
RawBatch Empty(std::size_t file, std::int64_t rows) {
  auto schema = std::make_shared<ArrowSchema>();
  schema->format = "+s";
  auto array = std::make_shared<ArrowArray>();
  array->length = rows;
  return {schema, array, file, 0};
}

}  // namespace

std::unique_ptr<RowGroupFacts> RowGroupFacts::Make(std::shared_ptr<const FactMeaning> meaning,
                                                   const FactPlan& plan, const Context& context) {
  if (meaning->source.format != FileFormat::kParquet) return nullptr;
  return std::unique_ptr<RowGroupFacts>(new RowGroupFacts(std::move(meaning), plan, context));
}

RowGroupFacts::RowGroupFacts(std::shared_ptr<const FactMeaning> meaning, const FactPlan& plan,
                             const Context& context)
    : meaning_(std::move(meaning)),
      columns_(plan.columns),
      key_columns_(WithoutFeatures(plan.columns)),
      value_columns_(FeaturesAlone(plan.columns)),
      format_(plan.format),
      context_(context) {
  if (plan.newest) newest_ = *plan.newest;
  for (std::size_t file = 0; file < plan.files.size(); ++file) {
    if (!plan.files[file].skip) AddFile(plan, file);
  }
}

void RowGroupFacts::AddFile(const FactPlan& plan, std::size_t file) {
  const FilePlan& of = plan.files[file];
  std::int64_t first_row = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < of.row_groups.size() && next < of.chosen.size(); ++i) {
    const RowGroup& group = of.row_groups[i];
    if (of.chosen[next] == static_cast<std::int64_t>(i)) {
      ++next;
      Piece& piece = pieces_.emplace_back();
      piece.file = static_cast<std::uint32_t>(file);
      piece.group = static_cast<std::int64_t>(i);
      piece.first_row = first_row;
      piece.rows = group.rows;
      piece.key_bytes = BytesOf(group, plan.columns.scanned, key_columns_.scanned);
      piece.value_bytes = BytesOf(group, plan.columns.scanned, value_columns_.scanned);
    }
    first_row += group.rows;
  }
}

std::string RowGroupFacts::NameOf(const Piece& piece, std::int64_t row) const {
  return "row " + std::to_string(piece.first_row + row) + " of " + meaning_->files[piece.file].path;
}

Result<ArrowFile> RowGroupFacts::OpenFile(std::size_t file) {
  const std::lock_guard lock(mutex_);
  for (const OpenedFile& open : open_) {
    if (open.file == file) return open.opened;
  }
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context_));
  const SourceFile& planned = meaning_->files[file];
  COEVAL_ASSIGN_OR_RETURN(ArrowFile opened, plugin->OpenParquet(planned.path, context_));
  if (opened.size_bytes() != planned.size_bytes || opened.modified() != planned.modified) {
    return Status::Unavailable("file " + planned.path + " changed while it was read; run it again");
  }
  if (open_.size() == kMostOpen) open_.pop_front();
  open_.push_back({file, opened});
  return opened;
}

Result<ArrowStream> RowGroupFacts::Scan(const Piece& piece, const std::vector<std::string>& columns,
                                        const std::span<const std::int64_t>* rows) {
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context_));
  ScanOptions options;
  options.columns = columns;
  options.row_groups = std::vector<std::int64_t>{piece.group};
  options.batch_rows = meaning_->request.batch_rows;
  options.ahead = false;
  if (rows != nullptr) {
    options.rows = *rows;
    options.batch_rows = std::ssize(*rows);
  }
  COEVAL_ASSIGN_OR_RETURN(options.file, OpenFile(piece.file));
  return plugin->Scan(meaning_->files[piece.file].path, format_, options, context_);
}

Result<FactCounts> RowGroupFacts::ReadKeys(std::size_t piece, const Use& use) {
  return Read(&pieces_[piece], key_columns_, use);
}

Result<FactCounts> RowGroupFacts::ReadFacts(std::size_t piece, const Use& use) {
  pieces_[piece].values_read = true;
  return Read(&pieces_[piece], columns_, use);
}

Result<FactCounts> RowGroupFacts::Read(Piece* piece, const FactColumns& columns, const Use& use) {
  Piece& of = *piece;
  FactMaker maker(meaning_, columns);
  const auto read = [&]() -> Status {
    COEVAL_ASSIGN_OR_RETURN(ArrowStream stream, Scan(of, columns.scanned, nullptr));
    COEVAL_ASSIGN_OR_RETURN(const SharedArrowSchema schema, stream.ReadSchema());
    std::int64_t first_row = 0;
    while (true) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      COEVAL_ASSIGN_OR_RETURN(SharedArrowArray rows, stream.Next());
      if (rows == nullptr) return Status::Ok();
      const RawBatch raw{schema, std::move(rows), of.file, first_row};
      first_row += raw.num_rows();
      const RowName name = [&](std::int64_t row) { return NameOf(of, raw.first_row + row); };
      COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> facts, maker.Make(raw, name));
      if (facts) use(*facts);
    }
  };
  const Status status = read();
  of.tally = maker.tally();
  of.keys_read = true;
  if (!status.ok()) return meaning_->InView(status);
  return of.tally.counts;
}

Status RowGroupFacts::Finish() {
  FactTally tally;
  tally.newest = newest_;
  for (const Piece& piece : pieces_) tally.Append(piece.tally);
  const Status status = tally.Check(meaning_->source);
  return status.ok() ? status : meaning_->InView(status);
}

Result<std::vector<Column>> RowGroupFacts::Convert(const Piece& piece, const RawBatch& raw,
                                                   const FactColumns& of, std::size_t first,
                                                   std::span<const std::int64_t> rows) const {
  const FactSource from = meaning_->From(raw);
  std::vector<Column> columns;
  for (std::size_t i = 0; i < of.features.size(); ++i) {
    CellFailure failure;
    auto column = ::coeval::ReadValues(from, of.features[i],
                                       meaning_->request.features[first + i].type, &failure);
    if (!column) {
      return CellError(from, failure, [&](std::int64_t row) {
        return NameOf(piece, rows[static_cast<std::size_t>(raw.first_row + row)]);
      });
    }
    columns.push_back(*std::move(column));
  }
  return columns;
}

Result<std::vector<Column>> RowGroupFacts::ReadValues(std::size_t piece,
                                                      std::span<const std::int64_t> rows,
                                                      FeatureSpan features) {
  Piece& of = pieces_[piece];
  const FactColumns wanted = FeaturesAlone(columns_, features);
  const std::size_t first = features.begin(columns_.features.size());
  std::vector<std::vector<Column>> parts;  // by batch; mostly there is one
  std::int64_t done = 0;
  const auto read = [&]() -> Status {
    if (wanted.scanned.empty()) {
      done = std::ssize(rows);
      COEVAL_ASSIGN_OR_RETURN(parts.emplace_back(),
                              Convert(of, Empty(of.file, done), wanted, first, rows));
      return Status::Ok();
    }
    COEVAL_ASSIGN_OR_RETURN(ArrowStream stream, Scan(of, wanted.scanned, &rows));
    COEVAL_ASSIGN_OR_RETURN(const SharedArrowSchema schema, stream.ReadSchema());
    while (true) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      COEVAL_ASSIGN_OR_RETURN(SharedArrowArray batch, stream.Next());
      if (batch == nullptr) return Status::Ok();
      const RawBatch raw{schema, std::move(batch), of.file, done};
      done += raw.num_rows();
      COEVAL_ASSIGN_OR_RETURN(parts.emplace_back(), Convert(of, raw, wanted, first, rows));
    }
  };
  const Status status = read();
  std::atomic_ref(of.values_read).store(true, std::memory_order_relaxed);
  if (!status.ok()) return meaning_->InView(status);
  if (done != std::ssize(rows)) {
    return Status::Internal("a scan gave " + std::to_string(done) + " of " +
                            std::to_string(rows.size()) + " rows");
  }
  if (parts.size() == 1) return std::move(parts[0]);
  std::vector<Column> columns;
  for (std::size_t i = 0; i < wanted.features.size(); ++i) {
    std::vector<Column> of_feature;
    for (const std::vector<Column>& part : parts) of_feature.push_back(part[i]);
    COEVAL_ASSIGN_OR_RETURN(columns.emplace_back(), Concatenate(of_feature));
  }
  return columns;
}

void RowGroupFacts::AddTo(ScanStats* stats) const {
  std::int64_t last_file = -1;
  for (const Piece& piece : pieces_) {
    if (!piece.keys_read) continue;
    if (piece.file != last_file) ++stats->files_read;
    last_file = piece.file;
    ++stats->row_groups_read;
    stats->row_groups_with_values += piece.values_read ? 1 : 0;
    stats->rows_read += piece.tally.counts.rows;
    stats->bytes_read += piece.key_bytes + (piece.values_read ? piece.value_bytes : 0);
  }
}

}  // namespace coeval
