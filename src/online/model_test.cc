// The store's rules against the executable law, tests/model.
#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/law_model.h"
#include "column/row_encoding.h"
#include "online/testing.h"
#include "online/winner.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;

Json Plain(std::optional<double> x) {
  if (!x) return {};
  char text[64];
  std::snprintf(text, sizeof(text), "%a", *x);
  Json value;
  value.Set("f", std::isnan(*x) ? "nan" : std::isinf(*x) ? (*x > 0 ? "inf" : "-inf") : text);
  return value;
}

Json Plain(std::optional<std::int64_t> n) {
  return n ? Json(*n) : Json();
}

Json Plain(const TestFact& fact) {
  Json values = Json::MakeArray();
  values.Append(Plain(fact.n)).Append(Plain(fact.x));
  Json row;
  row.Set("source", "s").Set("key", Json::MakeArray().Append(fact.key));
  row.Set("event_time", fact.event_time);
  row.Set("values", fact.is_delete ? Json::MakeArray() : values);
  if (fact.created) row.Set("created", *fact.created);
  if (fact.sequence) row.Set("sequence", Json::MakeArray().Append("").Append(*fact.sequence));
  if (fact.is_delete) row.Set("delete", true);
  return row;
}

Json Plain(const std::vector<TestFact>& facts) {
  Json list = Json::MakeArray();
  for (const TestFact& fact : facts) list.Append(Plain(fact));
  return list;
}

Json Sources(const Source& source) {
  Json plain;
  plain.Set("name", "s").Set("data_delay", source.data_delay);
  plain.Set("created", source.created == CreatedMeaning::kArrival ? "arrival" : "version");
  return Json::MakeArray().Append(plain);
}

class ModelTest : public testing::Test {
 protected:
  void SetUp() override {
    model_ = LawModel::Start();
    ASSERT_NE(model_, nullptr) << "tests/model is not there; run from the source tree";
  }

  Json Ask(const Json& request) {
    const Json answer = model_->Ask(request);
    EXPECT_EQ(answer.Find("error"), nullptr) << answer.Write() << " to " << request.Write();
    return answer;
  }

  std::mt19937_64 random_{std::random_device()()};
  std::unique_ptr<LawModel> model_;
};

std::vector<DataType> Types() {
  return {TypeId::kInt64, TypeId::kFloat64};
}

Source RandomSource(std::mt19937_64& random) {
  if (random() % 2 == 0) return TestSource(CreatedMeaning::kArrival);
  return TestSource(CreatedMeaning::kVersion, static_cast<int>(random() % 3) * kMinute);
}

// What is kept is what the model keeps, but for facts equal in rank, of which one is enough.
TEST_F(ModelTest, KeepsWhatTheModelKeeps) {
  const std::vector<DataType> types = Types();
  for (int round = 0; round < 300; ++round) {
    const Source source = RandomSource(random_);
    const DurationMicros ttl = random_() % 2 == 0 ? 0 : 4 * kMinute;
    const TimeMicros horizon = kNow - static_cast<int>(random_() % 20) * kMinute;
    const std::vector<TestFact> facts = RandomFacts(random_, random_() % 12, 1, kNow, true);
    const Json answer = Ask(Json()
                                .Set("op", "keep")
                                .Set("sources", Sources(source))
                                .Set("facts", Plain(facts))
                                .Set("horizon", horizon)
                                .Set("ttl", ttl));
    std::vector<std::string> rows(facts.size());
    std::vector<KeptFact> expected;
    for (const Json& position : answer.Find("kept")->array()) {
      const auto i = static_cast<std::size_t>(position.AsInt());
      expected.push_back(Kept(facts[i], source, &rows[i]));
    }
    std::vector<std::string> own_rows(facts.size());
    std::vector<KeptFact> kept;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      kept.push_back(Kept(facts[i], source, &own_rows[i]));
    }
    Collapse({.types = types, .horizon = horizon, .ttl = ttl}, &kept);
    Collapse({.types = types, .horizon = kMinTime, .ttl = 0}, &expected);  // sorts, one of each
    ASSERT_EQ(kept.size(), expected.size()) << "round " << round;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(CompareKept(kept[i], expected[i], types), std::strong_ordering::equal);
    }
  }
}

