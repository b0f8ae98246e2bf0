#include "source/key_filters.h"

#include <optional>
#include <string_view>

namespace coeval {

namespace {

// Measured, row groups of 131,072 rows of int64 keys and times in µs: to read these takes 5 ms
// (40 ns a row, 2.4 ns a byte), to read and check a filter of 256 KiB 0.15 ms (0.6 ns a byte), and
// to look for a value less than 20 ns.

// So looking for all values takes at most 1/40 of reading the rows.
constexpr std::int64_t kRowsPerValue = 16;
// And a filter at most 1/8 of reading the columns; mostly it has an eighth of their bytes: 1/30.
constexpr std::int64_t kBytesPerFilterByte = 2;
// Asking pays where more than one of 30 filters denies. After so many in vain that is doubtful, and
// only each eighth is asked, until one denies: other parts of a source may hold other keys.
constexpr int kPatience = 32;
constexpr int kSample = 8;

}  // namespace

KeyFilters::KeyFilters(const WantedKeys& wanted, const Context& context)
    : wanted_(wanted),
      context_(context),
      luck_(wanted.size()),
      told_(std::make_shared<bool>(false)) {
  context_.log = [log = context.log, told = told_](LogLevel level, std::string_view text) {
    if (*told) return;
    *told = true;
    log(level, text);
  };
}

bool WorthAsking(std::int64_t filter_bytes, std::size_t values, std::int64_t rows,
                 std::int64_t bytes) {
  if (filter_bytes == 0 || values == 0) return false;
  return filter_bytes <= bytes / kBytesPerFilterByte &&
         static_cast<std::int64_t>(values) <= rows / kRowsPerValue;
}

Result<const ArrowFile*> KeyFilters::Open(const SourceFile& file) {
  if (path_ != file.path) {
    COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context_));
    COEVAL_ASSIGN_OR_RETURN(file_, plugin->OpenParquet(file.path, context_));
    path_ = file.path;
    *told_ = false;
  }
  // Of a file that is another by now the reader of its rows will tell.
  const bool same = file_.size_bytes() == file.size_bytes && file_.modified() == file.modified;
  return same ? &file_ : nullptr;
}

Result<bool> KeyFilters::MayHold(std::size_t key, const Place& place,
                                 const ColumnStatistics& statistics) {
  if (statistics.filter_bytes == 0) return true;
  const std::optional<WantedKeys::Listed> listed = wanted_.ListedIn(key, statistics);
  if (!listed || !WorthAsking(statistics.filter_bytes, listed->size(), place.rows, place.bytes)) {
    return true;
  }
  Luck& luck = luck_[key];
  if (luck.in_vain >= kPatience && ++luck.left < kSample) return true;
  luck.left = 0;
  COEVAL_ASSIGN_OR_RETURN(const ArrowFile* const file, Open(place.file));
  if (file == nullptr) return true;
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context_));
  const ValueQuestion question{.column = place.column,
                               .row_group = place.row_group,
                               .most_bytes = place.bytes,
                               .numbers = listed->numbers,
                               .texts = listed->texts};
  COEVAL_ASSIGN_OR_RETURN(const bool may, plugin->MayHold(*file, question, context_));
  luck.in_vain = may ? luck.in_vain + 1 : 0;
  return may;
}

}  // namespace coeval
