// Field: a named, typed feature (or request input) of a view.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "column/type.h"
#include "column/value.h"

namespace coeval {

using Tags = std::map<std::string, std::string>;

struct Field {
  std::string name;
  DataType type;
  std::string description;
  Tags tags;
  std::optional<Value> default_value;  // used in place of null, offline and online (rule 7.6)
};

}  // namespace coeval
