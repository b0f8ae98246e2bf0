// Ownership of Arrow's structs, and streams in and out.
#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/suggest.h"
#include "column/arrow_bridge.h"

namespace coeval {

namespace {

// Owns a stream that was moved in.
class OwnedStream {
 public:
  explicit OwnedStream(ArrowArrayStream* stream) : stream_(*stream) { stream->release = nullptr; }

  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;

  ~OwnedStream() {
    if (stream_.release != nullptr) stream_.release(&stream_);
  }

  Result<SharedArrowSchema> Schema() {
    if (stream_.release == nullptr) {
      return Status::InvalidArgument("an Arrow stream was given that had been used up before");
    }
    ArrowSchema schema{};
    if (const int error = stream_.get_schema(&stream_, &schema); error != 0) return Failed(error);
    schema_ = OwnArrowSchema(&schema);
    if (schema_->format == nullptr || std::string_view(schema_->format) != "+s") {
      return Status::InvalidArgument("an Arrow stream holds no record batches (no struct)");
    }
    return schema_;
  }

  // The next record batch; null at the end. REQUIRES: Schema() was OK.
  Result<SharedArrowArray> Next() {
    ArrowArray array{};
    if (const int error = stream_.get_next(&stream_, &array); error != 0) return Failed(error);
    if (array.release == nullptr) return SharedArrowArray();
    SharedArrowArray batch = OwnArrowArray(&array);
    COEVAL_RETURN_IF_ERROR(Check(*batch));
    return batch;
  }

 private:
  Status Failed(int error) { return StatusOfArrowErrno(error, stream_.get_last_error(&stream_)); }

  // The struct of a record batch has no nulls of its own, and its columns have all its rows.
  [[nodiscard]] Status Check(const ArrowArray& batch) const {
    bool good = batch.n_children == schema_->n_children && batch.offset >= 0 && batch.length >= 0;
    for (std::int64_t i = 0; good && i < batch.n_children; ++i) {
      const ArrowArray* column = batch.children[i];
      good =
          column != nullptr && column->offset >= 0 && column->length - batch.offset >= batch.length;
    }
    if (!good) {
      return Status::InvalidArgument(
          "an Arrow stream gave a record batch that lacks columns or rows");
    }
    if (batch.null_count != 0 && batch.n_buffers > 0 && batch.buffers[0] != nullptr) {
      const auto* bits = static_cast<const std::uint8_t*>(batch.buffers[0]);
      for (std::int64_t bit = batch.offset; bit < batch.offset + batch.length; ++bit) {
        if (((bits[bit >> 3] >> (bit & 7)) & 1) == 0) {
          return Status::InvalidArgument("an Arrow stream gave a struct that is null in row " +
                                         std::to_string(bit - batch.offset) +
                                         "; record batches have no null rows");
        }
      }
    }
    return {};
  }

  ArrowArrayStream stream_;
  SharedArrowSchema schema_;
};

// Record batches of a foreign producer as typed batches.
class ImportedStream final : public BatchStream {
 public:
  struct Chosen {
    std::int64_t position;
    Rounding rounding;
  };

  ImportedStream(std::unique_ptr<OwnedStream> stream, SharedArrowSchema arrow, Schema schema,
                 std::vector<Chosen> chosen)
      : stream_(std::move(stream)),
        arrow_(std::move(arrow)),
        schema_(std::move(schema)),
        chosen_(std::move(chosen)) {}

  const Schema& schema() const override { return schema_; }

  Result<std::optional<Batch>> Next() override {
    COEVAL_ASSIGN_OR_RETURN(SharedArrowArray array, stream_->Next());
    if (!array) return std::optional<Batch>();
    Batch batch{schema_, {}, array->length};
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      auto values = ReadOne(array, chosen_[i]);
      if (values.ok() && !(values->type() == schema_[i].type)) {
        values = Status::InvalidArgument("column '" + schema_[i].name + "': a " +
                                         schema_[i].type.ToString() + " has a null element");
      }
      if (!values.ok()) {
        if (rows_before_ == 0) return values.status();
        return values.status().WithContext("in the batch that begins at row " +
                                           std::to_string(rows_before_));
      }
      batch.columns.push_back(std::move(values).value());
    }
    rows_before_ += array->length;
    return std::optional<Batch>(std::move(batch));
  }

 private:
  // A struct array's own offset and length apply to its children.
  [[nodiscard]] Result<Column> ReadOne(const SharedArrowArray& array, const Chosen& column) const {
    ArrowArray child = *array->children[column.position];
    child.offset += array->offset;
    if (child.length != array->length && child.null_count != 0) child.null_count = -1;
    child.length = array->length;
    return ImportArray(*arrow_->children[column.position], child, array, column.rounding);
  }

  std::unique_ptr<OwnedStream> stream_;
  SharedArrowSchema arrow_;
  Schema schema_;
  std::vector<Chosen> chosen_;
  std::int64_t rows_before_ = 0;
};

std::vector<std::string> NamesOf(const ArrowSchema& schema) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    names.emplace_back(schema.children[i]->name == nullptr ? "" : schema.children[i]->name);
  }
  return names;
}

