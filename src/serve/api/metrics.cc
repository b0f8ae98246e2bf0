#include "serve/api/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/time.h"
#include "store/feature_store.h"

namespace coeval {
namespace {

const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{
      0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
      0.05,    0.1,    0.25,    0.5,    1,     2.5,    10,    60};
  return kBuckets;
}

using ByView = std::map<std::string, TimeMicros>;

// Notes a time of `view`, if it has one, and keeps the greatest.
void Note(const std::string& view, TimeMicros time, ByView* times) {
  if (time == kMinTime) return;
  const auto [at, is_new] = times->try_emplace(view, time);
  if (!is_new) at->second = std::max(at->second, time);
}

// A time of each view. Threads: one at a time.
class ViewTimes {
 public:
  explicit ViewTimes(prometheus::Family<prometheus::Gauge>* family) : family_(family) {}

  void Show(const ByView& times) {
    for (auto gauge = gauges_.begin(); gauge != gauges_.end();) {
      if (times.contains(gauge->first)) {
        ++gauge;
        continue;
      }
      family_->Remove(gauge->second);
      gauge = gauges_.erase(gauge);
    }
    for (const auto& [view, time] : times) {
      prometheus::Gauge*& gauge = gauges_[view];
      if (gauge == nullptr) gauge = &family_->Add({{"view", view}});
      gauge->Set(static_cast<double>(time) / 1e6);
    }
  }

 private:
  prometheus::Family<prometheus::Gauge>* family_;
  std::map<std::string, prometheus::Gauge*, std::less<>> gauges_;
};

// What somebody else counts, who begins again from 0 when the store is opened anew.
class Total {
 public:
  explicit Total(prometheus::Counter* counter) : counter_(counter) {}

  void Show(std::int64_t total) {
    counter_->Increment(static_cast<double>(total >= shown_ ? total - shown_ : total));
    shown_ = total;
  }

 private:
  prometheus::Counter* counter_;
  std::int64_t shown_ = 0;
};

}  // namespace

struct ServerMetrics::Impl {
  explicit Impl(const std::string& name) : project{{"project", name}} {}

  prometheus::Labels project;
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("coeval_http_requests_total")
          .Help("Requests answered, by route and status")
          .Labels(project)
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("coeval_http_request_duration_seconds")
          .Help("Time from a request's last byte to its answer, by route")
          .Labels(project)
          .Register(registry);
  prometheus::Family<prometheus::Counter>& values = prometheus::BuildCounter()
                                                        .Name("coeval_online_values_total")
                                                        .Help("Feature values served, by status")
                                                        .Labels(project)
                                                        .Register(registry);
  prometheus::Counter& rows = prometheus::BuildCounter()
                                  .Name("coeval_online_rows_total")
                                  .Help("Entity rows answered")
                                  .Labels(project)
                                  .Register(registry)
                                  .Add({});
  ViewTimes watermarks{
      &prometheus::BuildGauge()
           .Name("coeval_online_watermark_seconds")
           .Help("Event time up to which facts were carried, by view, in seconds since 1970")
           .Labels(project)
           .Register(registry)};
  ViewTimes newest_events{
      &prometheus::BuildGauge()
           .Name("coeval_newest_event_timestamp_seconds")
           .Help("Greatest event time of the facts carried, by view, in seconds since 1970")
           .Labels(project)
           .Register(registry)};
  prometheus::Family<prometheus::Counter>& cache_reads =
      prometheus::BuildCounter()
          .Name("coeval_online_cache_reads_total")
          .Help("Stored rows asked for, by whether they were found in the hot tier")
          .Labels(project)
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& cache_sizes =
      prometheus::BuildGauge()
          .Name("coeval_online_cache_bytes")
          .Help("Memory of the hot tier: what it takes, and what it may take")
          .Labels(project)
          .Register(registry);
  Total cache_hits{&cache_reads.Add({{"found", "true"}})};
  Total cache_misses{&cache_reads.Add({{"found", "false"}})};
  prometheus::Gauge& cache_bytes = cache_sizes.Add({{"kind", "used"}});
  prometheus::Gauge& cache_limit = cache_sizes.Add({{"kind", "limit"}});
  prometheus::Gauge& cache_rows = prometheus::BuildGauge()
                                      .Name("coeval_online_cache_rows")
                                      .Help("Stored rows in the hot tier")
                                      .Labels(project)
                                      .Register(registry)
                                      .Add({});
  std::array<prometheus::Counter*, 5> by_status{};  // FeatureStatus -> its counter

  // Families find a child by its labels under a lock, which is too slow for each request.
  std::mutex mutex;
  std::map<std::pair<std::string, int>, prometheus::Counter*, std::less<>> request_counters;
  std::map<std::string, prometheus::Histogram*, std::less<>> route_seconds;
};

ServerMetrics::ServerMetrics(const std::string& project) : impl_(std::make_unique<Impl>(project)) {
  for (std::size_t i = 0; i < impl_->by_status.size(); ++i) {
    const auto name = FeatureStatusName(static_cast<FeatureStatus>(i));
    impl_->by_status[i] = &impl_->values.Add({{"status", std::string(name)}});
  }
}

ServerMetrics::~ServerMetrics() = default;

void ServerMetrics::CountRequest(std::string_view route, int status, double seconds) {
  prometheus::Counter* counter = nullptr;
  prometheus::Histogram* histogram = nullptr;
  {
    const std::lock_guard lock(impl_->mutex);
    const std::string name(route);
    prometheus::Counter*& known = impl_->request_counters[{name, status}];
    if (known == nullptr) {
      known = &impl_->requests.Add({{"route", name}, {"status", std::to_string(status)}});
    }
    counter = known;
    prometheus::Histogram*& timer = impl_->route_seconds[name];
    if (timer == nullptr) timer = &impl_->seconds.Add({{"route", name}}, LatencyBuckets());
    histogram = timer;
  }
  counter->Increment();
  histogram->Observe(seconds);
}

void ServerMetrics::CountAnswer(const FeatureTable& table) {
  std::array<std::int64_t, 5> counts{};
  for (const auto& statuses : table.statuses) {
    for (const FeatureStatus status : statuses) ++counts[static_cast<std::size_t>(status)];
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) impl_->by_status[i]->Increment(static_cast<double>(counts[i]));
  }
  impl_->rows.Increment(static_cast<double>(table.num_rows));
}

void ServerMetrics::ShowOnline(const OnlineStats& stats) {
  ByView watermarks;
  ByView newest_events;
  for (const OnlineStats::View& view : stats.views) {
    Note(view.name, view.progress.watermark.value_or(kMinTime), &watermarks);
    Note(view.name, view.newest_event_time, &newest_events);
  }
  const std::lock_guard lock(impl_->mutex);
  impl_->watermarks.Show(watermarks);
  impl_->newest_events.Show(newest_events);
  impl_->cache_hits.Show(stats.cache_hits);
  impl_->cache_misses.Show(stats.cache_misses);
  impl_->cache_bytes.Set(static_cast<double>(stats.cache_bytes));
  impl_->cache_limit.Set(static_cast<double>(stats.cache_limit_bytes));
  impl_->cache_rows.Set(static_cast<double>(stats.cache_entries));
}

std::string ServerMetrics::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace coeval
