// The repositories that `coeval init` writes: their text files, embedded from src/cli/template/.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace coeval {

struct TemplateFile {
  std::string_view name;   // "README.md"
  std::string_view text;   // "{{project}}" stands for the project's name
  std::string_view forms;  // the templates that have it, a blank between: "shop shop-yaml"
};

// Generated at build time (embed_template.cmake).
std::span<const TemplateFile> TemplateFiles();

// The names that --template takes, the default first.
std::span<const std::string_view> TemplateNames();

// The text with the project's name in it.
std::string FillTemplate(std::string_view text, std::string_view project);

}  // namespace coeval
