#include "retrieval/key_window.h"

#include <algorithm>
#include <utility>

namespace coeval {

namespace {

// Features with one window and one mask, by position.
std::vector<std::vector<std::size_t>> Groups(std::span<const SweepFeature> features) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& other) {
      const SweepFeature& first = features[other.front()];
      return first.mask == features[i].mask && first.window.window() == features[i].window.window();
    });
    if (group == groups.end()) {
      groups.push_back({i});
    } else {
      group->push_back(i);
    }
  }
  return groups;
}

}  // namespace

Result<Column> SweptFeature::OfSlots() const {
  COEVAL_RETURN_IF_ERROR(values.CheckTake(value_of));
  return values.Take(value_of);
}

SweptFeature SweptBuilder::Finish() {
  SweptFeature made{.values = values.Finish(),
                    .value_of = std::move(value_of),
                    .times = std::move(times),
                    .invalid = {}};
  if (any_invalid) made.invalid = std::move(invalid);
  return made;
}

std::vector<KeyWindow> KeyWindow::MakeAll(EventRows events, std::span<const SweepFeature> features,
                                          std::span<SweptBuilder> builders) {
  std::vector<KeyWindow> windows;
  for (const std::vector<std::size_t>& group : Groups(features)) {
    std::vector<const SweepFeature*> of_group;
    std::vector<SweptBuilder*> made;
    for (const std::size_t i : group) {
      of_group.push_back(&features[i]);
      made.push_back(&builders[i]);
    }
    windows.emplace_back(events, std::move(of_group), std::move(made));
  }
  return windows;
}

KeyWindow::KeyWindow(EventRows events, std::vector<const SweepFeature*> features,
                     std::vector<SweptBuilder*> builders)
    : events_(events),
      features_(std::move(features)),
      builders_(std::move(builders)),
      window_(features_.front()->window) {
  for (const SweepFeature* feature : features_) {
    std::optional<AggregateState>& state = states_.emplace_back();
    if (feature->sliding != nullptr) state.emplace(*feature->sliding);
    dear_.push_back(feature->sliding != feature->function);
  }
}

Events KeyWindow::EventsOf(const SweepFeature& feature) const {
  return {.arguments = feature.arguments,
          .times = events_.times,
          .rows = plain_ ? nullptr : rows_.data()};
}

bool KeyWindow::Counts(std::int64_t row) const {
  const auto& mask = features_.front()->mask;
  return mask == nullptr || (*mask)[static_cast<std::size_t>(row)] != 0;
}

void KeyWindow::Begin(std::int64_t first, std::int64_t last,
                      std::span<const Appearance> appearances) {
  first_row_ = first;
  waiting_ = appearances;
  rows_.clear();
  asked_ = 0;
  plain_ = events_.delay.has_value() && features_.front()->mask == nullptr;
  all_ = plain_ ? Range{first, last} : Range{};
  if (!plain_ && events_.delay.has_value()) {
    for (std::int64_t row = first; row < last; ++row) {
      if (Counts(row)) rows_.push_back(row);
    }
    all_ = {0, std::ssize(rows_)};
  }
  held_ = {all_.first, all_.first};
  changed_ = true;
  for (std::optional<AggregateState>& state : states_) {
    if (state.has_value()) state->Reset();
  }
}

void KeyWindow::Apply(TimeMicros t) {
  while (!waiting_.empty() && waiting_.front().at <= t) {
    const std::int64_t row = first_row_ + waiting_.front().position;
    if (Counts(row)) {
      if (waiting_.front().counts) {
        Insert(row);
      } else {
        Erase(row);
      }
    }
    waiting_ = waiting_.subspan(1);
  }
}

// At an end of what the states hold it is left for Slide to take in.
void KeyWindow::Insert(std::int64_t row) {
  const auto place = std::lower_bound(rows_.begin(), rows_.end(), row);
  const std::int64_t position = place - rows_.begin();
  rows_.insert(place, row);
  ++all_.last;
  if (position >= held_.last) return;
  ++held_.last;
  if (position <= held_.first) {
    ++held_.first;
    return;
  }
  changed_ = true;
  for (std::size_t i = 0; i < features_.size(); ++i) {
    if (IsKept(i)) states_[i]->Add(EventsOf(*features_[i]), position, position + 1);
  }
}

