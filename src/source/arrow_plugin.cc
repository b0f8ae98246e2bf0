#include "source/arrow_plugin.h"

#include <dlfcn.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arrow/plugin_abi.h"
#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/type.h"
#include "definition/source.h"
#include "source/plugin_argument.h"

namespace coeval {

namespace fs = std::filesystem;

namespace {

constexpr const char* kLibrary = "libcoeval_arrow.so";

Status StatusOf(std::int32_t code, std::string text) {
  switch (code) {
    case COEVAL_ARROW_OK:
      return {};
    case COEVAL_ARROW_INVALID:
    case COEVAL_ARROW_UNSUPPORTED:
      return Status::InvalidArgument(std::move(text));
    case COEVAL_ARROW_NOT_FOUND:
      return Status::NotFound(std::move(text));
    case COEVAL_ARROW_CORRUPT:
      return Status::Corruption(std::move(text));
    case COEVAL_ARROW_IO:
      return Status::IoError(std::move(text));
    case COEVAL_ARROW_CANCELLED:
      return Status::Cancelled(std::move(text));
    case COEVAL_ARROW_NO_MEMORY:
      return Status::Unavailable(std::move(text));
    default:
      return Status::Internal(std::move(text));
  }
}

Status StatusOfErrno(int number, const char* text) {
  std::string message = text == nullptr ? std::generic_category().message(number) : text;
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
    case ENOMEM:
      return Status::Unavailable(std::move(message));
    case ENOTRECOVERABLE:
      return Status::Internal(std::move(message));
    default:
      return Status::IoError(std::move(message));
  }
}

// Where the plugin may lie, best first. D is the folder of what holds this code:
//   D/lib/             the Python package: its extension in coeval/
//   D/../lib/coeval/   the program, installed or in a build tree
//   D/../lib/          the program in the Python package, coeval/bin/
std::vector<std::string> Candidates() {
  if (const char* named = std::getenv("COEVAL_ARROW_PLUGIN"); named != nullptr && *named != '\0') {
    return {named};
  }
  Dl_info self{};
  if (::dladdr(reinterpret_cast<const void*>(&Candidates), &self) == 0) return {};
  std::error_code failed;
  // A program goes by the name it was called by: "coeval", found on PATH, is no file of this
  // folder.
  const bool is_program = self.dli_fname[0] != '/';
  const fs::path holder = is_program ? "/proc/self/exe" : self.dli_fname;
  fs::path folder = fs::canonical(holder, failed).parent_path();
  std::vector<std::string> paths{(folder / "lib" / kLibrary).string(),
                                 (folder.parent_path() / "lib" / "coeval" / kLibrary).string(),
                                 (folder.parent_path() / "lib" / kLibrary).string()};
  for (int level = 0; level < 5 && folder.has_parent_path(); ++level) {
    if (fs::exists(folder / "CMakeCache.txt", failed)) {
      paths.push_back((folder / "lib" / "coeval" / kLibrary).string());
    }
    folder = folder.parent_path();
  }
  return paths;
}

Result<void*> OpenLibrary() {
  std::string looked;
  for (const std::string& path : Candidates()) {
    std::error_code failed;
    if (!fs::exists(path, failed)) {
      looked += (looked.empty() ? "" : ", ") + path;
      continue;
    }
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) return library;
    const char* reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return Status::FailedPrecondition("the plugin that reads files does not open: " +
                                      std::string(reason == nullptr ? path.c_str() : reason));
  }
  return Status::FailedPrecondition("the plugin that reads files, " + std::string(kLibrary) +
                                    ", was not found; looked for " + looked +
                                    ". Install it, or name it in COEVAL_ARROW_PLUGIN");
}

// What the plugin may call back; lives as long as the call, or the stream that it opened.
struct CallState {
  std::shared_ptr<CancelToken> cancel;
  LogSink log;
  coeval_arrow_call call{};

  explicit CallState(const Context& context) : cancel(context.cancel), log(context.log) {
    call.self = this;
    call.cancelled = [](void* self) -> std::int32_t {
      return static_cast<CallState*>(self)->cancel->cancelled() ? 1 : 0;
    };
    call.log = [](void* self, std::int32_t level, const char* text) {
      const auto known = static_cast<LogLevel>(std::clamp(level, 0, 3));
      static_cast<CallState*>(self)->log(known, text);
    };
    call.memory_budget_bytes = context.memory_budget_bytes;
  }
};

