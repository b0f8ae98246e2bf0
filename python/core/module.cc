// The extension module coeval._core: the engine for the Python SDK. What users call is in
// python/coeval; here are its hands: frames, the store, joins.
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "base/suggest.h"
#include "core/asof.h"
#include "core/frame.h"
#include "core/store.h"
#include "core/window.h"
#include "core/writer.h"

NB_MODULE(_core, module) {
  namespace nb = nanobind;
  module.doc() = "Coeval's engine, for the use of the package coeval alone.";
  nb::set_leak_warnings(false);  // objects alive at exit are the user's affair
  coeval::python::BindFrame(module);
  coeval::python::BindAsof(module);
  coeval::python::BindWindow(module);
  coeval::python::BindStore(module);
  coeval::python::BindWriter(module);
  module.def(
      "did_you_mean",
      [](const std::string& name, const std::vector<std::string>& candidates) {
        return coeval::DidYouMean(name, candidates);
      },
      nb::arg("name"), nb::arg("candidates"), "', did you mean \"weather\"?', or ''.");
}
