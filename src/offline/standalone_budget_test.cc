// Joins and windows of files are the same whatever the memory budget: columns, order, counts and
// errors, of Parquet in pieces and of files that are read whole. And that small budgets do cut the
// keys into parts.
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offline/standalone_join.h"
#include "offline/standalone_window.h"
#include "offline/testing.h"
#include "offline/training_testing.h"
#include "source/writer.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

constexpr TimeMicros kBase = 1357034400000000;

// The largest number of parts that the log tells of; 1 where it tells of none.
struct PartsLog {
  std::size_t most = 1;

  LogSink Sink() {
    return [this](LogLevel, std::string_view message) {
      const std::size_t at = message.find(" is joined in ");
      if (at == std::string_view::npos) return;
      most = std::max<std::size_t>(most, std::stoul(std::string(message.substr(at + 14))));
    };
  }
};

class StandaloneBudgetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "coeval_budget_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The source of a file of these rows.
  Source Write(const std::string& name, FileFormat format, const Batch& rows,
               std::int64_t row_group_rows) const {
    ArrowArrayStream stream = StreamOfRows(rows);
    WriteOptions options;
    options.format = format;
    options.row_group_rows = row_group_rows;
    const Result<WrittenFile> written = WriteTable(&stream, folder_ / name, options, Context{});
    EXPECT_TRUE(written.ok()) << written.status().ToString();
    Source source;
    source.name = name;
    source.format = format;
    return source;
  }

  Source WriteRandomly(const std::string& name, const Batch& rows, std::mt19937_64& random) const {
    const auto format = random() % 3 == 0 ? FileFormat::kArrow : FileFormat::kParquet;
    return Write(name, format, rows, static_cast<std::int64_t>(1 + random() % 20));
  }

  [[nodiscard]] std::string At(const Source& source) const { return folder_ / source.name; }

  // A budget at which a small case is cut into a few parts or many, and tells of them.
  Context Bounded(std::mt19937_64& random) {
    Context context;
    context.memory_budget_bytes = std::int64_t{1} << (11 + random() % 5);
    context.threads = 1 + static_cast<int>(random() % 3);
    context.log = log_.Sink();
    context.scratch_folder = folder_;
    return context;
  }

  std::filesystem::path folder_;
  PartsLog log_;
};

// Few keys and times: many ties, nulls, and duplicates.
Batch RandomRows(std::mt19937_64& random, std::size_t n) {
  std::vector<std::vector<Value>> rows;
  const auto pick = [&random](std::uint64_t below) {
    return static_cast<std::int64_t>(random() % below);
  };
  const auto or_null = [&](Value value) { return pick(8) == 0 ? Value() : std::move(value); };
  for (std::size_t i = 0; i < n; ++i) {
    rows.push_back({Value::Int(kBase + pick(30)), or_null(Value::Int(pick(12))),
                    or_null(Value::String(std::string(static_cast<std::size_t>(pick(3)), 'k'))),
                    or_null(Value::Int(kBase + pick(40))),
                    or_null(Value::Double(pick(5) == 0 ? -0.0 : static_cast<double>(pick(9)) / 3)),
                    or_null(Value::String("text " + std::to_string(pick(50)))),
                    Value::Int(pick(1000))});
  }
  return RowsOf(Schema({{"t", TypeId::kTimestamp},
                        {"user", TypeId::kInt64},
                        {"kind", TypeId::kString},
                        {"created", TypeId::kTimestamp},
                        {"score", TypeId::kFloat64},
                        {"text", TypeId::kString},
                        {"n", TypeId::kInt64}}),
                std::move(rows));
}

std::string DifferenceOf(const Batch& a, const Batch& b) {
  if (a.schema.names() != b.schema.names() || a.num_rows != b.num_rows) return "shape";
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    if (!SameBits(a.columns[i], b.columns[i])) return "column " + a.schema[i].name;
  }
  return "";
}

std::string CountsOf(const AsOfCounts& c) {
  std::string text;
  for (const std::int64_t count : {c.read.rows, c.read.null_keys, c.facts_of_questions,
                                   c.candidates, c.found, c.expired, c.ties, c.written_after}) {
    text += std::to_string(count) + " ";
  }
  return text;
}

