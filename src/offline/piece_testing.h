// Facts of a test case in pieces, as a file with row groups has them, and the join over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "base/status.h"
#include "offline/as_of_join.h"
#include "offline/testing.h"

namespace coeval {

// How a case lies in pieces, and what was read of it.
struct PieceCase {
  std::size_t piece_rows = 3;
  std::size_t batch_rows = 2;
  int threads = 1;
  bool held = false;  // as rows in memory are
  // Asked before a piece's keys and values are read: a failure of that piece.
  std::function<Status(std::size_t piece, bool values)> fail = {};
  // Filled:
  int opened = 0;
  std::set<std::size_t> keys_read = {};
  std::set<std::size_t> values_read = {};
  std::size_t values_taken = 0;  // rows
};

// The facts of a case in pieces; both must outlive it.
OpenFacts OpenInPieces(const JoinCase& c, PieceCase* pieces);
// The join's answers, of facts in pieces.
Result<AsOfAnswers> RunJoinInPieces(const JoinCase& c, PieceCase* pieces);
// The same of questions that are not indexed yet: where the pieces are held, and the facts no more
// than the questions, these are indexed in place of the questions.
Result<AsOfAnswers> RunJoinOfKeyed(const JoinCase& c, PieceCase* pieces);
// In words, what differs between two joins of one case; "" where nothing does.
std::string DifferenceOf(const AsOfAnswers& a, const AsOfAnswers& b);

}  // namespace coeval
