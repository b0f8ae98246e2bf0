#include "cli/request_log.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"

namespace coeval {
namespace {

constexpr int kFirstFailure = 400;
constexpr std::size_t kLongestPath = 200;

// What the handler wants told, else the message of an error's body: JSON text in a JSON text, as
// Feast's clients want it.
std::string ErrorOf(const HttpResponse& response) {
  if (!response.log.empty()) return response.log;
  const auto outer = ParseJson(response.body);
  if (!outer.ok()) return "";
  if (outer->is_object()) return outer->GetString("error");
  if (!outer->is_string()) return "";
  const auto inner = ParseJson(outer->AsString());
  return inner.ok() ? inner->GetString("message") : "";
}

// A name of the client's in a plain line: control characters would make lines of their own.
std::string Printable(std::string_view text) {
  std::string plain(text.substr(0, kLongestPath));
  for (char& c : plain) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return plain;
}

}  // namespace

std::string RequestLine(const HttpRequest& request, const HttpResponse& response,
                        double milliseconds, const std::string& time, bool json) {
  const std::string error = response.status >= kFirstFailure ? ErrorOf(response) : "";
  if (!json) {
    return fmt::format("{} {} {} {} {:.1f} ms{}{}", time, Printable(request.method),
                       Printable(request.path), response.status, milliseconds,
                       error.empty() ? "" : ": ", Printable(error));
  }
  Json line = Json::MakeObject();
  line.Set("time", time).Set("method", request.method);
  line.Set("path", request.path.substr(0, kLongestPath)).Set("status", response.status);
  line.Set("milliseconds", milliseconds);
  if (!error.empty()) line.Set("error", error);
  return line.Write();
}

HttpHandler LogRequests(HttpHandler handler, bool all, bool json) {
  return [handler = std::move(handler), all, json](const HttpRequest& request) {
    const auto start = std::chrono::steady_clock::now();
    HttpResponse response = handler(request);
    if (!all && response.status < kFirstFailure) return response;
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - start;
    const auto now = SystemClock()->Now();
    const std::string time = now.ok() ? FormatTime(*now / kSecond * kSecond) : "-";
    const std::string line = RequestLine(request, response, taken.count(), time, json) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
    return response;
  };
}

}  // namespace coeval
