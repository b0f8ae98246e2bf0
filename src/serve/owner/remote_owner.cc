#include "serve/owner/remote_owner.h"

#include <atomic>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "serve/api/arrow_features.h"
#include "serve/api/owner_service.h"
#include "serve/api/push_body.h"
#include "serve/api/wire.h"
#include "serve/http/client.h"
#include "source/ipc_bytes.h"
#include "store/feature_store.h"

namespace coeval {
namespace {

using End = HttpClient::End;

class RemoteOwner : public StoreOwner {
 public:
  RemoteOwner(const FeatureStore& store, const std::string& path, DurationMicros patience)
      : context_(store.context()), patience_(patience), client_(path, patience) {}

  // Who it is. False: nobody answers.
  Result<bool> Meet(const FeatureStore& store) {
    const HttpClient::Outcome outcome =
        client_.Call({.method = "GET", .target = "/v1/health"}, context_.cancel.get());
    const End end = outcome.end;
    if (end == End::kNobody || end == End::kFull || end == End::kGone) return false;
    if (end == End::kSilent) return Silent(client_.path());
    if (end == End::kCancelled) return Status::Cancelled(outcome.why);
    if (end != End::kAnswered) {
      return Status::IoError("the owner of the online store cannot be asked: " + outcome.why);
    }
    const auto json = ParseJson(outcome.answer.body);
    if (outcome.answer.status != 200 || !json.ok()) {
      return ErrorFromWire(outcome.answer.status, outcome.answer.body);
    }
    name_ = "process " + std::to_string(json->GetInt("process"));
    COEVAL_RETURN_IF_ERROR(Suits(store, *json));
    return true;
  }

  [[nodiscard]] bool gone() const override { return gone_.load(); }

  [[nodiscard]] std::string name() const override { return name_; }

  Result<OnlineAnswer> ReadOnline(const SharedFeaturePlan& plan, std::span<const Column> columns,
                                  std::int64_t n, std::optional<TimeMicros> at) override {
    COEVAL_ASSIGN_OR_RETURN(const std::string question,
                            EncodeQuestion(*plan, columns, n, at, context_));
    COEVAL_ASSIGN_OR_RETURN(const std::string answer, Ask({.method = "POST",
                                                           .target = "/v1/online-features",
                                                           .content_type = kArrowStreamType,
                                                           .accept = kArrowStreamType,
                                                           .body = question},
                                                          context_.cancel.get()));
    return DecodeAnswer(answer, plan, n, context_);
  }

  Result<PushOutcome> Push(const std::string& source, const ArrowTable& rows,
                           const PushOptions& options) override {
    COEVAL_ASSIGN_OR_RETURN(const std::string body,
                            WriteArrowPush(source, rows, options, context_));
    COEVAL_ASSIGN_OR_RETURN(const Json json, AskJson({.method = "POST",
                                                      .target = "/v1/push",
                                                      .content_type = kArrowStreamType,
                                                      .body = body},
                                                     context_.cancel.get()));
    return PushOutcomeFromWire(json);
  }

  Result<std::vector<MaterializeReport>> Materialize(std::optional<TimeMicros> start,
                                                     TimeMicros end,
                                                     const MaterializeOptions& options) override {
    Json body = Json::MakeObject();
    body.Set("start", start ? TimeToWire(*start) : Json()).Set("end", TimeToWire(end));
    return Carry("/v1/materialize", std::move(body), options);
  }

  Result<std::vector<MaterializeReport>> RebuildOnline(const MaterializeOptions& options) override {
    return Carry("/v1/online/rebuild", Json::MakeObject(), options);
  }

  Result<std::vector<std::string>> DataBehind(ObjectKind kind, const std::string& name,
                                              int version) override {
    Json body = Json::MakeObject();
    body.Set("kind", ObjectKindName(kind)).Set("name", name).Set("version", version);
    COEVAL_ASSIGN_OR_RETURN(const Json json, Post("/v1/data-behind", body));
    return TextsMember(json, "data_behind");
  }

  Result<Json> Describe(const std::string& name) override {
    return Post("/v1/describe", Json::MakeObject().Set("name", name));
  }

  Result<std::int64_t> LogEnd() override {
    COEVAL_ASSIGN_OR_RETURN(const Json json,
                            AskJson({.method = "GET", .target = "/v1/log"}, nullptr));
    return json.GetInt("end");
  }

  Result<Json> SealLog(bool merge) override {
    return Post("/v1/seal", Json::MakeObject().Set("merge", merge));
  }

  Result<Json> VerifyOnline(const std::shared_ptr<CancelToken>& cancel) override {
    return Post("/v1/online/verify", Json::MakeObject(),
                cancel ? cancel.get() : context_.cancel.get());
  }

