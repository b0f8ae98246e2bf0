#include "core/store.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "base/clock.h"
#include "base/json.h"
#include "core/asking.h"
#include "core/capsule.h"
#include "core/catalogue_json.h"
#include "core/errors.h"
#include "core/explaining.h"
#include "core/frame.h"
#include "core/python_time.h"
#include "core/store_handle.h"
#include "serve/owner/socket_link.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

using Report = std::tuple<std::string, std::string, bool, bool>;  // changes, text, empty, refused

void Open(StoreHandle* self, std::string repository, std::string environment,
          std::map<std::string, std::string> overrides, const std::string& clock,
          std::string python, nb::object log) {
  StoreOptions options;
  options.repository = std::move(repository);
  options.environment = std::move(environment);
  options.overrides = std::move(overrides);
  if (!clock.empty()) options.clock = Unwrap(ParseClock(clock));
  options.python = std::move(python);
  options.link = MakeSocketLink();
  new (self) StoreHandle(std::move(options), std::move(log));
}

Report ToPython(const PlanReport& report) {
  return {report.changes.Write(), report.text, report.empty, report.refused};
}

// Plan or apply; both may run the user's definitions and read sources, so both can be interrupted.
Report Define(StoreHandle& store, const std::optional<std::string>& document,
              const ApplyOptions& options, bool apply) {
  std::optional<Json> parsed;
  if (document) parsed = Unwrap(ParseJson(*document));
  const Json* given = parsed ? &*parsed : nullptr;
  CancelToken unused;
  ProgressBoard board;
  return ToPython(store.CallLong<PlanReport>(
      [&](FeatureStore& engine) {
        return apply ? engine.Apply(given, options) : engine.PlanChanges(given, options);
      },
      unused, board, nb::none()));
}

Report Plan(StoreHandle& store, const std::optional<std::string>& document, bool complete,
            bool promote) {
  return Define(store, document, {.complete = complete, .promote = promote, .who = ""}, false);
}

Report Apply(StoreHandle& store, const std::optional<std::string>& document, bool complete,
             bool promote, std::string who) {
  return Define(store, document, {.complete = complete, .promote = promote, .who = std::move(who)},
                true);
}

using NameCall = Result<PlanReport> (FeatureStore::*)(const std::string&);

template <NameCall call>
Report CallByName(StoreHandle& store, const std::string& name) {
  return ToPython(
      store.Call<PlanReport>([&](FeatureStore& engine) { return (engine.*call)(name); }));
}

// [{"view", "rows_read", ...}], and the watermarks as datetimes.
nb::list ReportsToPython(const std::vector<MaterializeReport>& reports) {
  nb::list list;
  for (const MaterializeReport& report : reports) {
    nb::dict item;
    item["view"] = report.view;
    item["rows_read"] = report.rows_read;
    item["rows_written"] = report.rows_written;
    item["rows_refused"] = report.rows_refused;
    item["watermark"] = report.watermark == kMinTime ? nb::none() : DatetimeOf(report.watermark);
    item["detail"] = report.detail;
    list.append(item);
  }
  return list;
}

template <typename Call>
nb::list Carry(StoreHandle& store, std::vector<std::string> views, const nb::object& progress,
               const Call& call) {
  ProgressBoard board;
  MaterializeOptions options;
  options.views = std::move(views);
  options.progress = board.Sink();
  options.cancel = std::make_shared<CancelToken>();
  return ReportsToPython(store.CallLong<std::vector<MaterializeReport>>(
      [&](FeatureStore& engine) { return call(engine, options); }, *options.cancel, board,
      progress));
}

// From `start`, or, without one, incrementally.
nb::list Materialize(StoreHandle& store, std::optional<std::int64_t> start, std::int64_t end,
                     std::vector<std::string> views, const nb::object& progress) {
  return Carry(store, std::move(views), progress,
               [&](FeatureStore& engine, const MaterializeOptions& options) {
                 return start ? engine.Materialize(*start, end, options)
                              : engine.MaterializeIncremental(end, options);
               });
}

nb::list RebuildOnline(StoreHandle& store, std::vector<std::string> views,
                       const nb::object& progress) {
  return Carry(store, std::move(views), progress,
               [](FeatureStore& engine, const MaterializeOptions& options) {
                 return engine.RebuildOnline(options);
               });
}

std::string VerifyOnline(StoreHandle& store, const nb::object& progress) {
  ProgressBoard board;
  VerifyOptions options;
  options.progress = board.Sink();
  options.cancel = std::make_shared<CancelToken>();
  return store
      .CallLong<Json>([&](FeatureStore& engine) { return engine.VerifyOnline(options); },
                      *options.cancel, board, progress)
      .Write();
}

