#include "source/scan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/suggest.h"
#include "column/arrow_bridge.h"
#include "source/arrow_plugin.h"

namespace coeval {

namespace {

class FileScan : public RawScan {
 public:
  FileScan(const ArrowPlugin* plugin, std::vector<FilePlan> plans, ScanRequest request,
           Context context)
      : plugin_(plugin),
        plans_(std::move(plans)),
        request_(std::move(request)),
        context_(std::move(context)) {
    stats_.files = static_cast<std::int64_t>(plans_.size());
    for (const FilePlan& plan : plans_) {
      stats_.row_groups += std::max<std::int64_t>(1, std::ssize(plan.row_groups));
    }
  }

  Result<std::optional<RawBatch>> Next() override {
    while (true) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      if (!current_.stream.is_open()) {
        COEVAL_RETURN_IF_ERROR(Advance());
        if (!current_.stream.is_open()) return std::optional<RawBatch>();
      }
      COEVAL_ASSIGN_OR_RETURN(SharedArrowArray rows, current_.stream.Next());
      if (rows == nullptr) {
        current_ = {};
        continue;
      }
      if (rows->length == 0) continue;
      RawBatch batch{current_.schema, std::move(rows), current_.file, current_.rows};
      current_.rows += batch.num_rows();
      stats_.rows_read += batch.num_rows();
      return std::optional<RawBatch>(std::move(batch));
    }
  }

  [[nodiscard]] const ScanStats& stats() const override { return stats_; }

  [[nodiscard]] std::string RowName(const RawBatch& batch, std::int64_t row) const override {
    const RowPlace place = PlaceOf(batch.file, batch.first_row + row);
    return "row " + std::to_string(place.row) + " of " + plans_[batch.file].file.path;
  }

  [[nodiscard]] RowPlace PlaceOf(std::size_t file, std::int64_t row) const override {
    const FilePlan& plan = plans_[file];
    if (plan.row_groups.empty()) return {.row = row};
    std::int64_t left = row;
    std::int64_t group_start = 0;
    std::size_t next = 0;
    for (std::size_t i = 0; i < plan.row_groups.size() && next < plan.chosen.size(); ++i) {
      const std::int64_t rows = plan.row_groups[i].rows;
      if (plan.chosen[next] == static_cast<std::int64_t>(i)) {
        if (left < rows) return {.row = group_start + left, .row_group = plan.chosen[next]};
        left -= rows;
        ++next;
      }
      group_start += rows;
    }
    return {.row = group_start + left};  // the file has grown
  }

 private:
  struct Opened {
    ArrowStream stream;
    SharedArrowSchema schema;
    std::size_t file = 0;
    std::int64_t rows = 0;  // given so far
  };

  // Makes the file opened ahead the current one, and opens the one after it.
  Status Advance() {
    if (!ahead_.stream.is_open()) COEVAL_RETURN_IF_ERROR(OpenNext(&ahead_));
    current_ = std::move(ahead_);
    ahead_ = {};
    if (current_.stream.is_open()) COEVAL_RETURN_IF_ERROR(OpenNext(&ahead_));
    return {};
  }

  Status OpenNext(Opened* opened) {
    while (next_file_ < plans_.size() && plans_[next_file_].skip) ++next_file_;
    if (next_file_ == plans_.size()) return {};
    const FilePlan& plan = plans_[next_file_];
    ScanOptions options;
    options.columns = request_.columns;
    options.batch_rows = request_.batch_rows;
    if (!plan.row_groups.empty()) options.row_groups = plan.chosen;
    COEVAL_ASSIGN_OR_RETURN(opened->stream,
                            plugin_->Scan(plan.file.path, request_.format, options, context_));
    COEVAL_ASSIGN_OR_RETURN(opened->schema, opened->stream.ReadSchema());
    opened->file = next_file_++;
    opened->rows = 0;
    Count(plan);
    return {};
  }

  void Count(const FilePlan& plan) {
    stats_.files_read += 1;
    if (plan.row_groups.empty()) {
      stats_.row_groups_read += 1;
      stats_.row_groups_with_values += 1;
      stats_.bytes_read += plan.file.size_bytes;
      return;
    }
    stats_.row_groups_read += std::ssize(plan.chosen);
    stats_.row_groups_with_values += std::ssize(plan.chosen);
    for (const std::int64_t i : plan.chosen) {
      stats_.bytes_read += plan.row_groups[static_cast<std::size_t>(i)].bytes;
    }
  }

  const ArrowPlugin* plugin_;
  std::vector<FilePlan> plans_;
  ScanRequest request_;
  Context context_;
  ScanStats stats_;
  std::size_t next_file_ = 0;
  Opened current_;
  Opened ahead_;
};

// Picks columns out of each batch by shallow copies that share their owner.
class StreamScan : public RawScan {
 public:
  StreamScan(ArrowStream stream, std::string name, Context context)
      : stream_(std::move(stream)), name_(std::move(name)), context_(std::move(context)) {
    stats_.files = stats_.files_read = stats_.row_groups = stats_.row_groups_read = 1;
    stats_.row_groups_with_values = 1;
  }

