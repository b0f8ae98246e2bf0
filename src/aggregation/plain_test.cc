// The functions that tests/model does not have, against the plainest form of what their page says.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "aggregation/math.h"
#include "aggregation/testing.h"
#include "column/builder.h"

namespace coeval {
namespace {

// Up to 20 small integers with nulls, in order, at times with ties.
struct Numbers {
  std::vector<std::int64_t> values;  // of the events that have one
  std::vector<TimeMicros> times;     // theirs
  TestEvents events;
  TimeMicros t = 0;
};

Numbers RandomNumbers(std::mt19937_64& random) {
  Numbers numbers;
  ColumnBuilder builder(TypeId::kInt64);
  TimeMicros time = 1'357'034'040'000'000;
  for (std::uint64_t i = random() % 20; i > 0; --i) {
    time += static_cast<TimeMicros>(random() % 3) * 20 * kSecond;
    if (random() % 8 == 0) {
      builder.AppendNull();
    } else {
      numbers.values.push_back(static_cast<std::int64_t>(random() % 9) - 2);
      numbers.times.push_back(time);
      builder.AppendInt(numbers.values.back());
    }
    numbers.events.times.push_back(time);
  }
  numbers.events.arguments.push_back(builder.Finish());
  numbers.t = time + static_cast<TimeMicros>(random() % 100) * kSecond;
  return numbers;
}

Value AskOf(const Numbers& numbers, std::string_view name, const AggregateParameters& parameters) {
  const std::vector<DataType> types = {TypeId::kInt64};
  const Result<BoundAggregate> bound = ResolveAggregate(name, types, parameters);
  COEVAL_CHECK(bound.ok());
  AggregateState state(*bound->function);
  state.Add(numbers.events.view(), 0, numbers.events.size());
  return Ask(*bound, state, {.t = numbers.t, .length = kHour}).value;
}

Value Integers(const std::vector<std::int64_t>& values) {
  Value::List list;
  for (const std::int64_t value : values) list.push_back(Value::Int(value));
  return Value::MakeList(std::move(list));
}

using Plain = Value (*)(const Numbers&);

void Compare(std::string_view name, const AggregateParameters& parameters, Plain plain) {
  const auto seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const Numbers numbers = RandomNumbers(random);
    const Value value = AskOf(numbers, name, parameters);
    const Value expected = plain(numbers);
    ASSERT_TRUE(SameBits(value, expected))
        << name << " of " << ToText(Integers(numbers.values), DataType::List(TypeId::kInt64))
        << ", seed " << seed
        << (value.is_double() && expected.is_double()
                ? ": " + std::to_string(value.AsDouble()) + " and " +
                      std::to_string(expected.AsDouble())
                : "");
  }
}

std::map<std::int64_t, std::int64_t> Counts(const Numbers& numbers) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t value : numbers.values) ++counts[value];
  return counts;
}

TEST(PlainTest, Rate) {
  Compare("rate", {{"per", Value::String("7m")}}, [](const Numbers& numbers) {
    return Value::Double(static_cast<double>(numbers.values.size()) * 7.0 / 60.0);
  });
}

TEST(PlainTest, Slope) {
  Compare("slope", {{"per", Value::String("1m")}}, [](const Numbers& numbers) {
    const auto n = static_cast<Int128>(numbers.values.size());
    Int128 t = 0, x = 0, tx = 0, tt = 0;
    for (std::size_t i = 0; i < numbers.values.size(); ++i) {
      t += numbers.times[i];
      x += numbers.values[i];
      tx += Int128{numbers.times[i]} * numbers.values[i];
      tt += Int128{numbers.times[i]} * numbers.times[i];
    }
    if (n * tt - t * t == 0) return Value();
    return Value::Double(static_cast<double>((n * tx - t * x) * kMinute) /
                         static_cast<double>(n * tt - t * t));
  });
}

TEST(PlainTest, DecayAverage) {
  // Whole half-lives: all is exact in doubles but the last division.
  Compare("decay_avg", {{"half_life", Value::String("20s")}}, [](const Numbers& numbers) {
    if (numbers.values.empty()) return Value();
    double sum = 0, weights = 0;
    for (std::size_t i = 0; i < numbers.values.size(); ++i) {
      const double weight =
          std::ldexp(1.0, static_cast<int>((numbers.times[i] - numbers.times[0]) / (20 * kSecond)));
      sum += weight * static_cast<double>(numbers.values[i]);
      weights += weight;
    }
    return Value::Double(sum / weights);
  });
}

TEST(PlainTest, PercentRank) {
  Compare("percent_rank", {}, [](const Numbers& numbers) {
    if (numbers.values.empty()) return Value();
    if (numbers.values.size() == 1) return Value::Double(0);
    const auto below = std::count_if(numbers.values.begin(), numbers.values.end(),
                                     [&](std::int64_t v) { return v < numbers.values.back(); });
    return Value::Double(static_cast<double>(below) /
                         static_cast<double>(numbers.values.size() - 1));
  });
}

