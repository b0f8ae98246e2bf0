// Any bytes as the newest file of a log, or behind a right header: it is refused, or it opens,
// takes a record, and gives the same records when it is opened again.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "io/temp_directory.h"
#include "log/fact_log.h"
#include "log/log_file.h"

namespace {

using coeval::FactLog;

std::vector<std::string> Records(const FactLog& log) {
  std::vector<std::string> records;
  const coeval::Status status = log.Replay(log.first() - 1, [&](const coeval::LogRecord& record) {
    records.emplace_back(record.payload);
    return coeval::Status();
  });
  COEVAL_CHECK(status.ok());
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const coeval::TempDirectory parent = *coeval::TempDirectory::Make();
  if (size == 0) return 0;
  const std::string folder = parent.File("log");
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const coeval::LogFileHeader header{.id = {"0123456789abcdef", 1, 1}, .first = 1, .previous = {}};
  std::string bytes = data[0] == 0 ? "" : coeval::EncodeLogFileHeader(header);
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::ofstream(folder + "/" + coeval::LogFileName(1, 1), std::ios::binary) << bytes;
  std::vector<std::string> records;
  {
    const auto log = FactLog::Open({.folder = folder, .room_bytes = 0});
    if (!log.ok()) return 0;
    records = Records(**log);
    const std::vector<std::string_view> more = {"more"};
    COEVAL_CHECK((*log)->Append(more).ok());
    records.emplace_back("more");
  }
  const auto again = FactLog::Open({.folder = folder, .room_bytes = 0});
  COEVAL_CHECK(again.ok() && Records(**again) == records);
  return 0;
}
