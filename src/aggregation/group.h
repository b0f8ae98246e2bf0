// `by`: an aggregate for each group of a window's events, as a map (rule 5.4).
//
//   sum(x) by airport   [(3, JFK), (4, LGA), (5, JFK)]  ->  {JFK: 8, LGA: 4}
//
// Groups are in the order of rule 1.5, null first and a group of its own; −0.0 counts as 0.0. A
// group is there as long as an event of it is, also where all inputs are null. Where the value of
// one group is invalid, the map is; and where there is a null group, which no key of a map can be.
#pragma once

#include <memory>

#include "aggregation/aggregate_function.h"
#include "column/type.h"

namespace coeval {

// The function of events whose last argument is the group. Its states hold one of `inner` for each
// group; it can take back where `inner` can. REQUIRES: `group` is scalar.
std::shared_ptr<const AggregateFunction> GroupBy(std::shared_ptr<const AggregateFunction> inner,
                                                 const DataType& inner_result,
                                                 const DataType& group);

}  // namespace coeval
