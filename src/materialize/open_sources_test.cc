// Materialization from real files, through the one reader that training uses too.
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/view_source.h"
#include "materialize/materialize.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"
#include "source/testing.h"

namespace coeval {
namespace {

using coeval::testing::At;
using coeval::testing::Cells;
using coeval::testing::Table;
using coeval::testing::TemporaryFolder;
using ::testing::HasSubstr;

class OpenSourcesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  static ViewVersion View(Source source) {
    source.created_field.clear();
    source.sequence_field.clear();
    source.delete_field.clear();
    return TestView(source);
  }

  void Write(const std::string& name, const Cells<std::int64_t>& city, const Cells<TimeMicros>& at,
             const Cells<std::int64_t>& n) {
    Table table;
    table.Ints("city", city).Times("at", at).Ints("n", n);
    table.Doubles("x", Cells<double>(city.size(), 0.5));
    const Status written = WriteFile(table, data_.File(name));
    ASSERT_TRUE(written.ok()) << written.ToString();
  }

  // A push to `view` that was logged, and went to other versions of it alone.
  LogBatch Logged(const ViewVersion& view, TimeMicros c, std::int64_t city, TimeMicros at,
                  std::int64_t n) const {
    Table rows;
    rows.Ints("city", {city}).Ints("n", {n}).Doubles("x", {0.5}).Times("at", {at});
    LogBatch logged;
    logged.c = c;
    logged.first_number = 1;
    logged.source = view.push->name;
    logged.rows = rows.batch();
    return logged;
  }

  Materialized Run(const ViewVersion& view, TimeMicros end, const LoggedPushes& pushed = {}) {
    const auto version = std::make_shared<const ViewVersion>(view);
    MaterializeTools tools;
    tools.open = OpenSources([this](const Source&) -> Result<std::string> { return data_.path(); },
                             [&pushed](const ViewVersion&) { return pushed; });
    return Materialize(
        *store_,
        {.versions = {version}, .carry = {.kind = RunKind::kIncremental, .end = end}, .who = {}},
        tools, clock_.context());
  }

  std::vector<TestAnswer> Ask(const ViewVersion& view) {
    const auto snapshot = *store_->Now();
    return *AskStore(*snapshot, view, 4, snapshot->time());
  }

  TemporaryFolder data_;
  TestFolder folder_;
  TestClock clock_{At("2013-06-01")};
  std::unique_ptr<OnlineStore> store_;
};

TEST_F(OpenSourcesTest, RowsOfParquetFilesAreServed) {
  const ViewVersion view = View(TestSource());
  Write("a.parquet", {1, 2, std::nullopt}, {At("2013-05-30"), At("2013-05-31"), At("2013-05-31")},
        {10, 20, 30});
  const Materialized first = Run(view, At("2013-06-01"));
  ASSERT_TRUE(first.status.ok()) << first.status.ToString();
  EXPECT_EQ(first.views[0].counts.rows, 3);
  EXPECT_EQ(first.views[0].counts.null_keys, 1);
  EXPECT_EQ(first.views[0].load.facts_written, 2);
  EXPECT_EQ(Ask(view)[1].values[0].AsInt(), 10);
  Write("b.parquet", {1, 3}, {At("2013-06-01"), At("2013-06-03")}, {11, 31});
  clock_.fixed->Set(At("2013-06-02"));
  ASSERT_TRUE(Run(view, At("2013-06-02")).status.ok());
  EXPECT_EQ(Ask(view)[1].values[0].AsInt(), 11);
  EXPECT_EQ(Ask(view)[2].values[0].AsInt(), 20);
  EXPECT_EQ(Ask(view)[3].match, Match::kNotFound);
}

// Rule 7.7 of both ways in: what was pushed before a version was there is carried to it, known
// since it arrived (3.2), whatever the created times of the files mean, and whatever its event
// time: it is not to be missing when that comes.
TEST_F(OpenSourcesTest, WhatWasPushedIsCarriedToo) {
  ViewVersion view = View(TestSource());
  Source push;
  push.name = "app";
  push.kind = SourceKind::kPush;
  view.push = PushMeaning(push, &view.source);
  Write("a.parquet", {1, 2, 3}, {At("2013-05-30"), At("2013-05-30"), At("2013-06-02")},
        {10, 20, 30});
  LoggedPushes pushed{.writer = "w"};
  pushed.batches.push_back(Logged(view, At("2013-05-31"), 1, At("2013-05-30"), 11));
  pushed.batches.push_back(Logged(view, At("2013-07-01"), 2, At("2013-05-30"), 21));
  pushed.batches.push_back(Logged(view, At("2013-05-31"), 1, At("2013-06-02"), 12));
  const Materialized first = Run(view, At("2013-06-01"), pushed);
  ASSERT_TRUE(first.status.ok()) << first.status.ToString();
  EXPECT_EQ(first.views[0].counts.rows, 6);
  EXPECT_EQ(first.views[0].counts.out_of_range, 1);
  EXPECT_EQ(Ask(view)[1].values[0].AsInt(), 11);  // created, where the file's row is not
  EXPECT_EQ(Ask(view)[2].values[0].AsInt(), 20);  // the other is not known yet
  clock_.fixed->Set(At("2013-06-03"));
  EXPECT_EQ(Ask(view)[1].values[0].AsInt(), 12);
  EXPECT_EQ(Ask(view)[3].match, Match::kNotFound);  // of the files: with the next run
  clock_.fixed->Set(At("2013-07-02"));
  EXPECT_EQ(Ask(view)[2].values[0].AsInt(), 21);
}

TEST_F(OpenSourcesTest, ATimelessTableIsCarriedAgainWhenItsFilesChanged) {
  const ViewVersion view = View(TimelessTestSource());
  Write("planes.parquet", {1, 2}, {std::nullopt, std::nullopt}, {10, 20});
  ASSERT_TRUE(Run(view, At("2013-06-01")).status.ok());
  EXPECT_TRUE(Run(view, At("2013-06-01")).views[0].unchanged);
  Write("planes.parquet", {2, 3, 3}, {std::nullopt, std::nullopt, std::nullopt}, {21, 30, 31});
  const Materialized changed = Run(view, At("2013-06-01"));
  ASSERT_TRUE(changed.status.ok()) << changed.status.ToString();
  EXPECT_FALSE(changed.views[0].unchanged);
  EXPECT_EQ(Ask(view)[1].match, Match::kNotFound);
  EXPECT_EQ(Ask(view)[2].values[0].AsInt(), 21);
  EXPECT_EQ(Ask(view)[3].values[0].AsInt(), 31);  // equal but for the value: the greater one wins
}

TEST_F(OpenSourcesTest, ASourceThatCannotBeReadIsAnErrorThatNamesTheViewAndTheFile) {
  const ViewVersion view = View(TestSource());
  (void)data_.Text("a.parquet", "no parquet");
  const Materialized result = Run(view, At("2013-06-01"));
  EXPECT_FALSE(result.status.ok());
  EXPECT_THAT(result.status.message(), HasSubstr("view weather@v1"));
  EXPECT_THAT(result.status.message(), HasSubstr("a.parquet"));
  EXPECT_FALSE(store_->Progress(view).watermark.has_value());
}

}  // namespace
}  // namespace coeval
