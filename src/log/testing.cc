#include "log/testing.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "io/files.h"

namespace coeval {

FactLogOptions SmallLog(const std::string& folder, std::int64_t file_bytes,
                        std::int64_t room_bytes) {
  return {.folder = folder, .file_bytes = file_bytes, .room_bytes = room_bytes};
}

std::unique_ptr<FactLog> OpenLog(const FactLogOptions& options) {
  auto log = FactLog::Open(options);
  EXPECT_TRUE(log.ok()) << log.status().ToString();
  return log.ok() ? std::move(*log) : nullptr;
}

Result<LogPosition> AppendAll(FactLog* log, const std::vector<std::string>& payloads) {
  return log->Append(std::vector<std::string_view>(payloads.begin(), payloads.end()));
}

std::vector<std::string> PayloadsOf(const FactLog& log, LogPosition after) {
  std::vector<std::string> payloads;
  LogPosition next = after + 1;
  const Status status = log.Replay(after, [&](const LogRecord& record) {
    EXPECT_EQ(record.number, next++);
    payloads.emplace_back(record.payload);
    return Status();
  });
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(next, log.last() + 1);
  return payloads;
}

std::vector<std::string> LogFilesIn(const std::string& folder) {
  std::vector<std::string> names;
  const std::vector<std::string> all = *ListDirectory(folder);
  for (const std::string& name : all) {
    if (ParseLogFileName(name)) names.push_back(name);
  }
  return names;
}

std::string ToHex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string GoldenBytes(const std::string& name) {
  std::ifstream file("tests/format/log_1.txt");
  EXPECT_TRUE(file) << "run from the source folder";
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with(name + "\t")) continue;
    std::string bytes;
    for (std::size_t at = name.size() + 1; at + 1 < line.size(); at += 2) {
      bytes += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
    }
    return bytes;
  }
  ADD_FAILURE() << "no '" << name << "' in tests/format/log_1.txt";
  return "";
}

void CopyFolder(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace coeval
