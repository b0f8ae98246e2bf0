// Program: the typed tree laid out as steps over registers. A register holds up to 1024 rows of one
// physical type (vector.h).
//
//   coalesce(dep_delay, 0) / 60       r0 <- input dep_delay     r1 = 0     r2 = 60
//                                     r3 <- coalesce(r0, r1)
//                                     r4 <- r3 / r2
//
// Errors are states of values, so every step may run for every row. Steps that no row of the vector
// needs (a branch that is never taken) are jumped over, which for one row is short-circuiting.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "column/value.h"
#include "expression/typed_tree.h"
#include "expression/vector.h"

namespace coeval {

// When a jump is taken: if no row of the register is ...
enum class Unless : std::uint8_t {
  kAnyTrue,     // true
  kAnyNotTrue,  // a value or null other than true
  kAnyNotFalse,
  kAnyNull,
};

struct Step {
  Kernel kernel = nullptr;         // null: a jump
  const void* prepared = nullptr;  // owned by the program
  std::uint32_t out = 0;           // of a jump: the register that it looks at
  std::uint32_t first_argument = 0;
  std::uint32_t num_arguments = 0;
  bool selects = false;  // condition, then, else: only one of the two counts
  Unless unless = Unless::kAnyTrue;
  std::uint32_t target = 0;  // of a jump: the next step
};

struct Program {
  struct Load {
    std::uint32_t register_index;
    std::size_t input;  // position in the schema
    TypeId type;        // that was compiled for
  };

  struct Constant {
    std::uint32_t register_index = 0;
    Value value;
  };

  struct Register {
    Physical kind;
    std::uint8_t width;  // bytes of one value
  };

  ValueType type;  // of the result
  std::vector<Register> registers;
  std::size_t row_bytes = 0;  // of all registers, states included
  std::vector<Load> loads;
  std::vector<Constant> constants;
  std::optional<std::uint32_t> now;  // the register of now()
  std::vector<Step> steps;
  std::vector<std::uint32_t> arguments;
  std::uint32_t result = 0;
  std::vector<std::string> input_names;    // in order of first use
  std::int64_t vector_rows = kVectorRows;  // fewer where the registers would not fit the cache
  std::vector<std::shared_ptr<const void>> kept;
};

Program CompileProgram(const TypedNode& root);

}  // namespace coeval
