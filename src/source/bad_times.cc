#include "source/bad_times.h"

#include <cstddef>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "definition/source.h"
#include "source/time_column.h"

namespace coeval {

Status BadTimes::ToStatus(const Source& source) const {
  if (count_ == 0) return {};
  std::string text = std::to_string(count_) + (count_ == 1 ? " row" : " rows") + " of source `" +
                     source.name + "` with a bad time";
  text += count_ > kShown ? ", the first 10: " : ": ";
  for (std::size_t i = 0; i < shown_.size(); ++i) text += (i == 0 ? "" : "; ") + shown_[i];
  text += ". Correct the data";
  if (source.kind != SourceKind::kPush) text += ", or declare on_bad_time=\"skip\" on the source";
  return Status::InvalidArgument(std::move(text));
}

Status CheckNewest(const Source& source, TimeMicros newest, TimeUnit stored) {
  if (source.timeless || source.allow_1970 || newest >= kDoubtfulBefore) return {};
  return Status::InvalidArgument("all event times of source `" + source.name + "` (column `" +
                                 source.timestamp_field + "`) lie before 1973; the newest is " +
                                 FormatTime(newest) + UnitHint(newest, stored) +
                                 ". Correct the unit, or declare allow_1970 on the source");
}

}  // namespace coeval
