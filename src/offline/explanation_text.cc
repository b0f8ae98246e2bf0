#include "offline/explanation_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "offline/explain_fact.h"

namespace coeval {
namespace {

constexpr std::size_t kLongestValue = 40;  // characters

std::size_t Width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++width) {
    at += std::max<std::size_t>(1, Utf8Length(text, at));
  }
  return width;
}

std::string Shorten(const std::string& text) {
  std::size_t end = 0;
  for (std::size_t n = 0; n < kLongestValue && end < text.size(); ++n) {
    end += std::max<std::size_t>(1, Utf8Length(text, end));
  }
  return end < text.size() ? text.substr(0, end) + "…" : text;
}

// A value in one line: text has its quotes, and control characters are shown as such.
std::string ValueText(const Value& value, const DataType& type) {
  std::string text;
  for (const char c : ToText(value, type)) {
    if (static_cast<unsigned char>(c) < 0x20) {
      text += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "?";
    } else {
      text += c;
    }
  }
  return Shorten(text);
}

std::string TimeText(TimeMicros time) {
  return time == kMinTime ? "always" : FormatTime(time);
}

// "14 lose": of a count of facts.
std::string FateText(Fate fate, std::int64_t count) {
  const auto said = [count](const char* one, const char* many) {
    return CountOf(count, "").substr(0, CountOf(count, "").find(' ') + 1) +
           (count == 1 ? one : many);
  };
  switch (fate) {
    case Fate::kWins:
      return said("wins", "win");
    case Fate::kLoses:
      return said("loses", "lose");
    case Fate::kSame:
      return said("is the same", "are the same");
    case Fate::kExpired:
      return said("expired", "expired");
    case Fate::kFuture:
      return said("of the future", "of the future");
    case Fate::kKnownLater:
      return said("not yet known", "not yet known");
    case Fate::kCounted:
      return said("in the window", "in the window");
    case Fate::kNullInput:
      return said("null", "null");
    case Fate::kBefore:
      return said("too old", "too old");
    case Fate::kAfter:
      return said("too new", "too new");
    case Fate::kFiltered:
      return said("filtered", "filtered");
    case Fate::kBeyondLast:
      return said("older than the newest", "older than the newest");
    case Fate::kTooLate:
      return said("too late", "too late");
    case Fate::kReplaced:
      return said("replaced", "replaced");
    case Fate::kRetracted:
      return said("taken back", "taken back");
    case Fate::kRetraction:
      return said("retraction", "retractions");
  }
  CheckFailed(__FILE__, __LINE__, "unknown fate");
}

// "after 2013-01-01T00:00:00Z, up to and including 2013-01-08T00:00:00Z".
std::string WindowText(const ExplainedWindow& window) {
  if (window.span.empty()) return "empty";
  const bool older_open = window.closed == Closed::kRight || window.closed == Closed::kNeither;
  const bool newer_open = window.closed == Closed::kLeft || window.closed == Closed::kNeither;
  const TimeMicros newer = newer_open ? SaturatingAdd(window.span.last, 1) : window.span.last;
  std::string text = "all history";
  if (window.bounded) {
    const TimeMicros older =
        older_open ? SaturatingSubtract(window.span.first, 1) : window.span.first;
    text = (older_open ? "after " : "from ") + FormatTime(older);
  }
  return text + (newer_open ? ", before " : ", up to and including ") + FormatTime(newer);
}

// Facts as a table.
class FactTable {
 public:
  FactTable(const ExplainedFacts& facts, const PaintText& paint) : facts_(facts), paint_(paint) {
    for (const ExplainedFact& fact : facts_.shown) {
      has_created_ = has_created_ || fact.times.has_created;
      has_sequence_ = has_sequence_ || fact.sequence.has_value();
      has_known_ = has_known_ || fact.known != fact.times.event_time;
    }
  }

  [[nodiscard]] std::string Text(const std::string& indent) {
    Add(Heading(), Emphasis::kStrong);
    for (const ExplainedFact& fact : facts_.shown) {
      Gap(fact.left_out);
      Add(Row(fact), EmphasisOf(fact));
    }
    Gap(facts_.left_out);
    return Lay(indent);
  }

