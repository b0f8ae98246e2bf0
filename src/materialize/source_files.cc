#include <utility>

#include "materialize/materialize.h"

namespace coeval {

OpenCarriedFacts OpenSourceFiles(LocateSource locate) {
  return [locate = std::move(locate)](const ViewVersion& version, const FactRequest& request,
                                      const Context& context) -> Result<OpenedFacts> {
    COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactReader> reader,
                            OpenSourcesOf(version, request, locate, context));
    OpenedFacts opened;
    opened.expected_rows = reader->expected_rows();
    opened.change_token = reader->manifest().change_token;
    opened.facts = std::move(reader);
    return opened;
  };
}

}  // namespace coeval
