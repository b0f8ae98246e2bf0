#include "serve/api/errors.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace coeval {
namespace {

// The JSON in the JSON text that Feast's clients read.
Json Inner(const HttpResponse& response) {
  const auto outer = ParseJson(response.body);
  EXPECT_TRUE(outer.ok() && outer->is_string()) << response.body;
  const auto inner = ParseJson(outer->AsString());
  EXPECT_TRUE(inner.ok()) << outer->AsString();
  return *inner;
}

TEST(ErrorsTest, ACallersMistakeIsNeverA5xx) {
  EXPECT_EQ(HttpStatusOf(StatusCode::kInvalidArgument), 400);
  EXPECT_EQ(HttpStatusOf(StatusCode::kNotFound), 404);
  EXPECT_EQ(HttpStatusOf(StatusCode::kAlreadyExists), 409);
  EXPECT_EQ(HttpStatusOf(StatusCode::kTooOld), 410);
  EXPECT_EQ(HttpStatusOf(StatusCode::kFailedPrecondition), 412);
  EXPECT_EQ(HttpStatusOf(StatusCode::kUnavailable), 503);
  EXPECT_EQ(HttpStatusOf(StatusCode::kIoError), 500);
  EXPECT_EQ(HttpStatusOf(StatusCode::kCorruption), 500);
}

TEST(ErrorsTest, TheBodyIsJsonInAJsonText) {
  const HttpResponse response = ErrorResponse(Status::InvalidArgument("row 3: \"x\"\nis no int64"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/json");
  const Json inner = Inner(response);
  EXPECT_EQ(inner.GetString("message"), "row 3: \"x\"\nis no int64");
  EXPECT_EQ(inner.GetString("module"), "coeval.errors");
  EXPECT_EQ(inner.GetString("class"), "InvalidArgument");
}

TEST(ErrorsTest, WhatIsNotFoundHasFeastsClass) {
  EXPECT_EQ(
      Inner(ErrorResponse(Status::NotFound("there is no feature view 'x'"))).GetString("class"),
      "FeatureViewNotFoundException");
  EXPECT_EQ(
      Inner(ErrorResponse(Status::NotFound("there is no feature service 'x'"))).GetString("class"),
      "FeatureServiceNotFoundException");
  EXPECT_EQ(Inner(ErrorResponse(Status::NotFound("there is no route /x"))).GetString("class"),
            "NotFound");
}

TEST(ErrorsTest, BytesThatAreNoUtf8MakeNoBrokenJson) {
  EXPECT_EQ(Inner(ErrorResponse(Status::InvalidArgument("a\xFF"))).GetString("message"),
            "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace coeval