 private:
  struct Line {
    std::vector<std::string> cells;
    std::optional<Emphasis> emphasis;
  };

  [[nodiscard]] std::vector<std::string> Heading() const {
    std::vector<std::string> cells{"", "event time"};
    if (has_created_) cells.emplace_back("created");
    if (has_known_) cells.emplace_back("known from");
    if (has_sequence_) cells.emplace_back("sequence");
    for (const ColumnSchema& column : facts_.columns) cells.push_back(column.name);
    cells.emplace_back("verdict");
    cells.emplace_back("read from");
    return cells;
  }

  [[nodiscard]] std::vector<std::string> Row(const ExplainedFact& fact) const {
    const bool taken = fact.verdict.fate == Fate::kWins || fact.verdict.fate == Fate::kCounted;
    std::vector<std::string> cells{taken ? ">" : "", TimeText(fact.times.event_time)};
    if (has_created_) {
      cells.push_back(fact.times.has_created ? FormatTime(fact.times.created_time) : "");
    }
    if (has_known_) cells.push_back(TimeText(fact.known));
    if (has_sequence_) {
      cells.push_back(fact.sequence.has_value() ? std::to_string(*fact.sequence) : "");
    }
    for (std::size_t i = 0; i < facts_.columns.size(); ++i) {
      cells.push_back(fact.is_delete ? "" : ValueText(fact.values[i], facts_.columns[i].type));
    }
    const bool said = fact.verdict.fate == Fate::kRetraction;
    cells.push_back((fact.is_delete && !said ? "a delete; " : "") + fact.verdict.why);
    std::string place = (fact.file.empty() ? "" : fact.file + " ") + std::to_string(fact.row);
    if (fact.row_group > 0) place += " (row group " + std::to_string(fact.row_group) + ")";
    cells.push_back(std::move(place));
    return cells;
  }

  static std::optional<Emphasis> EmphasisOf(const ExplainedFact& fact) {
    switch (fact.verdict.fate) {
      case Fate::kWins:
      case Fate::kCounted:
        return Emphasis::kGood;
      case Fate::kLoses:
      case Fate::kSame:
        return std::nullopt;
      default:
        return Emphasis::kFaint;
    }
  }

  void Add(std::vector<std::string> cells, std::optional<Emphasis> emphasis) {
    lines_.push_back({std::move(cells), emphasis});
  }

  void Gap(std::int64_t left_out) {
    if (left_out > 0) Add({"", "... " + CountOf(left_out, "more fact")}, Emphasis::kFaint);
  }

  // Columns of numbers to the right; those are the values of the facts.
  [[nodiscard]] bool IsRight(std::size_t column) const {
    const std::size_t first = lines_.front().cells.size() - 2 - facts_.columns.size();
    if (column < first || column >= first + facts_.columns.size()) return false;
    const TypeId type = facts_.columns[column - first].type.id();
    constexpr std::array<TypeId, 5> kNumbers{TypeId::kInt32, TypeId::kInt64, TypeId::kFloat32,
                                             TypeId::kFloat64, TypeId::kDecimal128};
    return std::find(kNumbers.begin(), kNumbers.end(), type) != kNumbers.end();
  }

  [[nodiscard]] std::string Lay(const std::string& indent) const {
    const std::size_t columns = lines_.front().cells.size();
    std::vector<std::size_t> widths(columns);
    widths[0] = 1;  // the mark
    for (const Line& line : lines_) {
      if (line.cells.size() < columns) continue;  // a gap takes what room there is
      for (std::size_t i = 0; i < columns; ++i) {
        widths[i] = std::max(widths[i], Width(line.cells[i]));
      }
    }
    std::string text;
    for (const Line& line : lines_) {
      std::string row = indent;
      for (std::size_t i = 0; i < line.cells.size(); ++i) {
        const std::string& cell = line.cells[i];
        const std::size_t width = Width(cell);
        const std::string fill(widths[i] > width ? widths[i] - width : 0, ' ');
        if (i > 0) row += i == 1 ? " " : "  ";
        row += IsRight(i) ? fill + cell : cell + fill;
      }
      row.erase(row.find_last_not_of(' ') + 1);
      text += "\n" + (paint_ && line.emphasis ? paint_(row, *line.emphasis) : row);
    }
    return text;
  }

