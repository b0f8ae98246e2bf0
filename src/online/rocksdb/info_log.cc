#include "online/rocksdb/info_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <utility>

namespace coeval {
namespace {

constexpr std::size_t kLongestLine = 2000;

class InfoLog : public rocksdb::Logger {
 public:
  explicit InfoLog(LogSink log) : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(std::move(log)) {}

  void Logv(const char* /*format*/, std::va_list /*arguments*/) override {}  // no level: chatter

  void LogHeader(const char* /*format*/, std::va_list /*arguments*/) override {}

  void Logv(rocksdb::InfoLogLevel level, const char* format, std::va_list arguments) override {
    if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL || !log_) return;
    std::array<char, kLongestLine> line{};
    static_cast<void>(std::vsnprintf(line.data(), line.size(), format, arguments));
    const bool error = level >= rocksdb::InfoLogLevel::ERROR_LEVEL;
    log_(error ? LogLevel::kInfo : LogLevel::kDebug, "RocksDB: " + std::string(line.data()));
  }

 private:
  const LogSink log_;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> MakeInfoLog(LogSink log) {
  return std::make_shared<InfoLog>(std::move(log));
}

}  // namespace coeval
