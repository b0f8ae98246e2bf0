// Row groups that are left out because Bloom filters deny the wanted keys: that it happens, that no
// answer changes by it, and that a damaged filter denies nothing.
#include "source/key_filters.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/key.h"
#include "source/fact_reader.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Cells;
using ::coeval::testing::ReadAll;
using ::coeval::testing::ReadFacts;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::int64_t kGroups = 40;  // of a file of make_filters.py

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Answer {
  std::string values;  // of the facts with a wanted key, in the order of the source
  std::int64_t row_groups = 0;
  std::string warnings;
};

class KeyFiltersTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const std::string python = std::getenv("COEVAL_PYTHON");
    const std::string script =
        std::string(std::getenv("COEVAL_SOURCE_DIR")) + "/src/source/make_filters.py";
    ASSERT_EQ(std::system((python + " '" + script + "' '" + folder_->path() + "'").c_str()), 0);
  }

  static void TearDownTestSuite() { delete folder_; }

  KeyFiltersTest() {
    source_.name = "s";
    source_.timestamp_field = "at";
    source_.max_future = kMaxTime;
    request_.features = {{"v", TypeId::kInt64}};
  }

  static std::string File(const std::string& name) {
    return folder_->path() + "/" + name + ".parquet";
  }

  void KeysAre(std::vector<JoinKey> keys) { request_.keys = std::move(keys); }

  FactBatch Whole(const std::string& path) {
    request_.wanted = nullptr;
    const auto facts = ReadFacts(source_, path, request_);
    EXPECT_TRUE(facts.ok()) << facts.status().ToString();
    return facts.ok() ? *facts : FactBatch();
  }

  Answer Ask(const std::string& path, const std::vector<Column>& keys) {
    request_.wanted = std::make_shared<const WantedKeys>(keys);
    Answer answer;
    Context context = TestContext();
    context.log = [&answer](LogLevel level, std::string_view text) {
      if (level >= LogLevel::kWarning) answer.warnings += std::string(text) + "\n";
    };
    const auto reader = FactReader::Open(source_, path, request_, context);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    if (!reader.ok()) return answer;
    const auto facts = ReadAll(**reader);
    EXPECT_TRUE(facts.ok()) << facts.status().ToString();
    if (!facts.ok()) return answer;
    answer.values = ValuesOf(*facts, keys);
    answer.row_groups = (*reader)->stats().row_groups_read;
    return answer;
  }

  static std::string ValuesOf(const FactBatch& facts, const std::vector<Column>& keys) {
    std::set<std::string> wanted;
    const KeyColumn asked = KeyColumn::Encode(keys, keys[0].length());
    for (std::int64_t row = 0; row < asked.length(); ++row) wanted.emplace(asked.bytes(row));
    if (facts.num_rows == 0) return "";
    const KeyColumn there = KeyColumn::Encode(facts.keys, facts.num_rows);
    std::string values;
    for (std::int64_t row = 0; row < facts.num_rows; ++row) {
      if (!wanted.contains(std::string(there.bytes(row)))) continue;
      values += Show(facts.features[0].Slice(row, 1)) + " ";
    }
    return values;
  }

  static TemporaryFolder* folder_;
  Source source_;
  FactRequest request_;
};

TemporaryFolder* KeyFiltersTest::folder_ = nullptr;

Column Ints(const Cells<std::int64_t>& cells) {
  return Table().Ints("v", cells).batch().columns[0];
}

// Some of the keys of a source.
std::vector<Column> Some(const FactBatch& facts, std::size_t count, std::mt19937* random) {
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back(static_cast<std::int64_t>((*random)() % facts.event_times().size()));
  }
  std::vector<Column> keys;
  for (const Column& column : facts.keys) keys.push_back(column.Take(rows));
  return keys;
}

// -- which row groups are read --------------------------------------------------------------------

struct Case {
  const char* file;
  TypeId declared;
  bool tells = true;  // can filters of such a column?
};