StandaloneJoinOptions RandomOptions(std::mt19937_64& random) {
  StandaloneJoinOptions options;
  options.on = "t";
  options.by = {"user"};
  if (random() % 2 == 0) options.by.emplace_back("kind");
  if (random() % 8 == 0) options.by.clear();
  if (random() % 2 == 0) options.created = "created";
  if (random() % 2 == 0) options.tolerance = static_cast<std::int64_t>(1 + random() % 10);
  if (!options.created.empty() && random() % 2 == 0) options.known = Known::kArrival;
  options.allow_exact_matches = random() % 3 > 0;
  options.columns = {"score", "n", "text"};
  if (random() % 10 == 0) options.columns->clear();
  return options;
}

TEST_F(StandaloneBudgetTest, AJoinOfFilesIsTheSameWithinAnyBudget) {
  const std::uint64_t first = TestSeed();
  for (std::uint64_t seed = first; seed < first + 30; ++seed) {
    std::mt19937_64 random(seed);
    const ArrowTable left = TableOfRows(RandomRows(random, random() % 80));
    std::vector<JoinedFiles> files;
    for (std::size_t i = 0; i <= random() % 2; ++i) {
      const std::string name = "facts" + std::to_string(i);
      const Source source = WriteRandomly(name, RandomRows(random, 1 + random() % 100), random);
      files.push_back({source, At(source), RandomOptions(random)});
      files.back().options.prefix = name;
    }
    const Result<StandaloneJoin> whole = JoinFiles(left, files, Context{});
    ASSERT_TRUE(whole.ok()) << whole.status().ToString();
    const Result<StandaloneJoin> parts = JoinFiles(left, files, Bounded(random));
    ASSERT_TRUE(parts.ok()) << parts.status().ToString();
    ASSERT_EQ(DifferenceOf(Collect(*parts->Export()), Collect(*whole->Export())), "")
        << "COEVAL_SEED=" << seed;
    for (std::size_t i = 0; i < files.size(); ++i) {
      ASSERT_EQ(CountsOf(parts->counts[i]), CountsOf(whole->counts[i])) << "COEVAL_SEED=" << seed;
    }
  }
  EXPECT_GT(log_.most, 4U);
}

TEST_F(StandaloneBudgetTest, WindowsOfFilesAreTheSameWithinAnyBudget) {
  const std::uint64_t first = TestSeed();
  int failed = 0;  // of values that do not exist
  for (std::uint64_t seed = first; seed < first + 30; ++seed) {
    std::mt19937_64 random(seed);
    const ArrowTable left = TableOfRows(RandomRows(random, random() % 80));
    const Source source = WriteRandomly("events", RandomRows(random, 1 + random() % 200), random);
    StandaloneWindowOptions options;
    static_cast<MatchOptions&>(options) = RandomOptions(random);
    options.on_invalid = random() % 2 == 0 ? OnInvalid::kNull : OnInvalid::kFail;
    for (const char* text :
         {"sum(score) over 9us as total", "count() as rows", "last(text) over last 3 as newest",
          "sum(n) over 20us where score > 1 by kind as of_kind"}) {
      options.aggregates.push_back(ParseAggregationText(text).value());
    }
    const auto whole = WindowFiles(left, source, At(source), options, Context{});
    const auto parts = WindowFiles(left, source, At(source), options, Bounded(random));
    ASSERT_EQ(parts.status().ToString(), whole.status().ToString()) << "COEVAL_SEED=" << seed;
    failed += whole.ok() ? 0 : 1;
    if (!whole.ok()) continue;
    ASSERT_EQ(DifferenceOf(Collect(*parts->Export()), Collect(*whole->Export())), "")
        << "COEVAL_SEED=" << seed;
    ASSERT_EQ(parts->nulls, whole->nulls);
    ASSERT_EQ(parts->invalid, whole->invalid);
    ASSERT_EQ(parts->events, whole->events);
    ASSERT_EQ(parts->read.rows, whole->read.rows);
  }
  EXPECT_GT(failed, 0);
  EXPECT_GT(log_.most, 4U);
}

