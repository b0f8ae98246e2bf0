#include "expression/evaluate.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "expression/nested.h"
#include "expression/output.h"

namespace coeval {

namespace {

// Memory that a thread keeps from one evaluation to the next: no allocation per call.
struct Scratch {
  std::unique_ptr<std::uint64_t[]> words;
  std::size_t size_words = 0;
  std::vector<Vec> registers;
  TextArena arena;
  ColumnPool columns;

  std::uint8_t* Reserve(std::size_t size_bytes) {
    const std::size_t needed = size_bytes / 8 + 1;
    if (needed > size_words) {
      words = std::make_unique<std::uint64_t[]>(needed);
      size_words = needed;
    }
    return reinterpret_cast<std::uint8_t*>(words.get());
  }

  // What kernels made for one vector of rows.
  void Clear() {
    arena.Clear();
    columns.Clear();
  }
};

Scratch& ThreadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

constexpr std::size_t RoundUp(std::size_t size) {
  return (size + 15) & ~std::size_t{15};
}

void FillConstant(Physical kind, const Value& value, std::int64_t rows, Vec& out) {
  out.clean = !value.is_null();
  if (!out.clean) {
    std::fill_n(out.state, rows, kNull);
    return;
  }
  switch (kind) {
    case Physical::kBool:
      std::fill_n(out.as<std::uint8_t>(), rows, static_cast<std::uint8_t>(value.AsBool()));
      return;
    case Physical::kInt:
      std::fill_n(out.as<std::int64_t>(), rows, value.AsInt());
      return;
    case Physical::kFloat:
      std::fill_n(out.as<double>(), rows, value.AsDouble());
      return;
    case Physical::kText:
      std::fill_n(out.as<std::string_view>(), rows, std::string_view(value.AsString()));
      return;
    case Physical::kDecimal:
      std::fill_n(out.as<Int128>(), rows, value.AsDecimal());
      return;
    case Physical::kNested:
      COEVAL_CHECK(false);  // there are no nested literals
  }
}

// Is there a row that makes the steps behind the jump worth running?
bool Needed(Unless unless, const Vec& vec, std::int64_t rows) {
  const auto* const values = vec.as<std::uint8_t>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const RowState state = vec.StateOf(row);
    if (state == kError) continue;
    const bool is_true = state == kValue && values[row] != 0;
    const bool is_false = state == kValue && values[row] == 0;
    switch (unless) {
      case Unless::kAnyTrue:
        if (is_true) return true;
        break;
      case Unless::kAnyNotTrue:
        if (!is_true) return true;
        break;
      case Unless::kAnyNotFalse:
        if (!is_false) return true;
        break;
      case Unless::kAnyNull:
        return true;  // not reached
    }
  }
  return false;
}

bool AnyNull(const Vec& vec, std::int64_t rows) {
  if (vec.clean) return false;
  return std::find(vec.state, vec.state + rows, kNull) != vec.state + rows;
}

class Evaluator {
 public:
  Evaluator(const Program& program, std::span<const Column> columns, std::int64_t n,
            std::span<const TimeMicros> now)
      : program_(program), columns_(columns), n_(n), now_(now), scratch_(ThreadScratch()) {
    for (const Program::Load& load : program_.loads) {
      COEVAL_CHECK(load.input < columns_.size() && columns_[load.input].length() >= n_);
      const TypeId type = columns_[load.input].type().id();
      COEVAL_CHECK(type == load.type || type == TypeId::kNull);
    }
    COEVAL_CHECK(!program_.now || now_.size() == 1 || std::cmp_equal(now_.size(), n_));
    Prepare(std::min(n, program.vector_rows));
  }

  Evaluation Run() {
    Output output(program_.type.data(), n_);
    for (std::int64_t first = 0; first < n_; first += vector_rows_) {
      const std::int64_t rows = std::min(vector_rows_, n_ - first);
      Load(first, rows);
      RunSteps(rows, nullptr);
      const Vec& result = registers_[program_.result];
      output.Append(result, rows);
      scratch_.Clear();
    }
    Evaluation evaluation = output.Finish();
    Explain(evaluation, output.first_invalid());
    return evaluation;
  }

  // One constant: the value of row 0.
  std::optional<Value> RunConstant() {
    Output output(program_.type.data(), 1);
    RunSteps(1, nullptr);
    output.Append(registers_[program_.result], 1);
    scratch_.Clear();
    const Evaluation evaluation = output.Finish();
    if (evaluation.invalid_count > 0) return std::nullopt;
    return evaluation.values.GetValue(0);
  }

