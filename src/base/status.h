// Status and Result: how every room of Coeval says that something went wrong.
//
// Whose fault decides the code (style: caller -> kInvalidArgument, absent -> kNotFound, bad bytes
// -> kCorruption, may pass later -> kUnavailable, our own bug -> COEVAL_CHECK). A message has fixed
// words first and values last, and says what was wrong, where, and what to do (rule 9).
// No function of Coeval throws; exceptions of libraries are caught in the file that calls them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace coeval {

enum class StatusCode : std::uint8_t {
  kOk = 0,
  kInvalidArgument,     // the caller's mistake: wrong input, wrong definition; nothing was changed
  kNotFound,            // a named thing is absent
  kAlreadyExists,       // a named thing is there already, or a name collides
  kTooOld,              // rule 3.6: the question lies before the horizon of the online store
  kFailedPrecondition,  // the state forbids it (in use by others, a newer format, not applied yet)
  kCorruption,          // bytes on disk or wire are not what was written; file and offset are named
  kIoError,             // the system refused: disk full, permission, port in use
  kUnavailable,         // may pass later: locked by another process, shutting down, overloaded
  kCancelled,           // the caller asked to stop
  kInternal,            // our own bug, found before it did harm
};

// "invalid argument", "not found", ...
std::string_view StatusCodeName(StatusCode code);

// The outcome of a call without a value. Cheap when OK (one pointer). Immutable but for assignment.
class [[nodiscard]] Status {
 public:
  Status() = default;  // OK

  Status(StatusCode code, std::string message)
      : state_(code == StatusCode::kOk
                   ? nullptr
                   : std::make_shared<const State>(State{code, std::move(message)})) {}

  [[nodiscard]] bool ok() const { return state_ == nullptr; }

  [[nodiscard]] StatusCode code() const { return state_ ? state_->code : StatusCode::kOk; }

  [[nodiscard]] const std::string& message() const;
  // "invalid argument: <message>", or "ok".
  [[nodiscard]] std::string ToString() const;
  // The same code with `context` and ": " put before the message; OK stays OK.
  [[nodiscard]] Status WithContext(std::string_view context) const;

  static Status Ok() { return {}; }

  static Status InvalidArgument(std::string m) {
    return {StatusCode::kInvalidArgument, std::move(m)};
  }

  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }

  static Status AlreadyExists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }

  static Status TooOld(std::string m) { return {StatusCode::kTooOld, std::move(m)}; }

  static Status FailedPrecondition(std::string m) {
    return {StatusCode::kFailedPrecondition, std::move(m)};
  }

  static Status Corruption(std::string m) { return {StatusCode::kCorruption, std::move(m)}; }

  static Status IoError(std::string m) { return {StatusCode::kIoError, std::move(m)}; }

  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }

  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }

  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  friend bool operator==(const Status& a, const Status& b) {
    return a.code() == b.code() && a.message() == b.message();
  }

 private:
  struct State {
    StatusCode code;
    std::string message;
  };

  std::shared_ptr<const State> state_;  // null when OK
};

// Ends the process with file, line and message. For broken invariants of our own, on in release.
[[noreturn]] void CheckFailed(const char* file, int line, std::string_view what);

#define COEVAL_CHECK(condition)                                               \
  do {                                                                        \
    if (!(condition)) [[unlikely]]                                            \
      ::coeval::CheckFailed(__FILE__, __LINE__, "check failed: " #condition); \
  } while (false)

// A value, or why there is none. Reading the value of a failed Result is a bug (COEVAL_CHECK).
template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {
    COEVAL_CHECK(!std::get<1>(state_).ok());
  }

  [[nodiscard]] bool ok() const { return state_.index() == 0; }

  [[nodiscard]] Status status() const { return ok() ? Status() : std::get<1>(state_); }

  T& value() & {
    COEVAL_CHECK(ok());
    return std::get<0>(state_);
  }

  const T& value() const& {
    COEVAL_CHECK(ok());
    return std::get<0>(state_);
  }

  T&& value() && {
    COEVAL_CHECK(ok());
    return std::get<0>(std::move(state_));
  }

  T& operator*() & { return value(); }

  const T& operator*() const& { return value(); }

  T&& operator*() && { return std::move(*this).value(); }

  T* operator->() { return &value(); }

  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

#define COEVAL_CONCAT_INNER(a, b) a##b
#define COEVAL_CONCAT(a, b) COEVAL_CONCAT_INNER(a, b)

// COEVAL_RETURN_IF_ERROR(expression): leaves with the Status if it is not OK.
#define COEVAL_RETURN_IF_ERROR(expression)                                    \
  do {                                                                        \
    if (::coeval::Status coeval_status_ = (expression); !coeval_status_.ok()) \
      return coeval_status_;                                                  \
  } while (false)

// COEVAL_ASSIGN_OR_RETURN(auto x, Call()): leaves with the Status, or moves the value into x.
#define COEVAL_ASSIGN_OR_RETURN(target, expression) \
  COEVAL_ASSIGN_OR_RETURN_INNER(COEVAL_CONCAT(coeval_result_, __LINE__), target, expression)
#define COEVAL_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                     \
  if (!result.ok()) return result.status();                       \
  target = std::move(result).value()

}  // namespace coeval
