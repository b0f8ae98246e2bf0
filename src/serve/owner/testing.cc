#include "serve/owner/testing.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "column/testing.h"
#include "io/files.h"
#include "serve/api/arrow_features.h"
#include "serve/owner/socket_link.h"

namespace coeval {
namespace {

constexpr TimeMicros kNoon = 1'714'564'800'000'000;  // 2024-05-01T12:00:00Z

constexpr const char* kDefinitions = R"yaml(entities:
  - name: sensor
    join_keys: [{name: sensor, type: string}]
sources:
  - {name: places_file, path: "{data}/places.csv", timestamp_field: at}
  - name: readings
    kind: push
    timestamp_field: at
    schema:
      - {name: sensor, type: string}
      - {name: f64, type: float64}
      - {name: f32, type: float32}
      - {name: i32, type: int32}
      - {name: i64, type: int64}
      - {name: flag, type: bool}
      - {name: text, type: string}
      - {name: raw, type: bytes}
      - {name: moment, type: timestamp}
      - {name: day, type: date}
      - {name: price, type: "decimal(12, 2)"
}

      - {name: numbers, type: list<int64>}
      - {name: embedding, type: "vector<float32, 3>"}
      - {name: counts, type: "map<string, int64>"}
feature_views:
  - name: reading
    entities: [sensor]
    source: readings
    ttl: 1h
    schema:
      - {name: f64, type: float64}
      - {name: f32, type: float32}
      - {name: i32, type: int32}
      - {name: i64, type: int64, default: -1}
      - {name: flag, type: bool}
      - {name: text, type: string}
      - {name: raw, type: bytes}
      - {name: moment, type: timestamp}
      - {name: day, type: date}
      - {name: price, type: "decimal(12, 2)"}
      - {name: numbers, type: list<int64>}
      - {name: embedding, type: "vector<float32, 3>"}
      - {name: counts, type: "map<string, int64>"}
  - name: recent
    entities: [sensor]
    source: readings
    aggregations:
      - {name: readings, function: count, time_window: 1h}
      - {name: total, function: sum, columns: [f64], time_window: 2h}
      - {name: newest, function: last, columns: [text], time_window: 1d}
  - name: place
    entities: [sensor]
    source: places_file
    schema: [{name: height, type: float64}]
)yaml";

constexpr const char* kPlaces =
    "sensor,at,height\nk0,2024-05-01T08:00:00Z,1.5\nk1,2024-05-01T09:00:00Z,-0.0\n"
    "k2,2024-05-01T10:00:00Z,nan\n";

// {name, type} of the push source's columns behind the key.
constexpr std::pair<const char*, const char*> kColumns[] = {{"f64", "float64"},
                                                            {"f32", "float32"},
                                                            {"i32", "int32"},
                                                            {"i64", "int64"},
                                                            {"flag", "bool"},
                                                            {"text", "string"},
                                                            {"raw", "bytes"},
                                                            {"moment", "timestamp"},
                                                            {"day", "date"},
                                                            {"price", "decimal(12, 2)"},
                                                            {"numbers", "list<int64>"},
                                                            {"embedding", "vector<float32, 3>"},
                                                            {"counts", "map<string, int64>"}};

Column Made(const char* type, std::int64_t rows, auto value_of) {
  std::string cells = "[";
  for (std::int64_t row = 0; row < rows; ++row) {
    cells += (row == 0 ? "" : ", ") + value_of(row);
  }
  return MakeColumn(type, cells + "]");
}

}  // namespace

SharedRepository::SharedRepository(const std::string& below)
    : folder_(parent_.File("repository" + below)), clock_(std::make_shared<FixedClock>(kNoon)) {
  COEVAL_CHECK(MakeDirectories(folder_ + "/data").ok());
  const auto write = [this](const char* name, const std::string& text) {
    COEVAL_CHECK(WriteFileAtomically(folder_ + "/" + name, text).ok());
  };
  write("coeval.yaml", "project: shared\nlocations: {data: data}\n");
  write("definitions.yaml", kDefinitions);
  write("data/places.csv", kPlaces);
  const auto applied = Open()->Apply(nullptr, {});
  COEVAL_CHECK(applied.ok());
}

std::unique_ptr<FeatureStore> SharedRepository::Open(const std::string& patience) const {
  StoreOptions options;
  options.repository = folder_;
  options.clock = clock_;
  options.link = MakeSocketLink();
  options.overrides["online_store.owner_timeout"] = patience;
  auto store = FeatureStore::Open(std::move(options));
  COEVAL_CHECK(store.ok());
  return *std::move(store);
}

ArrowTable SharedRepository::Rows(std::uint64_t seed, std::int64_t count) {
  Random random(seed);
  Batch batch{{}, {}, count};
  batch.schema.Add("sensor", TypeId::kString);
  batch.columns.push_back(Made("string", count, [&](std::int64_t) {
    return "\"k" + std::to_string(Pick(random, 10)) + "\"";
  }));
  batch.schema.Add("at", TypeId::kTimestamp);
  batch.columns.push_back(Made("timestamp", count, [&](std::int64_t) {
    return std::to_string(kNoon - Pick(random, 3 * kHour));
  }));
  for (const auto& [name, type] : kColumns) {
    batch.schema.Add(name, MakeType(type));
    batch.columns.push_back(RandomColumn(MakeType(type), count, random()));
  }
  ArrowArrayStream stream{};
  const Schema schema = batch.schema;
  ExportStream(StreamOf(schema, {std::move(batch)}), &stream);
  auto table = ArrowTable::Read(&stream);
  COEVAL_CHECK(table.ok());
  return *std::move(table);
}

Result<OnlineAnswer> SharedRepository::Ask(FeatureStore& store, std::optional<TimeMicros> at) {
  FeatureRequest request;
  request.features = {"reading:*", "recent:*", "place:height"};
  COEVAL_ASSIGN_OR_RETURN(const auto plan, store.PlanRequest(request));
  const Column keys = MakeColumn(
      "string", R"(["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "none", null])");
  return store.ReadOnline(plan, {&keys, 1}, keys.length(), at);
}

std::string SharedRepository::TextOf(const Result<OnlineAnswer>& answer,
                                     const FeatureStore& store) {
  if (!answer.ok()) return answer.status().ToString();
  std::string text = "at " + FormatTime(answer->t) + (answer->from_offline ? ", offline" : "");
  for (std::size_t i = 0; i < answer->plan->outputs.size(); ++i) {
    text += "\n" + answer->plan->outputs[i].name + " " + ColumnToText(answer->table.columns[i]);
  }
  const auto bytes = EncodeAnswer(*answer, store.context());
  if (!bytes.ok()) return bytes.status().ToString();
  return text + "\nall in all " + std::to_string(Hash64(*bytes));
}

}  // namespace coeval
