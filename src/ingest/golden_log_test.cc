// The sealed logs of every release under tests/format are read, filled from, and gone on with.
//
// A release makes its own once, where it changed the format:
// COEVAL_GOLDEN_LOG=tests/format/sealed_log_<format> with --gtest_also_run_disabled_tests
// --gtest_filter='*MakeTheGoldenLog'. It is not made again.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ingest/read_pushes.h"
#include "ingest/testing.h"
#include "log/fact_log.h"
#include "log/sealed_log.h"

namespace coeval {
namespace {

namespace fs = std::filesystem;

constexpr TimeMicros kNoon = 1'357'041'600'000'000;

LogBatch BatchOf(const std::string& source, std::int64_t n, Batch rows) {
  LogBatch batch;
  batch.c = kNoon + n;
  batch.first_number = 10 * n + 1;
  batch.source = source;
  batch.rows = std::move(rows);
  return batch;
}

// A push of rates: with a key, without one, offline, of deletes.
LogBatch RatesPush(std::int64_t n) {
  LogBatch batch =
      BatchOf("rates_push", n,
              MakeBatch({{"at", "timestamp", R"(["2013-01-01T11:00:00Z", "2013-01-01T11:30:00Z"])"},
                         {"code", "string", R"(["EUR", null])"},
                         {"rate", "float64", "[" + std::to_string(n) + R"(.5, {"f": "nan"}])"}}));
  batch.fed = {"rates' data"};
  if (n % 2 == 0) batch.idempotency_key = "key " + std::to_string(n);
  if (n % 4 == 3) {
    batch.destination = LogDestination::kOffline;
    batch.fed.clear();
  }
  if (n % 5 == 4) {
    batch.deletes = true;
    batch.rows.schema = Schema({batch.rows.schema[0], batch.rows.schema[1]});
    batch.rows.columns.pop_back();
  }
  return batch;
}

// Every type that a column may have.
LogBatch TypesPush(std::int64_t n) {
  return BatchOf(
      "types", n,
      MakeBatch({{"when", "timestamp", "[0, -1, 1357041600000001]"},
                 {"bool", "bool", "[true, null, false]"},
                 {"int32", "int32", "[-2147483648, 2147483647, null]"},
                 {"int64", "int64", "[-9223372036854775808, null, 9223372036854775807]"},
                 {"float32", "float32", R"([{"f": "-0x0p+0"}, 1.5, {"f": "inf"}])"},
                 {"float64", "float64", R"([{"f": "-0x0p+0"}, {"f": "nan"}, null])"},
                 {"string", "string", R"(["", "café", null])"},
                 {"bytes", "bytes", R"([{"b": "00ff"}, null, {"b": ""}])"},
                 {"date", "date", R"(["1969-12-31", null, "2024-02-29"])"},
                 {"decimal", "decimal(20, 3)", R"(["-12345678901234567.891", "0.001", null])"},
                 {"list", "list<int64>", "[[1, null, 2], [], null]"},
                 {"vector", "vector<float32, 2>", "[[1.5, 2.5], null, [0, -1]]"},
                 {"map", "map<string, float64>", R"([{"map": [["a", 1.5], ["b", null]]}, null,
                                                     {"map": []}])"}}));
}

// What the log holds, in the order of records.
std::vector<LogBatch> AllPushes() {
  std::vector<LogBatch> pushes;
  for (std::int64_t n = 0; n < 12; ++n) {
    pushes.push_back(n % 6 == 5 ? TypesPush(n) : RatesPush(n));
  }
  return pushes;
}

// One merged segment and small ones; the last push is in the log.
constexpr std::size_t kMerged = 8;
constexpr std::size_t kSealed = 11;

class GoldenLog : public ::testing::Test {
 protected:
  static std::string Source() {
    const char* source = std::getenv("COEVAL_SOURCE_DIR");
    return source == nullptr ? "." : source;
  }

  void Append(std::size_t first, std::size_t end) {
    auto log = FactLog::Open({.folder = log_, .room_bytes = 0});
    ASSERT_TRUE(log.ok()) << log.status().ToString();
    for (std::size_t i = first; i < end; ++i) {
      const std::string payload = *EncodeLogBatch(AllPushes()[i]);
      const std::vector<std::string_view> one = {payload};
      ASSERT_TRUE((*log)->Append(one).ok());
    }
  }

  void Open() {
    const Status opened = rates_.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
  }

  // All pushes to a source that the log in `folder` holds are those of AllPushes, and then `more`.
  void ExpectPushes(const std::string& folder, std::size_t more = 0) const {
    for (const char* source : {"rates_push", "types"}) {
      std::vector<LogBatch> expected;
      for (LogBatch& push : AllPushes()) {
        if (push.source == source) expected.push_back(std::move(push));
      }
      const auto read = ReadPushes(folder, std::ssize(AllPushes()) + static_cast<LogPosition>(more),
                                   source, clock_.context());
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      const bool goes_on = std::string(source) == "rates_push";
      ASSERT_EQ(read->batches.size(), expected.size() + (goes_on ? more : 0));
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(*EncodeLogBatch(read->batches[i]), *EncodeLogBatch(expected[i]))
            << source << " " << i;
      }
    }
  }

  const TestFolder folder_;
  const TestClock clock_{kNoon + kMinute};
  const std::string log_ = folder_ / "log";
  RatesStore rates_{folder_.path(), clock_.context(), {}, {.seal_bytes = 0}};
};

class GoldenLogTest : public GoldenLog, public ::testing::WithParamInterface<std::string> {};

TEST_P(GoldenLogTest, IsReadAndGoneOnWith) {
  const std::string golden = Source() + "/tests/format/" + GetParam();
  ExpectPushes(golden);
  fs::copy(golden, log_, fs::copy_options::recursive);
  Open();  // the online store, which is empty, is filled from it
  ExpectPushes(log_);
  EXPECT_EQ(rates_.Ask("EUR"), 10.5);
  const SealedLog sealed = *ReadSealedLog(log_);
  EXPECT_EQ(sealed.last, static_cast<LogPosition>(kSealed));
  // A key of it names its push still, and rows are numbered behind it.
  const auto repeated = rates_.Push(RateRows({"EUR"}, 1, kNoon), "key 10");
  EXPECT_EQ(repeated.status().code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(rates_.Push(RateRows({"EUR"}, 99, kNoon)).ok());
  const auto sealing = rates_.ingester().Seal(MergeKind::kAll);
  ASSERT_TRUE(sealing.ok()) << sealing.status().ToString();
  EXPECT_GT(sealing->merged, 1);
  ExpectPushes(log_, 1);
  EXPECT_EQ(rates_.ingester().Logged("rates_push")->batches.back().first_number, 114);
  EXPECT_EQ(rates_.Ask("EUR"), 99);
}

INSTANTIATE_TEST_SUITE_P(Releases, GoldenLogTest, ::testing::Values("sealed_log_2"));

TEST_F(GoldenLog, DISABLED_MakeTheGoldenLog) {
  const char* target = std::getenv("COEVAL_GOLDEN_LOG");
  ASSERT_NE(target, nullptr);
  const auto seal = [&](std::size_t first, std::size_t end, MergeKind merge) {
    Append(first, end);
    Open();
    ASSERT_TRUE(rates_.ingester().Seal(merge).ok());
    rates_.Close();
  };
  seal(0, 4, MergeKind::kDue);
  seal(4, kMerged, MergeKind::kAll);
  seal(kMerged, kSealed, MergeKind::kDue);
  Append(kSealed, AllPushes().size());
  fs::copy(log_, target, fs::copy_options::recursive);
}

}  // namespace
}  // namespace coeval
