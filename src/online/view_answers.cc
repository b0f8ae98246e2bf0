#include "online/view_answers.h"

#include <cstddef>
#include <string>
#include <utility>

#include "column/row_encoding.h"

namespace coeval {

ViewAnswersBuilder::ViewAnswersBuilder(const ViewQuestion& question, const KeepRule& rule,
                                       TimeMicros t)
    : question_(question), rule_(rule), t_(t) {
  const std::int64_t n = question.keys->length();
  for (const std::size_t i : question.features) {
    features_.emplace_back(question.version->view.schema[i].type);
    features_.back().Reserve(n);
  }
  answers_.match.reserve(static_cast<std::size_t>(n));
  answers_.event_time.reserve(static_cast<std::size_t>(n));
}

void ViewAnswersBuilder::Append(const KeptAnswer& answer) {
  answers_.match.push_back(answer.match);
  answers_.event_time.push_back(answer.event_time);
  if (answer.match == Match::kFound) return;
  for (ColumnBuilder& feature : features_) feature.AppendNull();
}

void ViewAnswersBuilder::AddNothing() {
  Append({});
}

Status ViewAnswersBuilder::AddFacts(std::int64_t row, std::string_view bytes,
                                    const KeptFact* fresh) {
  list_.Clear();
  Status status = DecodeFactList(bytes, &list_);
  if (status.ok() && !list_.asides.empty()) {
    status = Status::Corruption("a piece was set aside when facts were merged, it was damaged");
  }
  if (!status.ok()) return DamagedKey(question_, row, status);
  if (list_.facts.size() > 1) Collapse(rule_, &list_.facts);
  return AppendFacts(row, fresh);
}

Status ViewAnswersBuilder::AddFact(std::int64_t row, const KeptFact& fresh) {
  list_.Clear();
  return AppendFacts(row, &fresh);
}

// The answer from list_ and `fresh`.
Status ViewAnswersBuilder::AppendFacts(std::int64_t row, const KeptFact* fresh) {
  const KeptFact* newest = NewestVisible(list_.facts, t_);
  if (fresh != nullptr && (newest == nullptr || CompareKept(*newest, *fresh, rule_.types) ==
                                                    std::strong_ordering::less)) {
    newest = fresh;
  }
  const KeptAnswer answer = AnswerOf(newest, t_, question_.version->view.ttl);
  if (answer.match == Match::kFound) {
    const Result<RowView> view = RowView::Parse(answer.winner->row, rule_.types);
    if (!view.ok()) return DamagedKey(question_, row, view.status());
    for (std::size_t i = 0; i < features_.size(); ++i) {
      const Status status = view->AppendTo(question_.features[i], &features_[i]);
      if (!status.ok()) return DamagedKey(question_, row, status);
    }
  }
  Append(answer);
  return {};
}

ViewAnswers ViewAnswersBuilder::Finish() {
  for (ColumnBuilder& feature : features_) answers_.features.push_back(feature.Finish());
  return std::move(answers_);
}

Status DamagedKey(const ViewQuestion& question, std::int64_t row, const Status& status) {
  return Status::Corruption(
      "view " + question.version->view.name + ", key " +
      DescribeKey(question.keys->bytes(row), question.version->join_keys) +
      ": what the online store holds cannot be read (" + status.message() +
      "); remove the online store's folder and run `coeval materialize-incremental` to fill it "
      "again");
}

std::string DescribeKey(std::string_view key, std::span<const JoinKey> join_keys) {
  if (const Result<std::vector<Value>> values = DecodeKey(key, join_keys); values.ok()) {
    std::string text;
    for (std::size_t i = 0; i < join_keys.size(); ++i) {
      if (i > 0) text += ", ";
      text += join_keys[i].name + "=" + ToText((*values)[i], join_keys[i].type);
    }
    return text.empty() ? "(global)" : text;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "0x";
  for (const char c : key) {
    text += kHex[static_cast<std::uint8_t>(c) >> 4];
    text += kHex[static_cast<std::uint8_t>(c) & 15];
  }
  return text;
}

}  // namespace coeval
