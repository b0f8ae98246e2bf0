#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace coeval {
namespace {

// The first reason why standard output could not be written; 0 = none. One thread prints.
int output_error = 0;

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
    case Colour::kPlain:
      return "0";
    case Colour::kBold:
      return "1";
    case Colour::kDim:
      return "2";
    case Colour::kRed:
      return "31";
    case Colour::kGreen:
      return "32";
    case Colour::kYellow:
      return "33";
  }
  return "0";
}

std::string Coloured(std::string_view text, Colour colour) {
  return fmt::format("\x1b[{}m{}\x1b[0m", CodeOf(colour), text);
}

bool StartsCodePoint(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

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

// "12", "-3.5e-7", "1,234", "12.5 %", "< 0.1 %": aligned to the right.
bool IsNumber(std::string_view cell) {
  if (cell.starts_with("< ") || cell.starts_with("> ")) cell.remove_prefix(2);
  if (cell.ends_with(" %")) cell.remove_suffix(2);
  std::string digits;
  for (const char c : cell) {
    if (c != ',') digits += c;
  }
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value);
  return !digits.empty() && error == std::errc() && rest == end;
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
    shown_ = widths_.size();
    if (OutputIsTerminal()) Shrink(TerminalWidth(STDOUT_FILENO));
  }

  [[nodiscard]] std::string Text() const {
    std::string text = Line(headings_, true);
    for (const auto& row : rows_) text += Line(row, false);
    if (shown_ < widths_.size()) {
      const std::size_t hidden = widths_.size() - shown_;
      text += "(" + std::to_string(hidden) + (hidden == 1 ? " more column" : " more columns") +
              ": a wider terminal, a pipe or --json shows all)\n";
    }
    if (!text.empty()) text.pop_back();  // the caller ends the line
    return text;
  }

 private:
  // Takes from the widest column until all fit, but for the first of texts, which names the row;
  // then leaves out columns from the right.
  void Shrink(std::size_t limit) {
    constexpr std::size_t kNarrow = 10;
    const auto name = static_cast<std::size_t>(std::find(numbers_.begin(), numbers_.end(), false) -
                                               numbers_.begin());
    const auto total = [this] {
      std::size_t sum = 2 * (shown_ - 1);
      for (std::size_t i = 0; i < shown_; ++i) sum += widths_[i];
      return sum;
    };
    while (shown_ > 1 && total() > limit) {
      std::size_t widest = shown_;
      for (std::size_t i = 0; i < shown_; ++i) {
        if (i == name || widths_[i] <= kNarrow) continue;
        if (widest == shown_ || widths_[i] > widths_[widest]) widest = i;
      }
      if (widest < shown_) {
        --widths_[widest];
      } else if (shown_ > name + 1) {
        --shown_;
      } else {
        break;
      }
    }
    if (shown_ > 0 && name < shown_ && total() > limit) {
      widths_[name] -= std::min(total() - limit, widths_[name] - std::min(widths_[name], kNarrow));
    }
  }

  [[nodiscard]] std::string Line(const std::vector<std::string>& cells, bool heading) const {
    std::string line;
    for (std::size_t i = 0; i < std::min(cells.size(), shown_); ++i) {
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
  std::size_t shown_ = 0;  // columns; the others find no room
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
    const std::string line =
        terminal ? "\r" + text + "\x1b[K" + (progress.finished ? "\n" : "") : text + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
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

void PrintLabelled(std::string_view label, Colour colour, std::string_view text) {
  std::fflush(stdout);  // what was said before comes before
  const bool coloured = ErrorIsTerminal() && ColourWanted();
  std::string line = coloured ? Coloured(label, colour) : std::string(label);
  line.append(" ").append(text).append("\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

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

void Print(std::string_view text) {
  // Errors stay with the stream, where FlushOutput() finds them; why is kept here.
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
                     std::fputc('\n', stdout) != EOF;
  if (!whole && output_error == 0) output_error = errno;
}

std::string FormatCount(std::int64_t count) {
  std::string digits = fmt::format("{}", count);
  const std::size_t sign = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string FormatBytes(std::int64_t bytes) {
  constexpr std::array<std::pair<double, const char*>, 3> kScales{
      {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}}};
  const auto size = static_cast<double>(bytes);
  for (const auto& [scale, name] : kScales) {
    if (size >= scale) return fmt::format("{:.1f} {}", size / scale, name);
  }
  return fmt::format("{} bytes", bytes);
}

std::string FormatShare(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return "";
  if (part == 0) return "0 %";
  if (part == whole) return "100 %";
  const double percent = 100 * static_cast<double>(part) / static_cast<double>(whole);
  // What is rare must not look like nothing, nor what is not quite all like all.
  if (percent < 0.1) return "< 0.1 %";
  return percent > 99.9 ? "> 99.9 %" : fmt::format("{:.1f} %", percent);
}

void PrintError(std::string_view text) {
  PrintLabelled("coeval: error:", Colour::kRed, text);
}

void PrintWarning(std::string_view text) {
  PrintLabelled("coeval: warning:", Colour::kYellow, text);
}

bool FlushOutput() {
  const bool flushed = std::fflush(stdout) == 0;
  if (!flushed && output_error == 0) output_error = errno;
  return flushed && std::ferror(stdout) == 0;
}

bool OutputReaderIsGone() {
  return output_error == EPIPE;
}

void PrintNote(std::string_view text) {
  const bool colour = ErrorIsTerminal() && ColourWanted();
  std::string line = colour ? Coloured(text, Colour::kDim) : std::string(text);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

ProgressSink ProgressBar() {
  auto line = std::make_shared<ProgressLine>();
  return [line](const Progress& progress) { line->Draw(progress); };
}

}  // namespace coeval
