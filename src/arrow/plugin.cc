// The plugin's one door, and the table of functions behind it.
#include <arrow/compute/initialize.h>
#include <arrow/config.h>
#include <arrow/status.h>
#include <arrow/util/thread_pool.h>

#include <cstdint>
#include <mutex>
#include <utility>

#include "arrow/border.h"
#include "arrow/csv_file.h"
#include "arrow/inspection.h"
#include "arrow/ipc_bytes.h"
#include "arrow/ipc_file.h"
#include "arrow/parquet_file.h"
#include "arrow/parquet_filter.h"
#include "arrow/plugin_abi.h"
#include "arrow/table_writer.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::Status;

namespace {

Status UnknownFormat(int32_t format) {
  return Status::Invalid("unknown format number ", format);
}

int32_t Inspect(const coeval_arrow_call* call, const coeval_arrow_inspect_request* request,
                coeval_arrow_inspection* out, coeval_arrow_error* error) {
  return Report(Caught([&] {
                  Inspection inspection;
                  Status status = UnknownFormat(request->format);
                  if (request->format == COEVAL_ARROW_PARQUET) {
                    status = InspectParquet(*request, &inspection);
                  } else if (request->format == COEVAL_ARROW_CSV) {
                    status = InspectCsv(*request, Caller(call), &inspection);
                  } else if (request->format == COEVAL_ARROW_IPC) {
                    status = InspectIpc(*request, &inspection);
                  }
                  ARROW_RETURN_NOT_OK(status);
                  return ExportInspection(std::move(inspection), out);
                }),
                error);
}

int32_t OpenFile(const coeval_arrow_call* /*call*/, const char* path, int32_t format,
                 coeval_arrow_file* out, coeval_arrow_error* error) {
  return Report(Caught([&] {
                  if (format != COEVAL_ARROW_PARQUET) {
                    return Status::Invalid("only Parquet files are opened for several scans");
                  }
                  return OpenParquetForScans(path, out);
                }),
                error);
}

int32_t MayHold(const coeval_arrow_call* call, const coeval_arrow_value_request* request,
                int32_t* answer, coeval_arrow_error* error) {
  return Report(Caught([&] {
                  ARROW_ASSIGN_OR_RAISE(const bool may, MayHoldValue(*request, Caller(call)));
                  *answer = may ? 1 : 0;
                  return Status::OK();
                }),
                error);
}

int32_t Scan(const coeval_arrow_call* call, const coeval_arrow_scan_request* request,
             ArrowArrayStream* out, coeval_arrow_error* error) {
  return Report(Caught([&] {
                  if (request->batch_rows <= 0) return Status::Invalid("batch_rows must be > 0");
                  const bool parquet = request->format == COEVAL_ARROW_PARQUET;
                  if (!parquet && (request->file != nullptr || request->rows != nullptr)) {
                    return Status::Invalid("only of Parquet files a scan can pick rows");
                  }
                  switch (request->format) {
                    case COEVAL_ARROW_PARQUET:
                      return ScanParquet(*request, Caller(call), out);
                    case COEVAL_ARROW_CSV:
                      return ScanCsv(*request, Caller(call), out);
                    case COEVAL_ARROW_IPC:
                      return ScanIpc(*request, Caller(call), out);
                    default:
                      return UnknownFormat(request->format);
                  }
                }),
                error);
}

int32_t Write(const coeval_arrow_call* call, const coeval_arrow_write_request* request,
              ArrowArrayStream* data, coeval_arrow_written* out, coeval_arrow_error* error) {
  return Report(Caught([&] { return WriteFile(*request, Caller(call), data, out); }), error);
}

int32_t Decode(const coeval_arrow_call* call, const char* bytes, int64_t size,
               ArrowArrayStream* out, coeval_arrow_error* error) {
  return Report(Caught([&] { return DecodeIpc(bytes, size, Caller(call), out); }), error);
}

int32_t Encode(const coeval_arrow_call* /*call*/, ArrowArrayStream* data, const char* const* keys,
               const char* const* values, int64_t n_metadata, coeval_arrow_bytes* out,
               coeval_arrow_error* error) {
  return Report(Caught([&] { return EncodeIpc(data, keys, values, n_metadata, out); }), error);
}

// Once for the process: Arrow's kernels and thread pool are its own globals.
Status Initialize(const coeval_arrow_host& host) {
  static std::once_flag once;
  static Status outcome;
  std::call_once(once, [&host] {
    outcome = Caught([&host] {
      ARROW_RETURN_NOT_OK(::arrow::compute::Initialize());
      return ::arrow::SetCpuThreadPoolCapacity(host.threads > 0 ? host.threads : 1);
    });
  });
  return outcome;
}

Status Open(const coeval_arrow_host* host, coeval_arrow_table* out, int32_t abi) {
  if (abi != COEVAL_ARROW_ABI) {
    return Status::Invalid("the plugin speaks interface ", COEVAL_ARROW_ABI,
                           ", this program interface ", abi,
                           "; install both from the same release");
  }
  if (host == nullptr || out == nullptr || host->size < sizeof(coeval_arrow_host) ||
      out->size < sizeof(coeval_arrow_table)) {
    return Status::Invalid("a structure of the interface has another size than the plugin's");
  }
  ARROW_RETURN_NOT_OK(Initialize(*host));
  out->version = ARROW_VERSION_STRING;
  out->inspect = &Inspect;
  out->open = &OpenFile;
  out->may_hold = &MayHold;
  out->scan = &Scan;
  out->write = &Write;
  out->decode = &Decode;
  out->encode = &Encode;
  return Status::OK();
}

}  // namespace

}  // namespace coeval::plugin

extern "C" __attribute__((visibility("default"))) int32_t
coeval_arrow_open(const coeval_arrow_host* host, coeval_arrow_table* out, int32_t abi,
                  coeval_arrow_error* error) {
  return coeval::plugin::Report(
      coeval::plugin::Caught([&] { return coeval::plugin::Open(host, out, abi); }), error);
}