// Rows by number, of so many users; spilled in several runs.
Batch ManyRows(std::int64_t n, std::int64_t users, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> keys;
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < n; ++i) {
    times.push_back(kBase + static_cast<std::int64_t>(random() % 1'000'000));
    keys.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(users)));
    values.push_back(i);
  }
  return {Schema({{"t", TypeId::kTimestamp}, {"user", TypeId::kInt64}, {"n", TypeId::kInt64}}),
          {Column::FixedWidth(TypeId::kTimestamp, n, MakeBuffer(std::move(times))),
           Column::FixedWidth(TypeId::kInt64, n, MakeBuffer(std::move(keys))),
           Column::FixedWidth(TypeId::kInt64, n, MakeBuffer(std::move(values)))},
          n};
}

TEST_F(StandaloneBudgetTest, ManyRowsComeBackInTheirOrder) {
  const ArrowTable left = TableOfRows(ManyRows(200'000, 5000, 1));
  const Source source = Write("facts", FileFormat::kParquet, ManyRows(100'000, 6000, 2), 10'000);
  StandaloneJoinOptions options;
  options.by = {"user"};
  options.columns = {"n"};
  const JoinedFiles file{source, At(source), options};
  Context bounded;
  bounded.memory_budget_bytes = std::int64_t{8} << 20;
  bounded.log = log_.Sink();
  const Result<StandaloneJoin> whole = JoinFiles(left, {file}, Context{});
  const Result<StandaloneJoin> parts = JoinFiles(left, {file}, bounded);
  ASSERT_TRUE(whole.ok() && parts.ok()) << parts.status().ToString();
  EXPECT_GT(log_.most, 2U);
  EXPECT_EQ(parts->counts[0].found, whole->counts[0].found);
  EXPECT_GT(parts->counts[0].found, 100'000);
  const Batch expected = Collect(*whole->Export());
  EXPECT_EQ(DifferenceOf(Collect(*parts->Export()), expected), "");
  EXPECT_EQ(DifferenceOf(Collect(*parts->Export(1000)), expected), "");  // and once more
  EXPECT_TRUE(
      SameBits(parts->columns.Whole(200'000).value()[0], whole->columns.Whole(200'000).value()[0]));
}

TEST_F(StandaloneBudgetTest, AFileThatChangesBetweenPartsIsAnError) {
  const ArrowTable left = TableOfRows(ManyRows(2000, 500, 1));
  const Source source = Write("facts", FileFormat::kParquet, ManyRows(1000, 500, 2), 100);
  int reads = 0;
  StandaloneJoinOptions options;
  options.by = {"user"};
  options.columns = {"n"};
  options.progress = [&](const Progress& /*progress*/) {
    if (++reads == 1) Write("facts", FileFormat::kParquet, ManyRows(1001, 500, 3), 100);
  };
  Context bounded;
  bounded.memory_budget_bytes = 1 << 16;
  const Result<StandaloneJoin> parts = JoinFiles(left, {{source, At(source), options}}, bounded);
  ASSERT_FALSE(parts.ok());
  EXPECT_EQ(parts.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(parts.status().message(), HasSubstr("changed while it was read"));
}

TEST_F(StandaloneBudgetTest, WhatTheScratchFolderRefusesIsTold) {
  const ArrowTable left = TableOfRows(ManyRows(2000, 500, 1));
  const Source source = Write("facts", FileFormat::kParquet, ManyRows(1000, 500, 2), 100);
  StandaloneJoinOptions options;
  options.by = {"user"};
  options.columns = {"n"};
  Context bounded;
  bounded.memory_budget_bytes = 1 << 16;
  bounded.scratch_folder = folder_ / "facts" / "below a file";
  const Result<StandaloneJoin> parts = JoinFiles(left, {{source, At(source), options}}, bounded);
  ASSERT_FALSE(parts.ok());
  EXPECT_THAT(parts.status().message(), HasSubstr("cannot make the folder"));
}

}  // namespace
}  // namespace coeval