std::string DiffOnline(StoreHandle& store, std::vector<std::string> references, std::int64_t keys,
                       std::optional<std::int64_t> seed, std::optional<std::int64_t> at,
                       const nb::object& progress) {
  ProgressBoard board;
  DiffOptions options;
  options.references = std::move(references);
  options.keys = keys;
  options.seed = seed;
  options.at = at;
  options.progress = board.Sink();
  options.cancel = std::make_shared<CancelToken>();
  return store
      .CallLong<Json>([&](FeatureStore& engine) { return engine.DiffOnline(options); },
                      *options.cancel, board, progress)
      .Write();
}

nb::dict OutcomeOf(const PushOutcome& outcome) {
  nb::dict report;
  report["created"] = outcome.c == kMinTime ? nb::none() : DatetimeOf(outcome.c);
  report["rows"] = outcome.rows;
  report["null_keys"] = outcome.null_keys;
  report["views"] = nb::cast(outcome.views);
  report["repeated"] = outcome.repeated;
  report["quarantined"] = outcome.quarantined;
  report["quarantine"] = outcome.quarantine;
  return report;
}

nb::dict Push(StoreHandle& store, const std::string& source, const nb::object& rows, std::string to,
              std::string idempotency_key, bool deletes, std::string on_error) {
  ArrowTable table = ReadTable(rows);
  PushOptions options;
  options.to = std::move(to);
  options.idempotency_key = std::move(idempotency_key);
  options.deletes = deletes;
  options.on_error = std::move(on_error);
  return OutcomeOf(store.Call<PushOutcome>(
      [&](FeatureStore& engine) { return engine.Push(source, std::move(table), options); }));
}

nb::list Quarantined(StoreHandle& store) {
  const auto all = store.Call<std::vector<QuarantinedPush>>(
      [](FeatureStore& engine) { return engine.Quarantined(); });
  nb::list pushes;
  for (const QuarantinedPush& push : all) {
    nb::list reasons;
    for (const BadRow& fault : push.faults) {
      reasons.append(nb::make_tuple(fault.row, fault.reason));
    }
    nb::dict record;
    record["id"] = push.id;
    record["source"] = push.source;
    record["to"] = DestinationName(push.to);
    record["deletes"] = push.deletes;
    record["time"] = DatetimeOf(push.time);
    record["faults"] = reasons;
    record["rows"] = Frame(push.rows, Schema(), std::vector<Column>());
    pushes.append(record);
  }
  return pushes;
}

nb::dict ReplayQuarantined(StoreHandle& store, const std::string& id, const nb::object& rows) {
  std::optional<ArrowTable> corrected;
  if (!rows.is_none()) corrected = ReadTable(rows);
  return OutcomeOf(store.Call<PushOutcome>(
      [&](FeatureStore& engine) { return engine.ReplayQuarantined(id, std::move(corrected)); }));
}

void BindPushing(nb::class_<StoreHandle>& store) {
  store
      .def("push", &Push, nb::arg("source"), nb::arg("rows"), nb::arg("to"),
           nb::arg("idempotency_key"), nb::arg("deletes"), nb::arg("on_error"),
           nb::sig("def push(self, source: str, rows: object, to: str, idempotency_key: str, "
                   "deletes: bool, on_error: str) -> dict[str, typing.Any]"))
      .def("quarantined", &Quarantined,
           nb::sig("def quarantined(self) -> list[dict[str, typing.Any]]"))
      .def("replay_quarantined", &ReplayQuarantined, nb::arg("id"), nb::arg("rows").none(),
           nb::sig("def replay_quarantined(self, id: str, rows: object | None) -> "
                   "dict[str, typing.Any]"))
      .def(
          "drop_quarantined",
          [](StoreHandle& handle, const std::string& id) {
            handle.Call<bool>([&](FeatureStore& engine) -> Result<bool> {
              COEVAL_RETURN_IF_ERROR(engine.DropQuarantined(id));
              return true;
            });
          },
          nb::arg("id"));
}

template <typename Work>
std::string AsText(StoreHandle& store, Work work) {
  return store.Call<Json>([&](FeatureStore& engine) -> Result<Json> { return work(engine); })
      .Write();
}

