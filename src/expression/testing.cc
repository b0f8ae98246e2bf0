#include "expression/testing.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/time.h"
#include "column/builder.h"
#include "expression/expression.h"
#include "expression/literal.h"

namespace coeval {

namespace {

constexpr std::int64_t kCopies = 1500;             // more than one vector, and not a multiple of it
constexpr TimeMicros kNow = 1380585600 * kSecond;  // 2013-10-01

// Cuts at `separator` outside quotes and brackets.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{' || c == '(' || c == '<') ++depth;
    if (c == ']' || c == '}' || c == ')' || c == '>') --depth;
    if (c != separator || depth > 0) continue;
    parts.push_back(TrimSpace(text.substr(start, i - start)));
    start = i + 1;
  }
  const std::string_view last = TrimSpace(text.substr(start));
  if (!last.empty() || !parts.empty()) parts.push_back(last);
  return parts;
}

Result<Value> ParseValue(std::string_view text, const DataType& type) {
  if (type.is_nested() && text != "null") {
    const std::string_view inside = text.substr(1, text.size() - 2);
    Value::List elements;
    Value::Map entries;
    for (const std::string_view part : Split(inside, ',')) {
      if (type.id() == TypeId::kMap) {
        const std::vector<std::string_view> pair = Split(part, ':');
        if (pair.size() != 2) return Status::InvalidArgument("a map entry is key: value");
        COEVAL_ASSIGN_OR_RETURN(Value key, ParseValue(pair[0], type.child(0)));
        COEVAL_ASSIGN_OR_RETURN(Value value, ParseValue(pair[1], type.child(1)));
        entries.emplace_back(std::move(key), std::move(value));
      } else {
        COEVAL_ASSIGN_OR_RETURN(Value element, ParseValue(part, type.child(0)));
        elements.push_back(std::move(element));
      }
    }
    return type.id() == TypeId::kMap ? Value::MakeMap(std::move(entries))
                                     : Value::MakeList(std::move(elements));
  }
  const std::string cast = "cast(" + std::string(text) + " as " + type.ToString() + ")";
  COEVAL_ASSIGN_OR_RETURN(const Expression constant,
                          Expression::Compile(text == "null" || type.is_nested() ? text : cast,
                                              Schema(), std::nullopt));
  return constant.Evaluate({}, 1, std::array{kNow}).values.GetValue(0);
}

}  // namespace

Result<Batch> ParseInputs(std::string_view text) {
  Batch batch;
  batch.num_rows = 1;
  for (const std::string_view input : Split(text, ',')) {
    const std::size_t colon = input.find(':'), equals = input.find('=');
    if (colon == std::string_view::npos || equals == std::string_view::npos || colon > equals) {
      return Status::InvalidArgument("an input is written name: type = value, not " +
                                     std::string(input));
    }
    const std::string name(TrimSpace(input.substr(0, colon)));
    COEVAL_ASSIGN_OR_RETURN(const DataType type,
                            ParseType(TrimSpace(input.substr(colon + 1, equals - colon - 1))));
    COEVAL_ASSIGN_OR_RETURN(const Value value,
                            ParseValue(TrimSpace(input.substr(equals + 1)), type));
    ColumnBuilder builder(type);
    COEVAL_RETURN_IF_ERROR(builder.Append(value));
    batch.schema.Add(name, type);
    batch.columns.push_back(builder.Finish());
  }
  return batch;
}

Batch Repeat(const Batch& batch, std::int64_t times) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < times; ++i) {
    for (std::int64_t row = 0; row < batch.num_rows; ++row) rows.push_back(row);
  }
  Batch repeated;
  repeated.schema = batch.schema;
  repeated.num_rows = batch.num_rows * times;
  for (const Column& column : batch.columns) repeated.columns.push_back(column.Take(rows));
  return repeated;
}

std::string Ask(std::string_view expression, const Batch& inputs) {
  const Result<Expression> compiled = Expression::Compile(expression, inputs.schema, std::nullopt);
  if (!compiled.ok()) return "error: " + compiled.status().message();
  const auto answer = [&](const Evaluation& evaluation, std::int64_t row) -> std::string {
    if (!evaluation.invalid.empty() && evaluation.invalid[static_cast<std::size_t>(row)] != 0) {
      return "invalid: " + (evaluation.first_errors.empty() ? std::string("no message")
                                                            : evaluation.first_errors[0].message);
    }
    return compiled.value().type().ToString() + " " +
           ToText(evaluation.values.GetValue(row), compiled.value().type());
  };
  const std::array now{kNow};
  const Evaluation alone = compiled.value().Evaluate(inputs.columns, 1, now);
  std::string first = answer(alone, 0);
  const Batch many = Repeat(inputs, kCopies);
  const Evaluation batch = compiled.value().Evaluate(many.columns, kCopies, now);
  for (std::int64_t row = 0; row < kCopies; ++row) {
    if (!SameBits(alone.values.GetValue(0), batch.values.GetValue(row)) ||
        answer(batch, row) != first) {
      return "row " + std::to_string(row) + " of a batch gives " + answer(batch, row) +
             ", one row alone " + first;
    }
  }
  return first;
}

std::string Ask(std::string_view expression, std::string_view inputs) {
  const Result<Batch> batch = ParseInputs(inputs);
  if (!batch.ok()) return "bad inputs: " + batch.status().ToString();
  return Ask(expression, *batch);
}

std::string RunPython(const std::string& program) {
  const char* const python = std::getenv("COEVAL_PYTHON");
  const std::string path = testing::TempDir() + "coeval_expression_oracle_" +
                           std::to_string(std::hash<std::string>()(program)) + ".py";
  std::ofstream(path) << program;
  const std::string command =
      "'" + std::string(python != nullptr ? python : ".venv/bin/python") + "' '" + path + "'";
  std::string printed;
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot run " << command;
    return printed;
  }
  std::array<char, 65536> buffer{};
  for (std::size_t size = 1; size > 0;) {
    size = std::fread(buffer.data(), 1, buffer.size(), pipe);
    printed.append(buffer.data(), size);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  std::remove(path.c_str());
  return printed;
}

}  // namespace coeval
