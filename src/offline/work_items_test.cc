#include "offline/work_items.h"

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

TEST(WorkItemsTest, EachItemIsDoneOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    std::vector<std::atomic<int>> done(1000);
    const Status status =
        RunItems(threads, done.size(), CancelToken(), [&](std::size_t worker, std::size_t item) {
          EXPECT_LT(worker, static_cast<std::size_t>(threads));
          ++done[item];
          return Status::Ok();
        });
    EXPECT_TRUE(status.ok());
    for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
  }
}

TEST(WorkItemsTest, TheFailureOfTheLeastItemIsTold) {
  for (int turn = 0; turn < 200; ++turn) {
    const Status status =
        RunItems(4, 100, CancelToken(), [](std::size_t /*worker*/, std::size_t item) {
          return item < 60 ? Status::Ok() : Status::InvalidArgument(std::to_string(item));
        });
    ASSERT_EQ(status.message(), "60");
  }
}

TEST(WorkItemsTest, NothingIsBegunAfterACancellation) {
  CancelToken cancel;
  std::atomic<int> done = 0;
  const Status status = RunItems(3, 1000, cancel, [&](std::size_t /*worker*/, std::size_t item) {
    ++done;
    if (item == 10) cancel.Cancel();
    return Status::Ok();
  });
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_LT(done, 1000);
}

TEST(WorkItemsTest, WithoutItemsThereIsNothingToDo) {
  EXPECT_TRUE(RunItems(4, 0, CancelToken(), [](std::size_t, std::size_t) {
                return Status::Internal("called");
              }).ok());
}

}  // namespace
}  // namespace coeval
