#include <gtest/gtest.h>

#include "ingest/kill_story.h"

namespace coeval {
namespace {

TEST(KillSlowTest, WhatWasAcknowledgedOutlivesTheProcessAndNoBatchIsThereInPart) {
  KillPushes(2000);
}

}  // namespace
}  // namespace coeval
