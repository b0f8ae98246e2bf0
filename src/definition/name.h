// Names: which ones objects, features and versions may have (rules 4.3, 8.1), and when two are the
// same.
#pragma once

#include <string>
#include <string_view>

namespace coeval {

// Names are unique ignoring case (ASCII); what a name is compared by.
std::string FoldName(std::string_view name);

// Why `name` may not name an entity, source, view, service or alias, or "". Letters, digits, `_`
// and `-`, a letter or `_` first, at most 200 characters; `__` is reserved (rule 4.3), since
// view__feature and view__v3 must be readable.
std::string WhyBadObjectName(std::string_view name);

// Why `name` may not name a feature, join key or request field, or "". Any UTF-8 text that
// references can hold: no control characters, no ':' and no '*', no blank at either end, at most
// 200 bytes.
std::string WhyBadFieldName(std::string_view name);

// Why `label` may not label a version ("1.2", "2024-06-beta"), or "". Letters, digits, '.' and '-';
// not a plain number (that is a version's own) and neither "latest" nor "active".
std::string WhyBadVersionLabel(std::string_view label);

}  // namespace coeval
