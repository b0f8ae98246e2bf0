#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace coeval {
namespace {

bool IsTerminal(int descriptor) {
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  return ::isatty(descriptor) != 0 && !dumb;
}

bool ColourWanted() {
  const char* refused = std::getenv("NO_COLOR");
  return refused == nullptr || *refused == '\0';
}

std::size_t TerminalWidth(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return size.ws_col;
}

std::string_view CodeOf(Colour colour) {
  switch (colour) {
    case Colour::kPlain: return "0";
    case Colour::kBold: return "1";
    case Colour::kDim: return "2";
    case Colour::kRed: return "31";
    case Colour::kGreen: return "32";
    case Colour::kYellow: return "33";
  }
  return "0";
}

std::string Coloured(std::string_view text, Colour colour) {
  return fmt::format("\x1b[{}m{}\x1b[0m", CodeOf(colour), text);
}

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::size_t CountCodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), StartsCodePoint));
}

// At most `width` code points; what is cut ends with "…".
std::string Cut(const std::string& text, std::size_t width) {
  if (CountCodePoints(text) <= width) return text;
  std::string cut;
  std::size_t points = 0;
  for (const char c : text) {
    if (StartsCodePoint(c) && ++points == width) break;
    cut += c;
  }
  return cut + "…";
}

bool IsNumber(const std::string& cell) {
  if (cell.empty()) return false;
  return cell.find_first_not_of("0123456789.+-e%,") == std::string::npos &&
         cell.find_first_of("0123456789") != std::string::npos && cell.find('-', 1) == std::string::npos;
}

// A table's geometry, and its lines.
class TableLayout {
 public:
  TableLayout(const std::vector<std::string>& headings,
              const std::vector<std::vector<std::string>>& rows)
      : headings_(headings), rows_(rows) {
    for (std::size_t i = 0; i < headings.size(); ++i) {
      std::size_t width = CountCodePoints(headings[i]);
      bool number = !rows.empty();
      for (const auto& row : rows) {
        width = std::max(width, CountCodePoints(row[i]));
        number = number && (row[i].empty() || IsNumber(row[i]));
      }
      widths_.push_back(width);
      numbers_.push_back(number);
    }
    if (OutputIsTerminal()) Shrink(TerminalWidth(STDOUT_FILENO));
  }

  [[nodiscard]] std::string Text() const {
    std::string text = Line(headings_, true);
    for (const auto& row : rows_) text += Line(row, false);
    if (!text.empty()) text.pop_back();  // the caller ends the line
    return text;
  }

 private:
  // Takes from the widest column until all fit.
  void Shrink(std::size_t limit) {
    const auto total = [this] {
      std::size_t sum = 2 * (widths_.size() - 1);
      for (const std::size_t width : widths_) sum += width;
      return sum;
    };
    while (!widths_.empty() && total() > limit) {
      auto widest = std::max_element(widths_.begin(), widths_.end());
      if (*widest <= 8) return;
      --*widest;
    }
  }

  [[nodiscard]] std::string Line(const std::vector<std::string>& cells, bool heading) const {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string cell = Cut(cells[i], widths_[i]);
      const std::string padding(widths_[i] - std::min(widths_[i], CountCodePoints(cell)), ' ');
      if (i > 0) line += "  ";
      line += numbers_[i] ? padding + cell : cell + padding;
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return (heading ? Paint(line, Colour::kBold) : line) + "\n";
  }

  const std::vector<std::string>& headings_;
  const std::vector<std::vector<std::string>>& rows_;
  std::vector<std::size_t> widths_;
  std::vector<bool> numbers_;
};

// 12345678 -> "12.3 M"
std::string ShortCount(double count) {
  constexpr std::array<std::pair<double, const char*>, 3> kScales{
      {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}}};
  for (const auto& [scale, name] : kScales) {
    if (count >= scale * 10) return fmt::format("{:.1f}{}", count / scale, name);
  }
  return fmt::format("{:.0f}", count);
}

// The state behind a ProgressBar.
class ProgressLine {
 public:
  void Draw(const Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (progress.what != what_) {
      what_ = std::string(progress.what);
      start_ = now;
      drawn_ = {};
    }
    const bool terminal = ErrorIsTerminal();
    if (!progress.finished && (!terminal || now - drawn_ < std::chrono::milliseconds(100))) return;
    drawn_ = now;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    const std::string text = Describe(progress, seconds);
    if (terminal) {
      fmt::print(stderr, "\r{}\x1b[K{}", text, progress.finished ? "\n" : "");
    } else {
      fmt::print(stderr, "{}\n", text);
    }
    std::fflush(stderr);
    if (progress.finished) what_.clear();
  }

 private:
  [[nodiscard]] std::string Describe(const Progress& progress, double seconds) const {
    const auto done = static_cast<double>(progress.rows_done);
    const double rate = seconds > 0 ? done / seconds : 0;
    std::string text = what_ + "  ";
    if (progress.finished || progress.rows_expected <= 0) {
      text += ShortCount(done) + " rows";
    } else {
      const auto expected = static_cast<double>(progress.rows_expected);
      const double share = std::clamp(done / expected, 0.0, 1.0);
      const auto filled = static_cast<std::size_t>(share * 24);
      text += "[" + std::string(filled, '#') + std::string(24 - filled, ' ') + "] " +
              ShortCount(done) + " of " + ShortCount(expected) + " rows";
      if (rate > 0) text += fmt::format(", {:.0f} s left", (expected - done) / rate);
    }
    if (seconds >= 0.05 && done > 0) text += ", " + ShortCount(rate) + " rows/s";
    if (progress.finished) text += fmt::format(", {:.1f} s", seconds);
    return text;
  }

  std::string what_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace

bool OutputIsTerminal() {
  static const bool kTerminal = IsTerminal(STDOUT_FILENO);
  return kTerminal;
}

bool ErrorIsTerminal() {
  static const bool kTerminal = IsTerminal(STDERR_FILENO);
  return kTerminal;
}

std::string Paint(std::string_view text, Colour colour) {
  if (!OutputIsTerminal() || !ColourWanted() || colour == Colour::kPlain) return std::string(text);
  return Coloured(text, colour);
}

std::string FormatTable(const std::vector<std::string>& headings,
                        const std::vector<std::vector<std::string>>& rows) {
  return TableLayout(headings, rows).Text();
}

std::string FormatTable(const std::vector<std::string>& members, const Json& objects) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& object : objects.array()) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::string& member : members) {
      const Json* value = object.Find(member);
      row.push_back(value == nullptr ? "" : CellText(*value));
    }
  }
  return FormatTable(members, rows);
}

std::string CellText(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.AsString();
  if (!value.is_array()) return value.Write();
  std::string text;
  for (const Json& item : value.array()) text += (text.empty() ? "" : ", ") + CellText(item);
  return text;
}

void Print(std::string_view text) { fmt::print("{}\n", text); }

void PrintError(std::string_view text) {
  const std::string label = "coeval: error:";
  const bool colour = ErrorIsTerminal() && ColourWanted();
  fmt::print(stderr, "{} {}\n", colour ? Coloured(label, Colour::kRed) : label, text);
}

void PrintNote(std::string_view text) {
  const bool colour = ErrorIsTerminal() && ColourWanted();
  fmt::print(stderr, "{}\n", colour ? Coloured(text, Colour::kDim) : std::string(text));
}

ProgressSink ProgressBar() {
  auto line = std::make_shared<ProgressLine>();
  return [line](const Progress& progress) { line->Draw(progress); };
}

}  // namespace coeval
