// An explanation for people: plain text of some lines.
//
//   temp = 3.5
//   weather@v2:temp of airport JFK, asked at 2013-01-01T10:00:00Z
//   because it is of the fact that wins: the latest event time of 2 candidates
//
//      event time            temp  verdict                                   row
//      2013-01-01T08:00:00Z   3.1  loses: its event time is earlier, by 1h   weather.parquet 11
//   >  2013-01-01T09:00:00Z   3.5  wins: the latest event time of 2 ...      weather.parquet 12
//      2013-01-01T11:00:00Z   4.0  of the future, by 1h                      weather.parquet 13
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "offline/explanation.h"

namespace coeval {

// How a piece of text may stand out.
enum class Emphasis : std::uint8_t { kStrong, kGood, kFaint };

// Gives the text in a colour, or as it is.
using PaintText = std::function<std::string(std::string_view text, Emphasis emphasis)>;

// Without a line end. `paint` null: plain.
std::string ExplanationText(const Explanation& explanation, const PaintText& paint = nullptr);

}  // namespace coeval