// Key-value pairs as the C interface takes them.
struct MetadataArgument {
  explicit MetadataArgument(const std::vector<std::pair<std::string, std::string>>& pairs) {
    for (const auto& [key, value] : pairs) {
      keys.push_back(key);
      values.push_back(value);
    }
    key_pointers = Pointers(keys);
    value_pointers = Pointers(values);
  }

  MetadataArgument(const MetadataArgument&) = delete;
  MetadataArgument& operator=(const MetadataArgument&) = delete;

  std::vector<std::string> keys, values;
  std::vector<const char*> key_pointers, value_pointers;
};

struct LateMetadata {
  std::function<std::vector<std::pair<std::string, std::string>>()> ask;
  std::unique_ptr<MetadataArgument> given;

  static void Finish(void* self, const char* const** keys, const char* const** values,
                     std::int64_t* count) {
    auto* late = static_cast<LateMetadata*>(self);
    late->given = std::make_unique<MetadataArgument>(late->ask());
    *keys = late->given->key_pointers.data();
    *values = late->given->value_pointers.data();
    *count = static_cast<std::int64_t>(late->given->key_pointers.size());
  }
};

RowGroup RowGroupOf(const coeval_arrow_row_group& group, std::size_t statistics,
                    std::size_t columns) {
  RowGroup result{.rows = group.rows, .bytes = group.bytes, .statistics = {}, .column_bytes = {}};
  result.column_bytes.assign(group.column_bytes, group.column_bytes + columns);
  for (std::size_t i = 0; i < statistics; ++i) {
    const coeval_arrow_statistics& of = group.statistics[i];
    ColumnStatistics& statistics_of = result.statistics.emplace_back();
    statistics_of.has_range = of.has_range != 0;
    statistics_of.min = of.min;
    statistics_of.max = of.max;
    statistics_of.nulls = of.nulls;
    statistics_of.filter_bytes = of.filter_bytes;
    statistics_of.has_bytes = of.has_bytes != 0;
    if (of.has_bytes == 0) continue;
    statistics_of.min_bytes.assign(of.min_bytes, static_cast<std::size_t>(of.n_min_bytes));
    statistics_of.max_bytes.assign(of.max_bytes, static_cast<std::size_t>(of.n_max_bytes));
  }
  return result;
}

}  // namespace

ArrowStream::ArrowStream(ArrowArrayStream* stream, std::shared_ptr<void> keep_alive)
    : keep_alive_(std::move(keep_alive)),
      stream_(new ArrowArrayStream(*stream), [](ArrowArrayStream* held) {
        if (held->release != nullptr) held->release(held);
        delete held;
      }) {
  stream->release = nullptr;
}

Result<SharedArrowSchema> ArrowStream::ReadSchema() {
  ArrowSchema schema{};
  if (const int failed = stream_->get_schema(stream_.get(), &schema); failed != 0) {
    return StatusOfErrno(failed, stream_->get_last_error(stream_.get()));
  }
  return OwnArrowSchema(&schema);
}

Result<SharedArrowArray> ArrowStream::Next() {
  ArrowArray array{};
  if (const int failed = stream_->get_next(stream_.get(), &array); failed != 0) {
    return StatusOfErrno(failed, stream_->get_last_error(stream_.get()));
  }
  if (array.release == nullptr) return SharedArrowArray();
  return OwnArrowArray(&array);
}

ArrowArrayStream ArrowStream::Export() && {
  ArrowArrayStream out{};
  static constexpr auto kSelf = [](ArrowArrayStream* stream) {
    return static_cast<ArrowStream*>(stream->private_data)->stream_.get();
  };
  out.private_data = new ArrowStream(std::move(*this));
  out.get_schema = [](ArrowArrayStream* stream, ArrowSchema* schema) {
    ArrowArrayStream* inner = kSelf(stream);
    return inner->get_schema(inner, schema);
  };
  out.get_next = [](ArrowArrayStream* stream, ArrowArray* array) {
    ArrowArrayStream* inner = kSelf(stream);
    return inner->get_next(inner, array);
  };
  out.get_last_error = [](ArrowArrayStream* stream) {
    ArrowArrayStream* inner = kSelf(stream);
    return inner->get_last_error(inner);
  };
  out.release = [](ArrowArrayStream* stream) {
    delete static_cast<ArrowStream*>(stream->private_data);
    stream->release = nullptr;
  };
  return out;
}

