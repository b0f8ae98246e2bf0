// For tests of pushes: a view of currencies' rates that is fed by pushes alone, with a log and an
// online store in a folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ingest/ingester.h"
#include "online/testing.h"
#include "source/testing.h"

namespace coeval {

// Pushed as code, rate and at; served as rates:rate by currency.
std::shared_ptr<Catalogue> RatesCatalogue();

// Rows of one push.
testing::Table RateRows(const std::vector<std::string>& codes, double rate, TimeMicros at);

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
