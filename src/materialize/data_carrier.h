// DataCarrier: one run over the data of one view: reads its source, keeps what rule 7.7 carries,
// and leaves a sealed load for the common commit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "materialize/carry_rule.h"
#include "materialize/materialize.h"
#include "online/online_store.h"

namespace coeval {

// Threads: one.
class DataCarrier {
 public:
  // `versions` share their data; the first has the greatest ttl. All must outlive.
  DataCarrier(OnlineStore& store, std::vector<std::shared_ptr<const ViewVersion>> versions,
              const CarryRequest& request, const MaterializeTools& tools);

  // Reads and seals. `clock`: at the start of the run. Errors: as Materialize.
  Status Carry(TimeMicros clock, const Context& context);

  [[nodiscard]] const std::vector<std::shared_ptr<const ViewVersion>>& versions() const {
    return versions_;
  }

  // Sealed, or null.
  [[nodiscard]] FactLoad* load() const { return load_.get(); }

  [[nodiscard]] const LoadCommit& commit() const { return commit_; }

  [[nodiscard]] const FactCounts& counts() const { return counts_; }

  [[nodiscard]] const LoadSummary& summary() const { return summary_; }

  [[nodiscard]] bool unchanged() const { return unchanged_; }

  // There was nothing to make again.
  [[nodiscard]] bool empty() const { return empty_; }

 private:
  Result<CarryRule> RuleOfRun(TimeMicros clock) const;
  Status CarryUnderLoad(TimeMicros clock, const Context& context);
  Status CarryBy(const CarryRule& rule, const Context& context);
  Result<OpenedFacts> Open(const CarryRule& rule, const Context& context) const;
  Status Begin(bool replace, const Context& context);
  Status ReadAll(FactStream& facts, const CarryRule& rule, std::int64_t expected_rows,
                 const Context& context);
  void Report(std::int64_t expected_rows, bool finished) const;

  OnlineStore& store_;
  const std::vector<std::shared_ptr<const ViewVersion>> versions_;
  const CarryRequest& request_;
  const MaterializeTools& tools_;
  std::unique_ptr<FactLoad> load_;
  LoadCommit commit_;
  FactCounts counts_;
  LoadSummary summary_;
  bool unchanged_ = false;
  bool empty_ = false;
};

}  // namespace coeval
