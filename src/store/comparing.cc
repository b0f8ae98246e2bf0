// FeatureStore: the online store compared with training.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "definition/fact.h"
#include "io/random_bytes.h"
#include "store/catalogue_lookup.h"
#include "store/store_core.h"
#include "store/view_diff.h"

namespace coeval {
namespace {

constexpr std::int64_t kMostKeys = 1'000'000;

std::string TimeText(TimeMicros time) {
  return time == kMinTime ? "" : FormatTime(time);
}

// --- which views

// The views that are compared, each once, and what is left out.
class ComparedViews {
 public:
  explicit ComparedViews(CatalogueSnapshot catalogue) : catalogue_(std::move(catalogue)) {}

  Status Add(const std::vector<std::string>& references) {
    if (references.empty()) return AddViews({});
    for (const std::string& reference : references) {
      // feature_view:weather@v2
      const std::size_t kind_end = reference.find(':') + 1;  // 0: none is said
      const std::string rest = reference.substr(kind_end);
      COEVAL_ASSIGN_OR_RETURN(const auto named, ParseVersioned(rest));
      std::string name = reference.substr(0, kind_end) + named.first;
      COEVAL_ASSIGN_OR_RETURN(const ObjectKind kind, FindObject(*catalogue_, &name));
      COEVAL_RETURN_IF_ERROR(AddObject(kind, name, named.second, rest));
    }
    return {};
  }

  [[nodiscard]] const SharedViewVersions& views() const { return views_; }

  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  Status AddObject(ObjectKind kind, const std::string& name, int version,
                   const std::string& reference) {
    if (kind == ObjectKind::kFeatureView) return AddViews({reference});
    if (kind == ObjectKind::kOnDemandFeatureView) {
      COEVAL_ASSIGN_OR_RETURN(const OnDemandVersion* found,
                              catalogue_->FindOnDemandView(name, version));
      return AddPinned(found->view.sources);
    }
    if (kind == ObjectKind::kFeatureService) {
      COEVAL_ASSIGN_OR_RETURN(const ServiceVersion* found, catalogue_->FindService(name, version));
      return AddPinned(found->service.features);
    }
    return Status::InvalidArgument("'" + reference + "' is " + ObjectLabel(kind, name) +
                                   ": name feature views, on-demand views or services");
  }

  Status AddViews(const std::vector<std::string>& references) {
    COEVAL_ASSIGN_OR_RETURN(const SharedViewVersions fed,
                            NamedVersionsToFeed(catalogue_, references));
    for (const auto& version : fed) AddVersion(version);
    return {};
  }

  Status AddPinned(const std::vector<Projection>& pins) {
    for (const Projection& pin : pins) {
      if (catalogue_->on_demand_views.contains(pin.view)) {
        COEVAL_ASSIGN_OR_RETURN(const OnDemandVersion* on_demand,
                                catalogue_->FindOnDemandView(pin.view, pin.version));
        COEVAL_RETURN_IF_ERROR(AddPinned(on_demand->view.sources));
        continue;
      }
      COEVAL_ASSIGN_OR_RETURN(const ViewVersion* version,
                              catalogue_->FindView(pin.view, pin.version));
      AddVersion(std::shared_ptr<const ViewVersion>(catalogue_, version));
    }
    return {};
  }

  void AddVersion(const std::shared_ptr<const ViewVersion>& version) {
    const std::string name = version->view.name + "@v" + std::to_string(version->version);
    if (!taken_.insert(name).second) return;
    if (version->view.is_served_online()) {
      views_.push_back(version);
    } else {
      notes_.push_back(name + " is not served online, and was not compared");
    }
  }

