// What the server counts, in Prometheus' text format (GET /metrics). Every metric carries its
// project (rule 8.6).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "retrieval/assemble.h"

namespace coeval {

struct OnlineStats;  // store/feature_store.h

// Internally locked; any number of threads.
class ServerMetrics {
 public:
  explicit ServerMetrics(const std::string& project);
  ~ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;

  // One request to a route (a known path, or "other"), its status, and its seconds.
  void CountRequest(std::string_view route, int status, double seconds);
  // The values of an answer by status, and its rows.
  void CountAnswer(const FeatureTable& table);
  // What the online store holds now, by view, in seconds since 1970; a view of several versions
  // shows its greatest. A view without such a time has no gauge, nor has one that was dropped.
  //   coeval_online_watermark_seconds{view}        event time up to which facts were carried
  //   coeval_newest_event_timestamp_seconds{view}  the greatest event time of a fact carried
  // And its hot tier:
  //   coeval_online_cache_reads_total{found}  rows found in it, or read from files
  //   coeval_online_cache_bytes{kind}         used, limit
  //   coeval_online_cache_rows
  void ShowOnline(const OnlineStats& stats);

  [[nodiscard]] std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coeval
