#include "offline/why_nothing.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "column/value.h"

namespace coeval {
namespace {

// What the facts of a source are to the questions of a spine.
struct Finding {
  FactCounts counts;
  std::int64_t matched = 0;             // facts whose key some question has
  std::int64_t candidates = 0;          // of these, visible at the last question of their key
  TimeMicros first_visible = kMaxTime;  // of the matched
  TimeMicros newest = kMinTime;         // event time, of the candidates
  std::string example_key;              // of the source
};

std::string KeyText(const std::vector<std::string>& names, const std::vector<Column>& columns,
                    std::int64_t row) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (text.empty() ? "" : ", ") + names[i] + " " +
            ToText(columns[i].GetValue(row), columns[i].type());
  }
  return text;
}

std::string SpineExample(const FeaturePlan& plan, const PlannedView& view, const Spine& spine,
                         const QuestionIndex& questions) {
  std::vector<Column> columns;
  for (const std::string& name : view.key_columns) {
    columns.push_back(spine.request[plan.RequestColumn(name)]);
  }
  const auto slots = questions.slot_of();
  for (std::size_t row = 0; row < slots.size(); ++row) {
    if (slots[row] == kNoSlot) continue;
    return KeyText(view.key_columns, columns, static_cast<std::int64_t>(row));
  }
  return "";
}

void Look(const FactBatch& facts, const Source& source, const QuestionIndex& questions, Known known,
          Finding* finding) {
  std::vector<KeyId> ids(static_cast<std::size_t>(facts.num_rows));
  questions.keys().Find(facts.keys, 0, facts.num_rows, ids.data());
  for (std::int64_t row = 0; row < facts.num_rows; ++row) {
    const KeyId id = ids[static_cast<std::size_t>(row)];
    if (id == kNoKey) continue;
    ++finding->matched;
    const FactTimes times = facts.times(row);
    const TimeMicros v = VisibleTime(times, source, known);
    finding->first_visible = std::min(finding->first_visible, v);
    const SlotRange slots = questions.slots(id);
    if (slots.begin == slots.end || questions.slot_times()[slots.end - 1] < v) continue;
    ++finding->candidates;
    finding->newest = std::max(finding->newest, times.event_time);
  }
}

Result<Finding> Read(const PlannedView& view, const QuestionIndex& questions, Known known,
                     const OpenView& open, const Context& context) {
  FactRequest request;
  request.view = view.shown_name;
  request.keys = view.version->join_keys;
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactReader> reader,
                          open(*view.version, std::move(request)));
  std::vector<std::string> names;
  for (const JoinKey& key : view.version->join_keys) names.push_back(key.name);
  Finding finding;
  while (true) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> batch, reader->Next());
    if (!batch.has_value()) break;
    if (finding.example_key.empty()) finding.example_key = KeyText(names, batch->keys, 0);
    Look(*batch, view.version->source, questions, known, &finding);
  }
  finding.counts = reader->counts();
  return finding;
}

}  // namespace

Result<std::string> WhyNothing(const FeaturePlan& plan, const PlannedView& view, const Spine& spine,
                               const QuestionIndex& questions, Known known, const OpenView& open,
                               const Context& context) {
  const std::string source = "source '" + view.version->source_names() + "'";
  if (questions.num_slots() == 0) return std::string("a join key is null in every row");
  const Result<Finding> read = Read(view, questions, known, open, context);
  if (read.status().code() == StatusCode::kTooOld) {
    return source +
           " has no fact for them that is young enough; older ones were dropped from the " +
           "log of pushes (log.retention)";
  }
  if (!read.ok()) return read.status();
  const Finding& finding = *read;
  if (finding.counts.rows == 0) return source + " has no rows";
  if (finding.counts.facts == 0) {
    return "none of the " + std::to_string(finding.counts.rows) + " rows of " + source +
           " is a fact (" + std::to_string(finding.counts.null_keys) + " have a null join key, " +
           std::to_string(finding.counts.bad_times + finding.counts.too_far_ahead) + " a bad time)";
  }
  if (finding.matched == 0) {
    return "no key matches: the spine has " + SpineExample(plan, view, spine, questions) + ", " +
           source + " has " + finding.example_key;
  }
  if (finding.candidates == 0) {
    return "all facts of these keys are later than the spine: the first is visible at " +
           FormatTime(finding.first_visible) + ", the last question is of " +
           FormatTime(questions.max_time());
  }
  if (view.version->view.ttl > 0) {
    return "every fact was older than the ttl, " + FormatDuration(view.version->view.ttl) +
           " (up to twice the ttl it counts as expired, then as not found): the newest fact is "
           "of " +
           FormatTime(finding.newest) + ", the questions are of " +
           FormatTime(questions.min_time()) + " to " + FormatTime(questions.max_time());
  }
  return std::string("no fact was visible at the time of any question of its key");
}

}  // namespace coeval