TEST_F(ModelTest, RanksLikeTheModel) {
  const std::vector<DataType> types = Types();
  for (int round = 0; round < 200; ++round) {
    const Source source = RandomSource(random_);
    const std::vector<TestFact> facts = RandomFacts(random_, 8, 1, kNow, true);
    const Json answer =
        Ask(Json().Set("op", "rank").Set("sources", Sources(source)).Set("facts", Plain(facts)));
    std::vector<std::string> rows(facts.size());
    std::vector<KeptFact> kept;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      kept.push_back(Kept(facts[i], source, &rows[i]));
      EXPECT_EQ(kept[i].visible_time, answer.Find("visible_time")->array()[i].AsInt());
    }
    const Json::Array& order = answer.Find("order")->array();
    for (std::size_t i = 1; i < order.size(); ++i) {
      const auto lesser = static_cast<std::size_t>(order[i - 1].AsInt());
      const auto greater = static_cast<std::size_t>(order[i].AsInt());
      EXPECT_TRUE(CompareKept(kept[lesser], kept[greater], types) <= 0);
    }
  }
}

TEST_F(ModelTest, AnswersLikeTheModel) {
  const std::vector<DataType> types = Types();
  for (int round = 0; round < 200; ++round) {
    const Source source = RandomSource(random_);
    const DurationMicros ttl = random_() % 2 == 0 ? 0 : 4 * kMinute;
    const TimeMicros horizon = kNow - static_cast<int>(random_() % 20) * kMinute;
    const std::vector<TestFact> facts = RandomFacts(random_, random_() % 12, 1, kNow, true);
    Json questions = Json::MakeArray();
    for (int i = 0; i < 20; ++i) {
      questions.Append(Json::MakeArray()
                           .Append(Json::MakeArray().Append(0))
                           .Append(horizon + i * kMinute + static_cast<int>(random_() % 3)));
    }
    Json view = Json().Set("features", Json::MakeArray().Append("n").Append("x"));
    view.Set("ttl", ttl).Set("sources", Sources(source));
    const Json answer = Ask(Json()
                                .Set("op", "asof")
                                .Set("view", view)
                                .Set("facts", Plain(facts))
                                .Set("questions", questions));
    std::vector<std::string> rows(facts.size());
    std::vector<KeptFact> kept;
    for (std::size_t i = 0; i < facts.size(); ++i) {
      kept.push_back(Kept(facts[i], source, &rows[i]));
    }
    Collapse({.types = types, .horizon = horizon, .ttl = ttl}, &kept);
    for (std::size_t i = 0; i < 20; ++i) {
      const TimeMicros t = questions.array()[i].array()[1].AsInt();
      const Json& expected = answer.Find("answers")->array()[i];
      const KeptAnswer mine = AnswerAt(kept, t, ttl);
      const std::string& status = expected.Find("status")->array()[0].AsString();
      EXPECT_EQ(mine.match == Match::kFound, status == "PRESENT" || status == "NULL_VALUE");
      EXPECT_EQ(mine.match == Match::kOutsideMaxAge, status == "OUTSIDE_MAX_AGE");
      if (mine.match == Match::kNotFound) continue;
      EXPECT_EQ(mine.event_time, expected.Find("time")->array()[0].AsInt());
      if (mine.match != Match::kFound) continue;
      const std::vector<Value> values = *RowView::Parse(mine.winner->row, types)->Values();
      const auto n = values[0].is_null() ? std::nullopt : std::optional(values[0].AsInt());
      const auto x = values[1].is_null() ? std::nullopt : std::optional(values[1].AsDouble());
      const Json& got = expected.Find("values")->array()[0];
      EXPECT_EQ(Plain(n).Write(), got.Write());
      const Json* f = expected.Find("values")->array()[1].Find("f");
      ASSERT_EQ(f == nullptr, !x.has_value());
      if (f == nullptr || values[1].is_null()) continue;
      const double other = std::strtod(f->AsString().c_str(), nullptr);
      EXPECT_TRUE(SameBits(values[1], Value::Double(other))) << f->AsString();
    }
  }
}

}  // namespace
}  // namespace coeval
