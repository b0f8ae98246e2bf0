// For tests of power cuts: a store with a log, its views, and what must be true of them.
//
//   rates    the rate of a currency, pushed: push n of a writer gives n to all its currencies
//   pushes   how many pushes of a currency there were: n after push n, however often the log is
//            replayed
//   low, high   two views that are loaded together: load n gives n to all keys of both
//   beside   a log of its own with short files, trimmed all the time
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "ingest/ingester.h"
#include "log/fact_log.h"
#include "online/online_store.h"
#include "online/testing.h"
#include "power_ledger.h"

namespace coeval {

// Promises that are not kept are Internal, and say which; all other errors are the disk's.
class PowerStore {
 public:
  // `clock` may start before times that were answered earlier.
  PowerStore(std::string folder, const TestClock& clock);

  // Opens all of it.
  Status Open();
  // Is all there that the ledger holds, whole, and nothing more than what was on its way? What was
  // found beyond the ledger goes into `found`: from now on it must stay.
  Status Check(const PowerLedger& ledger, PowerLedger* found) const;

  // Push n of a writer; its C comes back. Said again, it must be known.
  Result<TimeMicros> Push(int writer, std::int64_t n);
  // The value that all currencies of a writer have, in both views at one time; that time too.
  Result<std::pair<std::int64_t, TimeMicros>> ValueOf(int writer) const;
  // Load n. `replace`: in the place of what was loaded before.
  Status Load(std::int64_t n, bool replace);
  // Appends some records to the log beside, and trims it; its last record comes back.
  Result<LogPosition> AppendBeside(std::uint64_t seed);

  [[nodiscard]] OnlineStore& store() const { return *store_; }

 private:
  Result<std::int64_t> ValueLoaded() const;
  Status CheckPushes(int writer, const PowerLedger& ledger, PowerLedger* found) const;
  Status CheckLog(const PowerLedger& found) const;
  Status CheckBeside(const PowerLedger& ledger, PowerLedger* found) const;

  const std::string folder_;
  const TestClock& clock_;
  std::shared_ptr<Catalogue> catalogue_;
  AggregatedView counted_;  // of `pushes`
  std::vector<ViewVersion> loaded_;
  std::unique_ptr<OnlineStore> store_;
  std::unique_ptr<Ingester> ingester_;
  std::unique_ptr<FactLog> beside_;
};

}  // namespace coeval
