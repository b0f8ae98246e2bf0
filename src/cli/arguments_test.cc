#include "cli/arguments.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"

namespace coeval {
namespace {

using testing::HasSubstr;

FeaturePlan PlanOf(std::vector<PlannedColumn> columns) {
  FeaturePlan plan;
  plan.request_columns = std::move(columns);
  return plan;
}

TEST(ArgumentsTest, ChecksSayWhatIsWrong) {
  EXPECT_EQ(CheckTime("2013-10-01T00:00:00Z"), "");
  EXPECT_EQ(CheckTime("now"), "");
  EXPECT_NE(CheckTime("2013-13-01"), "");
  EXPECT_EQ(CheckDuration("30d"), "");
  EXPECT_NE(CheckDuration("30 days"), "");
  EXPECT_EQ(CheckKnown("arrival"), "");
  EXPECT_NE(CheckKnown("arrivals"), "");
  EXPECT_EQ(CheckAssignment("serve.port=7000"), "");
  EXPECT_THAT(CheckAssignment("=7000"), HasSubstr("key=value"));
  EXPECT_THAT(CheckAssignment("serve.port"), HasSubstr("'serve.port'"));
}

TEST(ArgumentsTest, NowIsTheClocks) {
  const FixedClock clock(77 * kSecond);
  EXPECT_EQ(*ParseTimeArgument("now", clock), 77 * kSecond);
  EXPECT_EQ(*ParseTimeArgument("1970-01-01T00:00:05Z", clock), 5 * kSecond);
  EXPECT_FALSE(ParseTimeArgument("yesterday", clock).ok());
}

TEST(ArgumentsTest, ARequestIsAServiceOrReferences) {
  const auto service = ParseRequest("delay@v3", {}, true);
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(service->service, "delay");
  EXPECT_EQ(service->service_version, 3);
  EXPECT_TRUE(service->full_feature_names);
  EXPECT_EQ(ParseRequest("delay", {}, false)->service_version, 0);
  EXPECT_EQ(ParseRequest("", {"a:b"}, false)->features.size(), 1U);
  EXPECT_THAT(ParseRequest("delay", {"a:b"}, false).status().message(), HasSubstr("not both"));
  EXPECT_THAT(ParseRequest("", {}, false).status().message(), HasSubstr("coeval list"));
  for (const char* wrong : {"delay@v", "delay@v0", "delay@vx", "delay@v1x"}) {
    EXPECT_THAT(ParseRequest(wrong, {}, false).status().message(), HasSubstr("name@v3")) << wrong;
  }
}

TEST(ArgumentsTest, ValuesAreReadByTheirType) {
  EXPECT_EQ(ParseValue("7", TypeId::kInt64)->AsInt(), 7);
  EXPECT_EQ(ParseValue("007", TypeId::kString)->AsString(), "007");
  EXPECT_EQ(ParseValue("null", TypeId::kString)->AsString(), "null");
  EXPECT_TRUE(ParseValue("null", TypeId::kInt64)->is_null());
  EXPECT_EQ(ParseValue("0.5", TypeId::kFloat64)->AsDouble(), 0.5);
  EXPECT_EQ(ParseValue("inf", TypeId::kFloat64)->AsDouble(),
            std::numeric_limits<double>::infinity());
  EXPECT_TRUE(ParseValue("true", TypeId::kBool)->AsBool());
  EXPECT_EQ(ParseValue("1970-01-01T00:00:01Z", TypeId::kTimestamp)->AsInt(), kSecond);
  EXPECT_EQ(ParseValue("[1, 2]", DataType::List(TypeId::kInt64))->AsList().size(), 2U);
  EXPECT_EQ(ParseValue("7.0", TypeId::kInt64)->AsInt(), 7);
  EXPECT_EQ(ParseValue("-2e3", TypeId::kInt32)->AsInt(), -2000);
  for (const char* wrong : {"seven", "7.5", "", "true", "1e19", "9223372036854775808.0"}) {
    EXPECT_FALSE(ParseValue(wrong, TypeId::kInt64).ok()) << wrong;
  }
  EXPECT_THAT(ParseValue("seven", TypeId::kInt64).status().message(), HasSubstr("int64"));
}

TEST(ArgumentsTest, ARowTellsAllThatIsWrongAtOnce) {
  const FeaturePlan plan =
      PlanOf({{.name = "origin", .type = TypeId::kString, .needed_by = "entity airport"},
              {.name = "quantity", .type = TypeId::kInt64, .needed_by = "request data"}});
  const auto row = ParseEntityRow(plan, {{"origin", "JFK"}, {"quantity", "2"}});
  ASSERT_TRUE(row.ok()) << row.status().message();
  EXPECT_EQ((*row)[0].bytes(0), "JFK");
  EXPECT_EQ((*row)[1].values<std::int64_t>()[0], 2);

  const auto wrong = ParseEntityRow(plan, {{"orign", "JFK"}, {"quantity", "two"}});
  ASSERT_EQ(wrong.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(wrong.status().message(), HasSubstr("origin=... is missing (string), needed by "
                                                  "entity airport"));
  EXPECT_THAT(wrong.status().message(), HasSubstr("quantity=two"));
  EXPECT_THAT(wrong.status().message(),
              HasSubstr("'orign' is no key of these features, did you mean \"origin\"?"));
}

}  // namespace
}  // namespace coeval
