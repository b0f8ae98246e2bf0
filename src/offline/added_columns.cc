#include "offline/added_columns.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace coeval {

// The rows of one part, in order. The run that was read last is kept: its blocks follow one
// another.
class AddedColumns::Reader {
 public:
  explicit Reader(Part part) : part_(std::move(part)) {}

  Status Read(std::int64_t first, std::int64_t count, std::vector<Column>* out) {
    if (part_.spilled == nullptr) {
      for (const Column& column : part_.held) out->push_back(column.Slice(first, count));
      return Status::Ok();
    }
    if (count == 0) {
      for (const ColumnSchema& column : part_.schema) out->push_back(Column::Nulls(column.type, 0));
      return Status::Ok();
    }
    const std::int64_t run = first / part_.run_rows;
    if (run != run_) {
      read_ = {};  // before the next is there
      COEVAL_ASSIGN_OR_RETURN(
          read_, part_.spilled->Read(static_cast<std::size_t>(run), part_.run_rows, part_.context));
      run_ = run;
    }
    for (const Column& column : read_.answers->features) {
      out->push_back(column.Slice(read_.first + first % part_.run_rows, count));
    }
    return Status::Ok();
  }

 private:
  Part part_;
  std::int64_t run_ = -1;
  AnswerRun read_;
};

void AddedColumns::Add(std::vector<Column> columns) {
  parts_.push_back({.held = std::move(columns), .spilled = nullptr, .schema = {}, .context = {}});
}

void AddedColumns::Add(std::shared_ptr<const AnswerRows> answers, std::vector<ColumnSchema> schema,
                       std::int64_t run_rows, const Context& context) {
  COEVAL_CHECK(run_rows > 0 && run_rows % kBlockRows == 0);
  parts_.push_back({.held = {},
                    .spilled = std::move(answers),
                    .schema = std::move(schema),
                    .run_rows = run_rows,
                    .context = context});
}

ArrowTable::AddedRows AddedColumns::Rows() const {
  const auto readers = std::make_shared<std::vector<Reader>>();
  for (const Part& part : parts_) readers->emplace_back(part);
  return [readers](std::int64_t first, std::int64_t count) -> Result<std::vector<Column>> {
    std::vector<Column> columns;
    for (Reader& reader : *readers) {
      COEVAL_RETURN_IF_ERROR(reader.Read(first, count, &columns));
    }
    return columns;
  };
}

Result<std::vector<Column>> AddedColumns::Whole(std::int64_t num_rows) const {
  std::vector<Column> whole;
  for (const Part& part : parts_) {
    if (part.spilled == nullptr) {
      whole.insert(whole.end(), part.held.begin(), part.held.end());
      continue;
    }
    Reader reader(part);
    std::vector<std::vector<Column>> pieces(part.schema.size());
    for (std::int64_t first = 0; first == 0 || first < num_rows; first += kBlockRows) {
      std::vector<Column> block;
      COEVAL_RETURN_IF_ERROR(reader.Read(first, std::min(kBlockRows, num_rows - first), &block));
      for (std::size_t i = 0; i < block.size(); ++i) pieces[i].push_back(std::move(block[i]));
    }
    for (const std::vector<Column>& column : pieces) {
      COEVAL_ASSIGN_OR_RETURN(whole.emplace_back(), Concatenate(column));
    }
  }
  return whole;
}

}  // namespace coeval
