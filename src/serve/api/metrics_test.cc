#include "serve/api/metrics.h"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "store/feature_store.h"

namespace coeval {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr TimeMicros kSecond = 1'000'000;

OnlineStats::View ViewOf(const std::string& name, std::optional<TimeMicros> watermark,
                         TimeMicros newest) {
  OnlineStats::View view;
  view.name = name;
  view.progress.watermark = watermark;
  view.newest_event_time = newest;
  return view;
}

TEST(ServerMetricsTest, EveryMetricCarriesItsProject) {
  ServerMetrics metrics("flights");
  metrics.CountRequest("/ready", 200, 0.001);
  EXPECT_THAT(
      metrics.Text(),
      HasSubstr(R"(coeval_http_requests_total{project="flights",route="/ready",status="200"} 1)"));
}

TEST(ServerMetricsTest, ShowsTheTimesOfEachView) {
  ServerMetrics metrics("flights");
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("view=")));
  OnlineStats stats;
  stats.views = {ViewOf("weather", 1'357'034'400 * kSecond, 1'357'034'000 * kSecond + 250'000)};
  metrics.ShowOnline(stats);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE coeval_newest_event_timestamp_seconds gauge\n"
                              "coeval_newest_event_timestamp_seconds"
                              "{project=\"flights\",view=\"weather\"} 1357034000.25\n"));
  EXPECT_THAT(text, HasSubstr("coeval_online_watermark_seconds"
                              "{project=\"flights\",view=\"weather\"} 1357034400\n"));
}

// The store counts from 0 when it is opened anew; the totals go on.
TEST(ServerMetricsTest, ShowsTheHotTier) {
  ServerMetrics metrics("flights");
  OnlineStats stats;
  stats.cache_hits = 7;
  stats.cache_misses = 3;
  stats.cache_bytes = 1'000;
  stats.cache_limit_bytes = 4'096;
  stats.cache_entries = 5;
  metrics.ShowOnline(stats);
  stats.cache_hits = 9;
  metrics.ShowOnline(stats);
  stats.cache_hits = 2;
  metrics.ShowOnline(stats);
  const std::string text = metrics.Text();
  const std::string reads = "coeval_online_cache_reads_total{project=\"flights\",found=";
  EXPECT_THAT(text, HasSubstr(reads + "\"true\"} 11\n"));
  EXPECT_THAT(text, HasSubstr(reads + "\"false\"} 3\n"));
  const std::string bytes = "coeval_online_cache_bytes{project=\"flights\",kind=";
  EXPECT_THAT(text, HasSubstr(bytes + "\"used\"} 1000\n"));
  EXPECT_THAT(text, HasSubstr(bytes + "\"limit\"} 4096\n"));
  EXPECT_THAT(text, HasSubstr("coeval_online_cache_rows{project=\"flights\"} 5\n"));
}

TEST(ServerMetricsTest, OfSeveralVersionsShowsTheGreatest) {
  ServerMetrics metrics("flights");
  OnlineStats stats;
  stats.views = {ViewOf("weather", 40 * kSecond, 30 * kSecond),
                 ViewOf("weather", 50 * kSecond, 20 * kSecond)};
  metrics.ShowOnline(stats);
  EXPECT_THAT(metrics.Text(), HasSubstr(R"(view="weather"} 50)"));
  EXPECT_THAT(metrics.Text(), HasSubstr(R"(view="weather"} 30)"));
}

TEST(ServerMetricsTest, WhatHasNoTimeHasNoGauge) {
  ServerMetrics metrics("flights");
  OnlineStats stats;
  // A timeless view has a watermark and no event time; the other one was never carried.
  stats.views = {ViewOf("planes", 50 * kSecond, kMinTime),
                 ViewOf("weather", std::nullopt, kMinTime)};
  metrics.ShowOnline(stats);
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("coeval_newest_event_timestamp_seconds{")));
  EXPECT_THAT(metrics.Text(), HasSubstr(R"(view="planes"} 50)"));
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("weather")));
}

TEST(ServerMetricsTest, ADroppedViewHasNoGaugeAnyMore) {
  ServerMetrics metrics("flights");
  OnlineStats stats;
  stats.views = {ViewOf("gone", 50 * kSecond, 40 * kSecond),
                 ViewOf("weather", 50 * kSecond, 40 * kSecond)};
  metrics.ShowOnline(stats);
  stats.views = {ViewOf("weather", 60 * kSecond, 45 * kSecond)};
  metrics.ShowOnline(stats);
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("gone")));
  EXPECT_THAT(metrics.Text(), HasSubstr(R"(view="weather"} 60)"));
  EXPECT_THAT(metrics.Text(), HasSubstr(R"(view="weather"} 45)"));
}

}  // namespace
}  // namespace coeval
