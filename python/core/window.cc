#include "core/window.h"

#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "base/context.h"
#include "core/arguments.h"
#include "core/capsule.h"
#include "core/errors.h"
#include "core/frame.h"
#include "core/long_call.h"
#include "io/machine_limits.h"
#include "offline/standalone_window.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

using Names = std::vector<std::string>;
using Aggregates = std::vector<std::pair<std::string, std::string>>;

std::vector<AggregationText> ParseAggregates(const Aggregates& aggregates) {
  std::vector<AggregationText> parsed;
  for (const auto& [name, text] : aggregates) {
    const std::string what = "aggregate '" + name + "'";
    Result<AggregationText> aggregate = ParseAggregationText(text);
    Check(aggregate.status().WithContext(what));
    Check(aggregate->SetName(name).WithContext(what));
    parsed.push_back(*std::move(aggregate));
  }
  return parsed;
}

Frame MakeWindows(nb::handle left, nb::handle right, std::string on, std::string left_on,
                  std::string right_on, Names by, Names left_by, Names right_by,
                  const Aggregates& aggregates, const std::string& closed, std::string created,
                  const std::string& known, std::string event_id, bool null_errors,
                  const nb::object& progress) {
  StandaloneWindowOptions options;
  options.on = std::move(on);
  options.left_on = std::move(left_on);
  options.right_on = std::move(right_on);
  options.by = std::move(by);
  options.left_by = std::move(left_by);
  options.right_by = std::move(right_by);
  options.aggregates = ParseAggregates(aggregates);
  options.closed = Unwrap(ParseClosed(closed));
  options.created = std::move(created);
  options.known = Unwrap(ParseKnown(known));
  options.event_id = std::move(event_id);
  options.on_invalid = null_errors ? OnInvalid::kNull : OnInvalid::kFail;
  ProgressBoard board;
  options.progress = board.Sink();

  ArrowTable table = ReadTable(left);
  Rows events = Rows::Of(right);
  const Context context = MachineContext();
  StandaloneWindow made = Unwrap(CallWatched<StandaloneWindow>(
      [&] {
        return events.held
                   ? WindowTable(std::move(table), *std::move(events.held), options, context)
                   : WindowStream(std::move(table), events.stream.get(), options, context);
      },
      *context.cancel, board, progress));
  return {made.left, made.schema,
          [features = made.features](std::size_t i) { return features->Whole(i); },
          [made] { return made.Export(); }};
}

}  // namespace

void BindWindow(nb::module_& module) {
  module.def(
      "window", &MakeWindows, nb::arg("left"), nb::arg("events"), nb::kw_only(), nb::arg("on"),
      nb::arg("left_on"), nb::arg("right_on"), nb::arg("by"), nb::arg("left_by"),
      nb::arg("right_by"), nb::arg("aggregates"), nb::arg("closed"), nb::arg("created"),
      nb::arg("known"), nb::arg("event_id"), nb::arg("null_errors"), nb::arg("progress").none(),
      "Aggregates of frames that speak Arrow; texts and lists that are not given are empty.");
}

}  // namespace coeval::python
