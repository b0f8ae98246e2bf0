// KeyFilters: asks the Bloom filters of Parquet files which row groups hold none of the wanted
// keys, where statistics cannot tell, as in files whose keys are scattered.
//
//   wanted users 7 and 90, a row group of users 3 to 998, its filter knows neither: left out
//
// Whoever denies all wanted values of one join key denies the row group; the others need no asking.
// A filter is read only where that can pay, which is decided for each by what is known beforehand
// (WorthAsking), and, where filters keep answering "perhaps", for only some of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "source/arrow_plugin.h"
#include "source/file_list.h"
#include "source/wanted_keys.h"

namespace coeval {

// Threads: one at a time.
class KeyFilters {
 public:
  // `wanted` is borrowed.
  KeyFilters(const WantedKeys& wanted, const Context& context);

  // A column of a row group, which holds that join key.
  struct Place {
    const SourceFile& file;
    std::int64_t row_group = 0;
    const std::string& column;
    std::int64_t rows = 0;
    std::int64_t bytes = 0;  // that are not read where the row group is left out
  };

  // May a row group with these statistics hold a wanted value of that key? False only where its
  // filter denies them all. REQUIRES: WantedKeys::CanTell. Errors: those of the file.
  Result<bool> MayHold(std::size_t key, const Place& place, const ColumnStatistics& statistics);

 private:
  // How filters of a key answered of late.
  struct Luck {
    int in_vain = 0;  // since one last denied
    int left = 0;     // not asked since one last was
  };

  Result<const ArrowFile*> Open(const SourceFile& file);

  const WantedKeys& wanted_;
  Context context_;  // its log hears of the first damaged filter of each file
  std::vector<Luck> luck_;
  std::shared_ptr<bool> told_;
  std::string path_;  // of file_
  ArrowFile file_;
};

// Can a filter of so many bytes pay for itself, asked for so many values?
bool WorthAsking(std::int64_t filter_bytes, std::size_t values, std::int64_t rows,
                 std::int64_t bytes);

}  // namespace coeval
