#include "offline/key_facts.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "column/key.h"
#include "column/tie_encoding.h"

namespace coeval {

// Goes over a source once. One use, one thread.
class KeyFactsReader {
 public:
  explicit KeyFactsReader(const KeyFactsRequest& request)
      : request_(request), key_(KeyColumn::Encode(request.key, 1)) {}

  Result<KeyFacts> Run(const OpenView& open, const ProgressSink& progress, const Context& context) {
    const PlannedView& view = *request_.view;
    found_.schema_ = request_.columns;
    FactRequest wanted;
    wanted.view = view.shown_name;
    wanted.keys = view.version->join_keys;
    wanted.features = request_.columns;
    COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactReader> reader,
                            open(*view.version, std::move(wanted)));
    if (const auto& beneath = view.version->source_view; beneath != nullptr) {
      found_.files_ = {"view " + beneath->view.name};  // its facts are made, not read (rule 5.9)
    } else {
      for (const SourceFile& file : reader->manifest().files) found_.files_.push_back(file.name);
    }
    if (found_.files_.empty()) found_.files_.emplace_back();  // a stream
    Add(Nothing());
    while (true) {
      COEVAL_RETURN_IF_ERROR(context.cancel->Check());
      COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, reader->Next());
      if (progress) {
        progress({.what = view.shown_name,
                  .rows_done = reader->counts().rows,
                  .rows_expected = reader->expected_rows(),
                  .finished = !batch.has_value()});
      }
      if (!batch.has_value()) break;
      Choose(*batch, *reader);
    }
    found_.read_ = reader->counts();
    COEVAL_RETURN_IF_ERROR(Join());
    return std::move(found_);
  }

 private:
  // The columns of a batch but for its keys.
  struct Part {
    Column event_time, created, sequence, deleted;
    std::vector<Column> features;
  };

  [[nodiscard]] FactBatch Nothing() const {
    FactBatch batch;
    batch.event_time = Column::Nulls(TypeId::kTimestamp, 0);
    for (const ColumnSchema& column : request_.columns) {
      batch.features.push_back(Column::Nulls(column.type, 0));
    }
    return batch;
  }

  void Add(const FactBatch& batch) {
    parts_.push_back(
        {batch.event_time, batch.created_time, batch.sequence, batch.deleted, batch.features});
  }

  void Choose(const FactBatch& batch, const FactReader& reader) {
    if (key_.IsNull(0)) return;
    const KeyColumn keys = KeyColumn::Encode(batch.keys, batch.num_rows);
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      if (keys.bytes(row) != key_.bytes(0)) continue;
      rows.push_back(row);
      found_.file_of_.push_back(batch.file);
      found_.arrived_.push_back(batch.arrived());
      found_.places_.push_back(reader.PlaceOf(batch.file, batch.row_number(row)));
    }
    if (rows.empty()) return;
    FactBatch kept;  // by Take, which copies: the batch's own memory goes
    kept.event_time = batch.event_time.Take(rows);
    kept.created_time = batch.created_time.Take(rows);
    kept.sequence = batch.sequence.Take(rows);
    kept.deleted = batch.deleted.Take(rows);
    for (const Column& feature : batch.features) kept.features.push_back(feature.Take(rows));
    Add(kept);
  }

  Status Join() {
    const auto join = [this](auto part) -> Result<Column> {
      std::vector<Column> pieces;
      for (Part& each : parts_) pieces.push_back(part(each));
      return Concatenate(pieces);
    };
    FactBatch& all = found_.facts_;
    all.num_rows = static_cast<std::int64_t>(found_.size());
    COEVAL_ASSIGN_OR_RETURN(all.event_time, join([](Part& p) { return p.event_time; }));
    COEVAL_ASSIGN_OR_RETURN(all.created_time, join([](Part& p) { return p.created; }));
    COEVAL_ASSIGN_OR_RETURN(all.sequence, join([](Part& p) { return p.sequence; }));
    COEVAL_ASSIGN_OR_RETURN(all.deleted, join([](Part& p) { return p.deleted; }));
    for (std::size_t i = 0; i < request_.columns.size(); ++i) {
      COEVAL_ASSIGN_OR_RETURN(Column column, join([i](Part& p) { return p.features[i]; }));
      found_.columns_.push_back(std::move(column));
    }
    const auto times = all.event_times();
    found_.event_times_.assign(times.begin(), times.end());
    for (std::size_t fact = 0; fact < found_.size(); ++fact) {
      std::string& bytes = found_.tie_bytes_.emplace_back();
      for (const std::size_t i : request_.tie_columns) {
        AppendTieBytes(found_.columns_[i], static_cast<std::int64_t>(fact), &bytes);
      }
    }
    return Status::Ok();
  }

  const KeyFactsRequest& request_;
  const KeyColumn key_;
  KeyFacts found_;
  std::vector<Part> parts_;
};

Result<KeyFacts> KeyFacts::Read(const KeyFactsRequest& request, const OpenView& open,
                                const ProgressSink& progress, const Context& context) {
  return KeyFactsReader(request).Run(open, progress, context);
}

}  // namespace coeval
