// How far two texts are from each other.
#include <utf8proc.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "expression/functions.h"

namespace coeval {

namespace {

using Int = std::int64_t;
using Text = std::string_view;
using Characters = std::vector<std::int32_t>;

// The time goes by the product of the lengths.
constexpr std::size_t kMostCharacters = 4096;

// A byte that is not UTF-8 is a character beyond Unicode. Stops one beyond the limit.
void ReadCharacters(Text text, Characters* characters) {
  characters->clear();
  for (std::size_t at = 0; at < text.size() && characters->size() <= kMostCharacters;) {
    const auto byte = static_cast<unsigned char>(text[at]);
    utf8proc_int32_t point = byte;
    utf8proc_ssize_t length = 1;
    if (byte >= 0x80) {
      length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                static_cast<utf8proc_ssize_t>(text.size() - at), &point);
      if (length <= 0 || point < 0) {
        point = 0x110000 + byte;
        length = 1;
      }
    }
    characters->push_back(point);
    at += static_cast<std::size_t>(length);
  }
}

// Wagner and Fischer's table, one row at a time, without the common beginning and end.
Int Distance(std::span<const std::int32_t> a, std::span<const std::int32_t> b,
             std::vector<Int>* row) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a = a.subspan(1);
    b = b.subspan(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a = a.first(a.size() - 1);
    b = b.first(b.size() - 1);
  }
  row->resize(b.size() + 1);
  std::iota(row->begin(), row->end(), Int{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    Int diagonal = (*row)[0];
    (*row)[0] = static_cast<Int>(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const Int changed = diagonal + Int{a[i] != b[j]};
      diagonal = (*row)[j + 1];
      (*row)[j + 1] = std::min({changed, diagonal + 1, (*row)[j] + 1});
    }
  }
  return row->back();
}

void LevenshteinKernel(const Call& call) {
  Characters a, b;
  std::vector<Int> row;
  MapRows<Int, Text, Text>(call, [&](Text left, Text right, Int& result) {
    ReadCharacters(left, &a);
    ReadCharacters(right, &b);
    if (std::max(a.size(), b.size()) > kMostCharacters) {
      return call.Fail([] {
        return fmt::format("levenshtein of a text of more than {} characters", kMostCharacters);
      });
    }
    result = Distance(a, b, &row);
    return kValue;
  });
}

}  // namespace

std::vector<Function> DistanceFunctions() {
  return {{.name = "levenshtein",
           .family = Family::kText,
           .usage = "levenshtein(a, b)",
           .meaning = "How many characters must be added, taken away or changed to make one text "
                      "the other.",
           .errors = "a text of more than 4096 characters",
           .overloads = {{"string, string -> int64", LevenshteinKernel}},
           .examples = {{"levenshtein('kitten', 'sitting')", "3"},
                        {"levenshtein('Zürich', 'Zurich')", "1"}}}};
}

}  // namespace coeval
