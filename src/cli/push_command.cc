// coeval push: rows of a file, handed over as they happen; coeval seal: their log, put away.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/table_file.h"
#include "cli/terminal.h"
#include "cli/value_text.h"
#include "io/files.h"
#include "serve/api/push_body.h"

namespace coeval {
namespace {

struct PushArguments {
  std::string source;
  std::string file;
  std::string to = "online_and_offline";
  std::string key;
  std::string on_error = "refuse";
  bool deletes = false;
};

Json OutcomeJson(const PushOutcome& outcome) {
  Json views = Json::MakeArray();
  for (const std::string& view : outcome.views) views.Append(view);
  Json json = Json::MakeObject();
  json.Set("created", TimeJson(outcome.c)).Set("rows", outcome.rows);
  json.Set("null_keys", outcome.null_keys).Set("views", std::move(views));
  json.Set("repeated", outcome.repeated).Set("quarantined", outcome.quarantined);
  json.Set("quarantine", outcome.quarantine);
  return json;
}

std::string RowsText(std::int64_t rows) {
  return FormatCount(rows) + (rows == 1 ? " row" : " rows");
}

std::string OutcomeText(const PushArguments& arguments, const PushOutcome& outcome) {
  std::string apart;
  if (outcome.quarantined > 0) {
    apart = "\n" + RowsText(outcome.quarantined) + " set apart: see `coeval quarantine " +
            outcome.quarantine + "`";
  }
  if (outcome.rows == 0) return "no rows: nothing was pushed" + apart;
  std::string text = RowsText(outcome.rows) + (arguments.deletes ? " of deletes" : "") +
                     " pushed to " + arguments.source;
  if (outcome.repeated) text += ", which had them already; nothing was done";
  text += "\nThey are known since " + TimeText(outcome.c);
  if (!outcome.views.empty()) {
    text += "; served by";
    for (const std::string& view : outcome.views) text += " " + view;
  }
  if (outcome.null_keys > 0) {
    text += "\n" + RowsText(outcome.null_keys) + " without a key, which feed no view";
  }
  return text + apart;
}

bool IsJson(const std::string& path) {
  return path == "-" || path.ends_with(".json") || path.ends_with(".jsonl") ||
         path.ends_with(".ndjson");
}

Result<ArrowTable> ReadRows(const PushArguments& arguments, FeatureStore* store) {
  const std::string& file = arguments.file;
  if (!IsJson(file)) return ReadTableFiles(file, store->context());
  COEVAL_ASSIGN_OR_RETURN(const std::string json, ReadFile(file == "-" ? "/dev/stdin" : file));
  COEVAL_ASSIGN_OR_RETURN(const Schema columns,
                          store->PushedColumns(arguments.source, arguments.deletes));
  auto rows = RowsFromJson(json, columns);
  if (!rows.ok()) return rows.status().WithContext(file == "-" ? "standard input" : file);
  return rows;
}

Result<int> RunPush(const Invocation& invocation, const PushArguments& arguments) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(ArrowTable rows, ReadRows(arguments, store.get()));
  PushOptions options{.to = arguments.to, .idempotency_key = arguments.key};
  options.deletes = arguments.deletes;
  options.on_error = arguments.on_error;
  COEVAL_ASSIGN_OR_RETURN(const PushOutcome outcome,
                          store->Push(arguments.source, std::move(rows), options));
  invocation.Show(OutcomeJson(outcome), OutcomeText(arguments, outcome));
  return kExitDone;
}

std::string MergedText(const Json& sealed) {
  const std::int64_t into = sealed.GetInt("merged_into");
  if (into == 0) return "";
  return "\n" + FormatCount(sealed.GetInt("merged")) + " segments merged into " + FormatCount(into);
}

std::string DroppedText(const Json& sealed) {
  std::string text;
  if (const std::int64_t dropped = sealed.GetInt("dropped"); dropped > 0) {
    text += "\n" + RowsText(sealed.GetInt("dropped_rows")) + " dropped with " +
            FormatCount(dropped) + (dropped == 1 ? " old segment" : " old segments");
  }
  const Json* kept = sealed.Find("kept");
  if (kept == nullptr || !kept->is_object()) return text;
  for (const auto& [source, why] : kept->object()) {
    text += "\nall pushes to " + source + " are kept: " + (why.is_string() ? why.AsString() : "");
  }
  return text;
}

std::string SealedText(const Json& sealed) {
  const std::int64_t records = sealed.GetInt("records");
  if (records == 0) return "nothing to seal" + MergedText(sealed) + DroppedText(sealed);
  const std::int64_t segments = sealed.GetInt("segments");
  return RowsText(sealed.GetInt("rows")) + " of " + FormatCount(records) +
         (records == 1 ? " push" : " pushes") + " sealed into " + FormatCount(segments) +
         (segments == 1 ? " segment" : " segments") + " of " + FormatBytes(sealed.GetInt("bytes")) +
         "; the log is " + FormatBytes(sealed.GetInt("log_bytes")) + " shorter" +
         MergedText(sealed) + DroppedText(sealed);
}

Result<int> RunSeal(const Invocation& invocation, bool merge) {
  COEVAL_ASSIGN_OR_RETURN(auto store, invocation.OpenStore());
  COEVAL_ASSIGN_OR_RETURN(const Json sealed, store->SealLog(merge));
  invocation.Show(sealed, SealedText(sealed));
  return kExitDone;
}

void AddSealCommand(CLI::App* app, Invocation* invocation) {
  CLI::App* command =
      AddCommand(app, "Serving", "seal",
                 "Moves the log of pushes into Parquet segments, now\n"
                 "It is done in the background as the log grows. What was pushed stays where "
                 "training finds it; opening then has less to read. Small segments are merged into "
                 "larger ones as they become many.",
                 "coeval seal\n"
                 "coeval seal --merge");
  auto merge = std::make_shared<bool>(false);
  AddFlag(command, "--merge", merge.get(),
          "Merge all small segments, also where they are few: up to log.segment_size each");
  SetAction(command, invocation, [invocation, merge] { return RunSeal(*invocation, *merge); });
}

}  // namespace

