#include "core/explaining.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/string.h>

#include "core/cells.h"
#include "core/errors.h"
#include "core/handles.h"
#include "core/python_time.h"
#include "definition/fact.h"
#include "offline/explain.h"
#include "offline/explanation_json.h"
#include "offline/explanation_text.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

struct ExplanationHandle {
  std::shared_ptr<const Explanation> explanation;
};

using SharedExplanation = std::shared_ptr<const Explanation>;

Result<SharedExplanation> Share(Result<Explanation> explanation) {
  if (!explanation.ok()) return explanation.status();
  return std::make_shared<const Explanation>(*std::move(explanation));
}

ExplanationHandle OfRow(StoreHandle& store, const TrainingSetHandle& set, std::int64_t row,
                        const std::string& feature, std::int64_t facts,
                        const nb::object& progress) {
  ProgressBoard board;
  const ExplainOptions options{.known = set.set->known, .nearest = facts, .progress = board.Sink()};
  const auto cancel = std::make_shared<CancelToken>();
  return {store.CallLong<SharedExplanation>(
      [&](FeatureStore& engine) {
        return Share(engine.Explain(*set.set, row, feature, options, cancel));
      },
      *cancel, board, progress)};
}

ExplanationHandle OfKey(StoreHandle& store, const PlanHandle& plan, const nb::list& cells,
                        std::int64_t at, const std::string& feature, const std::string& known,
                        std::int64_t facts, const nb::object& progress) {
  const std::vector<PlannedColumn>& planned = plan.plan->request_columns;
  if (cells.size() != planned.size()) throw nb::value_error("one list for each request column");
  std::vector<Column> columns;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    columns.push_back(ColumnFromCells(cells[i], planned[i].type, planned[i].name));
    if (columns.back().length() != 1) throw nb::value_error("one row is explained at a time");
  }
  ProgressBoard board;
  const ExplainOptions options{
      .known = Unwrap(ParseKnown(known)), .nearest = facts, .progress = board.Sink()};
  const auto cancel = std::make_shared<CancelToken>();
  return {store.CallLong<SharedExplanation>(
      [&](FeatureStore& engine) {
        return Share(engine.Explain(plan.plan, columns, at, feature, options, cancel));
      },
      *cancel, board, progress)};
}

}  // namespace

void BindExplaining(nb::module_& module, nb::class_<StoreHandle>& store) {
  nb::class_<ExplanationHandle>(module, "Explanation")
      .def_prop_ro(
          "value",
          [](const ExplanationHandle& handle) -> nb::object {
            const nb::list cells = CellsOf(handle.explanation->value);
            return nb::object(cells[0]);
          },
          nb::sig("def value(self) -> typing.Any"))
      .def_prop_ro(
          "time",
          [](const ExplanationHandle& handle) -> nb::object {
            const TimeMicros time = handle.explanation->time;
            return time == kMinTime ? nb::none() : DatetimeOf(time);
          },
          nb::sig("def time(self) -> datetime.datetime | None"))
      .def_prop_ro("json",
                   [](const ExplanationHandle& handle) {
                     return ExplanationJson(*handle.explanation).Write();
                   })
      .def_prop_ro("text", [](const ExplanationHandle& handle) {
        return ExplanationText(*handle.explanation);
      });
  store
      .def("explain_row", &OfRow, nb::arg("training_set"), nb::arg("row"), nb::arg("feature"),
           nb::arg("facts"), nb::arg("progress").none())
      .def("explain_key", &OfKey, nb::arg("plan"), nb::arg("cells"), nb::arg("at"),
           nb::arg("feature"), nb::arg("known"), nb::arg("facts"), nb::arg("progress").none(),
           nb::sig("def explain_key(self, plan: FeaturePlan, cells: list[list[typing.Any]], "
                   "at: int, feature: str, known: str, facts: int, progress: object | None) -> "
                   "Explanation"));
}

}  // namespace coeval::python
