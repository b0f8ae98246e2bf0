#include "offline/memory_plan.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "offline/feature_blocks.h"

namespace coeval {
namespace {

constexpr std::int64_t kTextBytes = 32;   // a text, list or map, about
constexpr std::int64_t kIndexBytes = 96;  // a question in its index, while that is made
constexpr std::int64_t kHeadBytes = 60;   // SlotHeads, and what is found by them
constexpr std::int64_t kPlaceBytes = 16;  // where a value lies (parts_join.cc)
constexpr std::int64_t kEventBytes = 56;  // of an event beside its columns (event_table_reader.cc)
constexpr std::int64_t kLeast = std::int64_t{32} << 20;  // even where others took all
// Of what a join may take, the spills of its answers hold a part, and so do runs that are read.
constexpr std::int64_t kShareOfSpill = 16;
constexpr std::int64_t kShareOfRuns = 6;

std::int64_t CellBytes(const DataType& type) {
  if (type.id() == TypeId::kVector) return type.size() * CellBytes(type.child(0));
  return type.width() > 0 ? type.width() : kTextBytes;
}

// A row of a view's answers.
std::int64_t AnswerBytes(const JoinSize& join) {
  return RowBytes(join.features) + 9 * (join.aggregated ? std::ssize(join.features) : 1);
}

std::int64_t QuestionBytes(const JoinSize& join) {
  std::int64_t bytes = kIndexBytes + kHeadBytes;
  for (const DataType& key : join.keys) bytes += 2 * CellBytes(key);
  return bytes;
}

std::int64_t PartsFor(std::int64_t bytes, std::int64_t most) {
  most = std::max<std::int64_t>(most, 1);
  return std::clamp<std::int64_t>((bytes + most - 1) / most, 1, 1 << 12);
}

}  // namespace

std::int64_t RowBytes(std::span<const ColumnSchema> columns) {
  std::int64_t bytes = 0;
  for (const ColumnSchema& column : columns) bytes += CellBytes(column.type);
  return bytes;
}

JoinSize SizeOf(const PlannedView& view) {
  const FeatureView& declared = view.version->view;
  JoinSize size;
  for (const JoinKey& key : view.version->join_keys) size.keys.push_back(key.type);
  for (const std::size_t i : view.features) {
    size.features.push_back({declared.schema[i].name, declared.schema[i].type});
  }
  for (const Field& field : declared.inputs) size.inputs.push_back({field.name, field.type});
  size.aggregated = declared.is_aggregated();
  const ViewVersion& version = *view.version;  // what is pushed comes in pieces in any case
  const auto in_pieces = [](const Source& source) { return source.format == FileFormat::kParquet; };
  size.in_pieces = version.source_view == nullptr &&
                   (version.sources.empty()
                        ? version.pushed_alone() || in_pieces(version.source)
                        : std::all_of(version.sources.begin(), version.sources.end(), in_pieces));
  return size;
}

Result<MemoryPlan> MemoryPlan::Make(const FeaturePlan& plan, const Spine& spine,
                                    const Context& context) {
  SetSize size{.rows = std::ssize(spine.times), .spine_bytes = sizeof(TimeMicros), .joins = {}};
  for (const Column& column : spine.request) size.spine_bytes += CellBytes(column.type());
  for (const PlannedView& view : plan.views) size.joins.push_back(SizeOf(view));
  for (const PlannedOutput& output : plan.outputs) {
    if (output.on_demand) size.computed_bytes += CellBytes(output.type);
  }
  return Make(size, context);
}

Result<MemoryPlan> MemoryPlan::Make(const SetSize& size, const Context& context) {
  MemoryPlan made;
  made.rows_ = size.rows;
  if (made.rows_ > std::numeric_limits<std::int32_t>::max()) {
    return Status::InvalidArgument("the spine has " + std::to_string(made.rows_) +
                                   " rows; the most that are joined at once are 2,147,483,647");
  }
  std::int64_t row = size.spine_bytes + size.computed_bytes;  // what is held or spilled of one
  std::int64_t join = 0;
  for (const JoinSize& each : size.joins) {
    row += AnswerBytes(each);
    join = std::max(join, QuestionBytes(each) + AnswerBytes(each));
  }
  const std::int64_t least = std::min(kLeast, context.memory_budget_bytes);
  made.share_ = MemoryLedger::Take(context.memory, context.memory_budget_bytes,
                                   made.rows_ * (row + join), least);
  made.spills_ = made.share_.bytes() < made.rows_ * (row + join);
  // Events of windows are not in that estimate: for them there is what nobody has taken.
  const std::int64_t left = made.spills_ ? made.share_.bytes() - made.rows_ * size.spine_bytes
                                         : context.memory_budget_bytes - made.rows_ * row;
  made.working_bytes_ = std::max(left, least);
  const std::int64_t run = made.working_bytes_ / kShareOfRuns / (3 * row);
  made.run_rows_ = std::max<std::int64_t>(run / FeatureBlocks::kRows, 1) * FeatureBlocks::kRows;
  return made;
}

MemoryPlan MemoryPlan::Unbounded() {
  MemoryPlan made;
  made.working_bytes_ = std::int64_t{1} << 60;
  return made;
}

std::size_t MemoryPlan::PartsOf(const JoinSize& join) const {
  if (!spills_) return 1;
  // Values are read at the end where the source comes in pieces, and spilled as they are read.
  const std::int64_t question =
      QuestionBytes(join) + (join.in_pieces ? 0 : RowBytes(join.features) + AnswerBytes(join));
  const std::int64_t most = working_bytes_ - 4 * (working_bytes_ / kShareOfSpill) -
                            (join.in_pieces ? rows_ * kPlaceBytes : 0);
  return static_cast<std::size_t>(PartsFor(rows_ * question, std::max(most, working_bytes_ / 4)));
}

std::size_t MemoryPlan::PartsOf(const JoinSize& join, std::int64_t events) const {
  std::int64_t event = kEventBytes;
  for (const ColumnSchema& column : join.inputs) event += 2 * CellBytes(column.type);
  const std::int64_t questions =
      spills_ ? rows_ * (QuestionBytes(join) + 2 * AnswerBytes(join)) : 0;
  const std::int64_t most = working_bytes_ - 4 * (working_bytes_ / kShareOfSpill);
  return static_cast<std::size_t>(PartsFor(questions + events * event, most));
}

RowSpillOptions MemoryPlan::spill_options() const {
  return {.num_rows = rows_, .run_rows = run_rows_, .held_bytes = working_bytes_ / kShareOfSpill};
}

}  // namespace coeval
