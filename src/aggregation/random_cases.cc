#include "aggregation/random_cases.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include <gtest/gtest.h>

#include "aggregation/math.h"
#include "column/builder.h"

namespace coeval {

namespace {

std::int64_t Below(std::mt19937_64& random, std::int64_t n) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
}

struct Case {
  TestCall call;
  BoundAggregate bound;
  TestEvents events;
  Question question;
};

Case RandomCase(std::mt19937_64& random, const AggregateInfo& info) {
  Case made;
  made.call = RandomCall(random, info);
  std::vector<DataType> types = made.call.types;
  if (random() % 4 == 0) {
    static const std::vector<DataType> kGroups = {TypeId::kString, TypeId::kBool, TypeId::kFloat64,
                                                  DataType::Decimal(12, 2)};
    types.push_back(kGroups[random() % kGroups.size()]);
    Result<BoundAggregate> bound =
        ResolveAggregateBy(made.call.name, made.call.types, types.back(), made.call.parameters);
    COEVAL_CHECK(bound.ok());
    made.bound = *bound;
  } else {
    Result<BoundAggregate> bound =
        ResolveAggregate(made.call.name, made.call.types, made.call.parameters);
    COEVAL_CHECK(bound.ok());
    made.bound = *bound;
  }
  const std::int64_t n = random() % 8 == 0 ? Below(random, 150) : Below(random, 14);
  made.events = RandomEvents(random, types, n);
  made.question.t = (n > 0 ? made.events.times.back() : 0) + Below(random, 100) * kSecond;
  made.question.length = kDay;
  return made;
}

std::string Describe(const Case& one) {
  std::string text = one.bound.ToString() + " of";
  for (std::int64_t row = 0; row < one.events.size() && row < 40; ++row) {
    text += " (";
    for (const Column& column : one.events.arguments) {
      text += ToText(column.GetValue(row), column.type()) + " ";
    }
    text += "at " + std::to_string(one.events.times[static_cast<std::size_t>(row)]) + ")";
  }
  return text + " at " + std::to_string(one.question.t);
}

// The state of a window that was put together from consecutive parts.
AggregateState Split(std::mt19937_64& random, const AggregateFunction& function,
                     const Events& events, std::int64_t n) {
  AggregateState whole(function);
  for (std::int64_t from = 0; from < n;) {
    const std::int64_t to = std::min(n, from + 1 + Below(random, n));
    AggregateState part(function);
    part.Add(events, from, to);
    if (random() % 2 == 0) {  // as a tile is kept: encoded
      AggregateState read(function);
      EXPECT_TRUE(read.Decode(EncodedState(part)).ok());
      whole.Merge(read);
    } else {
      whole.Merge(part);
    }
    from = to;
  }
  return whole;
}

void CheckDamage(std::mt19937_64& random, const AggregateFunction& function, std::string bytes) {
  if (bytes.empty()) return;
  const auto at = static_cast<std::size_t>(Below(random, static_cast<std::int64_t>(bytes.size())));
  switch (random() % 3) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
      break;
    case 1:
      bytes.resize(at);
      break;
    default:
      bytes += static_cast<char>(random());
  }
  AggregateState state(function);
  const Status decoded = state.Decode(bytes);
  if (decoded.ok()) {
    EXPECT_EQ(EncodedState(state), bytes) << "damaged bytes were taken for others";
  } else {
    EXPECT_EQ(decoded.code(), StatusCode::kCorruption);
    EXPECT_EQ(EncodedState(state), EncodedState(AggregateState(function)));
  }
}

// Adds the window's events among others, in any order, and takes the others back.
void CheckSliding(std::mt19937_64& random, const Case& one, const std::string& bytes,
                  const Answer& answer) {
  const TestEvents others =
      RandomEvents(random, one.bound.types, 1 + Below(random, one.events.size() + 4));
  TestEvents all;
  for (std::size_t c = 0; c < one.bound.types.size(); ++c) {
    const std::vector<Column> both = {one.events.arguments[c], others.arguments[c]};
    all.arguments.push_back(*Concatenate(both));
  }
  all.times = one.events.times;
  all.times.insert(all.times.end(), others.times.begin(), others.times.end());
  std::vector<std::int64_t> order(static_cast<std::size_t>(all.size()));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  Events shuffled = all.view();
  shuffled.rows = order.data();
  AggregateState state(*one.bound.sliding);
  // Some of the others leave before all have come.
  const std::int64_t half = all.size() / 2;
  state.Add(shuffled, 0, half);
  const auto remove = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t p = from; p < to; ++p) {
      if (order[static_cast<std::size_t>(p)] >= one.events.size()) state.Remove(shuffled, p, p + 1);
    }
  };
  const bool early = random() % 2 == 0;
  if (early) remove(0, half);
  state.Add(shuffled, half, all.size());
  remove(early ? half : 0, all.size());
  const Events events = one.events.view();
  Question question = one.question;
  question.events = &events;
  question.last = one.events.size();
  EXPECT_TRUE(SameAnswer(Ask(one.bound, state, question), answer))
      << Ask(one.bound, state, question).Text(one.bound.result) << " instead of "
      << answer.Text(one.bound.result);
  if (!one.bound.info->ordered) {
    EXPECT_EQ(EncodedState(state), bytes) << "a trace is left";
  }
}

