// coeval doctor, version: is everything right, and what is this?
#include <memory>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/record_text.h"
#include "cli/terminal.h"
#include "store/versions.h"

namespace coeval {
namespace {

Json Check(const std::string& what, bool ok, const std::string& detail, const std::string& advice) {
  Json check = Json::MakeObject();
  check.Set("check", what).Set("ok", ok).Set("detail", detail).Set("advice", advice);
  return check;
}

// The checks of the repository; where it does not even open, that is the one finding.
Json ChecksOf(const Invocation& invocation) {
  auto store = invocation.OpenStore();
  if (store.ok()) return (*store)->Doctor();
  Json checks = Json::MakeArray();
  checks.Append(Check("repository", false, store.status().message(),
                      "mend what the message names, or choose another folder with -C"));
  return checks;
}

std::string ChecksText(const Json& checks, bool* all_right) {
  std::string text;
  for (const Json& check : checks.array()) {
    const bool ok = check.GetBool("ok");
    *all_right = *all_right && ok;
    text += (ok ? Paint("ok   ", Colour::kGreen) : Paint("WRONG", Colour::kRed)) + "  " +
            check.GetString("check");
    if (const std::string detail = check.GetString("detail"); !detail.empty()) {
      text += ": " + detail;
    }
    const std::string advice = check.GetString("advice");
    if (!ok && !advice.empty()) text += "\n       " + advice;
    text += "\n";
  }
  return text + (*all_right ? "everything is in order" : "something is wrong");
}

Result<int> RunDoctor(const Invocation& invocation) {
  const Json checks = ChecksOf(invocation);
  bool all_right = true;
  const std::string text = ChecksText(checks, &all_right);
  Json report = Json::MakeObject();
  report.Set("ok", all_right).Set("checks", checks);
  invocation.Show(report, text);
  return all_right ? kExitDone : kExitNo;
}

Result<int> RunVersion(const Invocation& invocation) {
  const Json versions = Versions(Context());
  std::string text = "coeval " + versions.GetString("release");
  for (const char* group : {"libraries", "formats"}) {
    text += "\n\n" + Paint(group, Colour::kBold) + "\n" + RecordText(*versions.Find(group));
  }
  invocation.Show(versions, text);
  return kExitDone;
}

}  // namespace

void AddDoctorCommands(CLI::App* app, Invocation* invocation) {
  CLI::App* doctor = AddCommand(app, "Looking", "doctor",
                                "Checks the installation and the repository, and says what to do\n"
                                "Exit 1 where something is wrong. Shows no secrets.",
                                "coeval doctor\n"
                                "coeval doctor --json");
  SetAction(doctor, invocation, [invocation] { return RunDoctor(*invocation); });
  CLI::App* version =
      AddCommand(app, "Looking", "version",
                 "Shows the release, the libraries in it, and the formats it writes",
                 "coeval version\n"
                 "coeval version --json");
  SetAction(version, invocation, [invocation] { return RunVersion(*invocation); });
}

}  // namespace coeval
