// AggregateFunction: what computes one aggregate, apart from the states that it works on.
//
// A state is plain memory of state_size() bytes that the caller owns, in an array if it likes: one
// per key, tile or window. Add takes a range of events per call, so that what is chosen by type is
// chosen once per batch. Equal multisets of events (of ordered functions: equal lists) give equal
// bytes from Encode, in whatever parts and order they came (rules 5.6 and 5.7).
//
//   AggregateState sum(*bound.function);        // owns one state
//   sum.Add(events, 0, 100);
//   sum.Merge(later_tile);                      // ordered functions: of later events
//   sum.Append(question, &builder);             // the value at t
//
// Ideas from ClickHouse's IAggregateFunction; here a state also takes back, exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aggregation/events.h"
#include "aggregation/state_bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "column/builder.h"

namespace coeval {

// What a value is asked with.
struct Question {
  TimeMicros t = 0;
  // The window's length, for rate; none: all history.
  std::optional<DurationMicros> length = std::nullopt;
  // For a state that slides: where the window's newest events are. Only percent_rank looks.
  const Events* events = nullptr;
  std::int64_t first = 0;  // positions [first, last) are the window
  std::int64_t last = 0;
};

// What was appended: a value, a null, or a null because the value does not exist (rule 6.2).
enum class Outcome : std::uint8_t { kValue, kNull, kInvalid };

// A state of more distinct values, or list items, has no value (kInvalid).
inline constexpr std::int64_t kMaxStateItems = 1'000'000;

// Immutable; threads: any. Its states: one thread each.
class AggregateFunction {
 public:
  AggregateFunction() = default;
  AggregateFunction(const AggregateFunction&) = delete;
  AggregateFunction& operator=(const AggregateFunction&) = delete;
  virtual ~AggregateFunction() = default;

  [[nodiscard]] virtual std::size_t state_size() const = 0;  // a multiple of the alignment
  [[nodiscard]] virtual std::size_t state_alignment() const = 0;

  // The empty state in uninitialized memory; Destroy ends it.
  virtual void Init(void* state) const = 0;
  virtual void InitFrom(void* state, const void* other) const = 0;  // a copy
  virtual void Destroy(void* state) const = 0;

  // The events at positions [first, last) join; nulls are skipped. REQUIRES: columns of the bound
  // types; ordered functions: later events than all in the state, in order.
  virtual void Add(void* state, const Events& events, std::int64_t first,
                   std::int64_t last) const = 0;
  [[nodiscard]] virtual bool removable() const = 0;

  // Does the value depend on t beyond the events that the window holds at t? If not, a value is
  // made once for questions between which no event came or went.
  [[nodiscard]] virtual bool reads_time() const { return false; }

  // Takes back events that were added, in any order. REQUIRES: removable().
  virtual void Remove(void* state, const Events& events, std::int64_t first,
                      std::int64_t last) const;
  // REQUIRES: ordered functions: `later` holds later events than all in `state`.
  virtual void Merge(void* state, const void* later) const = 0;

  // Appends the value to a builder of the result's type. Leaves the state as it is.
  virtual Outcome Append(const void* state, const Question& question, ColumnBuilder* out) const = 0;
  // The same of the events [first, last) alone, in the order of rule 5.3, without a state. Cost:
  // that of first, last and lag is O(1), where values are not null; others read the range.
  virtual Outcome AppendRange(const Events& events, std::int64_t first, std::int64_t last,
                              const Question& question, ColumnBuilder* out) const;

  virtual void Encode(const void* state, std::string* out) const = 0;
  // Into an initialized state, whose events go. Errors: Corruption for any bytes that Encode does
  // not write; the state is then empty.
  virtual Status Decode(std::string_view bytes, void* state) const = 0;
  // About how many bytes the state holds, itself included.
  [[nodiscard]] virtual std::size_t HeldBytes(const void* state) const = 0;
};

// Owns one state. Moving it moves its memory.
class AggregateState {
 public:
  // REQUIRES: `function` outlives it.
  explicit AggregateState(const AggregateFunction& function);
  AggregateState(const AggregateState& other);
  AggregateState(AggregateState&& other) noexcept;
  AggregateState& operator=(AggregateState other) noexcept;
  ~AggregateState();

  [[nodiscard]] const AggregateFunction& function() const { return *function_; }

  // Empty again, in the same memory.
  void Reset() {
    function_->Destroy(state_);
    function_->Init(state_);
  }

  void Add(const Events& events, std::int64_t first, std::int64_t last) {
    function_->Add(state_, events, first, last);
  }

  void Remove(const Events& events, std::int64_t first, std::int64_t last) {
    function_->Remove(state_, events, first, last);
  }

  // REQUIRES: of the same function.
  void Merge(const AggregateState& later) { function_->Merge(state_, later.state_); }

  Outcome Append(const Question& question, ColumnBuilder* out) const {
    return function_->Append(state_, question, out);
  }

  void Encode(std::string* out) const { function_->Encode(state_, out); }

  Status Decode(std::string_view bytes) { return function_->Decode(bytes, state_); }

  [[nodiscard]] std::size_t HeldBytes() const { return function_->HeldBytes(state_); }

 private:
  const AggregateFunction* function_;
  void* state_;
};

}  // namespace coeval
