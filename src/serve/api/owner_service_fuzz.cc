// Any body to any route of the owner's socket: it is answered, and the store stays in use. Not to
// /v1/backup, which writes where it is told to, nor to /v1/hand-over.
//
//   byte 0: the route     byte 1: bit 0 Arrow in, bit 1 Arrow out     rest: the body
#include "serve/api/owner_service.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "io/files.h"
#include "io/temp_directory.h"
#include "source/ipc_bytes.h"

namespace {

using coeval::FeatureStore;

constexpr coeval::TimeMicros kNoon = 1'714'564'800'000'000;  // 2024-05-01T12:00:00Z
constexpr const char* kDefinitions = R"yaml(entities:
  - name: sensor
    join_keys: [{name: sensor, type: string}]
sources:
  - name: readings
    kind: push
    timestamp_field: at
    schema:
      - {name: sensor, type: string}
      - {name: heat, type: float64}
      - {name: numbers, type: list<int64>}
feature_views:
  - name: reading
    entities: [sensor]
    source: readings
    ttl: 1h
    schema:
      - {name: heat, type: float64}
      - {name: numbers, type: list<int64>}
  - name: recent
    entities: [sensor]
    source: readings
    aggregations:
      - {name: total, function: sum, columns: [heat], time_window: 2h}
)yaml";

constexpr std::array<const char*, 11> kRoutes = {
    "/v1/online-features", "/v1/push",        "/v1/materialize", "/v1/data-behind",
    "/v1/promote",         "/v1/rollback",    "/v1/describe",    "/v1/log",
    "/v1/online/verify",   "/v1/online/diff", "/v1/seal"};

std::unique_ptr<FeatureStore> MakeStore(const std::string& folder) {
  const auto write = [&folder](const char* name, const std::string& text) {
    COEVAL_CHECK(coeval::WriteFileAtomically(folder + "/" + name, text).ok());
  };
  write("coeval.yaml", "project: fuzzed\n");
  write("definitions.yaml", kDefinitions);
  coeval::StoreOptions options;
  options.repository = folder;
  options.clock = std::make_shared<coeval::FixedClock>(kNoon);
  auto store = FeatureStore::Open(options);
  COEVAL_CHECK(store.ok());
  COEVAL_CHECK((*store)->Apply(/*document=*/nullptr, {}).ok());
  COEVAL_CHECK((*store)->OpenOnlineStore().ok());  // else every answer is that it is not the owner
  return std::move(*store);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const coeval::TempDirectory folder = *coeval::TempDirectory::Make("coeval-fuzz");
  static const std::unique_ptr<FeatureStore> store = MakeStore(folder.path());
  static coeval::OwnerService service(store.get(), {});
  if (size < 2) return 0;
  const char* path = kRoutes[data[0] % kRoutes.size()];
  const bool gets = std::string_view(path) == "/v1/log";
  const coeval::HttpRequest request{
      .method = gets ? "GET" : "POST",
      .path = path,
      .query = "",
      .body = {reinterpret_cast<const char*>(data) + 2, size - 2},
      .content_type =
          (data[1] & 1U) != 0 ? coeval::kArrowStreamType : std::string_view("application/json"),
      .accept = (data[1] & 2U) != 0 ? coeval::kArrowStreamType : std::string_view()};
  const coeval::HttpResponse response = service.Handle(request);
  COEVAL_CHECK(response.status == 200 || !response.body.empty());
  return 0;
}
