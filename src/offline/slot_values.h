// SlotValues: the feature values of the greatest fact that each slot has seen so far. Values are
// copied in, so that no batch of a source is kept alive: memory is bounded by the slots, not by the
// facts.
//
// Fixed-width values lie side by side, one row a slot (one or two cache lines; a winner writes it,
// the answer reads it). Strings, lists, maps and vectors lie in runs of their own, which are
// packed anew when more than half of them has been replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "column/batch.h"
#include "column/column.h"
#include "column/type.h"
#include "offline/question_index.h"

namespace coeval {

// Bit for bit (rule 7.8). REQUIRES: columns of one type.
bool SameCellBits(const Column& a, std::int64_t row_a, const Column& b, std::int64_t row_b);

// Row `row` of a batch is now the value of `slot`.
struct SlotRow {
  SlotId slot;
  std::uint32_t row;
};

// Threads: one.
class SlotValues {
 public:
  // `features`: names are for errors only.
  SlotValues(std::vector<ColumnSchema> features, SlotId num_slots);

  // Copies rows of `columns` (one for each feature, of its type) into slots; each slot at most once
  // in `rows`. What a slot held before is gone.
  void Store(std::span<const Column> columns, std::span<const SlotRow> rows);

  // Is what the slot holds for `feature` the same, bit for bit? REQUIRES: the slot was stored to.
  [[nodiscard]] bool SameBits(std::size_t feature, SlotId slot, const Column& column,
                              std::int64_t row) const;
  // Appends the tie bytes (rule 3.3) of what the slot holds. REQUIRES: the slot was stored to.
  void AppendTieBytes(std::size_t feature, SlotId slot, std::string* out) const;

  // One column for each feature: values of slots[i], null for kNoSlot. REQUIRES: the slots were
  // stored to. Errors: InvalidArgument where strings would pass 2 GiB in one column.
  [[nodiscard]] Result<std::vector<Column>> Gather(std::span<const SlotId> slots) const;

  [[nodiscard]] std::size_t num_features() const { return fields_.size(); }

  // Bytes of strings and the like held now, replaced ones included.
  [[nodiscard]] std::int64_t RunBytes() const;
  // What a table of so many slots takes at first, without strings and the like.
  static std::int64_t EstimateBytes(std::span<const ColumnSchema> features, SlotId num_slots);

 private:
  // Where a value of a run lies.
  struct Place {
    std::uint32_t chunk = 0;
    std::uint32_t row = 0;
  };

  struct Run {
    std::vector<Column> chunks;
    std::int64_t bytes = 0;         // of all chunks
    std::int64_t packed_bytes = 0;  // of all chunks when they were last packed
    std::int64_t rows = 0;
  };

  struct Field {
    ColumnSchema schema;
    std::uint32_t offset = 0;  // in a slot's row
    std::uint32_t width = 0;   // of the value, or of its Place
    std::size_t run = kNoRun;  // position in runs_
  };

  // A column of answers while it is made.
  struct FixedColumn {
    std::vector<std::uint8_t> values;
    std::vector<std::uint8_t> validity;
    std::int64_t nulls = 0;
  };

  static constexpr std::size_t kNoRun = static_cast<std::size_t>(-1);

  [[nodiscard]] std::uint8_t* row(SlotId slot) { return rows_.get() + std::size_t{slot} * stride_; }

  [[nodiscard]] const std::uint8_t* row(SlotId slot) const {
    return rows_.get() + std::size_t{slot} * stride_;
  }

  [[nodiscard]] bool IsNull(std::size_t feature, SlotId slot) const {
    return ((row(slot)[validity_offset_ + feature / 8] >> (feature % 8)) & 1) == 0;
  }

  [[nodiscard]] Place PlaceOf(std::size_t feature, SlotId slot) const;
  void StoreFixed(const Field& field, const Column& column, std::span<const SlotRow> rows);
  void StoreRun(const Field& field, const Column& column, std::span<const SlotRow> rows);
  void Pack(std::size_t feature);
  void GatherFixed(std::size_t feature, std::span<const SlotId> block, std::size_t first,
                   FixedColumn* out) const;
  [[nodiscard]] Result<Column> GatherRun(std::size_t feature, std::span<const SlotId> slots) const;

  std::vector<Field> fields_;
  std::vector<Run> runs_;
  std::vector<std::uint8_t> stored_;  // per slot, kept only where there are runs
  std::size_t validity_offset_ = 0;
  std::size_t stride_ = 0;
  SlotId num_slots_ = 0;
  std::unique_ptr<std::uint8_t[]> rows_;  // num_slots x stride_
};

}  // namespace coeval
