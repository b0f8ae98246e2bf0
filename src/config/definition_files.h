// The files of a repository that hold definitions, and the YAML ones as documents (definition/
// reads those; docs/formats/definitions.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "config/config.h"

namespace coeval {

// Paths below the repository, sorted.
struct DefinitionFiles {
  std::vector<std::string> python;
  std::vector<std::string> yaml;
};

// What `definitions:` of coeval.yaml names: globs as io/glob.h has them. Hidden files and
// folders, __pycache__ and coeval.yaml itself are left out.
// Errors: NotFound for a name without wildcards that is not there; IoError; InvalidArgument for
// another ending than .py, .yaml and .yml.
Result<DefinitionFiles> FindDefinitionFiles(const Config& config);

// One YAML file as a document: the same members as in JSON; each object of its lists gets "where":
// "features.yaml:12". Errors: InvalidArgument with file, line and column.
Result<Json> DefinitionsFromYaml(std::string_view text, const std::string& file);
// The same of a file below the repository.
Result<Json> ReadYamlDefinitions(const Config& config, const std::string& file);

}  // namespace coeval
