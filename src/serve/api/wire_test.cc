// What is written for another process is read there as it was.
#include "serve/api/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::HasSubstr;

TEST(WireTest, ErrorsKeepClassAndMessage) {
  for (const StatusCode code :
       {StatusCode::kInvalidArgument, StatusCode::kNotFound, StatusCode::kAlreadyExists,
        StatusCode::kTooOld, StatusCode::kFailedPrecondition, StatusCode::kCorruption,
        StatusCode::kIoError, StatusCode::kUnavailable, StatusCode::kCancelled,
        StatusCode::kInternal}) {
    const Status status(code, "row 7: \"\xC3\xA4\"\nis no number");
    const HttpResponse response = WireError(status);
    EXPECT_EQ(ErrorFromWire(response.status, response.body), status) << response.body;
  }
}

TEST(WireTest, WhatIsNoErrorOfOursIsToldAsItCame) {
  for (const char* body : {"", "null", "[]", "{}", "{\"error\": 1}", "<html>", "{\"error\": {}}",
                           "{\"error\": {\"class\": \"Better\", \"message\": \"x\"}}"}) {
    const Status status = ErrorFromWire(502, body);
    EXPECT_EQ(status.code(), StatusCode::kInternal);
    EXPECT_THAT(status.message(), HasSubstr("502"));
    EXPECT_THAT(status.message(), HasSubstr(body));
  }
  EXPECT_EQ(ErrorFromWire(413, "\"too large\"").code(), StatusCode::kInvalidArgument);
}

TEST(WireTest, OutcomesKeepEverything) {
  PushOutcome outcome;
  outcome.c = 1'714'564'800'000'001;
  outcome.rows = 3;
  outcome.null_keys = 1;
  outcome.views = {"a", "b"};
  outcome.repeated = true;
  const auto read = PushOutcomeFromWire(ToWire(outcome));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(ToWire(*read), ToWire(outcome));
  EXPECT_EQ(read->c, outcome.c);
  EXPECT_EQ(PushOutcomeFromWire(ToWire(PushOutcome{}))->c, kMinTime);
}

TEST(WireTest, ReportsKeepEverything) {
  MaterializeReport report;
  report.view = "weather@v2";
  report.rows_read = 5;
  report.rows_written = 4;
  report.rows_refused = 1;
  report.detail = "source unchanged";
  std::vector<MaterializeReport> reports = {report};
  for (const TimeMicros watermark : {kMinTime, kMinTime + 1, TimeMicros{-1}, TimeMicros{0},
                                     TimeMicros{1'714'564'800'000'001}, kMaxTime}) {
    reports.push_back(report);
    reports.back().watermark = watermark;
  }
  const auto read = ReportsFromWire(ToWire(reports));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  ASSERT_EQ(read->size(), reports.size());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(read->at(i).watermark, reports[i].watermark);
  }
  EXPECT_EQ(ToWire(*read), ToWire(reports));

  PlanReport plan;
  plan.changes = *ParseJson(R"({"changes": [{"name": "a", "data_behind": ["b"]}]})");
  plan.text = "two\nlines";
  plan.empty = false;
  plan.refused = true;
  const Json written = ToWire(plan);
  EXPECT_EQ(*written.Find("changes"), plan.changes);
  EXPECT_EQ(written.GetString("text"), plan.text);
  EXPECT_FALSE(written.GetBool("empty", true));
  EXPECT_TRUE(written.GetBool("refused"));
}

TEST(WireTest, WhatIsMissingIsNamed) {
  const Json nothing = Json::MakeObject();
  EXPECT_THAT(PushOutcomeFromWire(nothing).status().message(), HasSubstr("'rows'"));
  EXPECT_THAT(ReportsFromWire(nothing).status().message(), HasSubstr("'views'"));
  EXPECT_THAT(TextMember(*ParseJson(R"({"name": 1})"), "name").status().message(),
              HasSubstr("'name' must be a text"));
  EXPECT_THAT(TextsMember(*ParseJson(R"({"views": [1]})"), "views").status().message(),
              HasSubstr("'views' must be a list"));
  EXPECT_THAT(TimeFromWire(*ParseJson(R"({"end": 7})"), "end").status().message(),
              HasSubstr("'end'"));
}

}  // namespace
}  // namespace coeval
