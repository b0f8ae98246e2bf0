// SpilledColumn: a column that lies in a scratch file, and what is needed to find it there.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "column/column.h"
#include "column/type.h"
#include "io/scratch_file.h"

namespace coeval {

// Immutable, a few words; threads: any.
class SpilledColumn {
 public:
  // Errors: those of the file. Cost: one write for each buffer.
  static Result<SpilledColumn> Write(const Column& column, ScratchFile* file);

  // The same column, bit for bit but for what lies at nulls, in memory of its own.
  [[nodiscard]] Result<Column> Read(const ScratchFile& file) const;

  [[nodiscard]] std::int64_t length() const { return length_; }

 private:
  // Bytes of the file; size 0 where the column has no such buffer.
  struct Extent {
    std::int64_t begin = 0;
    std::int64_t size = 0;
  };

  Status WriteBuffers(const Column& column, ScratchFile* file);

  DataType type_;
  std::int64_t length_ = 0;
  Extent validity_;
  Extent offsets_;
  Extent values_;
  std::vector<SpilledColumn> children_;
};

}  // namespace coeval
