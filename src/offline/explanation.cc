#include "offline/explanation.h"

#include "base/status.h"

namespace coeval {

std::string_view FateName(Fate fate) {
  switch (fate) {
    case Fate::kWins:
      return "wins";
    case Fate::kLoses:
      return "loses";
    case Fate::kSame:
      return "same";
    case Fate::kExpired:
      return "expired";
    case Fate::kFuture:
      return "future";
    case Fate::kKnownLater:
      return "known_later";
    case Fate::kCounted:
      return "counted";
    case Fate::kNullInput:
      return "null_input";
    case Fate::kBefore:
      return "before";
    case Fate::kAfter:
      return "after";
    case Fate::kFiltered:
      return "filtered";
    case Fate::kBeyondLast:
      return "beyond_last";
    case Fate::kTooLate:
      return "too_late";
    case Fate::kReplaced:
      return "replaced";
    case Fate::kRetracted:
      return "retracted";
    case Fate::kRetraction:
      return "retraction";
  }
  CheckFailed(__FILE__, __LINE__, "unknown fate");
}

std::string FromInputs(const std::vector<ExplainedInput>& inputs) {
  if (inputs.empty()) return "computed without inputs";
  std::string nulls;
  std::int64_t count = 0;
  for (const ExplainedInput& input : inputs) {
    if (!input.value.is_null()) continue;
    nulls += (nulls.empty() ? "`" : ", `") + input.name + "`";
    ++count;
  }
  std::string text = "computed from " + std::to_string(inputs.size()) +
                     (inputs.size() == 1 ? " input" : " inputs");
  if (count == 0) return text;
  return text + ", of which " + nulls + (count == 1 ? " is null" : " are null");
}

std::string_view RankPartName(RankPart part) {
  switch (part) {
    case RankPart::kNothing:
      return "";
    case RankPart::kEventTime:
      return "event_time";
    case RankPart::kCreatedTime:
      return "created_time";
    case RankPart::kSequence:
      return "sequence";
    case RankPart::kDelete:
      return "delete";
    case RankPart::kTieBytes:
      return "tie_bytes";
  }
  CheckFailed(__FILE__, __LINE__, "unknown part of rule 3.3");
}

}  // namespace coeval