 private:
  // Lays the registers out and fills those that stay the same.
  void Prepare(std::int64_t rows) {
    vector_rows_ = rows;
    const auto lanes = static_cast<std::size_t>(rows);
    const std::size_t count = program_.registers.size();
    std::uint8_t* memory = scratch_.Reserve(program_.row_bytes * lanes + count * 32 + 16);
    memory += -reinterpret_cast<std::uintptr_t>(memory) & 15;
    if (scratch_.registers.size() < count) scratch_.registers.resize(count);
    registers_ = scratch_.registers.data();
    for (std::size_t i = 0; i < count; ++i) {
      registers_[i] = {memory, memory + RoundUp(program_.registers[i].width * lanes), true};
      memory = registers_[i].state + RoundUp(lanes);
    }
    for (const Program::Constant& constant : program_.constants) {
      FillConstant(program_.registers[constant.register_index].kind, constant.value, rows,
                   registers_[constant.register_index]);
    }
  }

  void Load(std::int64_t first, std::int64_t rows) {
    for (const Program::Load& load : program_.loads) {
      Vec& vec = registers_[load.register_index];
      const Column& column = columns_[load.input];
      if (column.type().id() == TypeId::kNull) {
        std::fill_n(vec.state, rows, kNull);
        vec.clean = false;
      } else {
        LoadColumn(column, first, rows, vec);
      }
    }
    if (!program_.now) return;
    std::int64_t* const times = registers_[*program_.now].as<std::int64_t>();
    for (std::int64_t row = 0; row < rows; ++row) {
      times[row] = now_.size() == 1 ? now_[0] : now_[static_cast<std::size_t>(first + row)];
    }
  }

  // With `messages` (one a register), rows is 1 and each error leaves its text at its register.
  void RunSteps(std::int64_t rows, std::string* messages) {
    const std::size_t count = program_.steps.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Step& step = program_.steps[i];
      Vec& out = registers_[step.out];
      if (step.kernel == nullptr) {
        const bool needed =
            step.unless == Unless::kAnyNull ? AnyNull(out, rows) : Needed(step.unless, out, rows);
        if (!needed) i = step.target - 1;
        continue;
      }
      Call call;
      call.rows = rows;
      call.args = {registers_, program_.arguments.data() + step.first_argument};
      call.num_args = step.num_arguments;
      call.out = &out;
      call.prepared = step.prepared;
      call.arena = &scratch_.arena;
      call.columns = &scratch_.columns;
      call.message = messages == nullptr ? nullptr : &messages[step.out];
      step.kernel(call);
      if (messages != nullptr && out.StateOf(0) == kError && messages[step.out].empty()) {
        messages[step.out] = messages[Culprit(step)];
      }
    }
  }

  // The argument whose error a step passed on.
  std::uint32_t Culprit(const Step& step) const {
    const std::uint32_t* const arguments = program_.arguments.data() + step.first_argument;
    if (step.selects && registers_[arguments[0]].StateOf(0) != kError) {
      const Vec& condition = registers_[arguments[0]];
      const bool taken = condition.StateOf(0) == kValue && condition.as<std::uint8_t>()[0] != 0;
      return arguments[taken ? 1 : 2];
    }
    for (std::uint32_t i = 0; i < step.num_arguments; ++i) {
      if (registers_[arguments[i]].StateOf(0) == kError) return arguments[i];
    }
    return arguments[0];
  }

  // Runs the first invalid rows once more, each alone, to say what is wrong with them.
  void Explain(Evaluation& evaluation, std::span<const std::int64_t> rows) {
    for (const std::int64_t row : rows) {
      std::vector<std::string> messages(program_.registers.size());
      Load(row, 1);
      RunSteps(1, messages.data());
      scratch_.Clear();
      std::string message = std::move(messages[program_.result]);
      // Only the output itself can refuse a row that has a value.
      if (message.empty()) message = "the texts of one batch take more than 2 GiB";
      evaluation.first_errors.push_back({row, std::move(message)});
    }
  }

  const Program& program_;
  std::span<const Column> columns_;
  std::int64_t n_;
  std::span<const TimeMicros> now_;
  Scratch& scratch_;
  Vec* registers_ = nullptr;
  std::int64_t vector_rows_ = 0;
};

}  // namespace

Evaluation EvaluateProgram(const Program& program, std::span<const Column> columns, std::int64_t n,
                           std::span<const TimeMicros> now) {
  return Evaluator(program, columns, n, now).Run();
}

std::optional<Value> EvaluateConstant(const TypedNode& node) {
  const Program program = CompileProgram(node);
  return Evaluator(program, {}, 1, {}).RunConstant();
}

}  // namespace coeval
