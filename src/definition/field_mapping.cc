#include "definition/field_mapping.h"

namespace coeval {

std::string MappedName(const Source& source, const std::string& column) {
  const auto mapped = source.field_mapping.find(column);
  return mapped == source.field_mapping.end() ? column : mapped->second;
}

std::string SourceColumnOf(const Source& source, const std::string& name) {
  for (const auto& [column, mapped] : source.field_mapping) {
    if (mapped == name) return column;
  }
  return name;
}

}  // namespace coeval
