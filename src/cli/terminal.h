// What a person sees: tables, colour and progress on a terminal, plain text in a pipe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/progress.h"

namespace coeval {

enum class Colour : std::uint8_t { kPlain, kBold, kDim, kRed, kGreen, kYellow };

// Is standard output (or error) a terminal, and colour wanted (NO_COLOR unset)?
bool OutputIsTerminal();
bool ErrorIsTerminal();

// The text in a colour where standard output is a terminal.
std::string Paint(std::string_view text, Colour colour);

// Rows under headings, columns padded to their widest cell (by code points), numbers to the right.
// On a terminal the headings are bold and cells that would pass the width are cut with "…"
// (the row's name last of all); columns that find no room are left out, and that is said.
std::string FormatTable(const std::vector<std::string>& headings,
                        const std::vector<std::vector<std::string>>& rows);
// The same of an array of objects: one column for each of `members`.
std::string FormatTable(const std::vector<std::string>& members, const Json& objects);

// A cell: text as it is, numbers, true/false, "" for null, lists joined by ", ".
std::string CellText(const Json& value);

// 336776 -> "336,776"; 18254336 bytes -> "18.3 MB"; 1 of 8 -> "12.5 %" ("" of none).
std::string FormatCount(std::int64_t count);
std::string FormatBytes(std::int64_t bytes);
std::string FormatShare(std::int64_t part, std::int64_t whole);

void Print(std::string_view text);         // standard output, with a line end
void PrintError(std::string_view text);    // standard error: "coeval: error: ...", red
void PrintWarning(std::string_view text);  // standard error: "coeval: warning: ...", yellow
void PrintNote(std::string_view text);     // standard error, dim
// False where standard output could not be written (disk full, no reader any more).
bool FlushOutput();
// Was it for want of a reader (`coeval list | head -1`)? That is no failure.
bool OutputReaderIsGone();

// Draws `what [#####     ] 12.3 M of 20 M rows, 1.2 M rows/s, 6 s left` on standard error while it
// is a terminal; a line at the end of each operation elsewhere. Copyable; one thread.
ProgressSink ProgressBar();

}  // namespace coeval