// A BatchStream behind Arrow's stream interface.
struct ExportedStream {
  std::unique_ptr<BatchStream> stream;
  std::string error;
};

int GetSchema(ArrowArrayStream* self, ArrowSchema* out) {
  ExportSchema(static_cast<ExportedStream*>(self->private_data)->stream->schema(), out);
  return 0;
}

int GetNext(ArrowArrayStream* self, ArrowArray* out) {
  auto* exported = static_cast<ExportedStream*>(self->private_data);
  auto batch = exported->stream->Next();
  if (!batch.ok()) {
    exported->error = batch.status().message();
    return ArrowErrnoOf(batch.status().code());
  }
  *out = {};
  if (batch->has_value()) ExportBatch(**batch, out);
  return 0;
}

const char* GetLastError(ArrowArrayStream* self) {
  return static_cast<ExportedStream*>(self->private_data)->error.c_str();
}

void ReleaseStream(ArrowArrayStream* self) {
  delete static_cast<ExportedStream*>(self->private_data);
  self->release = nullptr;
}

}  // namespace

int ArrowErrnoOf(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return 0;
    case StatusCode::kNotFound:
      return ENOENT;
    case StatusCode::kCorruption:
      return EBADMSG;
    case StatusCode::kIoError:
      return EIO;
    case StatusCode::kCancelled:
      return ECANCELED;
    case StatusCode::kUnavailable:
      return EAGAIN;
    case StatusCode::kInternal:
      return ENOTRECOVERABLE;
    default:
      return EINVAL;
  }
}

Status StatusOfArrowErrno(int number, const char* text) {
  std::string message = text == nullptr || *text == '\0'
                            ? "an Arrow stream failed: " + std::generic_category().message(number)
                            : text;
  switch (number) {
    case EINVAL:
    case ENOSYS:
      return Status::InvalidArgument(std::move(message));
    case ENOENT:
      return Status::NotFound(std::move(message));
    case EBADMSG:
      return Status::Corruption(std::move(message));
    case ECANCELED:
      return Status::Cancelled(std::move(message));
    case EAGAIN:
    case ENOMEM:
      return Status::Unavailable(std::move(message));
    case ENOTRECOVERABLE:
      return Status::Internal(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

SharedArrowSchema OwnArrowSchema(ArrowSchema* schema) {
  auto* owned = new ArrowSchema(*schema);
  schema->release = nullptr;
  return {owned, [](const ArrowSchema* s) {
            auto* mutable_schema = const_cast<ArrowSchema*>(s);
            if (mutable_schema->release != nullptr) mutable_schema->release(mutable_schema);
            delete mutable_schema;
          }};
}

SharedArrowArray OwnArrowArray(ArrowArray* array) {
  auto* owned = new ArrowArray(*array);
  array->release = nullptr;
  return {owned, [](const ArrowArray* a) {
            auto* mutable_array = const_cast<ArrowArray*>(a);
            if (mutable_array->release != nullptr) mutable_array->release(mutable_array);
            delete mutable_array;
          }};
}

Result<std::unique_ptr<BatchStream>> ImportStream(ArrowArrayStream* stream, StreamImport options) {
  auto owned = std::make_unique<OwnedStream>(stream);
  COEVAL_ASSIGN_OR_RETURN(SharedArrowSchema arrow, owned->Schema());
  const std::vector<std::string> names = NamesOf(*arrow);
  if (options.columns.empty()) options.columns = names;
  Schema schema;
  std::vector<ImportedStream::Chosen> chosen;
  for (const std::string& name : options.columns) {
    const auto it = std::find(names.begin(), names.end(), name);
    if (it == names.end()) {
      return Status::NotFound("there is no column '" + name + "'" + DidYouMean(name, names));
    }
    const std::int64_t position = it - names.begin();
    COEVAL_ASSIGN_OR_RETURN(DataType type, TypeFromArrow(*arrow->children[position]));
    Rounding rounding = Rounding::kExact;
    for (const auto& [time, how] : options.times) {
      if (time == name) rounding = how;
    }
    schema.Add(name, std::move(type));
    chosen.push_back({position, rounding});
  }
  return std::unique_ptr<BatchStream>(std::make_unique<ImportedStream>(
      std::move(owned), std::move(arrow), std::move(schema), std::move(chosen)));
}

void ExportStream(std::unique_ptr<BatchStream> stream, ArrowArrayStream* out) {
  *out = {};
  out->get_schema = GetSchema;
  out->get_next = GetNext;
  out->get_last_error = GetLastError;
  out->release = ReleaseStream;
  out->private_data = new ExportedStream{std::move(stream), ""};
}

Result<ArrowTable> ArrowTable::Read(ArrowArrayStream* stream) {
  OwnedStream owned(stream);
  ArrowTable table;
  COEVAL_ASSIGN_OR_RETURN(table.schema_, owned.Schema());
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(SharedArrowArray array, owned.Next());
    if (!array) return table;
    if (array->length > 0) table.batches_.push_back(std::move(array));
  }
}

}  // namespace coeval
