// cast, try_cast and :: as rows of the table; cast.cc does the work.
#include "expression/functions.h"

namespace coeval {

std::vector<Function> CastFunctions() {
  return {
      {.name = "cast",
       .family = Family::kCast,
       .notation = Notation::kForm,
       .usage = "cast(x as type), x::type",
       .meaning =
           "x as another type. A float or decimal becomes an integer without its fraction; a "
           "number "
           "with more digits than a float or decimal holds is rounded once, beyond float32's range "
           "to infinity. Strings are read as "
           "numbers, true or false, ISO 8601 times and dates, and written in the shortest form "
           "that reads back the same.",
       .errors = "a value that the type does not hold; a string that cannot be read",
       .examples = {{"cast('42' as int64)", "42"},
                    {"-1.9::int64", "-1"},
                    {"cast(3000000000 as int32)", "error"},
                    {"cast(0.1 as string)", "'0.1'"},
                    {"cast('1.005' as decimal(5, 2))", "1.01"},
                    {"cast(timestamp '2013-01-01T12:00:00Z' as date)", "2013-01-01"}}},
      {.name = "try_cast",
       .family = Family::kCast,
       .notation = Notation::kForm,
       .usage = "try_cast(x as type)",
       .meaning = "As cast, but null instead of an error. An error in x itself stays one.",
       .nulls = "null if x is null or cannot be cast",
       .examples = {{"try_cast('NA' as float64)", "null"}, {"try_cast('7' as int32)", "7"}}},
  };
}

}  // namespace coeval
