// coeval backup, verify, restore: the store at one moment, elsewhere; looked over, and brought
// back.
#include <algorithm>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "store/backup.h"

namespace coeval {
namespace {

constexpr const char* kGroup = "Serving";

struct RestoreArguments {
  std::string folder;
  bool replace = false;
};

// "7 files, 1.2 MiB, of 2024-05-01T12:00:00Z"
std::string ExtentText(const Json& json) {
  const std::int64_t files = json.GetInt("files");
  return FormatCount(files) + (files == 1 ? " file, " : " files, ") +
         FormatBytes(json.GetInt("bytes")) + ", of " + json.GetString("time");
}

Result<int> RunBackup(const Invocation& invocation, const std::string& folder) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(const Json done, store->Backup(folder));
  invocation.Show(done, "backed up to " + done.GetString("backup") + ": " + ExtentText(done));
  return kExitDone;
}

Result<int> RunVerify(const Invocation& invocation, const std::string& folder) {
  COEVAL_ASSIGN_OR_RETURN(const Context context, invocation.MakeContext());
  COEVAL_ASSIGN_OR_RETURN(const Json found, VerifyBackup(folder, context));
  std::string text = "a backup of '" + found.GetString("project") + "': " + ExtentText(found) +
                     "; " + FormatCount(found.GetInt("facts")) + " facts of " +
                     FormatCount(found.GetInt("keys")) + " keys, and " +
                     FormatCount(found.GetInt("records")) + " pushes";
  const Json& problems = *found.Find("problems");
  for (const Json& problem : problems.array()) text += "\n" + problem.AsString();
  const bool sound = problems.array().empty();
  invocation.Show(found, text + (sound ? "; it is sound" : "\nit is damaged: take another"));
  return sound ? kExitDone : kExitNo;
}

// What gave way, by what may be done with it.
std::string ReplacedText(const Json& done) {
  const Json::Array& removable = done.Find("removable")->array();
  std::string alone;
  std::string shared;
  for (const Json& path : done.Find("replaced")->array()) {
    const bool can_go = std::find(removable.begin(), removable.end(), path) != removable.end();
    (can_go ? alone : shared) += "\n  " + path.AsString();
  }
  if (!alone.empty()) alone = "\nwhat was there counts no more, and can be removed:" + alone;
  if (shared.empty()) return alone;
  return alone +
         "\noutside of the state folder, this counts no more for this project; it may be other "
         "projects' as well:" +
         shared;
}

Result<int> RunRestore(const Invocation& invocation, const RestoreArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(const StoreOptions options, invocation.MakeOptions());
  COEVAL_ASSIGN_OR_RETURN(const Context context, invocation.MakeContext());
  COEVAL_ASSIGN_OR_RETURN(const Json done, RestoreBackup(options, arguments.folder,
                                                         {.replace = arguments.replace}, context));
  std::string text = "restored " + ExtentText(done) + "; this is epoch " +
                     std::to_string(done.GetInt("epoch")) + " of the store";
  invocation.Show(done, text + ReplacedText(done));
  return kExitDone;
}

void AddBackup(CLI::App* app, Invocation* invocation) {
  CLI::App* command =
      AddCommand(app, kGroup, "backup",
                 "Writes a backup of the store into a new folder\n"
                 "Registry, online store, log of pushes and quarantine as they are at one moment. "
                 "Reads and pushes go on; where another process has the store, that one writes it.",
                 "coeval backup /backups/2024-05-01");
  auto folder = std::make_shared<std::string>();
  AddArgument(command, "FOLDER", folder.get(), "Where to; it is made, or empty").Required();
  SetAction(command, invocation, [invocation, folder] { return RunBackup(*invocation, *folder); });
}

void AddVerify(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(app, kGroup, "verify",
                                 "Reads all of a backup, and says whether it is sound\n"
                                 "Hashes, registry, log, and every fact. It needs no repository.",
                                 "coeval verify /backups/2024-05-01");
  auto folder = std::make_shared<std::string>();
  AddArgument(command, "FOLDER", folder.get(), "The backup").Required();
  SetAction(command, invocation, [invocation, folder] { return RunVerify(*invocation, *folder); });
}

void AddRestore(CLI::App* app, Invocation* invocation) {
  CLI::App* command =
      AddCommand(app, kGroup, "restore",
                 "Puts a backup in the place of the store\n"
                 "All of it is copied and its hashes compared before anything changes. Processes "
                 "that have the store open take and answer nothing from then on: start them anew.",
                 "coeval restore /backups/2024-05-01\n"
                 "coeval restore /backups/2024-05-01 --replace");
  auto arguments = std::make_shared<RestoreArguments>();
  AddArgument(command, "FOLDER", &arguments->folder, "The backup").Required();
  AddFlag(command, "--replace", &arguments->replace,
          "Where there is a store: it gives way. Its files stay, and the command names them");
  SetAction(command, invocation,
            [invocation, arguments] { return RunRestore(*invocation, *arguments); });
}

}  // namespace

void AddBackupCommands(CLI::App* app, Invocation* invocation) {
  AddBackup(app, invocation);
  AddVerify(app, invocation);
  AddRestore(app, invocation);
}

}  // namespace coeval
