// FactMaker against the rules of fact_reader.h, said row by row.
#include "source/fact_maker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/fact_reader.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Cells;
using ::coeval::testing::Table;
using ::coeval::testing::TestContext;
using ::testing::HasSubstr;

constexpr TimeMicros kUnreadable = kMinTime;  // stands for text that is no time

struct Case {
  Source source;
  FactRequest request;
  bool text_times = false;
  std::int64_t batch_rows = 0;
  Cells<std::int64_t> a, b;  // keys
  Cells<TimeMicros> event, created;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}

  std::int64_t Below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }

  bool Chance(std::int64_t percent) { return Below(100) < percent; }

 private:
  std::mt19937_64 random_;
};

// None, one, or one in a hundred of n rows.
std::vector<std::size_t> SomeRows(Random& random, std::size_t n) {
  std::vector<std::size_t> rows;
  if (n == 0 || random.Chance(60)) return rows;
  const std::size_t count = random.Chance(50) ? 1 : 1 + n / 100;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back(static_cast<std::size_t>(random.Below(static_cast<std::int64_t>(n))));
  }
  return rows;
}

Cells<TimeMicros> RandomTimes(Random& random, std::size_t n, TimeMicros begin) {
  const std::int64_t span = random.Chance(20) ? 3 : 20'000;
  std::vector<TimeMicros> times;
  for (std::size_t i = 0; i < n; ++i) times.push_back(begin + random.Below(span));
  if (random.Chance(60)) std::sort(times.begin(), times.end());
  return {times.begin(), times.end()};
}