void KeyWindow::Erase(std::int64_t row) {
  const auto place = std::lower_bound(rows_.begin(), rows_.end(), row);
  const std::int64_t position = place - rows_.begin();
  if (position < held_.last) {
    if (position < held_.first) {
      --held_.first;
    } else {
      changed_ = true;
      for (std::size_t i = 0; i < features_.size(); ++i) {
        if (!IsKept(i)) continue;
        states_[i]->Remove(EventsOf(*features_[i]), position, position + 1);
      }
    }
    --held_.last;
  }
  rows_.erase(place);
  --all_.last;
}

KeyWindow::Range KeyWindow::Find(TimeMicros t) const {
  const EventSpan span = window_.At(t);
  TimeMicros newest = span.last;
  if (events_.delay.has_value()) {
    newest = std::min(newest, SaturatingSubtract(t, *events_.delay));
  }
  const auto time_at = [this](std::int64_t position) {
    return events_.times[static_cast<std::size_t>(
        plain_ ? position : rows_[static_cast<std::size_t>(position)])];
  };
  // The first position whose time is not below (or: is above) `time`.
  const auto first_from = [&](TimeMicros time, bool above) {
    std::int64_t low = all_.first;
    std::int64_t high = all_.last;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      const TimeMicros there = time_at(middle);
      if (there < time || (above && there == time)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  Range found{first_from(span.first, false), first_from(newest, true)};
  if (window_.window().last.has_value()) {
    found.first = std::max(found.first, found.last - *window_.window().last);
  }
  found.last = std::max(found.first, found.last);
  return found;
}

void KeyWindow::Slide(Range next) {
  const auto size = [](Range range) { return std::max<std::int64_t>(0, range.last - range.first); };
  const Range common{std::max(held_.first, next.first), std::min(held_.last, next.last)};
  const bool anew = size(common) == 0 || size(held_) + size(next) - 2 * size(common) > size(next);
  for (std::size_t i = 0; i < features_.size(); ++i) {
    if (!IsKept(i)) continue;
    AggregateState& state = *states_[i];
    const Events events = EventsOf(*features_[i]);
    const auto add = [&](std::int64_t first, std::int64_t last) {
      if (first < last) state.Add(events, first, last);
    };
    const auto remove = [&](std::int64_t first, std::int64_t last) {
      if (first < last) state.Remove(events, first, last);
    };
    if (anew || (dear_[i] && asked_ == kFewQuestions + 1)) {
      state.Reset();
      add(next.first, next.last);
      continue;
    }
    remove(held_.first, common.first);
    remove(common.last, held_.last);
    add(next.first, common.first);
    add(common.last, next.last);
  }
  changed_ = changed_ || next.first != held_.first || next.last != held_.last;
  held_ = next;
}

void KeyWindow::Ask(TimeMicros t) {
  Apply(t);
  asked_ = std::min(asked_ + 1, kFewQuestions + 2);
  Slide(Find(t));
  const bool empty = held_.first == held_.last;
  const std::int64_t newest =
      empty || plain_ ? held_.last - 1 : rows_[static_cast<std::size_t>(held_.last - 1)];
  const TimeMicros time = empty ? kMinTime : events_.times[static_cast<std::size_t>(newest)];
  for (std::size_t i = 0; i < features_.size(); ++i) {
    if (changed_ || features_[i]->function->reads_time()) {
      Answer(i, t, time);
    } else {
      builders_[i]->Repeat();
    }
  }
  changed_ = false;
}

void KeyWindow::Answer(std::size_t i, TimeMicros t, TimeMicros newest) {
  const Events events = EventsOf(*features_[i]);
  SweptBuilder& out = *builders_[i];
  const Question question{.t = t,
                          .length = window_.window().length,
                          .events = &events,
                          .first = held_.first,
                          .last = held_.last};
  out.value_of.push_back(out.values.length());
  const Outcome outcome = IsKept(i) ? states_[i]->Append(question, &out.values)
                                    : features_[i]->function->AppendRange(
                                          events, held_.first, held_.last, question, &out.values);
  out.times.push_back(newest);
  out.invalid.push_back(outcome == Outcome::kInvalid ? 1 : 0);
  out.any_invalid = out.any_invalid || outcome == Outcome::kInvalid;
}

}  // namespace coeval