Result<ArrowPlugin> ArrowPlugin::Open(const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(void* library, OpenLibrary());
  const auto open =
      reinterpret_cast<decltype(&coeval_arrow_open)>(::dlsym(library, "coeval_arrow_open"));
  if (open == nullptr) {
    return Status::FailedPrecondition("the library named by COEVAL_ARROW_PLUGIN, or found as " +
                                      std::string(kLibrary) + ", is no plugin of Coeval");
  }
  ArrowPlugin plugin;
  plugin.table_.size = sizeof(plugin.table_);
  const coeval_arrow_host host{.size = sizeof(coeval_arrow_host), .threads = context.threads};
  auto error = std::make_unique<coeval_arrow_error>();
  if (open(&host, &plugin.table_, COEVAL_ARROW_ABI, error.get()) != COEVAL_ARROW_OK) {
    return Status::FailedPrecondition("the plugin that reads files refuses: " +
                                      std::string(error->text));
  }
  return plugin;
}

Result<const ArrowPlugin*> ArrowPlugin::Get(const Context& context) {
  // Kept once open. A failure is tried again: the user may have installed it meanwhile.
  static std::mutex mutex;
  static const ArrowPlugin* opened = nullptr;
  const std::lock_guard lock(mutex);
  if (opened == nullptr) {
    COEVAL_ASSIGN_OR_RETURN(ArrowPlugin plugin, Open(context));
    opened = new ArrowPlugin(plugin);
  }
  return opened;
}

Result<FileInspection> ArrowPlugin::Inspect(const std::string& path, const FormatOptions& format,
                                            const InspectOptions& options,
                                            const Context& context) const {
  const CallState state(context);
  COEVAL_ASSIGN_OR_RETURN(const auto csv, CsvArgument::Make(format));
  const auto stat_columns = Pointers(options.statistics_of);
  const auto columns = Pointers(options.columns);
  coeval_arrow_inspect_request request{};
  request.path = path.c_str();
  request.format = static_cast<std::int32_t>(format.format);
  request.csv = csv->get();
  request.infer = options.infer_csv ? 1 : 0;
  request.stat_columns = stat_columns.data();
  request.n_stat_columns = static_cast<std::int64_t>(stat_columns.size());
  request.columns = columns.empty() ? nullptr : columns.data();
  request.n_columns = static_cast<std::int64_t>(columns.size());
  coeval_arrow_inspection found{};
  auto error = std::make_unique<coeval_arrow_error>();
  if (const auto code = table_.inspect(&state.call, &request, &found, error.get()); code != 0) {
    return StatusOf(code, error->text);
  }
  FileInspection result;
  result.schema = OwnArrowSchema(&found.schema);
  result.rows = found.rows;
  result.file_bytes = found.file_bytes;
  for (std::int64_t i = 0; i < found.n_row_groups; ++i) {
    result.row_groups.push_back(
        RowGroupOf(found.row_groups[i], stat_columns.size(), columns.size()));
  }
  found.release(&found);
  return result;
}

Result<ArrowFile> ArrowPlugin::OpenParquet(const std::string& path, const Context& context) const {
  const CallState state(context);
  coeval_arrow_file file{};
  auto error = std::make_unique<coeval_arrow_error>();
  if (const auto code =
          table_.open(&state.call, path.c_str(), COEVAL_ARROW_PARQUET, &file, error.get());
      code != 0) {
    return StatusOf(code, error->text);
  }
  ArrowFile opened;
  opened.file_ = std::shared_ptr<const coeval_arrow_file>(new coeval_arrow_file(file),
                                                          [](coeval_arrow_file* held) {
                                                            held->release(held);
                                                            delete held;
                                                          });
  return opened;
}

Result<bool> ArrowPlugin::MayHold(const ArrowFile& file, const ValueQuestion& question,
                                  const Context& context) const {
  const CallState state(context);
  const auto texts = Pointers(question.texts);
  std::vector<std::int64_t> text_bytes;
  text_bytes.reserve(texts.size());
  for (const std::string& text : question.texts) text_bytes.push_back(std::ssize(text));
  coeval_arrow_value_request request{};
  request.file = file.file_.get();
  request.column = question.column.c_str();
  request.row_group = question.row_group;
  request.most_bytes = question.most_bytes;
  if (question.texts.empty()) request.numbers = question.numbers.data();
  request.texts = texts.data();
  request.text_bytes = text_bytes.data();
  request.n_values = std::ssize(question.texts) + std::ssize(question.numbers);
  std::int32_t answer = 1;
  auto error = std::make_unique<coeval_arrow_error>();
  if (const auto code = table_.may_hold(&state.call, &request, &answer, error.get()); code != 0) {
    return StatusOf(code, error->text);
  }
  return answer != 0;
}