void AddPushCommands(CLI::App* app, Invocation* invocation) {
  CLI::App* command =
      AddCommand(app, "Serving", "push",
                 "Hands the rows of a file over to a push source\n"
                 "When it returns they are durable, served by every view that reads the source, "
                 "and found by training. Rows are taken all or none, unless bad ones are to be set "
                 "apart.",
                 "coeval push rates_push today.csv\n"
                 "coeval push rates_push today.parquet --idempotency-key 2013-10-01\n"
                 "echo '{\"code\": \"EUR\", \"value\": 1.08, \"at\": \"2024-05-01T12:00:00Z\"}' | "
                 "coeval push rates_push -\n"
                 "coeval push rates_push gone.csv --delete");
  auto arguments = std::make_shared<PushArguments>();
  AddArgument(command, "SOURCE", &arguments->source, "The push source's name").Required();
  AddArgument(command, "FILE", &arguments->file,
              "Its rows: .parquet, .csv or .arrow, a folder or a pattern; .json or -, standard "
              "input: JSON objects, one after the other or in a list")
      .Required();
  AddOption(command, "--to", "WHERE", &arguments->to,
            "online_and_offline; online, which is logged as well; offline, which is not served")
      .OneOf({"online_and_offline", "online", "offline"});
  AddFlag(command, "--delete", &arguments->deletes,
          "The rows are deletes: keys and times, or the ids of events that are taken back");
  AddOption(command, "--on-error", "WHAT", &arguments->on_error,
            "Bad rows: refuse the whole push; or quarantine them, and take the others")
      .OneOf({"refuse", "quarantine"});
  AddOption(command, "--idempotency-key", "KEY", &arguments->key,
            "Names this push: said again with the same rows, it does nothing");
  SetAction(command, invocation,
            [invocation, arguments] { return RunPush(*invocation, *arguments); });
  AddSealCommand(app, invocation);
}

}  // namespace coeval
