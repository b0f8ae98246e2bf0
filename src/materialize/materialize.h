// Materialization: carries facts from batch sources into the online store (rule 7.7), as one batch
// with one C whatever the number of views (rule 1.4). Of a view that is pushed to as well it also
// carries what was pushed and did not come to it then, whatever its event time: pushed facts are
// never to be missed. What it may be interrupted by (kill -9, a
// full disk, Ctrl-C) leaves the store as it was; running it again does the work.
//
//   MaterializeRequest request = {.versions = versions,
//                                 .carry = {.kind = RunKind::kIncremental, .end = now}};
//   Materialized done = Materialize(*online, request, {.open = OpenSources(locate)}, context);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"
#include "definition/catalogue.h"
#include "materialize/carry_rule.h"
#include "online/online_store.h"
#include "registry/run.h"
#include "source/fact_reader.h"
#include "source/pushed_facts.h"
#include "source/united_reader.h"

namespace coeval {

// A view's source, opened.
struct OpenedFacts {
  std::unique_ptr<FactStream> facts;
  std::int64_t expected_rows = -1;  // for progress; -1: not known
  std::string change_token;         // SourceManifest::change_token
};

using OpenCarriedFacts = std::function<Result<OpenedFacts>(
    const ViewVersion& version, const FactRequest& request, const Context& context)>;
// The pushes that are to be carried to a version, each whole; null: none.
using FindPushes = std::function<Result<LoggedPushes>(const ViewVersion& version)>;
// What earlier runs carried of the data that versions share.
using FindCarried = std::function<Result<CarriedBefore>(
    const std::vector<std::shared_ptr<const ViewVersion>>& versions)>;
// Reads the sources' files and what was pushed, through FactReader.
OpenCarriedFacts OpenSources(LocateSource locate, FindPushes pushed = nullptr);

// Where runs are written down; the registry has one. An error of it fails no run: it is logged.
class RunRecorder {
 public:
  virtual ~RunRecorder() = default;
  virtual Result<std::int64_t> StartRun(const Run& run) = 0;
  virtual Status FinishRun(std::int64_t id, RunStatus status, const RunCounts& counts,
                           const std::string& error) = 0;
};

struct MaterializeRequest {
  std::vector<std::shared_ptr<const ViewVersion>> versions;
  CarryRequest carry;
  std::string who;  // for the runs
};

// What it works with. Borrows.
struct MaterializeTools {
  OpenCarriedFacts open;
  RunRecorder* runs = nullptr;  // null: not written down
  ProgressSink progress;        // called from the calling thread, after each batch of rows
  FindCarried carried = {};     // needed by kRebuild alone
};

// One version's outcome.
struct MaterializedView {
  std::shared_ptr<const ViewVersion> version;
  Status status;
  FactCounts counts;                    // of the source's rows
  LoadSummary load;                     // of the facts carried
  std::optional<TimeMicros> watermark;  // after the run
  bool unchanged = false;               // a timeless source that is as it was when last carried
  bool empty = false;                   // nothing was ever carried that could be made again
};

struct Materialized {
  Status status;  // OK, or the first error, naming the view; the others were carried all the same
  std::vector<MaterializedView> views;  // as the request's versions
  Committed committed;                  // kMinTime where nothing was carried
};

// Carries the facts of all versions; those that share their data are read once, for the greatest of
// their ttls. Where one view fails, the others are carried; where it is cancelled, none.
// A rebuild makes the data anew, beside the old ones, and puts them in their place with its commit;
// pushes go to both meanwhile. REQUIRES of it: all versions to feed that share the data are there.
// Errors (in the result): InvalidArgument for start > end, a view that is not online; those of the
// sources; IoError; Unavailable where another run carries one of the views; Cancelled.
// Cost: bounded memory (a quarter of the budget), one pass over what the sources must read.
Materialized Materialize(OnlineStore& store, const MaterializeRequest& request,
                         const MaterializeTools& tools, const Context& context);

}  // namespace coeval
