#include <utility>

#include "materialize/materialize.h"

namespace coeval {

OpenCarriedFacts OpenSources(LocateSource locate, FindPushes pushed) {
  return [locate = std::move(locate), pushed = std::move(pushed)](
             const ViewVersion& version, const FactRequest& request,
             const Context& context) -> Result<OpenedFacts> {
    LoggedPushes pushes;
    if (pushed) {
      COEVAL_ASSIGN_OR_RETURN(pushes, pushed(version));
    }
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactReader> reader,
                            OpenSourcesOf(version, request, locate, pushes, context));
    OpenedFacts opened;
    opened.expected_rows = reader->expected_rows();
    opened.change_token = reader->manifest().change_token;
    opened.facts = std::move(reader);
    return opened;
  };
}

}  // namespace coeval
