// What every function at the plugin's border needs: exceptions stop here, arrow::Status becomes a
// code and a text, and long loops ask whether to go on.
//
// Inside the plugin a failure is an arrow::Status. Codes as the border sees them:
//   Invalid -> INVALID   KeyError -> NOT_FOUND   SerializationError -> CORRUPT
//   IOError with an errno -> IO (ENOENT -> NOT_FOUND), without -> CORRUPT
//   NotImplemented, CapacityError -> UNSUPPORTED   Cancelled, OutOfMemory -> their own
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/util/io_util.h>
#include <parquet/exception.h>

#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "arrow/plugin_abi.h"

namespace coeval::plugin {

coeval_arrow_code CodeOf(const ::arrow::Status& status);
// The errno by which a stream tells that code.
int ErrnoOf(coeval_arrow_code code);
// The inverse, for a stream that came over the border.
::arrow::Status StatusOf(int number, const std::string& text);
// The text of a failure in one line of UTF-8.
std::string OneLine(const ::arrow::Status& status);
// Fills `error` and returns the code.
int32_t Report(const ::arrow::Status& status, coeval_arrow_error* error);

// The same kind of failure, with `where` and ": " before its text.
::arrow::Status Within(std::string_view where, const ::arrow::Status& status);
// The bytes of the file are at fault: INVALID and unspecific failures become CORRUPT.
::arrow::Status Damaged(const ::arrow::Status& status);

// Calls f() -> arrow::Status and turns what it throws into a Status too.
template <typename F>
::arrow::Status Caught(F&& f) noexcept {
  try {
    return std::forward<F>(f)();
  } catch (const std::bad_alloc&) {
    return ::arrow::Status::OutOfMemory("not enough memory");
  } catch (const ::parquet::ParquetStatusException& e) {
    // What the system refused is no damage of the file.
    const bool refused = ::arrow::internal::ErrnoFromStatus(e.status()) != 0;
    return refused ? e.status() : ::arrow::Status::SerializationError(e.what());
  } catch (const std::exception& e) {
    return ::arrow::Status::SerializationError(e.what());
  } catch (...) {
    return ::arrow::Status::UnknownError("an unknown exception");
  }
}

// The caller's callbacks, copied; see coeval_arrow_call for how long `self` lives.
class Caller {
 public:
  explicit Caller(const coeval_arrow_call* call) : call_(call == nullptr ? kNone : *call) {}

  [[nodiscard]] ::arrow::Status CheckCancelled() const {
    if (call_.cancelled != nullptr && call_.cancelled(call_.self) != 0) {
      return ::arrow::Status::Cancelled("stopped on request");
    }
    return ::arrow::Status::OK();
  }

  void Log(int32_t level, const std::string& text) const {
    if (call_.log != nullptr) call_.log(call_.self, level, text.c_str());
  }

  [[nodiscard]] int64_t memory_budget() const { return call_.memory_budget_bytes; }

 private:
  static constexpr coeval_arrow_call kNone{nullptr, nullptr, nullptr, int64_t{1} << 30};
  coeval_arrow_call call_;
};

}  // namespace coeval::plugin
