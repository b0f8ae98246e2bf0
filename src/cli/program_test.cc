#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/help.h"

namespace coeval {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int code = 0;
  std::string output;
  std::string error;
};

Outcome RunProgram(const std::vector<std::string>& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.code = CommandLine().Run(arguments);
  outcome.output = testing::internal::GetCapturedStdout();
  outcome.error = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(ProgramTest, WrongUsageIsExitTwoWithTheNearestName) {
  const Outcome command = RunProgram({"aply"});
  EXPECT_EQ(command.code, kExitUsage);
  EXPECT_THAT(command.error,
              HasSubstr("coeval: error: there is no command 'aply', did you mean \"apply\"?"));
  const Outcome option = RunProgram({"get", "delay", "--jsn"});
  EXPECT_EQ(option.code, kExitUsage);
  EXPECT_THAT(option.error, HasSubstr("there is no option --jsn of `coeval get`, did you mean "
                                      "\"--json\"?"));
  EXPECT_THAT(option.error, HasSubstr("See `coeval get --help`."));
  const Outcome argument = RunProgram({"apply", "everything"});
  EXPECT_EQ(argument.code, kExitUsage);
  EXPECT_THAT(argument.error, HasSubstr("`coeval apply` takes no argument 'everything'"));
}

TEST(ProgramTest, ArgumentsAreCheckedBeforeAnyWork) {
  EXPECT_THAT(RunProgram({"--set", "port", "list"}).error, HasSubstr("key=value"));
  EXPECT_THAT(RunProgram({"materialize", "2013-13-01", "now"}).error, HasSubstr("START"));
  EXPECT_THAT(RunProgram({"describe"}).error, HasSubstr("NAME is required"));
  EXPECT_THAT(RunProgram({"get", "a:b", "service"}).error, HasSubstr("not both"));
  EXPECT_THAT(RunProgram({"get", "service", "other"}).error, HasSubstr("two services"));
  EXPECT_THAT(RunProgram({"get", "x=1"}).error, HasSubstr("name a feature service"));
  EXPECT_THAT(RunProgram({"training-set", "service"}).error, HasSubstr("--spine"));
  EXPECT_THAT(RunProgram({"training-set", "service", "--start", "2013-01-01"}).error,
              HasSubstr("--end"));
  EXPECT_THAT(RunProgram({"serve", "--port", "65536"}).error, HasSubstr("65536"));
  EXPECT_THAT(RunProgram({"completion", "tcsh"}).error, HasSubstr("tcsh"));
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--set", "port", "list"},
                                             {"describe"},
                                             {"get", "x=1"},
                                             {"training-set", "service"},
                                             {"runs", "--limit", "0"}}) {
    EXPECT_EQ(RunProgram(arguments).code, kExitUsage) << arguments.front();
  }
}

TEST(ProgramTest, WithoutACommandThereIsHelp) {
  const Outcome none = RunProgram({});
  EXPECT_EQ(none.code, kExitDone);
  EXPECT_THAT(none.output, HasSubstr("Usage: coeval COMMAND [options]"));
  EXPECT_EQ(RunProgram({"--json"}).code, kExitUsage);
  EXPECT_EQ(RunProgram({"--version"}).output, "coeval " COEVAL_VERSION "\n");
}

TEST(ProgramTest, EveryCommandHasHelpWithExamples) {
  CommandLine program;
  for (const CLI::App* command :
       program.app().get_subcommands([](const CLI::App*) { return true; })) {
    const Outcome help = RunProgram({command->get_name(), "--help"});
    EXPECT_EQ(help.code, kExitDone) << command->get_name();
    EXPECT_THAT(help.output, HasSubstr("Usage: coeval " + command->get_name()));
    EXPECT_THAT(help.output, HasSubstr("\nExamples:\n  "));
    EXPECT_THAT(command->get_footer(), HasSubstr("coeval " + command->get_name()));
    std::istringstream lines(help.output);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("  coeval") || line.starts_with("  curl")) continue;  // examples
      EXPECT_LE(line.size(), 100U) << command->get_name() << ": " << line;
    }
  }
}

TEST(ProgramTest, NoRepositoryIsWrongInput) {
  const Outcome plain = RunProgram({"-C", "/", "list"});
  EXPECT_EQ(plain.code, kExitInput);
  EXPECT_EQ(plain.output, "");
  EXPECT_THAT(plain.error, HasSubstr("coeval.yaml"));
  const Outcome json = RunProgram({"list", "-C", "/", "--json"});  // options may follow the command
  EXPECT_EQ(json.code, kExitInput);
  EXPECT_THAT(json.output, HasSubstr("\"code\": \"not found\""));
}

TEST(ProgramTest, StatusesMapToExitCodes) {
  EXPECT_EQ(ExitCodeOf(StatusCode::kOk), 0);
  EXPECT_EQ(ExitCodeOf(StatusCode::kInvalidArgument), 3);
  EXPECT_EQ(ExitCodeOf(StatusCode::kFailedPrecondition), 3);
  EXPECT_EQ(ExitCodeOf(StatusCode::kTooOld), 3);
  EXPECT_EQ(ExitCodeOf(StatusCode::kIoError), 4);
  EXPECT_EQ(ExitCodeOf(StatusCode::kUnavailable), 4);
  EXPECT_EQ(ExitCodeOf(StatusCode::kCancelled), 4);
}

TEST(ProgramTest, CompletionKnowsEveryCommandAndOption) {
  CommandLine program;
  const auto commands = CompletedCommands(program.app());
  const auto all = program.app().get_subcommands([](const CLI::App*) { return true; });
  EXPECT_EQ(commands.size(), all.size());
  EXPECT_GE(commands.size(), 18U);
  for (const std::string& script :
       {BashCompletion(commands), ZshCompletion(commands), FishCompletion(commands)}) {
    for (const CompletedCommand& command : commands) {
      EXPECT_THAT(script, HasSubstr(command.name));
    }
    EXPECT_THAT(script, HasSubstr("full-feature-names"));
    EXPECT_THAT(script, EndsWith("\n"));
  }
}

// docs/cli.md is what `coeval --help-markdown` prints. To renew it: coeval --help-markdown >
// docs/cli.md
TEST(ProgramTest, TheReferenceIsCurrent) {
  const char* source = std::getenv("COEVAL_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  std::ifstream file(std::string(source) + "/docs/cli.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), ReferenceAsMarkdown(CommandLine().app()));
}

}  // namespace
}  // namespace coeval
