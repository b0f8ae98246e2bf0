#include "offline/view_join.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "offline/window_join.h"

namespace coeval {
namespace {

// A reader as a stream that lets its owner look at it afterwards.
class SharedFacts : public FactStream {
 public:
  explicit SharedFacts(std::shared_ptr<FactReader> reader) : reader_(std::move(reader)) {}

  [[nodiscard]] FactPieces* pieces() override { return reader_->pieces(); }

  Result<std::optional<FactBatch>> Next() override { return reader_->Next(); }

  [[nodiscard]] const FactCounts& counts() const override { return reader_->counts(); }

 private:
  std::shared_ptr<FactReader> reader_;
};

void AddScan(const ScanStats& more, ScanStats* sum) {
  sum->files = std::max(sum->files, more.files);
  sum->row_groups = std::max(sum->row_groups, more.row_groups);
  sum->files_read += more.files_read;
  sum->row_groups_read += more.row_groups_read;
  sum->row_groups_with_values += more.row_groups_with_values;
  sum->rows_read += more.rows_read;
  sum->bytes_read += more.bytes_read;
}

std::vector<ColumnSchema> SchemaOf(const PlannedView& view) {
  std::vector<ColumnSchema> schema;
  for (const Field& field : view.version->view.schema) schema.push_back({field.name, field.type});
  return schema;
}

}  // namespace

ViewJoin::ViewJoin(const FeaturePlan& plan, const Spine& spine, const TrainingSetOptions& options,
                   OpenView open, const Context& context)
    : plan_(plan), spine_(spine), options_(options), open_(std::move(open)), context_(context) {}

Result<const QuestionIndex*> ViewJoin::IndexFor(const PlannedView& view) {
  const auto found = indexes_.find(view.key_columns);
  if (found != indexes_.end()) return &found->second;
  std::vector<Column> keys;
  for (const std::string& name : view.key_columns) {
    keys.push_back(spine_.request[plan_.RequestColumn(name)]);
  }
  COEVAL_ASSIGN_OR_RETURN(QuestionIndex index, QuestionIndex::Build(keys, spine_.times));
  return &indexes_.emplace(view.key_columns, std::move(index)).first->second;
}

Result<ViewAnswers> ViewJoin::Run(const PlannedView& view, ViewSummary* summary) {
  summary->name = view.shown_name;
  COEVAL_ASSIGN_OR_RETURN(const QuestionIndex* index, IndexFor(view));
  std::vector<std::shared_ptr<FactReader>> readers;
  const OpenFacts open = [&](const std::vector<ColumnSchema>& features,
                             const FactRange& range) -> Result<std::unique_ptr<FactStream>> {
    FactRequest request;
    request.view = view.shown_name;
    request.keys = view.version->join_keys;
    request.features = features;
    request.range = range;
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactReader> reader,
                            open_(*view.version, std::move(request)));
    readers.push_back(std::move(reader));
    return std::unique_ptr<FactStream>(std::make_unique<SharedFacts>(readers.back()));
  };
  const auto tell = [&](const FactCounts& counts, bool finished) {
    if (!options_.progress || readers.empty()) return;
    options_.progress({.what = view.shown_name,
                       .rows_done = counts.rows,
                       .rows_expected = readers[0]->expected_rows(),
                       .finished = finished});
  };
  const FactProgress progress = [&tell](const FactCounts& c) { tell(c, false); };
  Result<ViewAnswers> answers = view.version->view.is_aggregated()
                                    ? Windows(view, *index, open, progress, summary)
                                    : AsOf(view, *index, open, progress, summary);
  if (!answers.ok()) return answers.status().WithContext("view '" + view.shown_name + "'");
  tell(summary->counts.read, true);
  for (const auto& reader : readers) AddScan(reader->stats(), &summary->scan);
  summary->source = readers[0]->manifest();
  return answers;
}

Result<ViewAnswers> ViewJoin::AsOf(const PlannedView& view, const QuestionIndex& index,
                                   const OpenFacts& open, const FactProgress& progress,
                                   ViewSummary* summary) const {
  const AsOfJoin join{.rule = {.source = view.version->source,
                               .known = options_.known,
                               .ttl = view.version->view.ttl,
                               .strictly_before = false},
                      .schema = SchemaOf(view),
                      .needed = view.features};
  COEVAL_ASSIGN_OR_RETURN(AsOfAnswers answers, JoinAsOf(index, join, open, context_, progress));
  summary->counts = std::move(answers.counts);
  return std::move(answers.answers);
}

Result<ViewAnswers> ViewJoin::Windows(const PlannedView& view, const QuestionIndex& index,
                                      const OpenFacts& open, const FactProgress& progress,
                                      ViewSummary* summary) const {
  COEVAL_ASSIGN_OR_RETURN(WindowAnswers answers,
                          JoinWindows(index, view, options_.known, open, context_, progress));
  summary->counts.read = answers.read;
  summary->counts.facts_of_questions = answers.events;
  summary->counts.found = index.num_questions();
  summary->counts.values_written_after.assign(view.features.size(), 0);
  summary->too_late = answers.too_late;
  return std::move(answers.answers);
}

}  // namespace coeval