std::string Backup(StoreHandle& store, const std::string& folder) {
  ProgressBoard board;
  const auto cancel = std::make_shared<CancelToken>();
  return store
      .CallLong<Json>([&](FeatureStore& engine) { return engine.Backup(folder, cancel); }, *cancel,
                      board, nb::none())
      .Write();
}

void BindLooking(nb::class_<StoreHandle>& store) {
  store
      .def("catalogue",
           [](StoreHandle& handle) {
             return CatalogueToJson(*handle.Call<CatalogueSnapshot>(
                                        [](FeatureStore& engine) { return engine.Snapshot(); }))
                 .Write();
           })
      .def(
          "list_objects",
          [](StoreHandle& handle, const std::string& kind) {
            return AsText(handle, [&](FeatureStore& engine) { return engine.List(kind); });
          },
          nb::arg("kind"))
      .def(
          "describe",
          [](StoreHandle& handle, const std::string& name) {
            return AsText(handle, [&](FeatureStore& engine) { return engine.Describe(name); });
          },
          nb::arg("name"))
      .def(
          "runs",
          [](StoreHandle& handle, int limit) {
            return AsText(handle, [&](FeatureStore& engine) { return engine.Runs(limit); });
          },
          nb::arg("limit"))
      .def(
          "history",
          [](StoreHandle& handle, int limit) {
            return AsText(handle, [&](FeatureStore& engine) { return engine.History(limit); });
          },
          nb::arg("limit"))
      .def(
          "training_sets",
          [](StoreHandle& handle, int limit) {
            return AsText(handle, [&](FeatureStore& engine) { return engine.TrainingSets(limit); });
          },
          nb::arg("limit"))
      .def("doctor",
           [](StoreHandle& handle) {
             return AsText(handle, [](FeatureStore& engine) { return engine.Doctor(); });
           })
      .def("ready", [](StoreHandle& handle) {
        return AsText(handle, [](FeatureStore& engine) { return engine.Ready(); });
      });
}

}  // namespace

void BindStore(nb::module_& module) {
  nb::class_<StoreHandle> store(module, "Store", "One repository, opened.",
                                nb::is_weak_referenceable());
  store.def("__init__", &Open, nb::arg("repository"), nb::arg("environment"), nb::arg("overrides"),
            nb::arg("clock"), nb::arg("python"), nb::arg("log").none());
  store.def_prop_ro("project", [](const StoreHandle& handle) { return handle.Get()->project(); });
  store.def_prop_ro(
      "config", [](const StoreHandle& handle) { return handle.Get()->config().Dump().Write(); });
  store.def(
      "now",
      [](const StoreHandle& handle) {
        return DatetimeOf(Unwrap(handle.Get()->context().clock->Now()));
      },
      nb::sig("def now(self) -> datetime.datetime"));
  store.def("plan", &Plan, nb::arg("document").none(), nb::arg("complete"), nb::arg("promote"));
  store.def("apply", &Apply, nb::arg("document").none(), nb::arg("complete"), nb::arg("promote"),
            nb::arg("who"));
  store.def("promote", &CallByName<&FeatureStore::Promote>, nb::arg("reference"));
  store.def("rollback", &CallByName<&FeatureStore::Rollback>, nb::arg("name"));
  store.def("delete", &CallByName<&FeatureStore::Delete>, nb::arg("name"));
  store.def("materialize", &Materialize, nb::arg("start").none(), nb::arg("end"), nb::arg("views"),
            nb::arg("progress").none(),
            nb::sig("def materialize(self, start: int | None, end: int, views: "
                    "collections.abc.Sequence[str], progress: object | None) -> "
                    "list[dict[str, typing.Any]]"));
  store.def("verify_online", &VerifyOnline, nb::arg("progress").none());
  store.def("diff_online", &DiffOnline, nb::arg("references"), nb::arg("keys"),
            nb::arg("seed").none(), nb::arg("at").none(), nb::arg("progress").none());
  store.def("rebuild_online", &RebuildOnline, nb::arg("views"), nb::arg("progress").none(),
            nb::sig("def rebuild_online(self, views: collections.abc.Sequence[str], progress: "
                    "object | None) -> list[dict[str, typing.Any]]"));
  BindPushing(store);
  store.def(
      "seal_log",
      [](StoreHandle& handle, bool merge) {
        return AsText(handle, [merge](FeatureStore& engine) { return engine.SealLog(merge); });
      },
      nb::arg("merge"));
  store.def("backup", &Backup, nb::arg("folder"));
  store.def("close", &StoreHandle::Close);
  BindAsking(module, store);
  BindExplaining(module, store);
  BindLooking(store);
}

}  // namespace coeval::python
