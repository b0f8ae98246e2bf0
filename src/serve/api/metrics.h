// What the server counts, in Prometheus' text format (GET /metrics).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "retrieval/assemble.h"

namespace coeval {

// Internally locked; any number of threads.
class ServerMetrics {
 public:
  ServerMetrics();
  ~ServerMetrics();
  ServerMetrics(const ServerMetrics&) = delete;
  ServerMetrics& operator=(const ServerMetrics&) = delete;

  // One request to a route (a known path, or "other"), its status, and its seconds.
  void CountRequest(std::string_view route, int status, double seconds);
  // The values of an answer by status, and its rows.
  void CountAnswer(const FeatureTable& table);
  // coeval_online_watermark_seconds{view}: event time up to which facts were carried.
  void SetWatermark(const std::string& view, double epoch_seconds);

  [[nodiscard]] std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coeval
