// http_load: asks an HTTP server on this machine the same kind of question again and again, and
// says how long the answers took.
//
//   http_load PORT PATH BODIES CONNECTIONS SECONDS RATE
//
// BODIES is a file with one JSON body in each line; they are sent in turn. RATE 0 is a closed loop:
// each connection sends its next request when it has its answer, which finds the most requests in a
// second but hides stalls. Any other RATE is an open loop: requests are due at a constant rate,
// shared by the connections, and the time of each counts from when it was due, not from when it
// could be sent. The first fifth of SECONDS warms up and does not count.
//
// Prints one line of JSON: requests, errors, per second, and microseconds at some percentiles.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace coeval {
namespace {

using Clock = std::chrono::steady_clock;

struct Load {
  std::uint16_t port = 0;
  std::vector<std::string> requests;  // whole HTTP requests
  int connections = 1;
  double seconds = 10;
  double rate = 0;
};

// What one connection saw after the warm-up.
struct Seen {
  std::vector<double> micros;
  std::int64_t errors = 0;
  std::int64_t bytes = 0;
};

std::int64_t NumberOf(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// One keep-alive connection. A lost one is opened again with the next request.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : port_(port) {}

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ~Connection() { Close(); }

  // The answer's size in bytes; nothing where it is no 200 or does not arrive.
  std::optional<std::int64_t> Ask(const std::string& request) {
    if (socket_ < 0 && !Open()) return std::nullopt;
    if (!SendAll(request)) return Lost();
    buffer_.clear();
    std::size_t header_end = 0;
    while ((header_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReceiveSome()) return Lost();
    }
    const std::string header = Lower(buffer_.substr(0, header_end));
    const std::size_t at = header.find("content-length:");
    if (at == std::string::npos) return Lost();
    const std::size_t begin = header.find_first_not_of(' ', at + 15);
    const std::int64_t length = NumberOf(std::string_view(header).substr(begin));
    const std::size_t whole = header_end + 4 + static_cast<std::size_t>(length);
    while (buffer_.size() < whole) {
      if (!ReceiveSome()) return Lost();
    }
    if (header.find("connection: close") != std::string::npos) Close();
    if (!header.starts_with("http/1.1 200")) return std::nullopt;
    return static_cast<std::int64_t>(whole);
  }

 private:
  static std::string Lower(std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
  }

  bool Open() {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return true;
    Close();
    return false;
  }

  void Close() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

  std::nullopt_t Lost() {
    Close();
    return std::nullopt;
  }

  [[nodiscard]] bool SendAll(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool ReceiveSome() {
    char chunk[65536];
    const ssize_t got = recv(socket_, chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }

  std::uint16_t port_;
  int socket_ = -1;
  std::string buffer_;
};

void Drive(const Load& load, int number, Clock::time_point start, std::atomic<std::int64_t>* next,
           Seen* seen) {
  Connection connection(load.port);
  const auto after = [start](double seconds) {
    return start +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  const Clock::time_point counted = after(load.seconds / 5);
  const Clock::time_point end = after(load.seconds);
  std::size_t turn = static_cast<std::size_t>(number) * 7919;
  while (true) {
    Clock::time_point due = Clock::now();
    if (load.rate > 0) {
      due = after(static_cast<double>(next->fetch_add(1)) / load.rate);
      if (due < end) std::this_thread::sleep_until(due);
    }
    if (due >= end) return;
    const auto bytes = connection.Ask(load.requests[turn++ % load.requests.size()]);
    const Clock::time_point now = Clock::now();
    if (due < counted) continue;
    if (!bytes) {
      ++seen->errors;
      continue;
    }
    seen->micros.push_back(std::chrono::duration<double, std::micro>(now - due).count());
    seen->bytes += *bytes;
  }
}

std::vector<std::string> ReadRequests(const std::string& path, const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> requests;
  for (std::string body; std::getline(in, body);) {
    requests.push_back("POST " + path +
                       " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       "Content-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  return requests;
}

void Print(const Load& load, std::vector<Seen> all) {
  Seen sum;
  for (Seen& seen : all) {
    sum.micros.insert(sum.micros.end(), seen.micros.begin(), seen.micros.end());
    sum.errors += seen.errors;
    sum.bytes += seen.bytes;
  }
  std::sort(sum.micros.begin(), sum.micros.end());
  const std::size_t n = sum.micros.size();
  const auto at = [&sum, n](double share) {
    if (n == 0) return 0.0;
    return sum.micros[std::min(n - 1, static_cast<std::size_t>(share * static_cast<double>(n)))];
  };
  std::printf(
      "{\"requests\": %zu, \"errors\": %lld, \"per_second\": %.1f, \"bytes\": %lld, \"p50\": %.1f, "
      "\"p90\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}\n",
      n, static_cast<long long>(sum.errors), static_cast<double>(n) / (load.seconds * 0.8),
      static_cast<long long>(n == 0 ? 0 : sum.bytes / static_cast<std::int64_t>(n)), at(0.5),
      at(0.9), at(0.99), at(0.999), at(1));
}

int Run(const std::vector<std::string>& words) {
  if (words.size() != 7) {
    std::fputs("usage: http_load PORT PATH BODIES CONNECTIONS SECONDS RATE\n", stderr);
    return 2;
  }
  Load load;
  load.port = static_cast<std::uint16_t>(NumberOf(words[1]));
  load.requests = ReadRequests(words[2], words[3]);
  load.connections = static_cast<int>(NumberOf(words[4]));
  load.seconds = std::strtod(words[5].c_str(), nullptr);
  load.rate = std::strtod(words[6].c_str(), nullptr);
  if (load.requests.empty() || load.connections < 1 || load.seconds <= 0) {
    std::fputs("http_load: no requests, no connections, or no time\n", stderr);
    return 2;
  }
  std::atomic<std::int64_t> next = 0;
  std::vector<Seen> seen(static_cast<std::size_t>(load.connections));
  std::vector<std::thread> threads;
  const Clock::time_point start = Clock::now();
  for (int number = 0; number < load.connections; ++number) {
    threads.emplace_back(Drive, std::cref(load), number, start, &next,
                         &seen[static_cast<std::size_t>(number)]);
  }
  for (std::thread& thread : threads) thread.join();
  Print(load, std::move(seen));
  return 0;
}

}  // namespace
}  // namespace coeval

int main(int argc, char** argv) {
  return coeval::Run({argv, argv + argc});
}
