#include "online/fact_list.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "online/testing.h"

namespace coeval {
namespace {

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<std::uint8_t>(c) >> 4];
    hex += kDigits[static_cast<std::uint8_t>(c) & 15];
  }
  return hex;
}

void ExpectSame(const KeptFact& a, const KeptFact& b) {
  EXPECT_EQ(a.times.event_time, b.times.event_time);
  EXPECT_EQ(a.times.has_created, b.times.has_created);
  EXPECT_EQ(a.times.created_time, b.times.created_time);
  EXPECT_EQ(a.sequence.present, b.sequence.present);
  EXPECT_EQ(a.sequence.log, b.sequence.log);
  EXPECT_EQ(a.sequence.number, b.sequence.number);
  EXPECT_EQ(a.visible_time, b.visible_time);
  EXPECT_EQ(a.is_delete, b.is_delete);
  EXPECT_EQ(a.row, b.row);
}

std::vector<KeptFact> SharpFacts() {
  KeptFact timeless;
  timeless.times = {kMinTime, 0, false};
  timeless.visible_time = kMinTime;
  timeless.row = "r";
  KeptFact everything;
  everything.times = {1357034040000000, -1, true};
  everything.sequence = {true, "topic/3", kMinTime};
  everything.visible_time = kMaxTime;
  everything.row = std::string_view("a\0b", 3);
  KeptFact extreme;
  extreme.times = {kMaxTime, kMinTime, true};
  extreme.visible_time = kMaxTime;
  extreme.sequence = {true, "", kMaxTime};
  extreme.row = "x";
  KeptFact gone;
  gone.times = {5, 7, true};
  gone.visible_time = 7;
  gone.is_delete = true;
  return {timeless, everything, extreme, gone};
}

TEST(FactListTest, WhatIsEncodedComesBack) {
  FactList list;
  list.facts = SharpFacts();
  list.asides = {"damaged", std::string_view("\0\1", 2)};
  std::string bytes;
  EncodeFactList(list, &bytes);
  FactList back;
  ASSERT_TRUE(DecodeFactList(bytes, &back).ok());
  ASSERT_EQ(back.facts.size(), list.facts.size());
  for (std::size_t i = 0; i < list.facts.size(); ++i) ExpectSame(back.facts[i], list.facts[i]);
  EXPECT_EQ(back.asides, list.asides);
}

TEST(FactListTest, OneFactIsAListOfOne) {
  for (const KeptFact& fact : SharpFacts()) {
    FactList list;
    list.facts = {fact};
    std::string as_list;
    EncodeFactList(list, &as_list);
    std::string as_one = "before";
    EncodeOneFact(fact, &as_one);
    EXPECT_EQ(as_one, "before" + as_list);
  }
}

// The format is for ever: docs/formats/online_store.md.
TEST(FactListTest, GoldenBytes) {
  KeptFact fact;
  fact.times = {1000, 1002, true};
  fact.sequence = {true, "ab", -2};
  fact.visible_time = 1300;
  fact.row = "ROW";
  std::string bytes;
  EncodeOneFact(fact, &bytes);
  //                      1 fact: flags 7, event 1000, +300, created +2, log "ab", -2, row
  EXPECT_EQ(Hex(std::string_view(bytes).substr(0, bytes.size() - 4)),
            "0101"
            "07"
            "d00f"
            "ac02"
            "04"
            "026162"
            "03"
            "03524f57");
  EXPECT_EQ(bytes.size(), 20U);
}

// Events lie in lists of format 2; it is for ever too.
TEST(FactListTest, GoldenBytesOfEvents) {
  KeptFact event;
  event.times = {1000, 1002, true};
  event.sequence = {true, "ab", -2};
  event.visible_time = 900;  // known before it is dated
  event.is_delete = true;
  event.copy = 3;
  event.row = "ID";
  std::string bytes;
  EncodeOneFact(event, &bytes, FactListFormat::kEvents);
  //          format 2, 1 fact: flags 31, event 1000, -100, created +2, log "ab", -2, copy 3, row
  EXPECT_EQ(Hex(std::string_view(bytes).substr(0, bytes.size() - 4)),
            "0201"
            "1f"
            "d00f"
            "c701"
            "04"
            "026162"
            "03"
            "03"
            "024944");
  FactList back;
  ASSERT_TRUE(DecodeFactList(bytes, &back).ok());
  ASSERT_EQ(back.facts.size(), 1U);
  EXPECT_EQ(back.format, FactListFormat::kEvents);
  EXPECT_EQ(back.facts[0].visible_time, 900);
  EXPECT_EQ(back.facts[0].copy, 3U);
  EXPECT_TRUE(back.facts[0].is_delete);
  EXPECT_EQ(back.facts[0].row, "ID");
  std::string again;
  EncodeFactList(back, &again);
  EXPECT_EQ(again, bytes);
}

TEST(FactListTest, EveryFlippedBitAndEveryCutIsFound) {
  FactList list;
  list.facts = SharpFacts();
  std::string bytes;
  EncodeFactList(list, &bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    FactList back;
    EXPECT_EQ(DecodeFactList(damaged, &back).code(), StatusCode::kCorruption) << "bit " << bit;
    EXPECT_TRUE(back.facts.empty());
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    FactList back;
    EXPECT_EQ(DecodeFactList(bytes.substr(0, size), &back).code(), StatusCode::kCorruption);
  }
}

TEST(FactListTest, DecodingAppendsAndAFailureLeavesTheListAlone) {
  FactList list;
  std::string one;
  EncodeOneFact(SharpFacts()[0], &one);
  ASSERT_TRUE(DecodeFactList(one, &list).ok());
  ASSERT_TRUE(DecodeFactList(one, &list).ok());
  EXPECT_EQ(list.facts.size(), 2U);
  EXPECT_FALSE(DecodeFactList("nonsense!", &list).ok());
  EXPECT_EQ(list.facts.size(), 2U);
}

}  // namespace
}  // namespace coeval
