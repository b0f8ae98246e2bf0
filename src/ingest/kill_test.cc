#include <gtest/gtest.h>

#include "ingest/kill_story.h"

namespace coeval {
namespace {

TEST(KillTest, WhatWasAcknowledgedOutlivesTheProcessAndNoBatchIsThereInPart) {
  KillPushes(120);
}

TEST(KillTest, SealingIsDoneOrNotAtEveryStep) {
  KillSealings();
}

}  // namespace
}  // namespace coeval