  const ExplainedFacts& facts_;
  const PaintText& paint_;
  bool has_created_ = false;
  bool has_sequence_ = false;
  bool has_known_ = false;
  std::vector<Line> lines_;
};

// Writes an explanation and, below it, those of its inputs.
class Writer {
 public:
  explicit Writer(const PaintText& paint) : paint_(paint) {}

  void Write(const Explanation& explanation, const std::string& indent) {
    const std::string title = explanation.name + " = " +
                              ValueText(explanation.value.GetValue(0), explanation.type) +
                              (explanation.is_default ? " (its default, in place of null)" : "");
    text_ += indent + (paint_ ? paint_(title, Emphasis::kStrong) : title);
    indent_ = indent;
    Say("because", explanation.because);
    if (!explanation.error.empty()) Say("error", explanation.error);
    if (!explanation.note.empty()) Say("but", explanation.note);
    Say("status", std::string(FeatureStatusName(explanation.status)) +
                      (explanation.time == kMinTime ? "" : ", of " + FormatTime(explanation.time)));
    if (indent.empty()) Say("asked", Asked(explanation));
    Say("feature", explanation.reference + ", " + explanation.type.ToString());
    if (!explanation.key.empty()) Say("key", Key(explanation));
    if (explanation.ttl > 0) Say("ttl", FormatDuration(explanation.ttl));
    if (explanation.window.has_value()) {
      Say("function", explanation.window->function);
      Say("window", WindowText(*explanation.window));
    }
    if (!explanation.expression.empty()) Expression(explanation);
    if (explanation.facts.has_value()) Facts(*explanation.facts);
    for (const ExplainedInput& input : explanation.inputs) {
      if (input.feature == nullptr) continue;
      text_ += "\n\n";
      Write(*input.feature, indent + "  ");
    }
  }

  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  void Say(const std::string& label, const std::string& what) {
    const std::string wide = label + std::string(label.size() < 10 ? 10 - label.size() : 1, ' ');
    text_ += "\n" + indent_ + (paint_ ? paint_(wide, Emphasis::kFaint) : wide) + what;
  }

  static std::string Asked(const Explanation& explanation) {
    std::string text = "at " + FormatTime(explanation.t);
    if (explanation.row.has_value()) text = "row " + std::to_string(*explanation.row) + ", " + text;
    if (explanation.known != Known::kDeclared) {
      text += ", known by \"" + std::string(KnownName(explanation.known)) + "\"";
    }
    return text;
  }

  static std::string Key(const Explanation& explanation) {
    std::string text;
    for (const ExplainedKey& key : explanation.key) {
      text += (text.empty() ? "" : ", ") + key.name + " " + ValueText(key.value, key.type);
      if (key.column != key.name) text += " (column `" + key.column + "`)";
    }
    return text;
  }

  void Expression(const Explanation& explanation) {
    std::string text = explanation.expression;
    std::replace(text.begin(), text.end(), '\n', ' ');
    Say("computed", text);
    for (const ExplainedInput& input : explanation.inputs) {
      Say("  with", input.name + " = " + ValueText(input.value, input.type) +
                        (input.feature == nullptr ? ", request data `" + input.request_column + "`"
                                                  : ", " + input.feature->reference + ", below"));
    }
  }

  void Facts(const ExplainedFacts& facts) {
    std::string text = CountOf(facts.of_key, "fact");
    std::string fates;
    for (const auto& [fate, count] : facts.fates) {
      fates += (fates.empty() ? ": " : ", ") + FateText(fate, count);
    }
    text += " of source `" + facts.source + "` with this key" + fates;
    Say("facts", text);
    const std::int64_t bad = facts.read.bad_times + facts.read.too_far_ahead;
    if (bad > 0) Say("skipped", CountOf(bad, "row") + " of the source with a bad time");
    if (!facts.shown.empty()) text_ += "\n" + FactTable(facts, paint_).Text(indent_);
  }

  const PaintText& paint_;
  std::string indent_;
  std::string text_;
};

}  // namespace

std::string ExplanationText(const Explanation& explanation, const PaintText& paint) {
  Writer writer(paint);
  writer.Write(explanation, "");
  return writer.Take();
}

}  // namespace coeval
