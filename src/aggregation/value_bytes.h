// Values of any type in the bytes of a state: for functions that keep whole values (first, collect,
// top_k_by). The forms are those of docs/formats/aggregate_state.md.
#pragma once

#include "aggregation/state_bytes.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

// A byte, 0 for null and 1 before a value, then the value.
void WriteValue(const Value& value, const DataType& type, StateWriter* out);
// False where the bytes are no value of the type.
bool ReadValue(const DataType& type, StateReader* in, Value* value);
// About what a value holds beside itself.
std::size_t ValueBytes(const Value& value);

}  // namespace coeval
