// What a kernel works on: up to 1024 rows of one register, and the loops that all kernels share.
//
//   values  {7, ?, 3}     of the register's physical type
//   state   {0, 1, 2}     0 a value, 1 null, 2 an error (rule 6.2); at null and error the value is
//   any
//
// Errors travel through the registers like values: whatever uses one is one too, and a branch that
// is not taken drops it. So nothing has to be evaluated lazily to be right, only to be fast. States
// are numbered such that the state of most results is the greatest state of the arguments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "column/column.h"

namespace coeval {

inline constexpr std::int64_t kVectorRows = 1024;

using RowState = std::uint8_t;
inline constexpr RowState kValue = 0;
inline constexpr RowState kNull = 1;
inline constexpr RowState kError = 2;

// A list, vector or map: a cell of somebody's column (an input's, or one that a kernel made and the
// evaluation keeps), never copied while it is computed.
struct NestedRef {
  const Column* column;
  std::int64_t row;
};

// One register. Borrows its memory from the evaluation (evaluate.cc) or from an input column.
struct Vec {
  void* values = nullptr;
  RowState* state = nullptr;  // unspecified while `clean`
  bool clean = true;          // every row has a value

  template <typename T>
  [[nodiscard]] T* as() const {
    return static_cast<T*>(values);
  }

  [[nodiscard]] RowState StateOf(std::int64_t row) const { return clean ? kValue : state[row]; }
};

// Memory for texts that kernels make; valid until the next vector of rows.
class TextArena {
 public:
  // `size` bytes to be filled in by the caller.
  char* Allocate(std::size_t size) {
    if (size > left_) Grow(size);
    char* const memory = next_;
    next_ += size;
    left_ -= size;
    return memory;
  }

  std::string_view Copy(std::string_view text) {
    char* const memory = Allocate(text.size());
    std::copy(text.begin(), text.end(), memory);
    return {memory, text.size()};
  }

  void Clear();

 private:
  void Grow(std::size_t size);

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t first_block_size_ = 0;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

// Columns of the lists that kernels make; valid until the next vector of rows.
class ColumnPool {
 public:
  const Column* Keep(Column column) {
    columns_.push_back(std::make_unique<const Column>(std::move(column)));
    return columns_.back().get();
  }

  void Clear() { columns_.clear(); }

 private:
  std::vector<std::unique_ptr<const Column>> columns_;
};

// A text longer than this is an error of its row: no expression can make memory run out.
inline constexpr std::size_t kMaxTextBytes = std::size_t{1} << 20;

// The argument registers of one step: positions in the registers of the evaluation.
struct ArgumentList {
  const Vec* registers = nullptr;
  const std::uint32_t* positions = nullptr;

  const Vec* operator[](std::size_t i) const { return registers + positions[i]; }
};

// One step of a program over one vector of rows.
struct Call {
  std::int64_t rows = 0;
  ArgumentList args;
  std::size_t num_args = 0;
  Vec* out = nullptr;
  const void* prepared = nullptr;  // what the function made of its constant arguments
  TextArena* arena = nullptr;
  ColumnPool* columns = nullptr;
  std::string* message = nullptr;  // asked for when one row is explained; else null

  template <typename T>
  [[nodiscard]] const T* arg(std::size_t i) const {
    return args[i]->as<T>();
  }

  template <typename T>
  [[nodiscard]] const T& prepared_as() const {
    return *static_cast<const T*>(prepared);
  }

  // The state kError; the message is only made when somebody reads it.
  template <typename MakeMessage>
  RowState Fail(MakeMessage make) const {
    if (message != nullptr) *message = make();
    return kError;
  }
};

using Kernel = void (*)(const Call&);

// The states of a result that is null where an argument is null, an error where one is an error.
// Sets out->clean, and out->state unless clean.
inline void CombineStates(const Call& call) {
  Vec& out = *call.out;
  out.clean = true;
  for (std::size_t i = 0; i < call.num_args; ++i) {
    const Vec& arg = *call.args[i];
    if (arg.clean) continue;
    if (out.clean) {
      std::memcpy(out.state, arg.state, static_cast<std::size_t>(call.rows));
      out.clean = false;
    } else {
      for (std::int64_t row = 0; row < call.rows; ++row) {
        out.state[row] = std::max(out.state[row], arg.state[row]);
      }
    }
  }
}

// Marks one row; a clean register gets its states first.
inline void SetState(Vec& out, std::int64_t rows, std::int64_t row, RowState state) {
  if (out.clean) {
    std::memset(out.state, kValue, static_cast<std::size_t>(rows));
    out.clean = false;
  }
  out.state[row] = state;
}

namespace internal {

template <typename Out, typename F, typename... In, std::size_t... I>
void MapTotalLoop(const Call& call, F function, std::index_sequence<I...>, In... in) {
  Out* const out = call.out->as<Out>();
  for (std::int64_t row = 0; row < call.rows; ++row) out[row] = function(in[row]...);
}

}  // namespace internal

// out[i] = function(in[i]...) for functions without errors, whatever lies at null rows: numbers.
template <typename Out, typename... In, typename F>
void MapTotal(const Call& call, F function) {
  CombineStates(call);
  [&]<std::size_t... I>(std::index_sequence<I...> sequence) {
    internal::MapTotalLoop<Out>(call, function, sequence, call.arg<In>(I)...);
  }(std::index_sequence_for<In...>{});
}

// Calls `function(in[i]..., Out&)` where all arguments are values; it returns the row's state.
template <typename Out, typename... In, typename F>
void MapRows(const Call& call, F function) {
  CombineStates(call);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    Out* const out = call.out->as<Out>();
    const auto in = std::make_tuple(call.arg<In>(I)...);
    Vec& vec = *call.out;
    if (vec.clean) {
      for (std::int64_t row = 0; row < call.rows; ++row) {
        const RowState state = function(std::get<I>(in)[row]..., out[row]);
        if (state != kValue) [[unlikely]]
          SetState(vec, call.rows, row, state);
      }
      return;
    }
    for (std::int64_t row = 0; row < call.rows; ++row) {
      if (vec.state[row] == kValue) vec.state[row] = function(std::get<I>(in)[row]..., out[row]);
    }
  }(std::index_sequence_for<In...>{});
}

}  // namespace coeval