  Result<Json> DiffOnline(const DiffOptions& options) override {
    Json references = Json::MakeArray();
    for (const std::string& reference : options.references) references.Append(reference);
    Json body = Json::MakeObject();
    body.Set("references", std::move(references)).Set("keys", options.keys);
    if (options.seed) body.Set("seed", *options.seed);
    body.Set("at", options.at ? TimeToWire(*options.at) : Json());
    const CancelToken* cancel = options.cancel ? options.cancel.get() : context_.cancel.get();
    return Post("/v1/online/diff", body, cancel);
  }

  Result<Json> Backup(const std::string& folder, const CancelToken* cancel) override {
    return Post("/v1/backup", Json::MakeObject().Set("folder", folder), cancel);
  }

  Status HandOver() override { return Post("/v1/hand-over", Json::MakeObject()).status(); }

 private:
  Result<std::vector<MaterializeReport>> Carry(std::string_view target, Json body,
                                               const MaterializeOptions& options) {
    Json views = Json::MakeArray();
    for (const std::string& view : options.views) views.Append(view);
    body.Set("views", std::move(views));
    const CancelToken* cancel = options.cancel ? options.cancel.get() : context_.cancel.get();
    COEVAL_ASSIGN_OR_RETURN(const Json json, Post(target, body, cancel));
    return ReportsFromWire(json);
  }

  // A clock that was given to this process, and not to the owner, would be given in vain.
  Status Suits(const FeatureStore& store, const Json& owner) const {
    if (owner.GetInt("api") != kOwnerApi) {
      return Status::FailedPrecondition("the online store is open in " + name_ +
                                        ", which is of another release: end it, or use the same");
    }
    if (owner.GetString("project") != store.project()) {
      return Status::FailedPrecondition("the online store is open in " + name_ +
                                        " for the project '" + owner.GetString("project") +
                                        "', not for '" + store.project() + "'");
    }
    const std::string clock = store.context().clock->Describe();
    if (clock == SystemClock()->Describe() || clock == owner.GetString("clock")) return {};
    return Status::FailedPrecondition("the online store is open in " + name_ + ", whose clock is " +
                                      owner.GetString("clock") + ", and here the clock is " +
                                      clock + ": give both the same, or give none here");
  }

  [[nodiscard]] Status Silent(const std::string& path) const {
    const std::string who = name_.empty() ? "the process that owns the online store" : name_;
    return Status::Unavailable(who + " shows no sign of life for " + FormatDuration(patience_) +
                               " at '" + path +
                               "': is it stopped? Let it go on (kill -CONT) or end it; another "
                               "process then takes the store");
  }

  // The body of an answer that is a success.
  Result<std::string> Ask(const HttpCall& call, const CancelToken* cancel) {
    HttpClient::Outcome outcome = client_.Call(call, cancel);
    switch (outcome.end) {
      case End::kAnswered:
        break;
      case End::kNobody:
      case End::kFull:  // it may be there still: whoever looks for the owner finds out
      case End::kGone:
        gone_ = true;
        return Status::Unavailable(name_ +
                                   ", which owned the online store, is gone: " + outcome.why);
      case End::kSilent:
        return Silent(client_.path());
      case End::kCancelled:
        return Status::Cancelled(outcome.why);
      case End::kRefused:
        return Status::IoError(name_ + " cannot be asked: " + outcome.why);
    }
    if (outcome.answer.status == 200) return std::move(outcome.answer.body);
    if (outcome.answer.status == kNotOwnerStatus) gone_ = true;
    return ErrorFromWire(outcome.answer.status, outcome.answer.body);
  }

  Result<Json> AskJson(const HttpCall& call, const CancelToken* cancel) {
    COEVAL_ASSIGN_OR_RETURN(const std::string body, Ask(call, cancel));
    return ParseJson(body);
  }

  Result<Json> Post(std::string_view target, const Json& json,
                    const CancelToken* cancel = nullptr) {
    const std::string body = json.Write();
    return AskJson(
        {.method = "POST", .target = target, .content_type = "application/json", .body = body},
        cancel);
  }

  const Context& context_;
  const DurationMicros patience_;
  HttpClient client_;
  std::string name_;
  std::atomic<bool> gone_ = false;
};

}  // namespace

Result<std::shared_ptr<StoreOwner>> ReachOwner(const FeatureStore& store, const std::string& path,
                                               DurationMicros patience) {
  auto owner = std::make_shared<RemoteOwner>(store, path, patience);
  COEVAL_ASSIGN_OR_RETURN(const bool met, owner->Meet(store));
  if (!met) return std::shared_ptr<StoreOwner>();
  return std::shared_ptr<StoreOwner>(std::move(owner));
}

}  // namespace coeval
