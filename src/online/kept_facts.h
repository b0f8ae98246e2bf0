// KeptFacts: facts with bytes of their own, to be looked at one by one: those that a store keeps of
// a key, or those that it would keep of what a source holds.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "online/fact_list.h"

namespace coeval {

// Threads: one. Movable; the facts' bytes live as long as it does.
class KeptFacts {
 public:
  KeptFacts() = default;
  KeptFacts(KeptFacts&&) noexcept = default;
  KeptFacts& operator=(KeptFacts&&) noexcept = default;
  KeptFacts(const KeptFacts&) = delete;
  KeptFacts& operator=(const KeptFacts&) = delete;
  ~KeptFacts() = default;

  // Copies the bytes that it borrows.
  void Add(KeptFact fact) {
    fact.row = bytes_.emplace_back(fact.row);
    if (!fact.sequence.log.empty()) fact.sequence.log = bytes_.emplace_back(fact.sequence.log);
    facts_.push_back(fact);
  }

  // As they were added.
  [[nodiscard]] std::span<const KeptFact> facts() const { return facts_; }

 private:
  std::deque<std::string> bytes_;  // none moves
  std::vector<KeptFact> facts_;
};

}  // namespace coeval
