// What people type: times, key=value pairs, features and services.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "column/type.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// Checks in the form that the command line's parser takes: "" where `text` is right, else what is
// wrong with it.
std::string CheckTime(const std::string& text);        // ISO 8601, or "now"
std::string CheckDuration(const std::string& text);    // "30d"
std::string CheckKnown(const std::string& text);       // "declared", "arrival", "hindsight"
std::string CheckAssignment(const std::string& text);  // "key=value"

// "now" is the clock's time. Errors: InvalidArgument, and those of the clock.
Result<TimeMicros> ParseTimeArgument(const std::string& text, const Clock& clock);

// What is asked for: a service ("departure_delay_v1", "departure_delay_v1@v3") or references; one
// of both. Errors: InvalidArgument.
Result<FeatureRequest> ParseRequest(const std::string& service,
                                    const std::vector<std::string>& features,
                                    bool full_feature_names);

// What is asked for and of which entity, word by word in any order: a service ("delay") or
// references
// ("weather:temp"), and key=value pairs. Errors: InvalidArgument for a key given twice and for two
// services.
struct AskedFor {
  std::string service;
  std::vector<std::string> features;
  std::map<std::string, std::string> values;
};

Result<AskedFor> SortWords(const std::vector<std::string>& words);

// One typed value as it was typed: numbers, true and false, lists and maps in JSON; texts, times,
// dates, decimals and base 64 as they are; "null" is no value, but of a text.
// Errors: InvalidArgument that names the type.
Result<Value> ParseValue(std::string_view text, const DataType& type);

// One row for the plan's request columns from key=value pairs. Errors: InvalidArgument for what is
// missing (with who needs it), unknown (with the nearest name), or of another type; all at once.
Result<std::vector<Column>> ParseEntityRow(const FeaturePlan& plan,
                                           const std::map<std::string, std::string>& values);

}  // namespace coeval
