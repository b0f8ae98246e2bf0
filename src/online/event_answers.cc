#include "online/event_answers.h"

#include <algorithm>
#include <utility>

#include "online/view_answers.h"
#include "retrieval/key_window.h"

namespace coeval {

EventAnswersBuilder::EventAnswersBuilder(const ViewQuestion& question, const KeepRule& rule,
                                         TimeMicros t)
    : question_(question),
      view_(*question.aggregated),
      rule_(rule),
      layout_(rule_.types),
      t_(t),
      windows_(view_, question.features),
      standing_(view_, rule_),
      span_(windows_.EventTimes(t, t)),
      read_(windows_.InputsRead(question.version->view.inputs.size())) {
  for (const Field& field : question.version->view.inputs) columns_.emplace_back(field.type);
}

EventSpan EventAnswersBuilder::event_times() const {
  return view_.id_column.has_value() ? EventSpan{kMinTime, kMaxTime} : span_;
}

EventSpan EventAnswersBuilder::event_times_since(TimeMicros since) const {
  return {windows_.EventTimes(std::min(since, t_), t_).first, kMaxTime};
}

void EventAnswersBuilder::AddNothing() {
  entry_of_.push_back(kNoWindows);
}

Status EventAnswersBuilder::Append(const KeptFact& fact) {
  COEVAL_RETURN_IF_ERROR(row_.Reset(fact.row, layout_));
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (read_[i]) COEVAL_RETURN_IF_ERROR(row_.AppendTo(i, &columns_[i]));
  }
  times_.push_back(fact.times.event_time);
  return {};
}

Status EventAnswersBuilder::Add(std::int64_t row, std::shared_ptr<const EventIndex> index,
                                std::vector<KeptFact>* facts) {
  entry_of_.push_back(static_cast<std::uint32_t>(keys_.size()));
  Key& key = keys_.emplace_back();
  key.index = std::move(index);
  key.first = std::ssize(times_);
  Status status = standing_.Leave(t_, facts);
  for (const KeptFact& fact : *facts) {
    if (status.ok() && span_.Holds(fact.times.event_time)) status = Append(fact);
  }
  key.last = std::ssize(times_);
  if (status.ok()) return status;
  return DamagedKey(question_, row, status);
}

// One that has an index.
void EventAnswersBuilder::Answer(const Key& key, const std::vector<SweepFeature>& features,
                                 std::vector<SweptBuilder>* builders) const {
  const std::vector<std::size_t> positions = windows_.AggregatesNeeded();
  for (std::size_t i = 0; i < features.size(); ++i) {
    const EventsBeside beside{
        .events = {.arguments = features[i].arguments, .times = times_, .rows = nullptr},
        .first = key.first,
        .last = key.last,
        .mask = features[i].mask.get()};
    key.index->Answer(positions[i], t_, beside, &(*builders)[i]);
  }
}

Result<ViewAnswers> EventAnswersBuilder::Finish() {
  const std::int64_t rows = std::ssize(times_);
  std::vector<Column> inputs;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    inputs.push_back(read_[i] ? columns_[i].Finish() : Column::Nulls(columns_[i].type(), 0));
  }
  const std::vector<SweepFeature> features = windows_.Aggregates(inputs, rows);
  std::vector<SweptBuilder> builders;
  builders.reserve(features.size());
  for (const SweepFeature& feature : features) builders.emplace_back(feature.type);
  std::vector<KeyWindow> windows =
      KeyWindow::MakeAll({.times = times_, .delay = kMinTime}, features, builders);
  for (const Key& key : keys_) {
    if (key.index != nullptr) {
      Answer(key, features, &builders);
      continue;
    }
    for (KeyWindow& window : windows) {
      window.Begin(key.first, key.last, {});
      window.Ask(t_);
    }
  }
  std::vector<SweptFeature> swept;
  swept.reserve(builders.size());
  for (SweptBuilder& builder : builders) swept.push_back(builder.Finish());
  const std::vector<TimeMicros> times(keys_.size(), t_);
  COEVAL_RETURN_IF_ERROR(windows_.Take(std::move(swept), times));
  ViewAnswers answers;
  windows_.Prepare(entry_of_.size(), &answers);
  for (std::size_t i = 0; i < question_.features.size(); ++i) {
    COEVAL_RETURN_IF_ERROR(windows_.AnswerFeature(i, entry_of_, &answers));
  }
  return answers;
}

}  // namespace coeval
