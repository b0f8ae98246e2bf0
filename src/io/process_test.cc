#include "io/process.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::HasSubstr;

ProcessOptions Options(std::string directory, std::vector<std::string> environment) {
  ProcessOptions options;
  options.directory = std::move(directory);
  options.environment = std::move(environment);
  return options;
}

TEST(ProcessTest, CollectsBothStreamsAndTheExitCode) {
  const auto result = RunProcess({"sh", "-c", "echo out; echo err >&2; exit 3"}, {});
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result->standard_output, "out\n");
  EXPECT_EQ(result->standard_error, "err\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST(ProcessTest, SetsVariablesAndTheFolder) {
  const auto result =
      RunProcess({"sh", "-c", "echo $COEVAL_TEST; pwd"}, Options("/", {"COEVAL_TEST=a b"}));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->standard_output, "a b\n/\n");
}

TEST(ProcessTest, NamesAMissingProgram) {
  const auto result = RunProcess({"coeval-no-such-program"}, {});
  EXPECT_EQ(result.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(result.status().message(), HasSubstr("coeval-no-such-program"));
}

// More than a pipe holds, on both streams at once: a reader that took turns would hang.
TEST(ProcessTest, ReadsMoreThanAPipeHolds) {
  const auto result =
      RunProcess({"sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"}, {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->standard_output.size(), 300000U);
  EXPECT_EQ(result->standard_error.size(), 300000U);
}

TEST(ProcessTest, EndsAProgramThatTakesTooLong) {
  ProcessOptions options;
  options.timeout = 50'000;
  const auto result = RunProcess({"sh", "-c", "exec tail -f /dev/null"}, options);
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
}

TEST(ProcessTest, EndsAProgramThatPrintsTooMuch) {
  ProcessOptions options;
  options.max_output_bytes = 1000;
  const auto result = RunProcess({"sh", "-c", "exec cat /dev/zero"}, options);
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace coeval
