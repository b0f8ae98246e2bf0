#include "core/asking.h"

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "core/arguments.h"
#include "core/capsule.h"
#include "core/cells.h"
#include "core/errors.h"
#include "core/frame.h"
#include "core/handles.h"
#include "core/python_time.h"
#include "definition/fact.h"
#include "offline/training_set.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

using Micros = std::optional<std::int64_t>;

FeatureRequest MakeRequest(std::vector<std::string> features, std::string service,
                           int service_version, bool full_feature_names) {
  FeatureRequest request;
  request.features = std::move(features);
  request.service = std::move(service);
  request.service_version = service_version;
  request.full_feature_names = full_feature_names;
  return request;
}

nb::list StatusNames(const PerRow<FeatureStatus>& statuses) {
  nb::list names;
  for (const FeatureStatus status : statuses) {
    const std::string_view name = FeatureStatusName(status);
    names.append(nb::str(name.data(), name.size()));
  }
  return names;
}

nb::list Times(const PerRow<TimeMicros>& times) {
  nb::list list;
  for (const TimeMicros time : times) {
    list.append(time == kMinTime ? nb::none() : DatetimeOf(time));
  }
  return list;
}

struct AnswerHandle {
  std::shared_ptr<const OnlineAnswer> answer;
  std::vector<Column> request;

  // The request's columns, then the features.
  [[nodiscard]] nb::dict columns() const {
    nb::dict cells;
    const FeaturePlan& plan = *answer->plan;
    for (std::size_t i = 0; i < request.size(); ++i) {
      cells[nb::cast(plan.request_columns[i].name)] = CellsOf(request[i]);
    }
    for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
      cells[nb::cast(plan.outputs[i].name)] = CellsOf(answer->table.columns[i]);
    }
    return cells;
  }

  // The features, one after the other, as float64, null as NaN, in a bytearray; and how many there
  // are. Raises TypeError that names the first that is no number.
  [[nodiscard]] nb::tuple matrix() const;

  // The same rows as `columns`, for those who speak Arrow.
  [[nodiscard]] Frame frame() const {
    Schema schema;
    std::vector<Column> columns;
    for (std::size_t i = 0; i < request.size(); ++i) {
      const PlannedColumn& column = answer->plan->request_columns[i];
      schema.Add(column.name, column.type);
      columns.push_back(request[i]);
    }
    for (std::size_t i = 0; i < answer->table.columns.size(); ++i) {
      schema.Add(answer->plan->outputs[i].name, answer->plan->outputs[i].type);
      columns.push_back(answer->table.columns[i]);
    }
    return {std::move(schema), std::move(columns), answer->table.num_rows};
  }
};

template <typename T>
void AppendDoubles(const Column& column, double* place) {
  const std::span<const T> values = column.values<T>();
  for (std::int64_t row = 0; row < column.length(); ++row) {
    place[row] = column.IsNull(row) ? std::numeric_limits<double>::quiet_NaN()
                                    : static_cast<double>(values[static_cast<std::size_t>(row)]);
  }
}

// False where they are no numbers.
bool AppendDoubles(const Column& column, double* place) {
  switch (column.type().id()) {
    case TypeId::kBool:
      AppendDoubles<std::uint8_t>(column, place);
      return true;
    case TypeId::kInt32:
      AppendDoubles<std::int32_t>(column, place);
      return true;
    case TypeId::kInt64:
      AppendDoubles<std::int64_t>(column, place);
      return true;
    case TypeId::kFloat32:
      AppendDoubles<float>(column, place);
      return true;
    case TypeId::kFloat64:
      AppendDoubles<double>(column, place);
      return true;
    default:
      return false;
  }
}

