#include "offline/explain.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "offline/explain_view.h"
#include "offline/grid_facts.h"
#include "retrieval/assemble.h"

namespace coeval {
namespace {

// What nobody looks at.
ViewAnswers NoAnswer(const PlannedView& view) {
  ViewAnswers answers;
  answers.match = {Match::kNotFound};
  answers.event_time = {kMinTime};
  for (const std::size_t feature : view.features) {
    answers.features.push_back(Column::Nulls(view.version->view.schema[feature].type, 1));
  }
  return answers;
}

// Explains one output at one question. Borrows all; one use.
class Explainer {
 public:
  Explainer(const FeaturePlan& plan, std::span<const Column> request, TimeMicros t,
            const ExplainOptions& options, const OpenView& open, const Context& context)
      : plan_(plan),
        request_(request),
        t_(t),
        options_(options),
        open_(WithGrids(open, options.known, context)),
        context_(context) {}

  Result<Explanation> Run(std::size_t output) {
    Narrow(output);
    COEVAL_RETURN_IF_ERROR(Read());
    COEVAL_ASSIGN_OR_RETURN(table_, Assembled());
    const PlannedOutput& asked = small_.outputs.front();
    Explanation out = asked.on_demand ? OnDemand() : Stored(0);
    out.name = asked.name;
    out.reference = asked.reference;
    return out;
  }

 private:
  // The plan with this output alone, followed by the stored features that it reads as outputs of
  // their own.
  void Narrow(std::size_t output) {
    small_ = plan_;
    PlannedOutput asked = plan_.outputs[output];
    small_.outputs.clear();
    small_.on_demand.clear();
    if (!asked.on_demand) {
      small_.outputs.push_back(std::move(asked));
      return;
    }
    PlannedOnDemand view = plan_.on_demand[asked.view];
    view.features = {view.features[asked.position]};
    asked.view = asked.position = 0;
    small_.outputs.push_back(std::move(asked));
    for (const std::string& name : view.features[0].expression->inputs()) {
      const PlannedInput& input = view.inputs[*view.input_schema.Find(name)];
      if (input.from_request) continue;
      const PlannedView& stored = plan_.views[input.view];
      const Field& field = stored.version->view.schema[stored.features[input.position]];
      PlannedOutput of_input;
      of_input.name = name;
      of_input.reference = stored.version->view.name + "@v" +
                           std::to_string(stored.version->version) + ":" + field.name;
      of_input.type = field.type;
      of_input.view = input.view;
      of_input.position = input.position;
      small_.outputs.push_back(std::move(of_input));
    }
    small_.on_demand.push_back(std::move(view));
  }

  Status Read() {
    for (const PlannedOutput& output : small_.outputs) {
      if (output.on_demand || views_.contains(output.view)) continue;
      COEVAL_ASSIGN_OR_RETURN(ExplainedView view,
                              ExplainedView::Read(plan_, plan_.views[output.view], request_, t_,
                                                  options_, open_, context_));
      views_.emplace(output.view, std::move(view));
    }
    return Status::Ok();
  }

  Result<FeatureTable> Assembled() {
    std::vector<ViewAnswers> answers;
    for (std::size_t i = 0; i < plan_.views.size(); ++i) {
      const auto found = views_.find(i);
      if (found == views_.end()) {
        answers.push_back(NoAnswer(plan_.views[i]));
        continue;
      }
      std::vector<std::size_t> wanted;
      for (const PlannedOutput& output : small_.outputs) {
        if (!output.on_demand && output.view == i) wanted.push_back(output.position);
      }
      answers.push_back(found->second.Answer(wanted));
    }
    return AssembleFeatures(small_, answers, request_, 1, {&t_, 1});
  }

  // What the user sees of output `i`: default, status and time put in.
  void PutIn(std::size_t i, Explanation* out) const {
    out->value = table_.columns[i];
    out->status = table_.statuses[i][0];
    out->time = table_.times[i][0];
    out->is_default = out->status != FeatureStatus::kPresent && !out->value.IsNull(0);
    if (out->status != FeatureStatus::kInvalid) return;
    for (const std::string& error : table_.first_errors) {
      out->error += (out->error.empty() ? "" : "; ") + error.substr(error.find(": ") + 2);
    }
  }

  [[nodiscard]] Explanation Stored(std::size_t i) const {
    const PlannedOutput& output = small_.outputs[i];
    Explanation out = views_.at(output.view).Of(output.position);
    PutIn(i, &out);
    return out;
  }

  [[nodiscard]] Explanation OnDemand() const {
    const PlannedOnDemand& view = small_.on_demand.front();
    const PlannedOnDemand::Computed& feature = view.features.front();
    Explanation out;
    out.type = small_.outputs.front().type;
    out.t = t_;
    out.known = options_.known;
    out.expression = feature.expression->text();
    PutIn(0, &out);
    std::size_t output = 1;
    for (const std::string& name : feature.expression->inputs()) {
      const std::size_t position = *view.input_schema.Find(name);
      const PlannedInput& input = view.inputs[position];
      ExplainedInput explained;
      explained.name = name;
      explained.type = view.input_schema[position].type;
      if (input.from_request) {
        explained.request_column = plan_.request_columns[input.position].name;
        explained.value = request_[input.position].GetValue(0);
      } else {
        auto stored = std::make_shared<Explanation>(Stored(output++));
        explained.value = stored->value.GetValue(0);
        explained.feature = std::move(stored);
      }
      out.inputs.push_back(std::move(explained));
    }
    out.because = FromInputs(out.inputs);
    return out;
  }

