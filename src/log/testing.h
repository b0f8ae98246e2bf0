// For tests: logs in folders of their own, and what is in them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/temp_directory.h"
#include "log/fact_log.h"

namespace coeval {

// Small files, so that a test has several.
FactLogOptions SmallLog(const std::string& folder, std::int64_t file_bytes = 400,
                        std::int64_t room_bytes = 256);

// Failing to open it fails the test and gives null.
std::unique_ptr<FactLog> OpenLog(const FactLogOptions& options);

Result<LogPosition> AppendAll(FactLog* log, const std::vector<std::string>& payloads);

// Payloads of the records after `after`. Fails the test where the numbers have gaps, or where they
// cannot be read.
std::vector<std::string> PayloadsOf(const FactLog& log, LogPosition after = 0);

// Names of the log's files, in order.
std::vector<std::string> LogFilesIn(const std::string& folder);

// The bytes that tests/format/log_1.txt holds under a name.
std::string GoldenBytes(const std::string& name);
std::string ToHex(std::string_view bytes);

// The files as they are now: what a process that is killed now leaves behind.
void CopyFolder(const std::string& from, const std::string& to);

}  // namespace coeval
