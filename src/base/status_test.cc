#include "base/status.h"

#include <memory>

#include <gtest/gtest.h>

namespace coeval {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Status::InvalidArgument("odd: " + std::to_string(n));
  return n / 2;
}

Result<int> Quarter(int n) {
  COEVAL_ASSIGN_OR_RETURN(const int half, Half(n));
  COEVAL_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckEven(int n) {
  COEVAL_RETURN_IF_ERROR(Half(n).status());
  return {};
}

TEST(StatusTest, SaysCodeAndMessage) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().ToString(), "ok");
  EXPECT_EQ(Status().message(), "");
  const Status status = Status::TooOld("before the horizon");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kTooOld);
  EXPECT_EQ(status.ToString(), "too old: before the horizon");
  EXPECT_EQ(status, Status(StatusCode::kTooOld, "before the horizon"));
  EXPECT_FALSE(status == Status::TooOld("other"));
}

TEST(StatusTest, ContextComesBeforeTheMessage) {
  EXPECT_EQ(Status::NotFound("x").WithContext("a.yaml").ToString(), "not found: a.yaml: x");
  EXPECT_TRUE(Status().WithContext("a.yaml").ok());
}

TEST(StatusTest, EveryCodeHasAName) {
  for (int code = 0; code <= static_cast<int>(StatusCode::kInternal); ++code) {
    EXPECT_NE(StatusCodeName(static_cast<StatusCode>(code)), "unknown") << code;
  }
}

TEST(ResultTest, CarriesAValueOrTheReason) {
  EXPECT_EQ(*Half(4), 2);
  EXPECT_TRUE(Half(4).status().ok());
  EXPECT_EQ(Half(3).status().message(), "odd: 3");
}

TEST(ResultTest, MacrosLeaveWithTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd: 3");
  EXPECT_EQ(Quarter(7).status().message(), "odd: 7");
  EXPECT_TRUE(CheckEven(2).ok());
  EXPECT_FALSE(CheckEven(1).ok());
}

TEST(ResultTest, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(ResultDeathTest, ReadingAMissingValueIsABug) {
  EXPECT_DEATH(static_cast<void>(*Half(3)), "check failed");
}

}  // namespace
}  // namespace coeval