Case RandomCase(Random& random) {
  Case c;
  c.text_times = random.Chance(15);
  const auto n = static_cast<std::size_t>(random.Below(c.text_times ? 6'000 : 20'000));
  const TimeMicros begin = random.Chance(10) ? 0 : At("2013-06-01");
  c.source.name = "s";
  c.source.timeless = random.Chance(10);
  if (!c.source.timeless) c.source.timestamp_field = "event";
  if (random.Chance(50)) c.source.created_field = "created";
  c.source.max_future = random.Chance(50) ? kMaxTime : random.Below(30'000);
  if (random.Chance(10)) c.source.max_future = At("2014-01-01") - begin - 10'000;  // of the clock
  c.source.on_bad_time = random.Chance(60) ? OnBadTime::kSkip : OnBadTime::kError;
  c.source.allow_1970 = random.Chance(50);
  c.request.keys = {{"a", TypeId::kInt64}, {"b", TypeId::kInt64}};
  if (random.Chance(30)) c.request.keys = {};
  c.request.features = {{"row", TypeId::kInt64}};
  c.batch_rows = random.Chance(50) ? 1 << 20 : 1 + random.Below(9'000);
  for (std::size_t i = 0; i < n; ++i) c.a.emplace_back(random.Below(10));
  c.b = c.a;
  c.event = RandomTimes(random, n, begin);
  c.created = RandomTimes(random, n, begin);
  for (Cells<std::int64_t>* cells : {&c.a, &c.b, &c.event, &c.created}) {
    for (const std::size_t row : SomeRows(random, n)) (*cells)[row] = std::nullopt;
  }
  for (Cells<TimeMicros>* cells : {&c.event, &c.created}) {
    if (!c.text_times) break;
    for (const std::size_t row : SomeRows(random, n)) (*cells)[row] = kUnreadable;
  }
  FactRange& range = c.request.range;
  if (random.Chance(70)) range.event_min = begin + random.Below(22'000) - 1'000;
  if (random.Chance(70)) range.event_max = begin + random.Below(22'000) - 1'000;
  if (random.Chance(30)) range.created_min = begin + random.Below(22'000) - 1'000;
  return c;
}

Table TableOf(const Case& c) {
  Table table;
  Cells<std::int64_t> rows;
  for (std::size_t i = 0; i < c.a.size(); ++i) rows.emplace_back(i);
  table.Ints("row", rows).Ints("a", c.a).Ints("b", c.b);
  const auto texts = [](const Cells<TimeMicros>& times) {
    Cells<std::string> cells;
    for (const auto& time : times) {
      cells.push_back(!time.has_value()
                          ? std::nullopt
                          : std::optional(time == kUnreadable ? "never" : FormatTime(*time)));
    }
    return cells;
  };
  if (c.text_times) {
    return table.Strings("event", texts(c.event)).Strings("created", texts(c.created));
  }
  return table.Times("event", c.event).Times("created", c.created);
}

struct Expected {
  std::vector<std::size_t> rows;
  FactCounts counts;
  std::vector<std::size_t> bad;
  std::optional<TimeMicros> newest;
};

Expected RowByRow(const Case& c, TimeMicros clock) {
  Expected out;
  const Source& source = c.source;
  for (std::size_t i = 0; i < c.a.size(); ++i) {
    ++out.counts.rows;
    const bool bad_event = !c.event[i].has_value() || c.event[i] == kUnreadable;
    if (!bad_event) out.newest = std::max(out.newest.value_or(kMinTime), *c.event[i]);
    if (!c.request.keys.empty() && (!c.a[i].has_value() || !c.b[i].has_value())) {
      ++out.counts.null_keys;
      continue;
    }
    const bool has_created = !source.created_field.empty() && c.created[i].has_value();
    if ((!source.timeless && bad_event) || (has_created && c.created[i] == kUnreadable)) {
      ++out.counts.bad_times;
      out.bad.push_back(i);
      continue;
    }
    if (!source.timeless) {
      const TimeMicros event = *c.event[i];
      if (event > SaturatingAdd(has_created ? *c.created[i] : clock, source.max_future)) {
        ++out.counts.too_far_ahead;
        out.bad.push_back(i);
        continue;
      }
      const FactRange& range = c.request.range;
      const bool late = range.created_min && has_created && *c.created[i] >= *range.created_min;
      if (event > range.event_max || (event < range.event_min && !late)) {
        ++out.counts.out_of_range;
        continue;
      }
    }
    ++out.counts.facts;
    out.rows.push_back(i);
  }
  return out;
}

// What the facts of a batch should be, of which `*next` is the first.
void ExpectFacts(const FactBatch& batch, const Case& c, const Expected& expected,
                 std::size_t* next) {
  ASSERT_LE(*next + static_cast<std::size_t>(batch.num_rows), expected.rows.size());
  ASSERT_EQ(batch.event_time.length(), batch.num_rows);
  ASSERT_EQ(batch.keys.size(), c.request.keys.size());
  for (std::int64_t i = 0; i < batch.num_rows; ++i, ++*next) {
    const std::size_t row = expected.rows[*next];
    ASSERT_EQ(batch.row_number(i), static_cast<std::int64_t>(row));
    const auto value = batch.features[0].values<std::int64_t>()[static_cast<std::size_t>(i)];
    ASSERT_EQ(value, static_cast<std::int64_t>(row));
    const FactTimes times = batch.times(i);
    ASSERT_EQ(times.event_time, c.source.timeless ? kMinTime : *c.event[row]);
    ASSERT_EQ(times.has_created, !c.source.created_field.empty() && c.created[row].has_value());
    if (times.has_created) {
      ASSERT_EQ(times.created_time, *c.created[row]);
    }
    for (std::size_t k = 0; k < batch.keys.size(); ++k) {
      const auto keys = batch.keys[k].values<std::int64_t>();
      ASSERT_EQ(keys[static_cast<std::size_t>(i)], (k == 0 ? c.a : c.b)[row]);
    }
  }
}

void ExpectError(const Status& status, const Case& c, const Expected& expected) {
  if (c.source.on_bad_time == OnBadTime::kError && !expected.bad.empty()) {
    for (std::size_t i = 0; i < std::min<std::size_t>(expected.bad.size(), 10); ++i) {
      EXPECT_THAT(status.message(),
                  HasSubstr("row " + std::to_string(expected.bad[i]) + " of the data frame: "));
    }
    EXPECT_THAT(status.message(), HasSubstr(std::to_string(expected.bad.size()) + " row"));
    return;
  }
  const bool doubtful = !c.source.timeless && !c.source.allow_1970 && expected.newest.has_value() &&
                        *expected.newest < kDoubtfulBefore;
  EXPECT_EQ(status.ok(), !doubtful) << status.ToString();
}

void RunCase(Random& random) {
  const Case c = RandomCase(random);
  const Context context = TestContext();
  const Expected expected = RowByRow(c, *context.clock->Now());
  ArrowArrayStream stream = TableOf(c).Stream(c.batch_rows);
  const auto reader = FactReader::FromStream(c.source, &stream, c.request, context);
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  std::size_t next = 0;
  while (true) {
    const auto batch = (*reader)->Next();
    if (!batch.ok()) return ExpectError(batch.status(), c, expected);
    if (!batch->has_value()) break;
    ExpectFacts(**batch, c, expected, &next);
    if (::testing::Test::HasFatalFailure()) return;
  }
  ExpectError(Status::Ok(), c, expected);
  const FactCounts& counts = (*reader)->counts();
  EXPECT_EQ(next, expected.rows.size());
  EXPECT_EQ(counts.rows, expected.counts.rows);
  EXPECT_EQ(counts.facts, expected.counts.facts);
  EXPECT_EQ(counts.null_keys, expected.counts.null_keys);
  EXPECT_EQ(counts.bad_times, expected.counts.bad_times);
  EXPECT_EQ(counts.too_far_ahead, expected.counts.too_far_ahead);
  EXPECT_EQ(counts.out_of_range, expected.counts.out_of_range);
}

TEST(FactMakerTest, TakesTheFactsThatTheRulesSayRowByRow) {
  const std::uint64_t first = std::random_device{}();
  for (std::uint64_t seed = first; seed < first + 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    RunCase(random);
    if (::testing::Test::HasFailure()) return;
  }
}

// A run of rows is no list of row numbers, and shares the memory of what was read.
TEST(FactMakerTest, ASortedBatchIsCutAtTheRangeWithoutACopy) {
  Cells<std::int64_t> rows;
  Cells<TimeMicros> times;
  for (int i = 0; i < 10'000; ++i) {
    rows.emplace_back(i);
    times.emplace_back(At("2013-01-01") + i);
  }
  const Table table = Table().Ints("row", rows).Times("event", times);
  ArrowArrayStream stream = table.Stream();
  Source source;
  source.name = "s";
  source.timestamp_field = "event";
  FactRequest request;
  request.features = {{"row", TypeId::kInt64}};
  request.range.event_min = At("2013-01-01") + 1'234;
  request.range.event_max = At("2013-01-01") + 8'765;
  const auto reader = FactReader::FromStream(source, &stream, request, TestContext());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  const auto batch = (*reader)->Next();
  ASSERT_TRUE(batch.ok() && batch->has_value());
  EXPECT_EQ((*batch)->num_rows, 8'765 - 1'234 + 1);
  EXPECT_EQ((*batch)->row_numbers, nullptr);
  EXPECT_EQ((*batch)->first_row, 1'234);
  const Column& whole = table.batch().columns[0];
  EXPECT_EQ((*batch)->features[0].values<std::int64_t>().data(),
            whole.values<std::int64_t>().data() + 1'234);
}

}  // namespace
}  // namespace coeval
