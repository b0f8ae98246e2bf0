// coeval get: the features of one entity, now or at another time.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/value_text.h"
#include "definition/fact.h"

namespace coeval {
namespace {

struct GetArguments {
  std::vector<std::string> words;
  std::string at;
  bool full_feature_names = false;
};

Result<FeatureRequest> RequestOf(const GetArguments& arguments, AskedFor* asked) {
  COEVAL_ASSIGN_OR_RETURN(*asked, SortWords(arguments.words));
  return ParseRequest(asked->service, asked->features, arguments.full_feature_names);
}

std::string WrongTogether(const GetArguments& arguments) {
  AskedFor asked;
  const auto request = RequestOf(arguments, &asked);
  return request.ok() ? "" : request.status().message();
}

std::string AnswerText(const OnlineAnswer& answer) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < answer.plan->outputs.size(); ++i) {
    rows.push_back({answer.plan->outputs[i].name, CellText(answer.table.columns[i], 0),
                    std::string(FeatureStatusName(answer.table.statuses[i][0])),
                    TimeText(answer.table.times[i][0])});
  }
  return FormatTable({"feature", "value", "status", "time"}, rows) + "\n\nas of " +
         FormatTime(answer.t);
}

Json AnswerJson(const OnlineAnswer& answer) {
  Json json = Json::MakeObject();
  json.Set("at", FormatTime(answer.t));
  json.Set("engine", answer.from_offline ? "offline" : "online");
  Json features = Json::MakeArray();
  for (std::size_t i = 0; i < answer.plan->outputs.size(); ++i) {
    const PlannedOutput& output = answer.plan->outputs[i];
    Json each = Json::MakeObject();
    each.Set("name", output.name).Set("reference", output.reference);
    each.Set("type", output.type.ToString());
    each.Set("value", CellJson(answer.table.columns[i], 0));
    each.Set("status", FeatureStatusName(answer.table.statuses[i][0]));
    each.Set("event_timestamp", TimeJson(answer.table.times[i][0]));
    features.Append(std::move(each));
  }
  json.Set("features", std::move(features));
  return json;
}

Result<int> RunGet(const Invocation& invocation, const GetArguments& arguments) {
  AskedFor asked;
  COEVAL_ASSIGN_OR_RETURN(const FeatureRequest request, RequestOf(arguments, &asked));
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(const SharedFeaturePlan plan, store->PlanRequest(request));
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> columns, ParseEntityRow(*plan, asked.values));
  std::optional<TimeMicros> at;
  if (!arguments.at.empty()) {
    COEVAL_ASSIGN_OR_RETURN(at, ParseTimeArgument(arguments.at, *store->context().clock));
  }
  COEVAL_ASSIGN_OR_RETURN(const OnlineAnswer answer, store->ReadOnline(plan, columns, 1, at));
  if (answer.from_offline) {
    PrintNote(FormatTime(answer.t) +
              " lies before what the online store knows; the offline engine answered from "
              "the sources.");
  }
  invocation.Show(AnswerJson(answer), AnswerText(answer));
  return kExitDone;
}

}  // namespace

void AddGetCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command = AddCommand(
      app, "Serving", "get",
      "Reads the features of one entity, as they are served\n"
      "With the keys and request data that the features need. Values of numbers, lists "
      "and maps are "
      "written as in JSON; `null` is no value.",
      "coeval get purchase_v1 customer_id=7 product=tea quantity=2   # a service; all its keys\n"
      "coeval get product_price:price product_price:stock product=tea\n"
      "coeval get product_price:* product=tea --at 2025-02-10T10:00:00Z   # asks the past");
  auto arguments = std::make_shared<GetArguments>();
  AddArgument(command, "WHAT", &arguments->words,
              "A service, or features as view:feature; and key=value for each key")
      .Required();
  AddOption(command, "--at", "TIME", &arguments->at,
            "Another time than now; before what the online store knows, the offline "
            "engine is asked")
      .Check(CheckTime);
  AddFlag(command, "--full-feature-names", &arguments->full_feature_names,
          "Features are called view__feature");
  SetAction(
      command, invocation, [invocation, arguments] { return RunGet(*invocation, *arguments); },
      [arguments] { return WrongTogether(*arguments); });
}

}  // namespace coeval