  const CatalogueSnapshot catalogue_;
  std::set<std::string> taken_;
  SharedViewVersions views_;
  std::vector<std::string> notes_;
};

// --- the report

// "2.5 (of 2024-05-01T11:00:00Z)", "null (NOT_FOUND)".
std::string ToldText(const ToldValue& told) {
  std::string text = told.text;
  const bool says_it_all = told.status == FeatureStatus::kPresent;
  const std::string status =
      says_it_all ? std::string() : std::string(FeatureStatusName(told.status));
  const std::string time = told.time == kMinTime ? "" : "of " + FormatTime(told.time);
  if (status.empty() && time.empty()) return text;
  return text + " (" + status + (status.empty() || time.empty() ? "" : ", ") + time + ")";
}

Json FeatureJson(const FeatureDiff& feature) {
  Json json = Json::MakeObject();
  json.Set("feature", feature.feature);
  json.Set("online", feature.online.text);
  json.Set("online_status", std::string(FeatureStatusName(feature.online.status)));
  json.Set("online_time", TimeText(feature.online.time));
  json.Set("training", feature.training.text);
  json.Set("training_status", std::string(FeatureStatusName(feature.training.status)));
  return json.Set("training_time", TimeText(feature.training.time));
}

Json DifferenceJson(const std::string& view, const KeyDiff& diff) {
  Json features = Json::MakeArray();
  std::string told;
  for (const FeatureDiff& feature : diff.features) {
    features.Append(FeatureJson(feature));
    told += (told.empty() ? "" : "; ") + feature.feature + " is " + ToldText(feature.online) +
            " online and " + ToldText(feature.training) + " in training";
  }
  Json json = Json::MakeObject();
  json.Set("view", view).Set("key", diff.key);
  json.Set("reason", std::string(DifferenceReasonName(diff.why.reason)));
  json.Set("explained", diff.why.explained);
  json.Set("missing", diff.why.missing).Set("extra", diff.why.extra);
  json.Set("features", std::move(features));
  return json.Set("text", "view " + view + ", key " + diff.key + ": " + told + ": " +
                              std::string(DifferenceReasonText(diff.why.reason)));
}

Json ViewJson(const ViewDiff& view) {
  Json reasons = Json::MakeObject();
  for (const auto& [reason, count] : view.reasons) {
    reasons.Set(std::string(DifferenceReasonName(reason)), count);
  }
  Json json = Json::MakeObject();
  json.Set("view", view.view);
  json.Set("watermark", view.watermark ? TimeText(*view.watermark) : "");
  json.Set("keys", view.keys).Set("same", view.keys - view.differing - view.damaged);
  json.Set("differing", view.differing).Set("damaged", view.damaged);
  json.Set("unreadable", view.unreadable);
  return json.Set("reasons", std::move(reasons));
}

// What to do about it, a sentence for each kind of thing.
std::string AdviceOn(const std::vector<ViewDiff>& views) {
  std::string advice;
  const auto add = [&advice](const std::string& sentence) {
    advice += (advice.empty() ? "" : "; ") + sentence;
  };
  std::string anew;
  bool carried = false;
  bool damaged = false;
  bool unexplained = false;
  for (const ViewDiff& view : views) {
    const auto count = [&view](DifferenceReason reason) { return view.reasons.contains(reason); };
    carried = carried || count(DifferenceReason::kNotMaterialized) ||
              count(DifferenceReason::kLandedLate);
    damaged = damaged || view.damaged > 0 || view.unreadable > 0;
    unexplained = unexplained || count(DifferenceReason::kUnexplained);
    if (view.needs_anew) anew += (anew.empty() ? "" : " ") + view.view;
  }
  if (carried) add("`coeval materialize-incremental now` carries what is not there yet");
  for (const ViewDiff& view : views) {
    if (view.lost_first > view.lost_last) continue;
    add("`coeval materialize " + FormatTime(view.lost_first) + " " + FormatTime(view.lost_last) +
        " -v " + view.view + "` carries what no incremental run does");
  }
  if (!anew.empty()) {
    add("`coeval online rebuild " + anew +
        "` makes the online data again as the sources and the log have them now; or bring what "
        "changed as new rows (docs/durability.md)");
  }
  if (damaged) add("`coeval online verify` tells what is damaged");
  if (unexplained) add("what has no reason is a fault of Coeval: please report it");
  return advice;
}

Json ReportJson(const DiffRequest& request, const std::vector<ViewDiff>& views,
                const std::vector<std::string>& left_out) {
  bool ok = true;
  std::int64_t keys = 0;
  std::int64_t differing = 0;
  std::int64_t unexplained = 0;
  Json list = Json::MakeArray();
  Json differences = Json::MakeArray();
  Json damaged = Json::MakeArray();
  for (const ViewDiff& view : views) {
    ok = ok && view.ok();
    keys += view.keys;
    differing += view.differing;
    unexplained += view.unexplained;
    list.Append(ViewJson(view));
    for (const std::string& key : view.shown_damaged) {
      damaged.Append(Json::MakeObject().Set("view", view.view).Set("key", key));
    }
  }
  // What is not explained first.
  for (const bool explained : {false, true}) {
    for (const ViewDiff& view : views) {
      for (const KeyDiff& diff : view.shown) {
        if (diff.why.explained == explained && differences.array().size() < ViewDiff::kMostShown) {
          differences.Append(DifferenceJson(view.view, diff));
        }
      }
    }
  }
  Json notes = Json::MakeArray();
  for (const std::string& note : left_out) notes.Append(note);
  Json json = Json::MakeObject();
  json.Set("ok", ok).Set("time", FormatTime(request.t));
  json.Set("seed", static_cast<std::int64_t>(request.seed)).Set("views", std::move(list));
  json.Set("keys", keys).Set("difference_count", differing);
  json.Set("unexplained_count", unexplained).Set("differences", std::move(differences));
  json.Set("damaged", std::move(damaged)).Set("advice", AdviceOn(views));
  return json.Set("notes", std::move(notes));
}

// --- doing it

Result<TimeMicros> TimeOf(const OnlineSnapshot& snapshot, std::optional<TimeMicros> at) {
  if (!at) return snapshot.time();
  if (*at > snapshot.time()) {
    return Status::InvalidArgument("the time asked for, " + FormatTime(*at) + ", is after now, " +
                                   FormatTime(snapshot.time()));
  }
  if (*at < snapshot.horizon()) {
    return Status::TooOld("the online store answers from its horizon " +
                          FormatTime(snapshot.horizon()) + " on, and was to be compared at " +
                          FormatTime(*at) + ": earlier times are answered by the sources alone");
  }
  return *at;
}

Result<Json> DiffHere(FeatureStore::Impl& impl, OpenedStore& store, const DiffOptions& options) {
  const Context context = impl.With(options.cancel);
  DiffRequest request;
  COEVAL_ASSIGN_OR_RETURN(request.catalogue, impl.Snapshot());
  ComparedViews compared(request.catalogue);
  COEVAL_RETURN_IF_ERROR(compared.Add(options.references));
  COEVAL_ASSIGN_OR_RETURN(const auto snapshot, store.online->Now());
  request.snapshot = snapshot.get();
  COEVAL_ASSIGN_OR_RETURN(request.t, TimeOf(*snapshot, options.at));
  request.keys = static_cast<std::size_t>(options.keys);
  request.seed = static_cast<std::uint64_t>(*options.seed);
  request.progress = options.progress;
  std::vector<ViewDiff> views;
  for (const auto& version : compared.views()) {
    COEVAL_ASSIGN_OR_RETURN(ViewDiff view, DiffView(impl, store, request, *version, context));
    views.push_back(std::move(view));
  }
  return ReportJson(request, views, compared.notes());
}

Result<std::int64_t> NewSeed() {
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(sizeof(std::uint32_t)));
  std::uint32_t seed = 0;  // short enough to be typed
  std::memcpy(&seed, bytes.data(), sizeof(seed));
  return seed;
}

}  // namespace

Result<Json> FeatureStore::DiffOnline(const DiffOptions& options) {
  if (options.keys < 1 || options.keys > kMostKeys) {
    return Status::InvalidArgument("keys: " + std::to_string(options.keys) +
                                   " is not between 1 and " + std::to_string(kMostKeys));
  }
  DiffOptions seeded = options;
  if (!seeded.seed) {
    COEVAL_ASSIGN_OR_RETURN(seeded.seed, NewSeed());
  }
  return impl_->AtStore<Json>([&](OpenedStore& store) { return DiffHere(*impl_, store, seeded); },
                              [&](StoreOwner& owner) { return owner.DiffOnline(seeded); });
}

}  // namespace coeval
