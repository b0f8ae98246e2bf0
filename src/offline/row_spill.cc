#include "offline/row_spill.h"

#include <algorithm>
#include <span>
#include <utility>

#include "offline/placed_columns.h"

namespace coeval {

RowSpill::RowSpill(std::vector<ColumnSchema> schema, RowSpillOptions options, ScratchFile* file)
    : schema_(std::move(schema)),
      options_(options),
      file_(file),
      runs_(
          static_cast<std::size_t>((options.num_rows + options.run_rows - 1) / options.run_rows)) {}

Status RowSpill::Add(std::vector<std::uint32_t> rows, std::vector<Column> columns,
                     const Context& context) {
  if (rows.empty()) return Status::Ok();
  std::int64_t bytes = std::ssize(rows) * std::int64_t{sizeof(rows[0])};
  for (const Column& column : columns) bytes += column.SizeBytes();
  // Who fills the measure writes; the others wait, so that no more is held than that.
  const std::lock_guard lock(mutex_);
  held_.push_back({std::move(rows), std::move(columns)});
  held_bytes_ += bytes;
  if (held_bytes_ < options_.held_bytes) return Status::Ok();
  held_bytes_ = 0;
  return Write(std::exchange(held_, {}), context);
}

Status RowSpill::Finish(const Context& context) {
  const std::lock_guard lock(mutex_);
  held_bytes_ = 0;
  return Write(std::exchange(held_, {}), context);
}

Status RowSpill::Write(const std::vector<Added>& added, const Context& context) {
  const auto run_rows = static_cast<std::size_t>(options_.run_rows);
  // Where the rows of each run lie in what was added.
  std::vector<std::size_t> begin(runs_.size() + 1);
  for (const Added& each : added) {
    for (const std::uint32_t row : each.rows) ++begin[row / run_rows + 1];
  }
  for (std::size_t run = 0; run < runs_.size(); ++run) begin[run + 1] += begin[run];
  std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
  std::vector<FactPlace> places(begin.back());
  std::vector<std::int32_t> rows(begin.back());
  for (std::size_t piece = 0; piece < added.size(); ++piece) {
    const std::vector<std::uint32_t>& of_piece = added[piece].rows;
    for (std::size_t i = 0; i < of_piece.size(); ++i) {
      const std::size_t at = next[of_piece[i] / run_rows]++;
      places[at] = {static_cast<std::uint32_t>(piece), static_cast<std::uint32_t>(i)};
      rows[at] = static_cast<std::int32_t>(of_piece[i] % run_rows);
    }
  }
  std::vector<std::vector<Column>> pieces;
  pieces.reserve(added.size());
  for (const Added& each : added) pieces.push_back(each.columns);

  for (std::size_t run = 0; run < runs_.size(); ++run) {
    const std::size_t first = begin[run];
    const std::size_t count = begin[run + 1] - first;
    if (count == 0) continue;
    const auto fill = [&](std::size_t at, std::span<FactPlace> out) {
      std::copy_n(places.begin() + static_cast<std::ptrdiff_t>(first + at), out.size(),
                  out.begin());
    };
    COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            GatherPlaced(schema_, pieces, count, fill, context));
    const auto from = rows.begin() + static_cast<std::ptrdiff_t>(first);
    std::vector<std::int32_t> of_run(from, from + static_cast<std::ptrdiff_t>(count));
    Segment segment;
    COEVAL_ASSIGN_OR_RETURN(
        segment.rows,
        SpilledColumn::Write(Column::FixedWidth(TypeId::kInt32, static_cast<std::int64_t>(count),
                                                MakeBuffer(std::move(of_run))),
                             file_));
    for (const Column& column : columns) {
      COEVAL_ASSIGN_OR_RETURN(SpilledColumn spilled, SpilledColumn::Write(column, file_));
      segment.columns.push_back(std::move(spilled));
    }
    runs_[run].push_back(std::move(segment));
  }
  return Status::Ok();
}

Result<std::vector<Column>> RowSpill::Read(std::size_t run, const Context& context) const {
  const std::int64_t first = static_cast<std::int64_t>(run) * options_.run_rows;
  const auto count =
      static_cast<std::size_t>(std::min(options_.run_rows, options_.num_rows - first));
  std::vector<FactPlace> places(count, kNoPlace);
  std::vector<std::vector<Column>> pieces;
  for (const Segment& segment : runs_[run]) {
    COEVAL_RETURN_IF_ERROR(context.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(const Column rows, segment.rows.Read(*file_));
    for (std::int64_t i = 0; i < rows.length(); ++i) {
      const std::int32_t row = rows.values<std::int32_t>()[static_cast<std::size_t>(i)];
      places[static_cast<std::size_t>(row)] = {static_cast<std::uint32_t>(pieces.size()),
                                               static_cast<std::uint32_t>(i)};
    }
    std::vector<Column>& columns = pieces.emplace_back();
    for (const SpilledColumn& spilled : segment.columns) {
      COEVAL_ASSIGN_OR_RETURN(Column column, spilled.Read(*file_));
      columns.push_back(std::move(column));
    }
  }
  const auto fill = [&places](std::size_t at, std::span<FactPlace> out) {
    std::copy_n(places.begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
  };
  return GatherPlaced(schema_, pieces, count, fill, context);
}

}  // namespace coeval