TEST(PlainTest, DistinctOnes) {
  Compare("first_distinct_n", {{"n", Value::Int(3)}}, [](const Numbers& numbers) {
    std::vector<std::int64_t> seen;
    for (const std::int64_t v : numbers.values) {
      if (std::find(seen.begin(), seen.end(), v) == seen.end() && seen.size() < 3) {
        seen.push_back(v);
      }
    }
    return Integers(seen);
  });
  Compare("last_distinct_n", {{"n", Value::Int(3)}}, [](const Numbers& numbers) {
    std::vector<std::int64_t> seen;
    for (std::size_t i = numbers.values.size(); i-- > 0 && seen.size() < 3;) {
      const std::int64_t v = numbers.values[i];
      if (std::find(seen.begin(), seen.end(), v) == seen.end()) seen.insert(seen.begin(), v);
    }
    return Integers(seen);
  });
}

TEST(PlainTest, Frequencies) {
  Compare("top_n_frequency", {{"n", Value::Int(3)}}, [](const Numbers& numbers) {
    std::vector<std::pair<std::int64_t, std::int64_t>> order;
    for (const auto& [value, count] : Counts(numbers)) order.emplace_back(-count, value);
    std::sort(order.begin(), order.end());
    std::vector<std::int64_t> top;
    for (const auto& [count, value] : order) {
      if (top.size() < 3) top.push_back(value);
    }
    return Integers(top);
  });
  Compare("top1_ratio", {}, [](const Numbers& numbers) {
    if (numbers.values.empty()) return Value();
    std::int64_t most = 0;
    for (const auto& [value, count] : Counts(numbers)) most = std::max(most, count);
    return Value::Double(static_cast<double>(most) / static_cast<double>(numbers.values.size()));
  });
}

TEST(PlainTest, EntropyIsWithinRounding) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 2000; ++i) {
    const Numbers numbers = RandomNumbers(random);
    const Value value = AskOf(numbers, "entropy", {});
    if (numbers.values.empty()) {
      EXPECT_TRUE(value.is_null());
      continue;
    }
    const auto n = static_cast<double>(numbers.values.size());
    double entropy = 0;
    for (const auto& [unused, count] : Counts(numbers)) {
      entropy -= static_cast<double>(count) / n * std::log2(static_cast<double>(count) / n);
    }
    ASSERT_NEAR(value.AsDouble(), entropy, 1e-14);
    ASSERT_GE(value.AsDouble(), 0);
  }
}

TEST(PlainTest, EwAverage) {
  Compare("ew_avg", {{"half_life", Value::Int(1)}}, [](const Numbers& numbers) {
    if (numbers.values.empty()) return Value();
    double sum = 0, weights = 0;  // exact: weights are powers of two
    for (std::size_t i = 0; i < numbers.values.size(); ++i) {
      const double weight = std::ldexp(1.0, static_cast<int>(i));
      sum += weight * static_cast<double>(numbers.values[i]);
      weights += weight;
    }
    const int down = 1 - static_cast<int>(numbers.values.size());
    return Value::Double(std::ldexp(sum, down) / std::ldexp(weights, down));
  });
}

TEST(PlainTest, Drawdown) {
  Compare("drawdown", {}, [](const Numbers& numbers) {
    std::vector<double> values;
    for (const std::int64_t v : numbers.values) {
      if (v >= 0) values.push_back(static_cast<double>(v));
    }
    if (values.empty()) return Value();
    double least = 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (std::size_t j = i; j < values.size(); ++j) {
        if (values[i] > 0) least = std::min(least, values[j] / values[i]);
      }
    }
    return Value::Double(1 - least);
  });
}

TEST(PlainTest, TimesSince) {
  Compare("time_since_first", {}, [](const Numbers& numbers) {
    if (numbers.times.empty()) return Value();
    return Value::Int(numbers.t - numbers.times.front());
  });
}

// Values by another argument: ties by the lesser value.
TEST(PlainTest, TopBy) {
  std::mt19937_64 random(13);
  const std::vector<DataType> types = {TypeId::kInt64, TypeId::kInt64};
  for (int i = 0; i < 2000; ++i) {
    const TestEvents events = RandomEvents(random, types, static_cast<std::int64_t>(random() % 20));
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;  // (by, x)
    for (std::int64_t row = 0; row < events.size(); ++row) {
      const Value x = events.arguments[0].GetValue(row);
      const Value by = events.arguments[1].GetValue(row);
      if (!x.is_null() && !by.is_null()) pairs.emplace_back(by.AsInt(), x.AsInt());
    }
    for (const bool top : {true, false}) {
      std::sort(pairs.begin(), pairs.end(), [top](const auto& a, const auto& b) {
        if (a.first != b.first) return top ? a.first > b.first : a.first < b.first;
        return a.second < b.second;
      });
      std::vector<std::int64_t> best;
      for (const auto& [by, x] : pairs) {
        if (best.size() < 4) best.push_back(x);
      }
      const BoundAggregate bound =
          *ResolveAggregate(top ? "top_k_by" : "bottom_k_by", types, {{"k", Value::Int(4)}});
      const Answer answer = AskRange(bound, events.view(), 0, events.size(), {});
      ASSERT_TRUE(SameBits(answer.value, Integers(best))) << answer.Text(bound.result);
    }
  }
}

}  // namespace
}  // namespace coeval
