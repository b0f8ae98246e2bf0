#include "online/view_answers.h"

#include <cstddef>
#include <string>
#include <utility>

#include "column/row_encoding.h"

namespace coeval {

void ViewAnswersBuilder::Begin(const ViewQuestion& question, const KeepRule& rule) {
  question_ = &question;
  rule_ = rule;
  layout_.Reset(rule.types);
  places_.clear();
  fixed_types_.clear();
  others_.clear();
  answers_ = ViewAnswers();
  mistyped_ = false;
  const std::int64_t n = question.keys->length();
  for (const std::size_t i : question.features) {
    const DataType& type = question.version->view.schema[i].type;
    mistyped_ = mistyped_ || i >= rule.types.size() || !(rule.types[i] == type);
    if (type.width() > 0) {
      places_.push_back({.column = i, .is_fixed = true, .to = fixed_types_.size()});
      fixed_types_.push_back(type);
    } else {
      places_.push_back({.column = i, .is_fixed = false, .to = others_.size()});
      others_.emplace_back(type);
      others_.back().Reserve(n);
    }
  }
  fixed_.Begin(fixed_types_, n);
  answers_.match.reserve(static_cast<std::size_t>(n));
  answers_.event_time.reserve(static_cast<std::size_t>(n));
}

void ViewAnswersBuilder::AddNothing() {
  AppendNulls();
  answers_.match.push_back(Match::kNotFound);
  answers_.event_time.push_back(kMinTime);
}

// The features of the next row, where there is no winner.
void ViewAnswersBuilder::AppendNulls() {
  const auto row = static_cast<std::int64_t>(answers_.match.size());
  for (std::size_t i = 0; i < fixed_types_.size(); ++i) fixed_.SetNull(i, row);
  for (ColumnBuilder& feature : others_) feature.AppendNull();
}

Status ViewAnswersBuilder::AddFacts(std::int64_t row, std::string_view bytes,
                                    const KeptFact* fresh) {
  list_.Clear();
  Status status = DecodeFactList(bytes, &list_);
  if (status.ok() && !list_.asides.empty()) {
    status = Status::Corruption("a piece was set aside when facts were merged, it was damaged");
  }
  if (!status.ok()) return DamagedKey(*question_, row, status);
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
  const KeptAnswer answer = AnswerOf(newest, t_, question_->version->view.ttl);
  if (answer.match == Match::kFound) {
    const Status status = AppendWinner(*answer.winner);
    if (!status.ok()) return DamagedKey(*question_, row, status);
  } else {
    AppendNulls();
  }
  answers_.match.push_back(answer.match);
  answers_.event_time.push_back(answer.event_time);
  return {};
}

// The features of the next row.
Status ViewAnswersBuilder::AppendWinner(const KeptFact& winner) {
  COEVAL_RETURN_IF_ERROR(view_.Reset(winner.row, layout_));
  if (mistyped_) return Status::Internal("a feature's type is not the one that is stored");
  const auto row = static_cast<std::int64_t>(answers_.match.size());
  for (const Place& place : places_) {
    if (!place.is_fixed) {
      COEVAL_RETURN_IF_ERROR(view_.AppendTo(place.column, &others_[place.to]));
    } else if (const char* const value = view_.FixedBytes(place.column); value != nullptr) {
      fixed_.Set(place.to, row, value);
    } else {
      fixed_.SetNull(place.to, row);
    }
  }
  return {};
}

ViewAnswers ViewAnswersBuilder::Finish() {
  answers_.features.reserve(places_.size());
  for (const Place& place : places_) {
    answers_.features.push_back(place.is_fixed ? fixed_.Finish(place.to)
                                               : others_[place.to].Finish());
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
