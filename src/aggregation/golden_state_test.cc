// The bytes of states are in tiles that exist: tests/format/aggregate_state_1.txt holds those of
// every function, from fixed events. Where one changes, the format (typed_function.h) must grow,
// with a file of its own. To fill a new file in, write its lines without bytes, and run the test
// with COEVAL_GOLDEN=that file.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "aggregation/example.h"
#include "aggregation/functions.h"
#include "aggregation/testing.h"
#include "aggregation/typed_function.h"

namespace coeval {
namespace {

struct GoldenLine {
  std::string call;
  std::string types;
  std::string events;
  std::string bytes;
};

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    char digits[3];
    static_cast<void>(std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(c)));
    hex += digits;
  }
  return hex;
}

std::string Unhex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == '\t') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

std::string PathOfGolden() {
  const char* const other = std::getenv("COEVAL_GOLDEN");
  if (other != nullptr) return other;
  const char* const root = std::getenv("COEVAL_SOURCE_DIR");
  return std::string(root != nullptr ? root : ".") + "/tests/format/aggregate_state_" +
         std::to_string(int{kStateFormat}) + ".txt";
}

std::vector<GoldenLine> ReadGolden(std::string* comments) {
  std::ifstream file(PathOfGolden());
  EXPECT_TRUE(file) << PathOfGolden() << ": a format has its file of golden bytes";
  std::vector<GoldenLine> lines;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) {
      *comments += line + "\n";
      continue;
    }
    std::vector<std::string> cells = Cells(line);
    cells.resize(4);
    lines.push_back({cells[0], cells[1], cells[2], cells[3]});
  }
  return lines;
}

struct Golden {
  BoundAggregate bound;
  RunnableExample run;
};

// `by f`: the function f over the other columns, by the last.
Result<Golden> Bind(const GoldenLine& line) {
  const bool by = line.call.starts_with("by ");
  // The columns of any call: those of a function that takes as many are read all alike.
  const std::string call = by ? line.call.substr(3) : line.call;
  Golden golden;
  if (!by) {
    COEVAL_ASSIGN_OR_RETURN(golden.run, ReadExample({call, line.types, line.events, ""}));
    golden.bound = golden.run.bound;
    return golden;
  }
  const std::size_t comma = line.types.rfind(',');
  const bool has_argument = comma != std::string::npos;
  const std::string reader = has_argument ? "top_k_by(k=1)" : "count";
  COEVAL_ASSIGN_OR_RETURN(golden.run, ReadExample({reader, line.types, line.events, ""}));
  const std::string types = has_argument ? line.types.substr(0, comma) : "";
  COEVAL_ASSIGN_OR_RETURN(const RunnableExample alone, ReadExample({call, types, "", ""}));
  AggregateParameters parameters;
  for (const auto& [name, value] : alone.bound.parameters.all()) {
    parameters.emplace_back(std::string(name), Value::Double(value));
  }
  COEVAL_ASSIGN_OR_RETURN(golden.bound,
                          ResolveAggregateBy(alone.bound.info->name, alone.bound.types,
                                             golden.run.arguments.back().type(), parameters));
  return golden;
}

TEST(GoldenStateTest, EveryFunctionWritesTheGoldenBytesAndReadsThem) {
  std::string rewritten;
  std::set<std::string> functions;
  for (const GoldenLine& line : ReadGolden(&rewritten)) {
    SCOPED_TRACE(line.call + " of " + line.types + ": " + line.events);
    const Result<Golden> golden = Bind(line);
    ASSERT_TRUE(golden.ok()) << golden.status().ToString();
    functions.insert(std::string(golden->bound.info->name));
    const Events events{golden->run.arguments, golden->run.times};
    AggregateState state(*golden->bound.function);
    state.Add(events, 0, static_cast<std::int64_t>(golden->run.times.size()));
    const std::string bytes = EncodedState(state);
    rewritten += line.call + "\t" + line.types + "\t" + line.events + "\t" + Hex(bytes) + "\n";
    if (std::getenv("COEVAL_GOLDEN") != nullptr) continue;
    EXPECT_EQ(Hex(bytes), line.bytes)
        << "tiles hold the old bytes: raise kStateFormat, and keep a reader of the old format";
    AggregateState read(*golden->bound.function);
    const Status decoded = read.Decode(Unhex(line.bytes));
    EXPECT_TRUE(decoded.ok()) << decoded.ToString();
    EXPECT_EQ(Hex(EncodedState(read)), line.bytes);
  }
  for (const AggregateInfo& info : AggregateFunctions()) {
    EXPECT_TRUE(functions.contains(std::string(info.name))) << info.name << " has no golden bytes";
  }
  if (std::getenv("COEVAL_GOLDEN") != nullptr) std::ofstream(PathOfGolden()) << rewritten;
}

}  // namespace
}  // namespace coeval