// Three keys at a time are asked for; the seed is 7.
TEST_F(KeyFiltersTest, OnlyRowGroupsThatHoldAWantedKeyAreRead) {
  constexpr std::int64_t kRounds = 6;
  std::mt19937 random(7);
  for (const auto& [file, declared, tells] : std::vector<Case>{{"int64", TypeId::kInt64},
                                                               {"int64", TypeId::kInt32},
                                                               {"int32", TypeId::kInt64},
                                                               {"int32", TypeId::kInt32},
                                                               {"int16", TypeId::kInt64},
                                                               {"string", TypeId::kString},
                                                               {"large", TypeId::kString},
                                                               {"bytes", TypeId::kBytes},
                                                               {"us", TypeId::kTimestamp},
                                                               {"ms", TypeId::kTimestamp},
                                                               {"s", TypeId::kTimestamp},
                                                               {"date", TypeId::kTimestamp},
                                                               {"date", TypeId::kDate},
                                                               {"words", TypeId::kString},
                                                               {"uint32", TypeId::kInt64, false},
                                                               {"ns", TypeId::kTimestamp, false}}) {
    SCOPED_TRACE(std::string(file) + " as " + DataType(declared).ToString());
    KeysAre({{"a", declared}});
    const FactBatch whole = Whole(File(file));
    std::int64_t read = 0;
    for (int round = 0; round < kRounds; ++round) {
      const std::vector<Column> keys = Some(whole, 3, &random);
      const Answer with = Ask(File(file), keys);
      const Answer without = Ask(File(std::string("plain/") + file), keys);
      ASSERT_EQ(with.values, ValuesOf(whole, keys)) << "seed 7, round " << round;
      ASSERT_EQ(without.values, with.values);
      EXPECT_EQ(with.warnings, "");
      EXPECT_GT(without.row_groups, kGroups * 3 / 4) << "keys are scattered";
      read += with.row_groups;
    }
    if (tells) {
      EXPECT_LT(read, kRounds * 8) << "3 of 40 row groups hold one, a few more are taken for it";
    } else {
      EXPECT_GT(read, kRounds * kGroups * 3 / 4);
    }
  }
}

TEST_F(KeyFiltersTest, EachJoinKeyCanDeny) {
  std::mt19937 random(8);
  KeysAre({{"a", TypeId::kInt64}, {"b", TypeId::kInt64}});
  const FactBatch whole = Whole(File("int64"));
  std::int64_t both = 0;
  for (int round = 0; round < 20; ++round) {
    const std::vector<Column> keys = Some(whole, 2, &random);
    const Answer answer = Ask(File("int64"), keys);
    ASSERT_EQ(answer.values, ValuesOf(whole, keys)) << "seed 8, round " << round;
    both += answer.row_groups;
  }
  EXPECT_LT(both, 20 * 5);
  // A second key that is nowhere.
  const Answer answer = Ask(File("int64"), {Some(whole, 1, &random)[0], Ints({299999})});
  EXPECT_EQ(answer.row_groups, 0);
}

TEST_F(KeyFiltersTest, ManyWantedKeysAreNotLookedFor) {
  std::mt19937 random(9);
  KeysAre({{"a", TypeId::kInt64}});
  const FactBatch whole = Whole(File("int64"));
  const std::vector<Column> keys = Some(whole, 64, &random);
  const Answer answer = Ask(File("int64"), keys);
  EXPECT_EQ(answer.values, ValuesOf(whole, keys));
  EXPECT_EQ(answer.row_groups, kGroups);
}

TEST_F(KeyFiltersTest, WhatAColumnCannotHoldIsNotDenied) {
  KeysAre({{"a", TypeId::kInt64}});
  EXPECT_LT(Ask(File("int32"), {Ints({5})}).row_groups, 5);
  KeysAre({{"a", TypeId::kTimestamp}});
  const auto times = [](const Cells<TimeMicros>& cells) {
    return std::vector<Column>{Table().Times("t", cells).batch().columns[0]};
  };
  EXPECT_LT(Ask(File("ms"), times({5 * kHour})).row_groups, 5);
  EXPECT_GT(Ask(File("ms"), times({5 * kHour + 1})).row_groups, kGroups / 2) << "finer than a ms";
  EXPECT_LT(Ask(File("date"), times({5 * kDay})).row_groups, 5);
  EXPECT_GT(Ask(File("date"), times({5 * kDay, kHour})).row_groups, kGroups / 2) << "no midnight";
}

