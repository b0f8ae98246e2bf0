#include "offline/read_ahead.h"

#include <cstdint>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "base/status.h"

namespace coeval {
namespace {

// Batches of 1, 2, ... rows, then the end or an error.
class CountingStream : public FactStream {
 public:
  CountingStream(int batches, Status end) : batches_(batches), end_(std::move(end)) {}

  Result<std::optional<FactBatch>> Next() override {
    if (given_ < batches_) {
      FactBatch batch;
      batch.num_rows = ++given_;
      counts_.rows += batch.num_rows;
      return std::optional<FactBatch>(batch);
    }
    if (!end_.ok()) return end_;
    return std::optional<FactBatch>();
  }

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

 private:
  int batches_;
  Status end_;
  int given_ = 0;
  FactCounts counts_;
};

TEST(ReadAheadTest, GivesTheSameBatchesInOrder) {
  const auto stream = ReadAhead(std::make_unique<CountingStream>(100, Status()));
  std::int64_t rows = 0;
  for (int i = 1; i <= 100; ++i) {
    const Result<std::optional<FactBatch>> batch = stream->Next();
    ASSERT_TRUE(batch.ok() && batch->has_value());
    ASSERT_EQ((*batch)->num_rows, i);
    rows += i;
    ASSERT_EQ(stream->counts().rows, rows);
  }
  for (int again = 0; again < 3; ++again) {
    const Result<std::optional<FactBatch>> end = stream->Next();
    ASSERT_TRUE(end.ok());
    EXPECT_FALSE(end->has_value());
  }
}

TEST(ReadAheadTest, AnErrorStays) {
  const auto stream =
      ReadAhead(std::make_unique<CountingStream>(2, Status::IoError("the disk is gone")));
  ASSERT_TRUE(stream->Next().ok());
  ASSERT_TRUE(stream->Next().ok());
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(stream->Next().status(), Status::IoError("the disk is gone"));
  }
}

TEST(ReadAheadTest, MayBeDroppedAtAnyTime) {
  for (int taken = 0; taken < 8; ++taken) {
    const auto stream = ReadAhead(std::make_unique<CountingStream>(1000, Status()));
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(stream->Next().ok());
  }
}

}  // namespace
}  // namespace coeval
