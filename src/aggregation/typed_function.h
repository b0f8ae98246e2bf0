// TypedFunction: an AggregateFunction whose state is a C++ value type.
//
// A family derives from it and writes, for its State:
//   AddTo(State*, events, first, last)           RemoveFrom(...), if kRemovable
//   MergeInto(State*, const State& later)        Value(const State&, question, builder)
//   Write(const State&, StateWriter*)            Read(State*, StateReader*): false where malformed
//   Held(const State&): bytes beside the object
#pragma once

#include <new>
#include <utility>

#include "aggregation/aggregate_function.h"

namespace coeval {

// The first byte of every encoded state; Decode takes only the one of its own release's form.
inline constexpr std::uint8_t kStateFormat = 1;

template <class State, bool kRemovable>
class TypedFunction : public AggregateFunction {
 public:
  [[nodiscard]] std::size_t state_size() const final { return sizeof(State); }

  [[nodiscard]] std::size_t state_alignment() const final { return alignof(State); }

  void Init(void* state) const final { new (state) State(Empty()); }

  void InitFrom(void* state, const void* other) const final {
    new (state) State(*static_cast<const State*>(other));
  }

  void Destroy(void* state) const final { static_cast<State*>(state)->~State(); }

  void Add(void* state, const Events& events, std::int64_t first, std::int64_t last) const final {
    AddTo(static_cast<State*>(state), events, first, last);
  }

  [[nodiscard]] bool removable() const final { return kRemovable; }

  void Remove(void* state, const Events& events, std::int64_t first,
              std::int64_t last) const final {
    RemoveFrom(static_cast<State*>(state), events, first, last);
  }

  void Merge(void* state, const void* later) const final {
    MergeInto(static_cast<State*>(state), *static_cast<const State*>(later));
  }

  Outcome Append(const void* state, const Question& question, ColumnBuilder* out) const final {
    return Value(*static_cast<const State*>(state), question, out);
  }

  void Encode(const void* state, std::string* out) const final {
    StateWriter writer(out);
    writer.Fixed(kStateFormat);
    Write(*static_cast<const State*>(state), &writer);
  }

  Status Decode(std::string_view bytes, void* state) const final {
    auto* const typed = static_cast<State*>(state);
    *typed = Empty();
    StateReader reader(bytes);
    std::uint8_t format = 0;
    if (!reader.Fixed(&format) || format != kStateFormat) {
      return Status::Corruption("the state of an aggregate is of no known format");
    }
    if (Read(typed, &reader) && reader.left() == 0) return Status::Ok();
    *typed = Empty();
    return Status::Corruption("the state of an aggregate is damaged; rebuild it from its events");
  }

  [[nodiscard]] std::size_t HeldBytes(const void* state) const final {
    return sizeof(State) + Held(*static_cast<const State*>(state));
  }

 protected:
  [[nodiscard]] virtual State Empty() const { return State(); }

  virtual void AddTo(State* state, const Events& events, std::int64_t first,
                     std::int64_t last) const = 0;

  virtual void RemoveFrom(State* /*state*/, const Events& /*events*/, std::int64_t /*first*/,
                          std::int64_t /*last*/) const {
    COEVAL_CHECK(kRemovable);
  }

  virtual void MergeInto(State* state, const State& later) const = 0;
  virtual Outcome Value(const State& state, const Question& question, ColumnBuilder* out) const = 0;
  virtual void Write(const State& state, StateWriter* out) const = 0;
  virtual bool Read(State* state, StateReader* in) const = 0;

  [[nodiscard]] virtual std::size_t Held(const State& /*state*/) const { return 0; }
};

// Both outcomes of a number that may be missing.
inline Outcome AppendNumber(double value, ColumnBuilder* out) {
  out->AppendDouble(value);
  return Outcome::kValue;
}

inline Outcome AppendNothing(ColumnBuilder* out) {
  out->AppendNull();
  return Outcome::kNull;
}

inline Outcome AppendInvalid(ColumnBuilder* out) {
  out->AppendNull();
  return Outcome::kInvalid;
}

}  // namespace coeval
