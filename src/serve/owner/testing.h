// For tests: a repository with a view of pushed rows of all kinds of values and one of a file, and
// stores on it that share a clock, as processes of one machine do.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "io/temp_directory.h"
#include "store/feature_store.h"

namespace coeval {

class SharedRepository {
 public:
  // `below`: folders in between, for paths that are long.
  explicit SharedRepository(const std::string& below = "");

  // A store with a link, as another process would open it. `patience`: online_store.owner_timeout.
  [[nodiscard]] std::unique_ptr<FeatureStore> Open(const std::string& patience = "20s") const;

  // Rows of the push source `readings`, for keys "k0" to "k9", at random by a seed.
  static ArrowTable Rows(std::uint64_t seed, std::int64_t count);
  // All features of both views of some keys, one of them unknown, one null.
  static Result<OnlineAnswer> Ask(FeatureStore& store, std::optional<TimeMicros> at = std::nullopt);
  // A question's answer, and a hash of all its bytes: equal where everything in it is.
  static std::string TextOf(const Result<OnlineAnswer>& answer, const FeatureStore& store);

  [[nodiscard]] const std::string& folder() const { return folder_; }

  [[nodiscard]] std::string socket() const { return folder_ + "/.coeval/online/owner.sock"; }

  [[nodiscard]] FixedClock& clock() const { return *clock_; }

 private:
  TempDirectory parent_ = *TempDirectory::Make("coeval-shared");
  std::string folder_;
  std::shared_ptr<FixedClock> clock_;
};

}  // namespace coeval
