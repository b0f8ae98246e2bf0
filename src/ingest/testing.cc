#include "ingest/testing.h"

#include <filesystem>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "definition/view_source.h"
#include "io/files.h"
#include "online/rocksdb/open.h"

namespace coeval {
namespace {

Source RatesPush() {
  Source push;
  push.name = "rates_push";
  push.kind = SourceKind::kPush;
  push.timestamp_field = "at";
  push.field_mapping = {{"code", "currency"}};
  push.schema.resize(2);
  push.schema[0].name = "code";
  push.schema[0].type = TypeId::kString;
  push.schema[1].name = "rate";
  push.schema[1].type = TypeId::kFloat64;
  return push;
}

ViewVersion RatesView() {
  ViewVersion version;
  version.view.name = "rates";
  version.view.source = "rates_push";
  version.view.schema.resize(1);
  version.view.schema[0].name = "rate";
  version.view.schema[0].type = TypeId::kFloat64;
  version.push = PushMeaning(RatesPush(), nullptr);
  version.source = *version.push;
  version.join_keys = {{"currency", TypeId::kString}};
  version.version = 1;
  version.identity = "one";
  version.data_identity = "rates' data";
  version.active = true;
  return version;
}

}  // namespace

Schema RandomColumns(Random& random) {
  Schema schema;
  schema.Add("at", TypeId::kTimestamp);
  for (std::int64_t n = Pick(random, 6); n > 0; --n) {
    schema.Add("column " + std::to_string(n), RandomType(random, 2));
  }
  return schema;
}

std::vector<NumberedBatch> RandomPushes(std::uint64_t seed) {
  Random random(seed);
  return RandomPushes(seed, RandomColumns(random));
}

std::vector<NumberedBatch> RandomPushes(std::uint64_t seed, const Schema& schema) {
  Random random(seed);
  std::vector<NumberedBatch> pushes;
  LogPosition record = 0;
  for (std::int64_t n = 1 + Pick(random, 5); n > 0; --n) {
    LogBatch batch;
    batch.c = static_cast<TimeMicros>(random());
    batch.first_number = Pick(random, 1 << 30);
    batch.idempotency_key = std::string(static_cast<std::size_t>(Pick(random, 20)), '\xff');
    batch.source = "source";
    batch.destination = static_cast<LogDestination>(Pick(random, 3));
    batch.deletes = Pick(random, 2) == 0;
    batch.fed.resize(static_cast<std::size_t>(Pick(random, 4)), "identity");
    batch.rows = {schema, {}, 1 + Pick(random, 20)};
    for (const ColumnSchema& column : schema.columns()) {
      batch.rows.columns.push_back(RandomColumn(column.type, batch.rows.num_rows, random()));
    }
    record += 1 + Pick(random, 3);
    pushes.push_back({record, *DecodeLogBatch(*EncodeLogBatch(batch))});
  }
  return pushes;
}

void ExpectSamePush(const NumberedBatch& a, const NumberedBatch& b) {
  EXPECT_EQ(a.record, b.record);
  EXPECT_EQ(*EncodeLogBatch(a.batch), *EncodeLogBatch(b.batch));
  ASSERT_EQ(a.batch.rows.schema, b.batch.rows.schema);
  for (std::size_t i = 0; i < a.batch.rows.columns.size(); ++i) {
    EXPECT_TRUE(SameBits(a.batch.rows.columns[i], b.batch.rows.columns[i])) << i;
  }
  // What a training set's manifest tells of the log.
  EXPECT_EQ(a.batch.rows.SizeBytes(), b.batch.rows.SizeBytes());
}

std::int64_t FilesBelow(const std::string& folder) {
  if (!IsDirectory(folder)) return 0;
  std::int64_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  return files;
}

std::shared_ptr<Catalogue> RatesCatalogue() {
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->sources = {RatesPush()};
  catalogue->views["rates"] = {RatesView()};
  return catalogue;
}

testing::Table RateRows(const std::vector<std::string>& codes, double rate, TimeMicros at) {
  testing::Table table;
  table.Strings("code", {codes.begin(), codes.end()})
      .Doubles("rate", testing::Cells<double>(codes.size(), rate))
      .Times("at", testing::Cells<TimeMicros>(codes.size(), at));
  return table;
}

RatesStore::RatesStore(std::string folder, const Context& context,
                       const OnlineStoreOptions& options, const LogSettings& settings)
    : folder_(std::move(folder)), context_(context), options_(options), settings_(settings) {}

Status RatesStore::Open() {
  COEVAL_ASSIGN_OR_RETURN(store_,
                          OpenRocksDbStore(folder_ + "/online", "money", context_, options_));
  COEVAL_ASSIGN_OR_RETURN(
      ingester_, Ingester::Open(folder_ + "/log", store_.get(), *catalogue_, settings_, context_));
  return {};
}

Result<PushReport> RatesStore::Push(const testing::Table& rows, const std::string& key,
                                    LogDestination to) {
  ArrowArrayStream stream = rows.Stream();
  COEVAL_ASSIGN_OR_RETURN(ArrowTable table, ArrowTable::Read(&stream));
  return ingester_->Push(
      catalogue_,
      {.source = "rates_push", .rows = std::move(table), .to = to, .idempotency_key = key});
}

std::optional<double> RatesStore::Ask(const std::string& code) const {
  ColumnBuilder codes(TypeId::kString);
  codes.AppendBytes(code);
  const std::vector<Column> columns = {codes.Finish()};
  const KeyColumn keys = KeyColumn::Encode(columns, 1);
  const std::vector<std::size_t> features = {0};
  const ViewVersion& view = catalogue_->views.at("rates").front();
  const ViewQuestion question = {.version = &view, .features = features, .keys = &keys};
  const auto snapshot = *store_->Now();
  const auto answers = *snapshot->Read({&question, 1}, snapshot->time());
  const Column& rate = answers.front().features.front();
  if (rate.IsNull(0)) return std::nullopt;
  return rate.values<double>()[0];
}

}  // namespace coeval