void CheckOrders(std::mt19937_64& random, const Case& one, const std::string& bytes) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(one.events.size()));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  Events shuffled = one.events.view();
  shuffled.rows = order.data();
  AggregateState state(*one.bound.function);
  state.Add(shuffled, 0, one.events.size());
  EXPECT_EQ(EncodedState(state), bytes) << "another order gives another state";
  EXPECT_EQ(EncodedState(Split(random, *one.bound.function, shuffled, one.events.size())), bytes);
}

}  // namespace

void CheckState(std::mt19937_64& random) {
  const auto& functions = AggregateFunctions();
  const Case one = RandomCase(random, functions[random() % functions.size()]);
  const Events events = one.events.view();
  const AggregateFunction& function = *one.bound.function;
  SCOPED_TRACE(Describe(one));
  AggregateState whole(function);
  whole.Add(events, 0, one.events.size());
  const std::string bytes = EncodedState(whole);
  const Answer answer = Ask(one.bound, whole, one.question);
  if (!function.reads_time()) {
    Question later = one.question;
    later.t += Below(random, 400) * kDay + 1;
    EXPECT_TRUE(SameAnswer(Ask(one.bound, whole, later), answer)) << "the value depends on t";
  }
  const AggregateState split = Split(random, function, events, one.events.size());
  EXPECT_EQ(EncodedState(split), bytes) << "parts give another state";
  EXPECT_TRUE(SameAnswer(Ask(one.bound, split, one.question), answer));
  AggregateState read(function);
  const Status decoded = read.Decode(bytes);
  EXPECT_TRUE(decoded.ok()) << decoded.ToString();
  EXPECT_EQ(EncodedState(read), bytes);
  EXPECT_TRUE(SameAnswer(Ask(one.bound, read, one.question), answer));
  EXPECT_TRUE(SameAnswer(AskRange(one.bound, events, 0, one.events.size(), one.question), answer))
      << AskRange(one.bound, events, 0, one.events.size(), one.question).Text(one.bound.result)
      << " instead of " << answer.Text(one.bound.result);
  EXPECT_GE(whole.HeldBytes(), function.state_size());
  if (!one.bound.info->ordered) CheckOrders(random, one, bytes);
  if (one.bound.sliding != nullptr) CheckSliding(random, one, bytes, answer);
  CheckDamage(random, function, bytes);
}

namespace {

// The functions of tests/model/aggregates.py.
const std::vector<std::string>& ModelFunctions() {
  static const auto* const names = new std::vector<std::string>{"count",      "count_distinct",
                                                                "sum",        "mean",
                                                                "min",        "max",
                                                                "var_pop",    "var_samp",
                                                                "stddev_pop", "stddev_samp",
                                                                "skew",       "kurtosis",
                                                                "covar_pop",  "covar_samp",
                                                                "corr",       "first",
                                                                "last",       "first_n",
                                                                "last_n",     "lag",
                                                                "top_k",      "bottom_k",
                                                                "mode",       "histogram",
                                                                "quantile",   "median",
                                                                "any",        "all",
                                                                "decay_sum",  "time_since_last",
                                                                "collect"};
  return *names;
}

double RealOfPlain(const Json& plain) {
  const std::string text = plain.GetString("f");
  return text == "nan" ? CanonicalNan() : std::strtod(text.c_str(), nullptr);
}

Value ReadPlain(const Json& plain, const DataType& type) {
  if (plain.is_null()) return {};
  if (plain.is_bool()) return Value::Bool(plain.AsBool());
  if (plain.is_int() && type.id() == TypeId::kDecimal128) return Value::Decimal(plain.AsInt());
  if (plain.is_int()) return Value::Int(plain.AsInt());
  if (plain.is_string()) return Value::String(plain.AsString());
  if (plain.is_array()) {
    Value::List elements;
    for (const Json& element : plain.array()) elements.push_back(ReadPlain(element, type.child(0)));
    return Value::MakeList(std::move(elements));
  }
  if (plain.Find("f") != nullptr) return Value::Double(RealOfPlain(plain));
  if (const Json* hex = plain.Find("b")) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex->AsString().size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex->AsString().substr(i, 2), nullptr, 16));
    }
    return Value::String(bytes);
  }
  Value::Map entries;
  for (const Json& entry : plain.Find("map")->array()) {
    entries.emplace_back(ReadPlain(entry.array()[0], type.child(0)),
                         ReadPlain(entry.array()[1], type.child(1)));
  }
  return Value::MakeMap(std::move(entries));
}

// Types that the model has; a decimal without scale is its integer.
DataType ModelType(const DataType& type) {
  return type.id() == TypeId::kDecimal128 ? DataType::Decimal(14, 0) : type;
}

