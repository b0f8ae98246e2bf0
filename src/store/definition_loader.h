// Loads what a repository declares: its Python files by a process of their own (decision 9: nothing
// of the user's runs inside the store), its YAML files here; one document of both.
#pragma once

#include <string>

#include "base/json.h"
#include "base/status.h"
#include "config/config.h"

namespace coeval {

// `python`: the interpreter; "" = $COEVAL_PYTHON, else python3.
// Errors: InvalidArgument with file, line and message of every definition that fails, NotFound (no
// interpreter, no definitions at all), Unavailable (a definition that takes longer than a minute).
Result<Json> LoadDefinitionDocument(const Config& config, const std::string& python);

}  // namespace coeval
