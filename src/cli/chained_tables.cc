#include "cli/chained_tables.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "column/arrow_c.h"
#include "column/type.h"

namespace coeval {
namespace {

// Everything of a field but its metadata.
bool SameField(const ArrowSchema& a, const ArrowSchema& b) {
  const auto text = [](const char* t) { return std::string_view(t == nullptr ? "" : t); };
  if (text(a.name) != text(b.name) || text(a.format) != text(b.format)) return false;
  if (a.flags != b.flags || a.n_children != b.n_children) return false;
  if ((a.dictionary == nullptr) != (b.dictionary == nullptr)) return false;
  if (a.dictionary != nullptr && !SameField(*a.dictionary, *b.dictionary)) return false;
  for (std::int64_t i = 0; i < a.n_children; ++i) {
    if (!SameField(*a.children[i], *b.children[i])) return false;
  }
  return true;
}

std::string DescribeField(const ArrowSchema& field) {
  const Result<DataType> type = TypeFromArrow(field);
  const std::string text = type.ok() ? type->ToString() : std::string("of a type unknown here");
  const bool nullable = (field.flags & ARROW_FLAG_NULLABLE) != 0;
  return text + " (Arrow's " + field.format + (nullable ? ")" : ", never null)");
}

Status CheckSameColumns(const ArrowTable& first, const std::string& first_name,
                        const ArrowTable& other, const std::string& other_name) {
  if (first.names() != other.names()) {
    return Status::InvalidArgument(first_name + " and " + other_name +
                                   " have different columns; name those that belong together by "
                                   "a pattern");
  }
  for (std::size_t i = 0; i < first.num_columns(); ++i) {
    const ArrowSchema& a = first.field(i);
    const ArrowSchema& b = other.field(i);
    if (SameField(a, b)) continue;
    return Status::InvalidArgument("column '" + first.names()[i] + "' is " + DescribeField(a) +
                                   " in " + first_name + " and " + DescribeField(b) + " in " +
                                   other_name + "; make them alike");
  }
  return Status::Ok();
}

// Streams of one schema, one after the other.
class Chain {
 public:
  explicit Chain(std::vector<ArrowArrayStream> streams) : streams_(std::move(streams)) {}

  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  ~Chain() {
    for (ArrowArrayStream& stream : streams_) {
      if (stream.release != nullptr) stream.release(&stream);
    }
  }

  int GetSchema(ArrowSchema* out) { return streams_[0].get_schema(streams_.data(), out); }

  int GetNext(ArrowArray* out) {
    out->release = nullptr;
    while (at_ < streams_.size()) {
      ArrowArrayStream& stream = streams_[at_];
      const int error = stream.get_next(&stream, out);
      if (error != 0 || out->release != nullptr) return error;
      ++at_;
    }
    return 0;
  }

  const char* LastError() {
    ArrowArrayStream& stream = streams_[at_ < streams_.size() ? at_ : 0];
    return stream.get_last_error(&stream);
  }

 private:
  std::vector<ArrowArrayStream> streams_;
  std::size_t at_ = 0;
};

Chain* ChainOf(ArrowArrayStream* stream) {
  return static_cast<Chain*>(stream->private_data);
}

ArrowArrayStream StreamOf(std::unique_ptr<Chain> chain) {
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    return ChainOf(self)->GetSchema(out);
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    return ChainOf(self)->GetNext(out);
  };
  stream.get_last_error = [](ArrowArrayStream* self) { return ChainOf(self)->LastError(); };
  stream.release = [](ArrowArrayStream* self) {
    delete ChainOf(self);
    self->release = nullptr;
  };
  stream.private_data = chain.release();
  return stream;
}

}  // namespace

Result<ArrowTable> ChainTables(std::vector<ArrowTable> tables,
                               const std::vector<std::string>& names) {
  if (tables.size() == 1) return std::move(tables.front());
  std::vector<ArrowArrayStream> streams;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    Status status =
        i == 0 ? Status::Ok() : CheckSameColumns(tables[0], names[0], tables[i], names[i]);
    auto stream = tables[i].ExportWith({}, {});
    if (status.ok()) status = stream.status();
    if (stream.ok()) streams.push_back(*stream);
    if (status.ok()) continue;
    const Chain dropped(std::move(streams));
    return status;
  }
  ArrowArrayStream chained = StreamOf(std::make_unique<Chain>(std::move(streams)));
  return ArrowTable::Read(&chained);
}

}  // namespace coeval