  const FeaturePlan& plan_;
  std::span<const Column> request_;
  TimeMicros t_;
  const ExplainOptions& options_;
  const OpenView open_;
  const Context& context_;
  FeaturePlan small_;
  std::map<std::size_t, ExplainedView> views_;  // by position in the plan
  FeatureTable table_;
};

// "view@v2:feature" -> "view:feature".
std::string WithoutVersion(const std::string& reference) {
  const std::size_t at = reference.find('@');
  const std::size_t colon = reference.find(':');
  if (at == std::string::npos || colon == std::string::npos || colon < at) return reference;
  return reference.substr(0, at) + reference.substr(colon);
}

std::string FullName(const FeaturePlan& plan, const PlannedOutput& output) {
  const std::string& view = output.on_demand ? plan.on_demand[output.view].shown_name
                                             : plan.views[output.view].shown_name;
  const std::string bare = output.reference.substr(0, output.reference.find(" as "));
  return view + "__" + bare.substr(bare.rfind(':') + 1);
}

bool IsCalled(const FeaturePlan& plan, const PlannedOutput& output, std::string_view feature) {
  return output.name == feature || FullName(plan, output) == feature ||
         output.reference == feature || WithoutVersion(output.reference) == feature;
}

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Result<std::size_t> FindOutput(const FeaturePlan& plan, std::string_view feature) {
  std::vector<std::string> names;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    names.push_back(plan.outputs[i].name);
    if (plan.outputs[i].name == feature) return i;
    if (feature.empty() || IsCalled(plan, plan.outputs[i], feature)) found.push_back(i);
  }
  if (found.size() == 1) return found.front();
  if (feature.empty()) {
    return Status::InvalidArgument("say which feature to explain, one of " + Listed(names));
  }
  if (found.empty()) {
    return Status::NotFound("no feature '" + std::string(feature) + "' here" +
                            DidYouMean(feature, names) + "; there are " + Listed(names));
  }
  std::vector<std::string> meant;
  for (const std::size_t i : found) meant.push_back(plan.outputs[i].name);
  return Status::InvalidArgument("'" + std::string(feature) + "' may be any of " + Listed(meant) +
                                 "; say which");
}

std::set<std::string> NeededColumns(const FeaturePlan& plan, std::size_t output) {
  const PlannedOutput& asked = plan.outputs[output];
  std::set<std::string> needed;
  const auto need_keys = [&](const PlannedView& view) {
    needed.insert(view.key_columns.begin(), view.key_columns.end());
  };
  if (!asked.on_demand) {
    need_keys(plan.views[asked.view]);
    return needed;
  }
  const PlannedOnDemand& view = plan.on_demand[asked.view];
  for (const std::string& name : view.features[asked.position].expression->inputs()) {
    const PlannedInput& input = view.inputs[*view.input_schema.Find(name)];
    if (input.from_request) {
      needed.insert(plan.request_columns[input.position].name);
    } else {
      need_keys(plan.views[input.view]);
    }
  }
  return needed;
}

Result<Explanation> Explain(const FeaturePlan& plan, std::size_t output,
                            std::span<const Column> request, TimeMicros t,
                            const ExplainOptions& options, const OpenView& open,
                            const Context& context) {
  return Explainer(plan, request, t, options, open, context).Run(output);
}

Result<Explanation> ExplainRow(const FeaturePlan& plan, const Spine& spine, std::int64_t row,
                               std::string_view feature, const ExplainOptions& options,
                               const OpenView& open, const Context& context) {
  const auto rows = std::ssize(spine.times);
  if (row < 0 || row >= rows) {
    return Status::InvalidArgument(
        "there is no row " + std::to_string(row) + ": the spine has " + CountOf(rows, "row") +
        (rows == 0 ? "" : ", counted from 0 to " + std::to_string(rows - 1)));
  }
  COEVAL_ASSIGN_OR_RETURN(const std::size_t output, FindOutput(plan, feature));
  std::vector<Column> request;
  for (const Column& column : spine.request) request.push_back(column.Slice(row, 1));
  COEVAL_ASSIGN_OR_RETURN(Explanation out,
                          Explain(plan, output, request, spine.times[static_cast<std::size_t>(row)],
                                  options, open, context));
  out.row = row;
  return out;
}

Result<Explanation> ExplainRow(const FeaturePlan& plan, const TrainingSet& set, std::int64_t row,
                               std::string_view feature, const ExplainOptions& options,
                               const OpenView& open, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(Explanation out,
                          ExplainRow(plan, set.spine, row, feature, options, open, context));
  COEVAL_ASSIGN_OR_RETURN(const std::size_t output, FindOutput(plan, feature));
  COEVAL_ASSIGN_OR_RETURN(
      const Column block,
      set.features->ReadColumn(static_cast<std::size_t>(row / FeatureBlocks::kRows), output));
  const Column held = block.Slice(row % FeatureBlocks::kRows, 1);
  if (!SameBits(held, out.value)) {
    out.note = "the training set holds " + ToText(held.GetValue(0), held.type()) +
               ": the sources have changed since it was made";
  }
  return out;
}

}  // namespace coeval
