#include "cli/template.h"

#include <array>

namespace coeval {
namespace {

constexpr std::string_view kProject = "{{project}}";
constexpr std::array<std::string_view, 2> kNames{"shop", "shop-yaml"};

}  // namespace

std::span<const std::string_view> TemplateNames() {
  return kNames;
}

std::string FillTemplate(std::string_view text, std::string_view project) {
  std::string filled;
  for (std::size_t at = text.find(kProject); at != std::string_view::npos;
       at = text.find(kProject)) {
    filled.append(text.substr(0, at)).append(project);
    text.remove_prefix(at + kProject.size());
  }
  return filled.append(text);
}

}  // namespace coeval
