// Files and folders. Every error names the path and what the system said (io/system_error.h).
// Threads: any, as far as the file system goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

// The whole file. Errors: NotFound; IoError; InvalidArgument where it is larger than `max_bytes`.
Result<std::string> ReadFile(const std::string& path,
                             std::int64_t max_bytes = std::int64_t{1} << 30);

// The file holds `bytes` and all of them, or what it held before, whatever happens between: written
// beside under another name, synced, renamed over `path`, and the folder synced.
// `mode`: permissions of a new file.
Status WriteFileAtomically(const std::string& path, std::string_view bytes, unsigned mode = 0644);

// Makes what was written to a file durable, by whomever.
Status SyncFile(const std::string& path);

// Makes renames and removals in a folder durable.
Status SyncDirectory(const std::string& path);

// Makes the folder and those above it; fine where it is there already. `mode`: permissions of those
// that it makes.
Status MakeDirectories(const std::string& path, unsigned mode = 0777);

// The same, and what is made is known to the folder above it, durably. What was there already is
// not even opened: it may be one that this process may pass, and not list.
Status MakeDirectoriesDurably(const std::string& path, unsigned mode = 0777);

// A new file with nothing in it; of all who try at once, one makes it. Errors: AlreadyExists;
// IoError.
Status MakeNewFile(const std::string& path, unsigned mode = 0600);

// Removes a file, or a folder with all that is in it; fine where there is none. Follows no links.
Status RemoveTree(const std::string& path);

// Replaces `to`. Durable only after SyncDirectory.
Status RenameFile(const std::string& from, const std::string& to);

// False also where the path cannot be looked at.
bool FileExists(const std::string& path);
bool IsDirectory(const std::string& path);
// Of a link: what it leads to. No pipe and no device, whose opening or reading may never end.
bool IsRegularFile(const std::string& path);
Result<std::int64_t> FileSize(const std::string& path);

// Names (not paths) of all entries but "." and "..", sorted by bytes.
Result<std::vector<std::string>> ListDirectory(const std::string& path);

// "a/b" of "a/b/c", "." of "c", "/" of "/c".
std::string ParentDirectory(const std::string& path);
// "a/b" of "a/b//"; "/" stays.
std::string WithoutTrailingSlashes(std::string path);
// `name` where it is absolute, else `directory`/`name`.
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace coeval
