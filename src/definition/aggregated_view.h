// The features of an aggregated view, resolved: functions bound to types, windows checked,
// expressions compiled. The one place where a declared aggregation becomes one that can be
// computed: for the checks, the identity, training sets and serving.
//
//   inputs        amount: float64, status: string           (columns of the source)
//   aggregations  spend_7d = sum(amount) over 7d where status = 'ok'
//   expressions   spend_high = "spend_7d > 1000"
//   schema        spend_7d: float64, spend_high: bool
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregation/resolve.h"
#include "aggregation/window.h"
#include "base/status.h"
#include "definition/feature_view.h"
#include "definition/source.h"
#include "expression/expression.h"

namespace coeval {

// The feature of schema[i] for aggregation i.
struct ResolvedAggregation {
  BoundAggregate function;
  std::vector<std::size_t> columns;  // its arguments: positions in the view's inputs
  std::vector<std::size_t> reads;    // these, and what `where` and `by` read; some may be twice
  WindowRule window;
  std::shared_ptr<const Expression> where;  // over the inputs; null: all events
  std::shared_ptr<const Expression> by;     // over the inputs; null: no groups
};

// A feature over other features: the columns of the expression are those of the aggregations, in
// order.
struct ComputedFeature {
  std::string name;
  std::shared_ptr<const Expression> expression;
};

struct AggregatedView {
  std::vector<ResolvedAggregation> aggregations;  // as declared
  std::vector<ComputedFeature> computed;          // by name
  std::vector<Field> schema;                      // of both, in this order
  // Positions in the inputs: what orders events that are alike in time (rule 5.3), and their id.
  std::vector<std::size_t> tie_columns;
  std::optional<std::size_t> id_column;
};

// Told of each mistake: the member ("aggregations.spend.where") and what is wrong.
using TellMistake = std::function<void(std::string member, std::string message)>;

// None where there was a mistake; all are told. Without inputs, what needs their types is left out
// and the answer is none. Types, defaults, descriptions and tags of the view's schema are kept.
std::optional<AggregatedView> ResolveAggregatedView(const FeatureView& view, const Source& source,
                                                    const TellMistake& tell);

// The same of a view that was checked. Errors: InvalidArgument with the first mistake.
Result<AggregatedView> ResolveAggregatedView(const FeatureView& view, const Source& source);

// What a view's aggregations read of the columns of its source, by name: FeatureView::inputs.
// Errors: NotFound naming the column that is not there, with the nearest name; InvalidArgument for
// a `where` or `by` that does not compile.
Result<std::vector<Field>> InputsOf(const FeatureView& view, const Source& source,
                                    const std::vector<Field>& columns);

}  // namespace coeval
