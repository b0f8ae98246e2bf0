// UnitedPieces: the facts of several sources of one view in pieces, numbered through: files first,
// then the log, whose pieces may become more while a view is read several times.
//
//   trips    row groups 0 1 2         united   0 1 2
//   pushed   run 0                             3
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "column/column.h"
#include "definition/source.h"
#include "source/fact_reader.h"

namespace coeval {

// Which columns the batches of united sources have, empty where the source of one has none.
struct UnitedColumns {
  bool created = false;
  bool sequence = false;
  bool deletes = false;

  // `meaning`: what the sources mean together; `pushed`: what was pushed is one of them.
  static UnitedColumns Of(const Source& meaning, bool pushed, bool pushed_deletes);

  void FillIn(FactBatch* facts) const;
};

// Threads: as FactPieces.
class UnitedPieces : public FactPieces {
 public:
  struct Part {
    FactPieces* pieces = nullptr;  // must outlive this
    std::size_t first_file = 0;    // of its files among those of all
  };

  UnitedPieces(std::vector<Part> parts, UnitedColumns columns);

  [[nodiscard]] std::size_t size() const override { return owners_.size(); }

  [[nodiscard]] std::int64_t rows(std::size_t piece) const override;

  [[nodiscard]] bool is_held() const override;

  Result<FactCounts> ReadKeys(std::size_t piece, const Use& use) override;
  Result<FactCounts> ReadFacts(std::size_t piece, const Use& use) override;
  Status Finish() override;
  Result<std::vector<Column>> ReadValues(std::size_t piece, std::span<const std::int64_t> rows,
                                         FeatureSpan features) override;

 private:
  // Whose a piece is, and which of its.
  struct Owner {
    std::size_t part = 0;
    std::size_t piece = 0;
  };

  [[nodiscard]] Use AsOne(std::size_t piece, const Use& use) const;

  std::vector<Part> parts_;
  std::vector<Owner> owners_;  // of each piece
  const UnitedColumns columns_;
};

}  // namespace coeval
