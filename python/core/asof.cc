#include "core/asof.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "base/context.h"
#include "core/arguments.h"
#include "core/capsule.h"
#include "core/errors.h"
#include "core/frame.h"
#include "core/long_call.h"
#include "io/machine_limits.h"
#include "offline/standalone_join.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

using Names = std::vector<std::string>;

Frame Join(nb::handle left, nb::handle right, std::string on, std::string left_on,
           std::string right_on, Names by, Names left_by, Names right_by,
           std::optional<std::int64_t> tolerance_micros, std::string created,
           const std::string& known, bool allow_exact_matches, std::optional<Names> columns,
           std::string suffix, const nb::object& progress) {
  StandaloneJoinOptions options;
  options.on = std::move(on);
  options.left_on = std::move(left_on);
  options.right_on = std::move(right_on);
  options.by = std::move(by);
  options.left_by = std::move(left_by);
  options.right_by = std::move(right_by);
  options.tolerance = tolerance_micros;
  options.created = std::move(created);
  options.known = Unwrap(ParseKnown(known));
  options.allow_exact_matches = allow_exact_matches;
  options.columns = std::move(columns);
  options.suffix = std::move(suffix);
  ProgressBoard board;
  options.progress = board.Sink();

  ArrowTable table = ReadTable(left);
  Rows facts = Rows::Of(right);
  const Context context = MachineContext();
  StandaloneJoin joined = Unwrap(CallWatched<StandaloneJoin>(
      [&] {
        return facts.held ? JoinTable(std::move(table), *std::move(facts.held), options, context)
                          : JoinStream(std::move(table), facts.stream.get(), options, context);
      },
      *context.cancel, board, progress));
  std::vector<Column> added = Unwrap(joined.columns.Whole(joined.left.num_rows()));
  return {std::move(joined.left), std::move(joined.schema), std::move(added)};
}

}  // namespace

void BindAsof(nb::module_& module) {
  module.def("asof_join", &Join, nb::arg("left"), nb::arg("right"), nb::kw_only(), nb::arg("on"),
             nb::arg("left_on"), nb::arg("right_on"), nb::arg("by"), nb::arg("left_by"),
             nb::arg("right_by"), nb::arg("tolerance_micros").none(), nb::arg("created"),
             nb::arg("known"), nb::arg("allow_exact_matches"), nb::arg("columns").none(),
             nb::arg("suffix"), nb::arg("progress").none(),
             "Joins two frames that speak Arrow; texts and lists that are not given are empty.");
}

}  // namespace coeval::python
