#include "serve/api/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>
#include <utility>

namespace coeval {
namespace {

const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{
      0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
      0.05,    0.1,    0.25,    0.5,    1,     2.5,    10,    60};
  return kBuckets;
}

}  // namespace

struct ServerMetrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("coeval_http_requests_total")
          .Help("Requests answered, by route and status")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("coeval_http_request_duration_seconds")
          .Help("Time from a request's last byte to its answer, by route")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& values = prometheus::BuildCounter()
                                                        .Name("coeval_online_values_total")
                                                        .Help("Feature values served, by status")
                                                        .Register(registry);
  prometheus::Counter& rows = prometheus::BuildCounter()
                                  .Name("coeval_online_rows_total")
                                  .Help("Entity rows answered")
                                  .Register(registry)
                                  .Add({});
  prometheus::Family<prometheus::Gauge>& watermark =
      prometheus::BuildGauge()
          .Name("coeval_online_watermark_seconds")
          .Help("Event time up to which facts were carried, by view, in seconds since 1970")
          .Register(registry);
  std::array<prometheus::Counter*, 5> by_status{};  // FeatureStatus -> its counter

  // Families find a child by its labels under a lock, which is too slow for each request.
  std::mutex mutex;
  std::map<std::pair<std::string, int>, prometheus::Counter*, std::less<>> request_counters;
  std::map<std::string, prometheus::Histogram*, std::less<>> route_seconds;
};

ServerMetrics::ServerMetrics() : impl_(std::make_unique<Impl>()) {
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

void ServerMetrics::SetWatermark(const std::string& view, double epoch_seconds) {
  impl_->watermark.Add({{"view", view}}).Set(epoch_seconds);
}

std::string ServerMetrics::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace coeval
