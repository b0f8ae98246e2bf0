#include "online/view_answers.h"

#include <cstddef>
#include <string>
#include <utility>

#include "column/row_encoding.h"

namespace coeval {
namespace {

std::vector<DataType> FixedTypes(const ViewQuestion& question) {
  std::vector<DataType> types;
  types.reserve(question.features.size());
  for (const std::size_t i : question.features) {
    const DataType& type = question.version->view.schema[i].type;
    if (type.width() > 0) types.push_back(type);
  }
  return types;
}

}  // namespace

ViewAnswersBuilder::ViewAnswersBuilder(const ViewQuestion& question, const KeepRule& rule,
                                       TimeMicros t)
    : question_(question),
      rule_(rule),
      t_(t),
      fixed_types_(FixedTypes(question)),
      fixed_(fixed_types_, question.keys->length()) {
  const std::int64_t n = question.keys->length();
  for (const std::size_t i : question.features) {
    const DataType& type = question.version->view.schema[i].type;
    is_fixed_.push_back(type.width() > 0);
    if (is_fixed_.back()) continue;
    others_.emplace_back(type);
    others_.back().Reserve(n);
  }
  answers_.match.reserve(static_cast<std::size_t>(n));
  answers_.event_time.reserve(static_cast<std::size_t>(n));
}

void ViewAnswersBuilder::AddNothing() {
  answers_.match.push_back(Match::kNotFound);
  answers_.event_time.push_back(kMinTime);
  for (ColumnBuilder& feature : others_) feature.AppendNull();
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
    const Status status = AppendWinner(*answer.winner);
    if (!status.ok()) return DamagedKey(question_, row, status);
  } else {
    for (ColumnBuilder& feature : others_) feature.AppendNull();
  }
  answers_.match.push_back(answer.match);
  answers_.event_time.push_back(answer.event_time);
  return {};
}

// The features of the next row.
Status ViewAnswersBuilder::AppendWinner(const KeptFact& winner) {
  COEVAL_RETURN_IF_ERROR(view_.Reset(winner.row, rule_.types));
  const auto row = static_cast<std::int64_t>(answers_.match.size());
  std::size_t fixed = 0;
  std::size_t other = 0;
  for (std::size_t feature = 0; feature < question_.features.size(); ++feature) {
    const std::size_t i = question_.features[feature];
    if (!is_fixed_[feature]) {
      COEVAL_RETURN_IF_ERROR(view_.AppendTo(i, &others_[other++]));
      continue;
    }
    if (!(fixed_types_[fixed] == rule_.types[i])) return view_.WrongType(i, fixed_types_[fixed]);
    const std::string_view value = view_.FixedBytes(i, fixed_.width(fixed));
    if (!value.empty()) fixed_.Set(fixed, row, value);
    ++fixed;
  }
  return {};
}

ViewAnswers ViewAnswersBuilder::Finish() {
  std::size_t fixed = 0;
  std::size_t other = 0;
  answers_.features.reserve(question_.features.size());
  for (const bool is_fixed : is_fixed_) {
    answers_.features.push_back(is_fixed ? fixed_.Finish(fixed++) : others_[other++].Finish());
  }
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