Result<ArrowStream> ArrowPlugin::Scan(const std::string& path, const FormatOptions& format,
                                      const ScanOptions& options, const Context& context) const {
  auto state = std::make_shared<CallState>(context);
  COEVAL_ASSIGN_OR_RETURN(const auto csv, CsvArgument::Make(format));
  const auto columns = Pointers(options.columns);
  const std::vector<std::int64_t> groups = options.row_groups.value_or(std::vector<std::int64_t>());
  static constexpr std::int64_t kNone = 0;
  coeval_arrow_scan_request request{};
  request.path = path.c_str();
  request.format = static_cast<std::int32_t>(format.format);
  request.csv = csv->get();
  request.columns = columns.empty() ? nullptr : columns.data();
  request.n_columns = static_cast<std::int64_t>(columns.size());
  if (options.row_groups) request.row_groups = groups.empty() ? &kNone : groups.data();
  request.n_row_groups = static_cast<std::int64_t>(groups.size());
  if (options.rows) request.rows = options.rows->empty() ? &kNone : options.rows->data();
  if (options.rows) request.n_rows = static_cast<std::int64_t>(options.rows->size());
  request.file = options.file.file_.get();
  request.batch_rows = options.batch_rows;
  request.ahead = options.ahead ? 1 : 0;
  ArrowArrayStream stream{};
  auto error = std::make_unique<coeval_arrow_error>();
  if (const auto code = table_.scan(&state->call, &request, &stream, error.get()); code != 0) {
    return StatusOf(code, error->text);
  }
  return ArrowStream(&stream, std::move(state));
}

Result<WrittenFile> ArrowPlugin::Write(ArrowArrayStream* data, const std::string& path,
                                       const WriteOptions& options, const Context& context) const {
  const CallState state(context);
  const MetadataArgument metadata(options.metadata);
  LateMetadata late{.ask = options.late_metadata, .given = {}};
  coeval_arrow_write_request request{};
  request.path = path.c_str();
  request.format = static_cast<std::int32_t>(options.format);
  request.compression = options.compression.c_str();
  request.row_group_rows = options.row_group_rows;
  request.keys = metadata.key_pointers.data();
  request.values = metadata.value_pointers.data();
  request.n_metadata = static_cast<std::int64_t>(metadata.key_pointers.size());
  if (late.ask != nullptr) {
    request.finish_self = &late;
    request.finish = &LateMetadata::Finish;
  }
  coeval_arrow_written written{};
  auto error = std::make_unique<coeval_arrow_error>();
  if (const auto code = table_.write(&state.call, &request, data, &written, error.get());
      code != 0) {
    return StatusOf(code, error->text);
  }
  return WrittenFile{.rows = written.rows, .bytes = written.bytes};
}

Result<ArrowStream> ArrowPlugin::Decode(std::string_view bytes, const Context& context) const {
  auto state = std::make_shared<CallState>(context);
  ArrowArrayStream stream{};
  auto error = std::make_unique<coeval_arrow_error>();
  if (const auto code =
          table_.decode(&state->call, bytes.data(), static_cast<std::int64_t>(bytes.size()),
                        &stream, error.get());
      code != 0) {
    return StatusOf(code, error->text);
  }
  return ArrowStream(&stream, std::move(state));
}

Result<std::string> ArrowPlugin::Encode(
    ArrowArrayStream* data, const std::vector<std::pair<std::string, std::string>>& metadata,
    const Context& context) const {
  const CallState state(context);
  const MetadataArgument pairs(metadata);
  coeval_arrow_bytes bytes{};
  auto error = std::make_unique<coeval_arrow_error>();
  if (const auto code =
          table_.encode(&state.call, data, pairs.key_pointers.data(), pairs.value_pointers.data(),
                        static_cast<std::int64_t>(metadata.size()), &bytes, error.get());
      code != 0) {
    return StatusOf(code, error->text);
  }
  std::string text(bytes.data, static_cast<std::size_t>(bytes.size));
  bytes.release(&bytes);
  return text;
}

}  // namespace coeval
