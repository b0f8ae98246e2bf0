#include "cli/command.h"

#include <utility>

#include "base/clock.h"
#include "config/config.h"

namespace coeval {

int ExitCodeOf(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return kExitDone;
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kTooOld:
    case StatusCode::kFailedPrecondition: return kExitInput;
    case StatusCode::kCorruption:
    case StatusCode::kIoError:
    case StatusCode::kUnavailable:
    case StatusCode::kCancelled:
    case StatusCode::kInternal: return kExitSystem;
  }
  return kExitSystem;
}

Result<std::unique_ptr<FeatureStore>> Invocation::OpenStore() const { return OpenStore({}, nullptr); }

Result<std::unique_ptr<FeatureStore>> Invocation::OpenStore(
    std::map<std::string, std::string> overrides, std::shared_ptr<const Clock> clock) const {
  StoreOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.repository, FindRepository(globals.directory));
  options.environment = globals.environment;
  options.overrides = std::move(overrides);
  for (const std::string& setting : globals.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Status::InvalidArgument("--set takes key=value, for example serve.port=7000, not '" +
                                     setting + "'");
    }
    options.overrides[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  options.clock = std::move(clock);
  if (!options.clock && !globals.clock.empty()) {
    COEVAL_ASSIGN_OR_RETURN(options.clock, ParseClock(globals.clock));
  }
  return FeatureStore::Open(std::move(options));
}

}  // namespace coeval
