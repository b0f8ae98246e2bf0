// For tests of pushes: a view of currencies' rates that is fed by pushes alone, with a log and an
// online store in a folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "column/testing.h"
#include "ingest/ingester.h"
#include "ingest/log_segment.h"
#include "online/testing.h"
#include "source/testing.h"

namespace coeval {

// Pushed as code, rate and at; served as rates:rate by currency.
std::shared_ptr<Catalogue> RatesCatalogue();

// Rows of one push.
testing::Table RateRows(const std::vector<std::string>& codes, double rate, TimeMicros at);

// Columns of any types, a time first.
Schema RandomColumns(Random& random);
// Pushes of one schema, as the log gives them.
std::vector<NumberedBatch> RandomPushes(std::uint64_t seed, const Schema& schema);
std::vector<NumberedBatch> RandomPushes(std::uint64_t seed);
// By all bits.
void ExpectSamePush(const NumberedBatch& a, const NumberedBatch& b);

// How many files lie in a folder and the folders below it; none where it is not there.
std::int64_t FilesBelow(const std::string& folder);

class RatesStore {
 public:
  RatesStore(std::string folder, const Context& context, const OnlineStoreOptions& options = {},
             const LogSettings& settings = {});

  // Errors: those of opening store and log.
  Status Open();

  void Close() {
    ingester_.reset();
    store_.reset();
  }

  Result<PushReport> Push(const testing::Table& rows, const std::string& key = "",
                          LogDestination to = LogDestination::kOnlineAndOffline);
  // The rate served now; nothing where there is none.
  [[nodiscard]] std::optional<double> Ask(const std::string& code) const;

  [[nodiscard]] OnlineStore& store() const { return *store_; }

  [[nodiscard]] Ingester& ingester() const { return *ingester_; }

  [[nodiscard]] const std::shared_ptr<Catalogue>& catalogue() const { return catalogue_; }

 private:
  const std::string folder_;
  const Context context_;
  const OnlineStoreOptions options_;
  const LogSettings settings_;
  const std::shared_ptr<Catalogue> catalogue_ = RatesCatalogue();
  std::unique_ptr<OnlineStore> store_;
  std::unique_ptr<Ingester> ingester_;
};

}  // namespace coeval
