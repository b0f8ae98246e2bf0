#include "aggregation/aggregate_function.h"

#include <new>
#include <utility>

namespace coeval {

void AggregateFunction::Remove(void* /*state*/, const Events& /*events*/, std::int64_t /*first*/,
                               std::int64_t /*last*/) const {
  COEVAL_CHECK(removable());
}

Outcome AggregateFunction::AppendRange(const Events& events, std::int64_t first, std::int64_t last,
                                       const Question& question, ColumnBuilder* out) const {
  AggregateState state(*this);
  state.Add(events, first, last);
  return state.Append(question, out);
}

namespace {

void* Allocate(const AggregateFunction& function) {
  return ::operator new(function.state_size(), std::align_val_t(function.state_alignment()));
}

}  // namespace

AggregateState::AggregateState(const AggregateFunction& function)
    : function_(&function), state_(Allocate(function)) {
  function_->Init(state_);
}

AggregateState::AggregateState(const AggregateState& other)
    : function_(other.function_), state_(Allocate(*other.function_)) {
  function_->InitFrom(state_, other.state_);
}

AggregateState::AggregateState(AggregateState&& other) noexcept
    : function_(other.function_), state_(std::exchange(other.state_, nullptr)) {}

AggregateState& AggregateState::operator=(AggregateState other) noexcept {
  std::swap(function_, other.function_);
  std::swap(state_, other.state_);
  return *this;
}

AggregateState::~AggregateState() {
  if (state_ == nullptr) return;
  function_->Destroy(state_);
  ::operator delete(state_, std::align_val_t(function_->state_alignment()));
}

}  // namespace coeval
