#include "offline/view_join.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

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

// Rule 3.
AsOfJoin AsOfJoinOf(const PlannedView& view, Known known) {
  return {.rule = {.source = view.version->source,
                   .known = known,
                   .ttl = view.version->view.ttl,
                   .strictly_before = false},
          .schema = SchemaOf(view),
          .needed = view.features};
}

// An aggregated view (rule 5).
void Summarize(const PlannedView& view, const WindowAnswers& answers, std::int64_t questions,
               ViewSummary* summary) {
  summary->counts.read = answers.read;
  summary->counts.facts_of_questions = answers.events;
  summary->counts.found = questions;
  summary->counts.values_written_after.assign(view.features.size(), 0);
  summary->too_late = answers.too_late;
}

// Passes of a join must see one source.
Status CheckUnchanged(const std::vector<std::shared_ptr<FactReader>>& readers) {
  for (const auto& reader : readers) {
    if (reader->manifest().change_token == readers[0]->manifest().change_token) continue;
    return Status::Unavailable("the source changed while it was read; ask again");
  }
  return Status::Ok();
}

}  // namespace

ViewJoin::ViewJoin(const FeaturePlan& plan, const Spine& spine, const TrainingSetOptions& options,
                   OpenView open, const MemoryPlan& memory, std::shared_ptr<ScratchFile>* scratch,
                   const Context& context)
    : plan_(plan),
      spine_(spine),
      options_(options),
      open_(std::move(open)),
      budget_{.memory = memory, .scratch = scratch, .context = context} {}

KeyedQuestions& ViewJoin::QuestionsOf(const PlannedView& view) {
  const auto found = questions_.find(view.key_columns);
  if (found != questions_.end()) return found->second;
  std::vector<Column> keys;
  for (const std::string& name : view.key_columns) {
    keys.push_back(spine_.request[plan_.RequestColumn(name)]);
  }
  return questions_.emplace(view.key_columns, KeyedQuestions(std::move(keys), spine_.times))
      .first->second;
}

Result<const QuestionIndex*> ViewJoin::IndexFor(const PlannedView& view) {
  return QuestionsOf(view).Index(budget_.context.threads);
}

Result<std::unique_ptr<AnswerRows>> ViewJoin::Run(const PlannedView& view, ViewSummary* summary) {
  summary->name = view.shown_name;
  std::vector<std::shared_ptr<FactReader>> readers;
  const OpenFacts open = [&](const std::vector<ColumnSchema>& features,
                             const FactRange& range) -> Result<std::unique_ptr<FactStream>> {
    FactRequest request;
    request.view = view.shown_name;
    request.keys = view.version->join_keys;
    request.features = features;
    request.range = range;
    request.wanted = QuestionsOf(view).Wanted();
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactReader> reader,
                            open_(*view.version, std::move(request)));
    readers.push_back(std::move(reader));
    return std::unique_ptr<FactStream>(std::make_unique<SharedFacts>(readers.back()));
  };
  JoinedFacts facts{.name = "view '" + view.shown_name + "'", .open = open, .progress = {}};
  const auto tell = [&](const FactCounts& counts, bool finished) {
    if (!options_.progress || readers.empty()) return;
    const std::int64_t rows = readers[0]->expected_rows();
    options_.progress(
        {.what = view.shown_name,
         .rows_done = counts.rows,
         .rows_expected = rows < 0 ? rows : rows * static_cast<std::int64_t>(facts.parts),
         .finished = finished});
  };
  facts.progress = [&tell](const FactCounts& c) { tell(c, false); };
  Result<std::unique_ptr<AnswerRows>> answers = Join(view, &facts, summary);
  Status status = answers.status();
  if (status.ok()) status = CheckUnchanged(readers);
  if (!status.ok()) return status.WithContext("view '" + view.shown_name + "'");
  tell(summary->counts.read, true);
  for (const auto& reader : readers) AddScan(reader->stats(), &summary->scan);
  summary->source = readers[0]->manifest();
  return answers;
}

Result<std::unique_ptr<AnswerRows>> ViewJoin::Join(const PlannedView& view, JoinedFacts* facts,
                                                   ViewSummary* summary) {
  KeyedQuestions& questions = QuestionsOf(view);
  if (!view.version->view.is_aggregated()) {
    return JoinAsOfWithin(budget_, AsOfJoinOf(view, options_.known), SizeOf(view), &questions,
                          facts, &summary->counts);
  }
  WindowAnswers joined;
  auto answers = JoinWindowsWithin(budget_, view, options_.known, &questions, facts, &joined);
  if (answers.ok()) Summarize(view, joined, questions.num_questions(), summary);
  return answers;
}

}  // namespace coeval
