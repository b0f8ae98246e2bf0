// Entity: what features are about, known by one or more join keys (rule 2.1).
#pragma once

#include <string>
#include <vector>

#include "column/key.h"
#include "definition/field.h"

namespace coeval {

struct Entity {
  std::string name;
  std::vector<JoinKey> join_keys;  // at least one
  std::string description;
  Tags tags;
  std::string owner;
};

}  // namespace coeval