nb::tuple AnswerHandle::matrix() const {
  const std::vector<Column>& columns = answer->table.columns;
  const std::int64_t rows = answer->table.num_rows;
  std::vector<double> values(columns.size() * static_cast<std::size_t>(rows));
  double* place = values.data();
  for (std::size_t i = 0; i < columns.size(); ++i, place += rows) {
    if (AppendDoubles(columns[i], place)) continue;
    const PlannedOutput& output = answer->plan->outputs[i];
    const std::string text =
        "feature '" + output.name + "' is " + output.type.ToString() + ", which is no number";
    throw nb::type_error(text.c_str());
  }
  const nb::bytearray bytes(values.data(), values.size() * sizeof(double));
  return nb::make_tuple(bytes, columns.size());
}

TrainingSetOptions MakeOptions(const std::string& known, bool null_on_error,
                               std::string time_column, ProgressBoard& board) {
  TrainingSetOptions options;
  options.known = Unwrap(ParseKnown(known));
  options.on_invalid = null_on_error ? OnInvalid::kNull : OnInvalid::kFail;
  options.time_column = std::move(time_column);
  options.progress = board.Sink();
  return options;
}

TrainingSetHandle Shared(TrainingSet set) {
  return {std::make_shared<const TrainingSet>(std::move(set))};
}

TrainingSetHandle OverSpine(StoreHandle& store, const PlanHandle& plan, nb::handle spine,
                            const std::string& known, bool null_on_error, std::string time_column,
                            const nb::object& progress) {
  ProgressBoard board;
  const TrainingSetOptions options =
      MakeOptions(known, null_on_error, std::move(time_column), board);
  ArrowTable table = ReadTable(spine);
  const auto cancel = std::make_shared<CancelToken>();
  return Shared(store.CallLong<TrainingSet>(
      [&](FeatureStore& engine) {
        return engine.GetHistoricalFeatures(plan.plan->request, std::move(table), options, cancel);
      },
      *cancel, board, progress));
}

TrainingSetHandle OverRange(StoreHandle& store, const PlanHandle& plan, std::int64_t start,
                            std::int64_t end, const std::string& known, bool null_on_error,
                            const nb::object& progress) {
  ProgressBoard board;
  const TrainingSetOptions options = MakeOptions(known, null_on_error, "", board);
  const auto cancel = std::make_shared<CancelToken>();
  return Shared(store.CallLong<TrainingSet>(
      [&](FeatureStore& engine) {
        return engine.GetHistoricalFeatures(plan.plan->request, start, end, options, cancel);
      },
      *cancel, board, progress));
}

TrainingSetHandle OverGrid(StoreHandle& store, const PlanHandle& plan, std::int64_t start,
                           std::int64_t end, std::int64_t every, const std::string& known,
                           bool null_on_error, const nb::object& progress) {
  ProgressBoard board;
  const TrainingSetOptions options = MakeOptions(known, null_on_error, "", board);
  const TimeGrid grid{start, end, every};
  const auto cancel = std::make_shared<CancelToken>();
  return Shared(store.CallLong<TrainingSet>(
      [&](FeatureStore& engine) {
        return engine.Backfill(plan.plan->request, grid, options, cancel);
      },
      *cancel, board, progress));
}

AnswerHandle ReadOnline(StoreHandle& store, const PlanHandle& plan, const nb::list& cells,
                        std::int64_t rows, Micros at) {
  const std::vector<PlannedColumn>& planned = plan.plan->request_columns;
  if (cells.size() != planned.size()) throw nb::value_error("one list for each request column");
  AnswerHandle handle;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    handle.request.push_back(ColumnFromCells(cells[i], planned[i].type, planned[i].name));
    if (handle.request.back().length() != rows) {
      throw nb::value_error("the request's columns differ in length");
    }
  }
  handle.answer =
      std::make_shared<const OnlineAnswer>(store.Call<OnlineAnswer>([&](FeatureStore& engine) {
        return engine.ReadOnline(plan.plan, handle.request, rows, at);
      }));
  return handle;
}

