// For tests: columns from text and at random.
//
//   MakeColumn("int64", "[1, null, 3]")
//   MakeColumn("timestamp", R"(["2013-01-01T09:00:00Z", 0])")
//   MakeColumn("map<string, float64>", R"([{"map": [["a", 1.5], ["b", {"f": "nan"}]]}])")
//
// Cells are JSON as in the model: numbers, strings, booleans and lists as they are; floats also as
// {"f": "nan"}, {"f": "inf"}, {"f": "-0x1.8p+1"}; bytes as {"b": "00ff"} or a string; times and
// dates as numbers or ISO 8601; decimals as strings; maps as {"map": [[key, value], ...]}. Mistakes
// in a test's own text end the process (COEVAL_CHECK).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "column/arrow_c.h"
#include "column/batch.h"
#include "column/column.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

DataType MakeType(std::string_view type);
Value MakeValue(const DataType& type, const Json& cell);
Column MakeColumn(std::string_view type, std::string_view cells);

// {name, type, cells} each.
struct ColumnText {
  std::string name;
  std::string type;
  std::string cells;
};

Batch MakeBatch(std::initializer_list<ColumnText> columns);

// The cells of a column as text, "[1, null, 'x']".
std::string ColumnToText(const Column& column);

using Random = std::mt19937_64;

// A number in [0, n). REQUIRES: n > 0.
std::int64_t Pick(Random& random, std::int64_t n);
// Any type; nested ones up to `depth` levels.
DataType RandomType(Random& random, int depth);
// A value of the type, null at times. Prefers what breaks things: limits, -0.0, NaN, infinities,
// empty and long strings, zero bytes, repeated values.
Value RandomValue(const DataType& type, Random& random);
// Rows that also begin within their buffers at times (slices).
Column RandomColumn(const DataType& type, std::int64_t rows, std::uint64_t seed);

// The column as some foreign producer might hand it over: any Arrow type that comes in as this one
// (wider or narrower, dictionary, large, view), with offsets, absent or needless validity buffers,
// unknown null counts, rubbish under nulls, NaNs of all kinds and buffers without alignment.
// Importing it gives the same bits. The caller releases both (OwnArrowSchema, OwnArrowArray).
void MakeForeignArray(const Column& column, Random& random, ArrowSchema* schema, ArrowArray* array);

}  // namespace coeval