TEST_F(KeyFiltersTest, FiltersOfDuckDbAreUnderstood) {
  for (const auto& [column, type] :
       std::vector<std::pair<std::string, DataType>>{{"big", TypeId::kInt64},
                                                     {"int", TypeId::kInt64},
                                                     {"small", TypeId::kInt32},
                                                     {"text", TypeId::kString},
                                                     {"day", TypeId::kDate},
                                                     {"time", TypeId::kTimestamp}}) {
    SCOPED_TRACE(column);
    KeysAre({{column, type}});
    const FactBatch whole = Whole(File("duckdb"));
    ASSERT_EQ(whole.num_rows, 16384);
    const std::vector<Column> keys{whole.keys[0].Slice(3 * 2048 + 77, 1)};
    const Answer answer = Ask(File("duckdb"), keys);
    EXPECT_EQ(answer.values, ValuesOf(whole, keys));
    EXPECT_EQ(answer.warnings, "");
    EXPECT_GE(answer.row_groups, 1);
    EXPECT_LE(answer.row_groups, 2) << "of 8";
  }
}

TEST_F(KeyFiltersTest, ATimeThatMayBeBadIsReadWhateverAFilterSays) {
  KeysAre({{"a", TypeId::kInt64}});
  EXPECT_LT(Ask(File("int64"), {Ints({5})}).row_groups, 5);
  source_.max_future = 0;
  source_.on_bad_time = OnBadTime::kSkip;
  Context context = TestContext();
  context.clock = std::make_shared<FixedClock>(At("2012-01-01"));
  request_.wanted = std::make_shared<const WantedKeys>(std::vector<Column>{Ints({5})});
  const auto reader = FactReader::Open(source_, File("int64"), request_, context);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->expected_rows(), kGroups * 64) << "all of them lie ahead";
}

TEST(WorthAskingTest, LargeFiltersAndManyValuesAreNot) {
  EXPECT_TRUE(WorthAsking(1000, 1, 1000, 4000));
  EXPECT_FALSE(WorthAsking(0, 1, 1000, 4000)) << "no filter";
  EXPECT_FALSE(WorthAsking(2001, 1, 1000, 4000)) << "half of what is left out";
  EXPECT_FALSE(WorthAsking(1000, 0, 1000, 4000));
  EXPECT_FALSE(WorthAsking(1000, 100, 1000, 4000));
}

// -- damaged filters ------------------------------------------------------------------------------

struct Span {
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

// Where filters lie, as make_filters.py tells it.
std::vector<Span> Filters(const std::string& path) {
  std::ifstream in(path);
  std::vector<Span> spans;
  for (Span span; in >> span.offset >> span.bytes;) spans.push_back(span);
  return spans;
}

// Thrift's compact form of a number.
std::string VarInt(std::uint64_t number) {
  number *= 2;
  std::string text;
  for (; number >= 0x80; number >>= 7) text += static_cast<char>(0x80 | (number & 0x7f));
  return text + static_cast<char>(number);
}

class DamagedFiltersTest : public KeyFiltersTest {
 protected:
  std::string Random(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(random_() & 0xff);
    return text;
  }

  std::size_t Below(std::size_t end) { return random_() % end; }

  // Puts another number of as many bytes in the footer, where there is one.
  void Renumber(std::string* file, const std::string& before, std::uint64_t old,
                std::uint64_t number, const std::string& after) {
    const std::string from = before + VarInt(old) + after;
    const std::string to = before + VarInt(number) + after;
    const std::size_t at = file->rfind(from);
    if (at != std::string::npos && from.size() == to.size()) file->replace(at, to.size(), to);
  }