void BindResults(nb::module_& module) {
  nb::class_<PlanHandle>(module, "FeaturePlan", "A request, resolved against the registry.")
      .def_prop_ro("request_columns", &PlanHandle::request_columns)
      .def_prop_ro("outputs", &PlanHandle::outputs)
      .def_prop_ro("service_reference",
                   [](const PlanHandle& plan) { return plan.plan->service_reference; });
  nb::class_<TrainingSetHandle>(module, "TrainingSet")
      .def_prop_ro("frame", &TrainingSetHandle::frame)
      .def_prop_ro("manifest", &TrainingSetHandle::manifest)
      .def_prop_ro("summary", &TrainingSetHandle::summary)
      .def_prop_ro("warnings", [](const TrainingSetHandle& set) { return set.set->warnings; })
      .def_prop_ro("num_rows", [](const TrainingSetHandle& set) { return set.set->num_rows(); });
  nb::class_<AnswerHandle>(module, "OnlineAnswer")
      .def_prop_ro("frame", &AnswerHandle::frame)
      .def("columns", &AnswerHandle::columns,
           nb::sig("def columns(self) -> dict[str, list[typing.Any]]"))
      .def("matrix", &AnswerHandle::matrix, nb::sig("def matrix(self) -> tuple[bytearray, int]"))
      .def_prop_ro("num_request_columns",
                   [](const AnswerHandle& answer) { return answer.request.size(); })
      .def_prop_ro(
          "time", [](const AnswerHandle& answer) { return DatetimeOf(answer.answer->t); },
          nb::sig("def time(self) -> datetime.datetime"))
      .def_prop_ro("from_offline",
                   [](const AnswerHandle& answer) { return answer.answer->from_offline; })
      .def_prop_ro("errors",
                   [](const AnswerHandle& answer) { return answer.answer->table.first_errors; })
      .def(
          "statuses",
          [](const AnswerHandle& answer, std::size_t feature) {
            return StatusNames(answer.answer->table.statuses.at(feature));
          },
          nb::arg("feature"), nb::sig("def statuses(self, feature: int) -> list[str]"))
      .def(
          "times",
          [](const AnswerHandle& answer, std::size_t feature) {
            return Times(answer.answer->table.times.at(feature));
          },
          nb::arg("feature"),
          nb::sig("def times(self, feature: int) -> list[datetime.datetime | None]"));
}

}  // namespace

void BindAsking(nb::module_& module, nb::class_<StoreHandle>& store) {
  BindResults(module);
  store
      .def(
          "plan_request",
          [](StoreHandle& handle, std::vector<std::string> features, std::string service,
             int service_version, bool full_feature_names) {
            const FeatureRequest request = MakeRequest(std::move(features), std::move(service),
                                                       service_version, full_feature_names);
            return PlanHandle{handle.Call<SharedFeaturePlan>(
                [&](FeatureStore& engine) { return engine.PlanRequest(request); })};
          },
          nb::arg("features"), nb::arg("service"), nb::arg("service_version"),
          nb::arg("full_feature_names"))
      .def(
          "is_current",
          [](StoreHandle& handle, const PlanHandle& plan) {
            const auto now = handle.Call<CatalogueSnapshot>(
                [](FeatureStore& engine) { return engine.Snapshot(); });
            return now->revision == plan.plan->catalogue->revision;
          },
          nb::arg("plan"))
      .def("training_set", &OverSpine, nb::arg("plan"), nb::arg("spine"), nb::arg("known"),
           nb::arg("null_on_error"), nb::arg("time_column"), nb::arg("progress").none())
      .def("training_set_of_range", &OverRange, nb::arg("plan"), nb::arg("start"), nb::arg("end"),
           nb::arg("known"), nb::arg("null_on_error"), nb::arg("progress").none())
      .def("backfill", &OverGrid, nb::arg("plan"), nb::arg("start"), nb::arg("end"),
           nb::arg("every"), nb::arg("known"), nb::arg("null_on_error"), nb::arg("progress").none())
      .def("read_online", &ReadOnline, nb::arg("plan"), nb::arg("cells"), nb::arg("rows"),
           nb::arg("at").none(),
           nb::sig("def read_online(self, plan: FeaturePlan, cells: list[list[typing.Any]], "
                   "rows: int, at: int | None) -> OnlineAnswer"));
}

}  // namespace coeval::python