  Status Pick(const std::vector<std::string>& columns) {
    COEVAL_ASSIGN_OR_RETURN(whole_, stream_.ReadSchema());
    if (whole_->format == nullptr || std::string_view(whole_->format) != "+s") {
      return Status::InvalidArgument(name_ + " is no stream of record batches");
    }
    auto picked = std::make_shared<Picked>();
    std::vector<std::string> there;
    for (std::int64_t i = 0; i < whole_->n_children; ++i) {
      there.emplace_back(whole_->children[i]->name == nullptr ? "" : whole_->children[i]->name);
    }
    for (const std::string& column : columns) {
      const auto found = std::find(there.begin(), there.end(), column);
      if (found == there.end()) {
        return Status::NotFound("no column `" + column + "` in " + name_ +
                                DidYouMean(column, there));
      }
      if (std::count(there.begin(), there.end(), column) > 1) {
        return Status::InvalidArgument("column `" + column + "` occurs twice in " + name_);
      }
      positions_.push_back(found - there.begin());
      picked->children.push_back(whole_->children[positions_.back()]);
    }
    picked->owner = whole_;
    picked->schema = *whole_;
    picked->schema.n_children = std::ssize(picked->children);
    picked->schema.children = picked->children.data();
    schema_ = SharedArrowSchema(picked, &picked->schema);
    return {};
  }

  Result<std::optional<RawBatch>> Next() override {
    while (true) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      COEVAL_ASSIGN_OR_RETURN(SharedArrowArray rows, stream_.Next());
      if (rows == nullptr) return std::optional<RawBatch>();
      if (rows->length == 0) continue;
      if (rows->null_count > 0) {
        return Status::InvalidArgument("a record batch of " + name_ + " has null rows");
      }
      auto picked = std::make_shared<PickedRows>();
      picked->owner = rows;
      picked->rows = *rows;
      for (const std::int64_t i : positions_) picked->children.push_back(rows->children[i]);
      picked->rows.n_children = std::ssize(picked->children);
      picked->rows.children = picked->children.data();
      RawBatch batch{schema_, SharedArrowArray(picked, &picked->rows), 0, stats_.rows_read};
      stats_.rows_read += batch.num_rows();
      return std::optional<RawBatch>(std::move(batch));
    }
  }

  [[nodiscard]] const ScanStats& stats() const override { return stats_; }

  [[nodiscard]] std::string RowName(const RawBatch& batch, std::int64_t row) const override {
    return "row " + std::to_string(batch.first_row + row) + " of " + name_;
  }

  [[nodiscard]] RowPlace PlaceOf(std::size_t /*file*/, std::int64_t row) const override {
    return {.row = row};
  }

 private:
  struct Picked {
    SharedArrowSchema owner;
    std::vector<ArrowSchema*> children;
    ArrowSchema schema{};
  };

  struct PickedRows {
    SharedArrowArray owner;
    std::vector<ArrowArray*> children;
    ArrowArray rows{};
  };

  ArrowStream stream_;
  std::string name_;
  Context context_;
  SharedArrowSchema whole_;
  SharedArrowSchema schema_;
  std::vector<std::int64_t> positions_;
  ScanStats stats_;
};

}  // namespace

std::int64_t BytesOf(const RowGroup& group, const std::vector<std::string>& all,
                     const std::vector<std::string>& columns) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < group.column_bytes.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), all[i]) != columns.end()) {
      bytes += group.column_bytes[i];
    }
  }
  return bytes;
}

ArrowArray RawBatch::column(std::size_t i) const {
  ArrowArray column = *rows->children[i];
  if (rows->offset != 0 || column.length != rows->length) {
    column.offset += rows->offset;
    column.length = rows->length;
    if (column.null_count > 0) column.null_count = -1;  // of another range
  }
  return column;
}

Result<std::unique_ptr<RawScan>> ScanFiles(std::vector<FilePlan> plans, ScanRequest request,
                                           const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  return std::unique_ptr<RawScan>(
      std::make_unique<FileScan>(plugin, std::move(plans), std::move(request), context));
}

Result<std::unique_ptr<RawScan>> ScanStream(ArrowStream stream, std::string name,
                                            const std::vector<std::string>& columns,
                                            const Context& context) {
  auto scan = std::make_unique<StreamScan>(std::move(stream), std::move(name), context);
  COEVAL_RETURN_IF_ERROR(scan->Pick(columns));
  return std::unique_ptr<RawScan>(std::move(scan));
}

}  // namespace coeval
