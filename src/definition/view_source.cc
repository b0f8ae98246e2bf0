#include "definition/view_source.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "definition/field_mapping.h"

namespace coeval {
namespace {

std::string CreatedName(CreatedMeaning created) {
  return created == CreatedMeaning::kArrival ? "arrival" : "version";
}

std::string IdOf(const Source& source) {
  return source.event_id_field.empty() ? "none" : MappedName(source, source.event_id_field);
}

}  // namespace

Source UniteSources(std::span<const Source* const> sources) {
  COEVAL_CHECK(!sources.empty());
  if (sources.size() == 1) return *sources[0];
  std::vector<const Source*> by_name(sources.begin(), sources.end());
  std::sort(by_name.begin(), by_name.end(),
            [](const Source* a, const Source* b) { return a->name < b->name; });
  Source united;
  const Source& first = *by_name[0];
  united.created = first.created;
  united.data_delay = first.data_delay;
  united.timeless = first.timeless;
  united.lateness = first.effective_lateness();
  united.overlap = 0;
  if (!first.event_id_field.empty())
    united.event_id_field = MappedName(first, first.event_id_field);
  const auto add = [](const Source& source, const std::string& column, std::string* to) {
    if (to->empty() && !column.empty()) *to = MappedName(source, column);
  };
  for (const Source* source : by_name) {
    united.name += (united.name.empty() ? "" : " + ") + source->name;
    add(*source, source->timestamp_field, &united.timestamp_field);
    add(*source, source->created_field, &united.created_field);
    add(*source, source->sequence_field, &united.sequence_field);
    add(*source, source->delete_field, &united.delete_field);
    united.overlap = std::max(united.overlap, source->overlap);
    united.max_future = std::max(united.max_future, source->max_future);
    united.allow_1970 = united.allow_1970 || source->allow_1970;
  }
  return united;
}

void CheckUnitedSources(std::span<const Source* const> sources, const TellMistake& tell) {
  if (sources.size() < 2) return;
  const Source& first = *sources[0];
  const auto differ = [&](const Source& other, const std::string& member, const std::string& a,
                          const std::string& b) {
    if (a == b) return;
    tell("sources", "'" + first.name + "' and '" + other.name + "' differ in `" + member + "` (" +
                        a + ", " + b +
                        "); the facts of one view are known by one rule: make the sources alike, "
                        "or a view of each");
  };
  for (const Source* other : sources.subspan(1)) {
    if (other->kind != SourceKind::kPush) {
      differ(*other, "created", CreatedName(first.created), CreatedName(other->created));
      differ(*other, "data_delay", FormatDuration(first.data_delay),
             FormatDuration(other->data_delay));
    }
    differ(*other, "timeless", first.timeless ? "true" : "false",
           other->timeless ? "true" : "false");
    if (first.timeless || other->timeless) continue;
    differ(*other, "lateness", FormatDuration(first.effective_lateness()),
           FormatDuration(other->effective_lateness()));
    differ(*other, "event_id_field", IdOf(first), IdOf(*other));
  }
}

Source GridSource(const FeatureView& view) {
  Source source;
  source.name = view.source_view;
  source.timestamp_field = "event_timestamp";
  source.max_future = kMaxTime;
  source.allow_1970 = true;
  return source;
}

Source PushMeaning(const Source& push, const Source* batch) {
  Source meaning = push;
  meaning.created = CreatedMeaning::kArrival;
  if (batch == nullptr) return meaning;
  const Source undeclared;
  if (push.timestamp_field.empty()) meaning.timestamp_field = batch->timestamp_field;
  if (push.event_id_field.empty()) meaning.event_id_field = batch->event_id_field;
  if (push.field_mapping.empty()) meaning.field_mapping = batch->field_mapping;
  if (push.lateness < 0) meaning.lateness = batch->effective_lateness();
  if (push.max_future == undeclared.max_future) meaning.max_future = batch->max_future;
  return meaning;
}

Source ViewSources::Meaning() const {
  return batch.empty() ? *push : UniteSources(batch);
}

std::vector<const Source*> ViewSources::All() const {
  std::vector<const Source*> all = batch;
  if (push.has_value()) all.push_back(&*push);
  return all;
}

std::optional<ViewSources> FindViewSources(const FeatureView& view,
                                           const std::vector<Source>& sources) {
  const auto find = [&sources](const std::string& name) -> const Source* {
    const auto it = std::find_if(sources.begin(), sources.end(),
                                 [&name](const Source& source) { return source.name == name; });
    return it == sources.end() ? nullptr : &*it;
  };
  ViewSources found;
  for (const std::string& name : view.source_names()) {
    const Source* source = find(name);
    if (source == nullptr || source->kind == SourceKind::kRequest) return std::nullopt;
    if (source->kind == SourceKind::kFile) {
      found.batch.push_back(source);
      continue;
    }
    if (found.push.has_value()) return std::nullopt;
    const Source* batch = source->batch_source.empty() ? nullptr : find(source->batch_source);
    if (!source->batch_source.empty()) {
      if (batch == nullptr || batch->kind != SourceKind::kFile) return std::nullopt;
      found.batch.push_back(batch);
    }
    found.push = PushMeaning(*source, batch);
  }
  return found;
}

Source MeaningOf(const FeatureView& view, const ViewSources& sources) {
  return view.reads_view() ? GridSource(view) : sources.Meaning();
}

}  // namespace coeval
