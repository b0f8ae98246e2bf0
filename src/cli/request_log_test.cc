#include "cli/request_log.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "serve/api/errors.h"

namespace coeval {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const HttpRequest kRequest{.method = "POST",
                           .path = "/get-online-features",
                           .query = "token=secret",
                           .body = R"({"entities": {"user": ["ann"]}})"};

TEST(RequestLogTest, APlainLineTellsOfTheErrorAndOfNoKeys) {
  const HttpResponse response = ErrorResponse(Status::InvalidArgument("no 'entities'\nat all"));
  const std::string line = RequestLine(kRequest, response, 0.44, "2026-01-02T03:04:05Z", false);
  EXPECT_EQ(line,
            "2026-01-02T03:04:05Z POST /get-online-features 400 0.4 ms: no 'entities'?at all");
  EXPECT_THAT(line, Not(HasSubstr("secret")));
}

TEST(RequestLogTest, WhatTheHandlerWantsToldStandsForTheMessage) {
  HttpResponse response = ErrorResponse(Status::InvalidArgument("row 1: \"zoe\" is no int64"));
  response.log = "column 'user' has a value that cannot be read";
  for (const bool json : {false, true}) {
    const std::string line = RequestLine(kRequest, response, 1, "t", json);
    EXPECT_THAT(line, HasSubstr("column 'user' has a value"));
    EXPECT_THAT(line, Not(HasSubstr("zoe")));
  }
}

TEST(RequestLogTest, AJsonLineIsOneDocument) {
  const HttpResponse response = ErrorResponse(Status::NotFound("no \"x\"\n"));
  const std::string line = RequestLine(kRequest, response, 1.5, "2026-01-02T03:04:05Z", true);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = ParseJson(line);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->GetInt("status"), 404);
  EXPECT_EQ(json->GetString("error"), "no \"x\"\n");
  EXPECT_EQ(json->GetString("path"), "/get-online-features");
}

TEST(RequestLogTest, ControlCharactersOfAClientMakeNoLines) {
  const HttpRequest request{.method = "GET", .path = "/a\r\nb\x1b[31m", .query = "", .body = ""};
  EXPECT_THAT(RequestLine(request, {404, "application/json", ""}, 0, "t", false),
              HasSubstr("GET /a??b?[31m 404"));
}

TEST(RequestLogTest, OnlyFailuresAreToldUnlessAllAreAskedFor) {
  const HttpHandler answer = [](const HttpRequest& request) {
    return HttpResponse{request.path == "/bad" ? 400 : 200, "application/json", ""};
  };
  const HttpRequest good{.method = "GET", .path = "/health", .query = "", .body = ""};
  const HttpRequest bad{.method = "GET", .path = "/bad", .query = "", .body = ""};
  testing::internal::CaptureStderr();
  const HttpHandler failures = LogRequests(answer, false, false);
  EXPECT_EQ(failures(good).status, 200);
  EXPECT_EQ(failures(bad).status, 400);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("GET /bad 400"));
  testing::internal::CaptureStderr();
  LogRequests(answer, true, false)(good);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("GET /health 200"));
  testing::internal::CaptureStderr();
  failures(good);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace coeval