// The engine's exp2 is not the C library's: the model adds up the steps (reference of decay_sum in
// docs/aggregations.md), and the powers come from here. REQUIRES: half-lives within the doubles.
Json DecayRequest(const TestEvents& events, TimeMicros t, std::int64_t half_life, double* divisor) {
  const auto split = [half_life](TimeMicros time, std::int64_t* whole) {
    *whole = time / half_life - (time % half_life < 0 ? 1 : 0);
    return DeterministicExp2(static_cast<double>(time - *whole * half_life) /
                             static_cast<double>(half_life));
  };
  std::int64_t now = 0;
  *divisor = split(t, &now);
  Json rows = Json::MakeArray();
  for (std::int64_t row = 0; row < events.size(); ++row) {
    const Value value = events.arguments[0].GetValue(row);
    if (value.is_null()) continue;
    const double x = value.is_bool()      ? (value.AsBool() ? 1 : 0)
                     : value.is_int()     ? static_cast<double>(value.AsInt())
                     : value.is_decimal() ? static_cast<double>(value.AsDecimal())
                                          : value.AsDouble();
    std::int64_t whole = 0;
    const double weight = split(events.times[static_cast<std::size_t>(row)], &whole);
    const Value step = Value::Double(std::ldexp(x * weight, static_cast<int>(whole - now)));
    rows.Append(Json::MakeArray()
                    .Append(Json::MakeArray().Append(PlainValue(step, TypeId::kFloat64)))
                    .Append(0));
  }
  return Json().Set("op", "aggregate").Set("fn", "sum").Set("rows", rows);
}

bool Tiny(const TestEvents& events) {
  for (std::int64_t row = 0; row < events.size(); ++row) {
    const Value value = events.arguments[0].GetValue(row);
    if (value.is_double() && value.AsDouble() != 0 && std::fabs(value.AsDouble()) < 1e-200) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool CheckAgainstModel(std::mt19937_64& random, LawModel& model) {
  const std::string& name = ModelFunctions()[random() % ModelFunctions().size()];
  TestCall call = RandomCall(random, *FindAggregate(name));
  for (DataType& type : call.types) type = ModelType(type);
  const bool grouped = name != "decay_sum" && random() % 4 == 0;
  std::vector<DataType> types = call.types;
  Result<BoundAggregate> bound = ResolveAggregate(name, types, call.parameters);
  if (grouped) {
    types.emplace_back(random() % 2 == 0 ? TypeId::kString : TypeId::kFloat64);
    bound = ResolveAggregateBy(name, call.types, types.back(), call.parameters);
  }
  COEVAL_CHECK(bound.ok());
  Case one = {call, *bound, RandomEvents(random, types, Below(random, 14)), {}};
  one.question.t = (one.events.size() > 0 ? one.events.times.back() : 0) + Below(random, 99) * 777;
  SCOPED_TRACE(Describe(one));
  const Answer answer = AskRange(one.bound, one.events.view(), 0, one.events.size(), one.question);

  Json request;
  double divisor = 1;
  if (name == "decay_sum") {
    if (Tiny(one.events)) return false;  // ldexp would round them before the sum does
    request = DecayRequest(one.events, one.question.t, one.bound.parameters.Integer("half_life"),
                           &divisor);
  } else {
    Json parameters = Json::MakeObject();
    for (const auto& [key, value] : call.parameters) {
      parameters.Set(key, PlainValue(value, value.is_double() ? TypeId::kFloat64 : TypeId::kInt64));
    }
    TestEvents plain = one.events;
    if (grouped) {
      Json groups = Json::MakeArray();
      for (std::int64_t row = 0; row < plain.size(); ++row) {
        groups.Append(PlainValue(plain.arguments.back().GetValue(row), types.back()));
      }
      request.Set("groups", groups);
      plain.arguments.pop_back();
    }
    request.Set("op", "aggregate").Set("fn", name).Set("params", parameters);
    request.Set("rows", PlainRows(plain)).Set("t", one.question.t);
  }
  const Json reply = model.Ask(request);
  EXPECT_EQ(reply.Find("error"), nullptr) << reply.Write() << " to " << request.Write();
  if (reply.Find("above_cap") != nullptr || reply.Find("error") != nullptr) return false;
  Answer expected;
  // No map has a null key (docs/semantics.md, 5.4).
  const bool null_group = grouped && one.events.arguments.back().CountNulls() > 0;
  if (reply.Find("invalid") != nullptr || null_group) {
    expected.outcome = Outcome::kInvalid;
  } else {
    expected.value = ReadPlain(*reply.Find("value"), one.bound.result);
    if (expected.value.is_double() && divisor != 1) {
      expected.value = Value::Double(expected.value.AsDouble() / divisor);
    }
    expected.outcome = expected.value.is_null() ? Outcome::kNull : Outcome::kValue;
  }
  EXPECT_TRUE(SameAnswer(answer, expected))
      << answer.Text(one.bound.result) << ", the model says " << expected.Text(one.bound.result)
      << " to " << request.Write();
  return true;
}

}  // namespace coeval
