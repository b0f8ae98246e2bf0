// An aggregation as one line of text, for tools that have no definitions (`coeval window`).
//
//   quantile(amount, q=0.9) over 7d where status = 'ok' by country offset 1h as spend_p90
//
//   aggregation = function "(" [ "*" | argument { "," argument } ] ")" { clause } [ "as" name ]
//   argument    = column | [ parameter "=" ] literal      columns first; count(*) is count()
//   clause      = "over" ( duration | "last" n [ "of" duration ] | "all" "time" )
//               | "where" expression                      only events for which it is true
//               | "by" expression                         a map: one value for each group
//               | "offset" duration                       the window ends so long before t
//               | "slide" duration [ "zone" 'name' ]      the older end moves in steps of it
//   literal     = number | duration | 'text'              7d, 1d12h, 250ms; -1d in `offset` and
//   here name, column: as in expressions; "in double quotes" where it is no plain word
//
// Clauses stand in any order, each at most once; without `over` all history counts. Literals
// without a name are the function's parameters in the order of docs/aggregations.md. Words of the
// grammar are the same in capitals. Expressions are those of docs/expressions.md. What it all means
// is rule 5; the text is another way to write the fields of an Aggregation, and is checked as they
// are, by aggregated_view.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "definition/feature_view.h"

namespace coeval {

// Immutable once parsed; threads: any.
struct AggregationText {
  std::string text;
  Aggregation aggregation;  // its name "" where the text has no `as`; closed as by default

  // Where its parts begin, in bytes; those that are not there begin where the function does.
  std::size_t function_at = 0;
  std::size_t window_at = 0;
  std::size_t where_at = 0;
  std::size_t by_at = 0;
  std::size_t name_at = 0;
  std::size_t end = 0;
  std::vector<std::size_t> columns_at;  // one for each column

  // A mistake as aggregated_view.h tells it, its member without the list and the aggregation's name
  // ("where", "time_window", ""), with the line of the text and a caret under the character.
  [[nodiscard]] Status Mistake(std::string_view member, const std::string& message) const;
  // The same of aggregation.columns[column].
  [[nodiscard]] Status MistakeAtColumn(std::size_t column, const std::string& message) const;
  // The name is said elsewhere. Errors: InvalidArgument where the text has another.
  Status SetName(const std::string& name);
  // That a name is missing at the end.
  [[nodiscard]] Status Unnamed() const;
};

// Functions must exist, windows must be sound; whether columns and types fit is asked later, of
// aggregated_view.h. Errors: InvalidArgument in the form of ErrorAt (expression/lexer.h): what was
// found, what was expected, the nearest name.
Result<AggregationText> ParseAggregationText(std::string_view text);

}  // namespace coeval