  void Damage(const Span& filter, std::string* file) {
    constexpr std::size_t kHeader = 16;
    const std::string offset = VarInt(filter.offset);
    const std::string bytes = VarInt(filter.bytes);
    switch (Below(8)) {
      case 0:  // a byte of its header
        (*file)[filter.offset + Below(kHeader)] = static_cast<char>(random_() & 0xff);
        break;
      case 1:  // all of the header
        file->replace(filter.offset, kHeader, Random(kHeader));
        break;
      case 2:  // other bytes
        file->replace(filter.offset + kHeader, filter.bytes - kHeader,
                      Random(filter.bytes - kHeader));
        break;
      case 3: {  // a hole up to its end
        const std::size_t at = kHeader + Below(filter.bytes - kHeader);
        file->replace(filter.offset + at, filter.bytes - at, filter.bytes - at, '\0');
        break;
      }
      case 4: {  // bytes lost, and what follows moved up
        const std::size_t room = filter.bytes - kHeader;
        file->replace(filter.offset + kHeader, room,
                      file->substr(filter.offset + kHeader + 1 + Below(40), room));
        break;
      }
      case 5:  // it lies elsewhere
        Renumber(file, "", filter.offset, (std::uint64_t{1} << 13) + Below(1000000),
                 "\x16" + bytes);
        break;
      case 6:  // it has another length
        Renumber(file, offset + "\x16", filter.bytes, 64 + Below(8000), "");
        break;
      default:  // its header is written as one of a huge filter
        file->replace(filter.offset, 6, std::string("\x15\xfe\xff\xff\xff\x0f", 6));
    }
  }

  std::mt19937 random_;
};

TEST_F(DamagedFiltersTest, DenyNothing) {
  KeysAre({{"a", TypeId::kInt64}});
  const FactBatch whole = Whole(File("int64"));
  const std::string sound = Slurp(File("int64"));
  const std::vector<Span> filters = Filters(folder_->path() + "/int64.filters");
  ASSERT_EQ(filters.size(), kGroups);
  const std::string path = folder_->path() + "/damaged.parquet";
  int warned = 0;
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    random_.seed(seed);
    std::string file = sound;
    for (const Span& filter : filters) {
      if (Below(2) == 0) Damage(filter, &file);
    }
    std::ofstream(path, std::ios::binary) << file;
    const std::vector<Column> keys = Some(whole, 4, &random_);
    const Answer answer = Ask(path, keys);
    ASSERT_EQ(answer.values, ValuesOf(whole, keys)) << "seed " << seed;
    ASSERT_LE(answer.row_groups, kGroups);
    ASSERT_LE(std::count(answer.warnings.begin(), answer.warnings.end(), '\n'), 1);
    warned += answer.warnings.empty() ? 0 : 1;
  }
  EXPECT_GT(warned, 130);
}

TEST_F(DamagedFiltersTest, AreNamedInTheLog) {
  KeysAre({{"a", TypeId::kInt64}});
  std::string file = Slurp(File("int64"));
  const Span filter = Filters(folder_->path() + "/int64.filters")[3];
  file.replace(filter.offset + 16, filter.bytes - 16, filter.bytes - 16, '\0');
  const std::string path = folder_->path() + "/zero.parquet";
  std::ofstream(path, std::ios::binary) << file;
  EXPECT_THAT(Ask(path, {Ints({5})}).warnings,
              AllOf(HasSubstr(path), HasSubstr("row group 3, column `a`"), HasSubstr("it is empty"),
                    HasSubstr("left alone")));
}

TEST_F(DamagedFiltersTest, AFileThatIsCutIsStillAnError) {
  const std::string sound = Slurp(File("int64"));
  const std::string path = folder_->path() + "/cut.parquet";
  KeysAre({{"a", TypeId::kInt64}});
  request_.wanted = std::make_shared<const WantedKeys>(std::vector<Column>{Ints({5})});
  std::ofstream(path, std::ios::binary)
      << sound.substr(0, Filters(folder_->path() + "/int64.filters")[20].offset);
  const auto facts = ReadFacts(source_, path, request_);
  EXPECT_EQ(facts.status().code(), StatusCode::kCorruption) << facts.status().ToString();
}

}  // namespace
}  // namespace coeval
