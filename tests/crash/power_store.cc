#include "power_store.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <utility>

#include "column/builder.h"
#include "column/key.h"
#include "ingest/testing.h"
#include "log/testing.h"
#include "online/rocksdb/open.h"

namespace coeval {
namespace {

constexpr TimeMicros kPushedAt = 1'357'041'600'000'000;
constexpr std::array<int, kPowerWriters> kCurrencies = {3, 10, 40};
constexpr std::int64_t kLoadedKeys = 60;
constexpr LogPosition kKeptBeside = 100;
constexpr LogPosition kMostBeside = 4;

std::vector<std::string> CurrenciesOf(int writer) {
  std::vector<std::string> codes;
  for (int i = 0; i < kCurrencies.at(static_cast<std::size_t>(writer)); ++i) {
    codes.push_back(std::to_string(writer) + "-" + std::to_string(i));
  }
  return codes;
}

Status Broken(const std::string& what) {
  return Status::Internal(what);
}

// A promise that the store itself says it cannot keep, for example a log that it calls damaged.
Status Told(const Status& status, const std::string& action) {
  if (status.ok() || status.code() == StatusCode::kIoError) return status;
  return Broken(action + ": " + status.ToString());
}

ViewVersion CountedView(const ViewVersion& rates) {
  ViewVersion counted = rates;
  counted.view.name = "pushes";
  counted.view.inputs = counted.view.schema;
  counted.view.schema.clear();
  Aggregation count;
  count.name = "n";
  count.function = "count";
  counted.view.aggregations = {count};
  counted.identity = "two";
  counted.data_identity = "pushes' data";
  return counted;
}

// What record n of the log beside holds, so that any reader can check it.
std::string PayloadOf(LogPosition number) {
  std::mt19937_64 random(static_cast<std::uint64_t>(number));
  std::string payload = std::to_string(number) + ":";
  payload.resize(payload.size() + random() % 300, 'x');
  for (char& c : payload) c = c == 'x' ? static_cast<char>(random()) : c;
  return payload;
}

}  // namespace

PowerStore::PowerStore(std::string folder, const TestClock& clock)
    : folder_(std::move(folder)), clock_(clock), catalogue_(RatesCatalogue()) {
  constexpr DurationMicros kLate = 3650 * kDay;
  catalogue_->sources.front().lateness = kLate;
  ViewVersion& rates = catalogue_->views.at("rates").front();
  rates.source.lateness = kLate;
  rates.push->lateness = kLate;
  ViewVersion counted = CountedView(rates);
  auto resolved = ResolveAggregatedView(counted.view, counted.source);
  COEVAL_CHECK(resolved.ok());
  counted_ = *std::move(resolved);
  counted.view.schema = counted_.schema;
  catalogue_->views["pushes"] = {std::move(counted)};
  for (const char* name : {"low", "high"}) loaded_.push_back(TestView(TestSource(), 0, name));
}

Status PowerStore::Open() {
  auto store =
      OpenRocksDbStore(folder_ + "/online", "money", clock_.context(), {.fresh_bytes = 30'000});
  COEVAL_RETURN_IF_ERROR(Told(store.status(), "the store does not open"));
  store_ = std::move(*store);
  // Files of the log so small that they are sealed all the time.
  auto ingester = Ingester::Open(folder_ + "/log", store_.get(), *catalogue_,
                                 {.seal_bytes = 40'000, .file_bytes = 10'000}, clock_.context());
  COEVAL_RETURN_IF_ERROR(Told(ingester.status(), "the log of the store does not open"));
  ingester_ = std::move(*ingester);
  auto beside =
      FactLog::Open({.folder = folder_ + "/beside", .file_bytes = 4000, .room_bytes = 1024});
  COEVAL_RETURN_IF_ERROR(Told(beside.status(), "the log beside does not open"));
  beside_ = std::move(*beside);
  return {};
}

Result<TimeMicros> PowerStore::Push(int writer, std::int64_t n) {
  ArrowArrayStream stream =
      RateRows(CurrenciesOf(writer), static_cast<double>(n), kPushedAt).Stream();
  COEVAL_ASSIGN_OR_RETURN(ArrowTable rows, ArrowTable::Read(&stream));
  const PushRequest request = {.source = "rates_push",
                               .rows = std::move(rows),
                               .idempotency_key = std::to_string(writer) + ":" + std::to_string(n)};
  auto pushed = ingester_->Push(catalogue_, request);
  COEVAL_RETURN_IF_ERROR(Told(pushed.status(), "a push is refused"));
  return pushed->c;
}

Result<std::pair<std::int64_t, TimeMicros>> PowerStore::ValueOf(int writer) const {
  ColumnBuilder codes(TypeId::kString);
  const std::vector<std::string> currencies = CurrenciesOf(writer);
  for (const std::string& code : currencies) codes.AppendBytes(code);
  const std::vector<Column> columns = {codes.Finish()};
  const KeyColumn keys = KeyColumn::Encode(columns, std::ssize(currencies));
  const std::vector<std::size_t> features = {0};
  const std::array<ViewQuestion, 2> questions = {
      ViewQuestion{
          .version = &catalogue_->views.at("rates").front(), .features = features, .keys = &keys},
      ViewQuestion{.version = &catalogue_->views.at("pushes").front(),
                   .features = features,
                   .keys = &keys,
                   .aggregated = &counted_}};
  auto snapshot = store_->Now();
  COEVAL_RETURN_IF_ERROR(Told(snapshot.status(), "no answer"));
  const TimeMicros t = (*snapshot)->time();
  auto answers = (*snapshot)->Read(questions, t);
  COEVAL_RETURN_IF_ERROR(Told(answers.status(), "no answer"));
  std::optional<std::int64_t> value;
  for (std::size_t i = 0; i < currencies.size(); ++i) {
    const Column& rates = (*answers)[0].features.front();
    const auto rate = rates.IsNull(static_cast<std::int64_t>(i))
                          ? 0
                          : static_cast<std::int64_t>(rates.values<double>()[i]);
    const std::int64_t count = (*answers)[1].features.front().values<std::int64_t>()[i];
    if (count != rate) {
      return Broken(currencies[i] + " was pushed " + std::to_string(rate) +
                    " times, and counts as " + std::to_string(count));
    }
    if (value.value_or(rate) != rate) {
      return Broken("a push is there in part: " + currencies[i] + " has " + std::to_string(rate) +
                    ", " + currencies[0] + " has " + std::to_string(*value));
    }
    value = rate;
  }
  return std::pair(*value, t);
}

Status PowerStore::Load(std::int64_t n, bool replace) {
  std::vector<TestFact> facts;
  for (std::int64_t key = 0; key < kLoadedKeys; ++key) {
    facts.push_back({.key = key, .event_time = kPushedAt + n, .n = n});
  }
  std::vector<std::unique_ptr<FactLoad>> loads;
  std::vector<FactLoad*> together;
  for (const ViewVersion& view : loaded_) {
    auto load = store_->BeginLoad({.version = &view, .replace = replace}, clock_.context());
    COEVAL_RETURN_IF_ERROR(Told(load.status(), "no load"));
    COEVAL_RETURN_IF_ERROR(Told((*load)->Add(RowsOf(view.source, facts)), "no load"));
    COEVAL_RETURN_IF_ERROR(Told((*load)->Seal().status(), "no load"));
    loads.push_back(std::move(*load));
    together.push_back(loads.back().get());
  }
  const LoadCommit commit = {.watermark = kPushedAt + n, .change_token = ""};
  const std::vector<LoadCommit> commits(together.size(), commit);
  return Told(store_->CommitTogether(together, commits).status(), "a load is refused");
}

Result<std::int64_t> PowerStore::ValueLoaded() const {
  auto snapshot = store_->Now();
  COEVAL_RETURN_IF_ERROR(Told(snapshot.status(), "no answer"));
  std::optional<std::int64_t> value;
  for (const ViewVersion& view : loaded_) {
    auto answers = AskStore(**snapshot, view, kLoadedKeys, (*snapshot)->time());
    COEVAL_RETURN_IF_ERROR(Told(answers.status(), "no answer"));
    for (const TestAnswer& answer : *answers) {
      const bool found = answer.match == Match::kFound;
      const std::int64_t n = found ? answer.values[0].AsInt() : 0;
      if (value.value_or(n) != n) {
        return Broken("a load is there in part: " + view.view.name + " has " + std::to_string(n) +
                      " and " + std::to_string(*value));
      }
      value = n;
    }
    const ViewProgress progress = store_->Progress(view);
    const std::int64_t watermark = progress.watermark.value_or(kPushedAt) - kPushedAt;
    if (watermark != *value) {
      return Broken("the watermark of " + view.view.name + " is that of load " +
                    std::to_string(watermark) + ", its values those of " + std::to_string(*value));
    }
  }
  return *value;
}

Result<LogPosition> PowerStore::AppendBeside(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> batch;
  for (auto n = 1 + static_cast<LogPosition>(random() % kMostBeside); n > 0; --n) {
    batch.push_back(PayloadOf(beside_->last() + std::ssize(batch) + 1));
  }
  COEVAL_RETURN_IF_ERROR(Told(AppendAll(beside_.get(), batch).status(), "the log beside"));
  if (random() % 4 == 0) {
    COEVAL_RETURN_IF_ERROR(Told(beside_->Trim(beside_->last() - kKeptBeside), "a trim"));
  }
  return beside_->last();
}

Status PowerStore::Check(const PowerLedger& ledger, PowerLedger* found) const {
  *found = ledger;
  for (int writer = 0; writer < kPowerWriters; ++writer) {
    COEVAL_RETURN_IF_ERROR(CheckPushes(writer, ledger, found));
  }
  COEVAL_RETURN_IF_ERROR(CheckLog(*found));
  COEVAL_RETURN_IF_ERROR(CheckBeside(ledger, found));
  COEVAL_ASSIGN_OR_RETURN(found->loads, ValueLoaded());
  found->told.loads = found->loads;
  if (found->loads < ledger.loads || found->loads > ledger.told.loads + 1) {
    return Broken("load " + std::to_string(ledger.loads) + " was acknowledged, " +
                  std::to_string(found->loads) + " is there");
  }
  auto report = store_->Verify(clock_.context());
  COEVAL_RETURN_IF_ERROR(Told(report.status(), "the store is not whole"));
  if (report->problem_count > 0) return Broken("verify: " + report->problems.front().ToText());
  return {};
}

Status PowerStore::CheckPushes(int writer, const PowerLedger& ledger, PowerLedger* found) const {
  COEVAL_ASSIGN_OR_RETURN(const auto seen, ValueOf(writer));
  const auto [value, t] = seen;
  const std::int64_t acknowledged = ledger.PushesOf(writer);
  const std::int64_t told = ledger.told.pushes.at(static_cast<std::size_t>(writer));
  if (value < acknowledged || value > told + 1) {
    return Broken("push " + std::to_string(acknowledged) + " of writer " + std::to_string(writer) +
                  " was acknowledged, " + std::to_string(value) + " is there");
  }
  if (t < ledger.answered) {
    return Broken("time went back: " + FormatTime(ledger.answered) + " was answered, now it is " +
                  FormatTime(t));
  }
  auto& of_writer = found->pushes.at(static_cast<std::size_t>(writer));
  of_writer.resize(static_cast<std::size_t>(value), kMinTime);
  found->told.pushes.at(static_cast<std::size_t>(writer)) = value;
  return {};
}

// What training reads: every push once, whole, in the order of C.
Status PowerStore::CheckLog(const PowerLedger& found) const {
  auto logged = ingester_->Logged("rates_push");
  COEVAL_RETURN_IF_ERROR(Told(logged.status(), "the log cannot be read"));
  PowerLedger read;
  TimeMicros last_c = kMinTime;
  for (const LogBatch& batch : logged->batches) {
    if (batch.c <= last_c) return Broken("C does not grow: " + FormatTime(batch.c));
    last_c = batch.c;
    const Column& codes = *batch.rows.Find("code");
    const Column& rates = *batch.rows.Find("rate");
    const int writer = codes.bytes(0).front() - '0';
    auto& of_writer = read.pushes.at(static_cast<std::size_t>(writer));
    of_writer.push_back(batch.c);
    const std::vector<std::string> currencies = CurrenciesOf(writer);
    bool whole = batch.rows.num_rows == std::ssize(currencies);
    for (std::size_t i = 0; whole && i < currencies.size(); ++i) {
      whole = codes.bytes(static_cast<std::int64_t>(i)) == currencies[i] &&
              rates.values<double>()[i] == static_cast<double>(of_writer.size());
    }
    if (!whole) return Broken("the log holds a push that nobody made, at " + FormatTime(batch.c));
  }
  for (int writer = 0; writer < kPowerWriters; ++writer) {
    const auto& expected = found.pushes.at(static_cast<std::size_t>(writer));
    const auto& there = read.pushes.at(static_cast<std::size_t>(writer));
    bool same = expected.size() == there.size();
    for (std::size_t i = 0; same && i < there.size(); ++i) {
      same = expected[i] == kMinTime || expected[i] == there[i];
    }
    if (!same) {
      return Broken("the log holds " + std::to_string(there.size()) + " pushes of writer " +
                    std::to_string(writer) + ", the store " + std::to_string(expected.size()) +
                    ", or at other times");
    }
  }
  return {};
}

Status PowerStore::CheckBeside(const PowerLedger& ledger, PowerLedger* found) const {
  found->log = beside_->last();
  found->told.log = found->log;
  if (found->log < ledger.log || found->log > ledger.told.log + kMostBeside) {
    return Broken("record " + std::to_string(ledger.log) +
                  " was acknowledged, the log beside ends " + "with " + std::to_string(found->log));
  }
  if (beside_->first() > std::max<LogPosition>(found->log - kKeptBeside + 1, 1)) {
    return Broken("the log beside begins with " + std::to_string(beside_->first()));
  }
  const Status replayed = beside_->Replay(beside_->first() - 1, [](const LogRecord& record) {
    if (record.payload == PayloadOf(record.number)) return Status();
    return Broken("record " + std::to_string(record.number) + " is not what was written");
  });
  return Told(replayed, "the log beside");
}

}  // namespace coeval
