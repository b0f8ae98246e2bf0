// FactLog: the commit point of pushes and streams. A batch is true once its record is in the log,
// and what is built from it (rows in memory, the online store, sealed segments) is made again by
// replaying it (architecture, decision 5; docs/decisions/0016).
//
//   folder/0000000001-0000000001.log      epoch 1, file 1: records 1 to 5210
//   folder/0000000001-0000000002.log      epoch 1, file 2: records 5211 to 9000
//   folder/0000000002-0000000001.log      epoch 2: made by the next opening; record 9001 and on
//
// Records are numbered 1, 2, ... without gaps over all files, for ever. A record is durable before
// its Append returns, and whole or not there. Every opening begins a file of a new epoch; a file is
// never written again after the log has left it, and the header of the next one says where it ends:
// what lies behind that end was never acknowledged and is never read (docs/formats/log.md).
//
// What damage is found (reference: a torn tail is not a damaged middle). Each record says which
// ones before it were synced when it was written, the header of a file says it of all files before,
// and behind the newest record lies a mark that says it of that one. Opening cuts off a tail that
// nothing proves to have been acknowledged, and refuses (Corruption; file and bytes are named)
// where something does. The mark is not waited for: where a power cut takes it along, damage to the
// last acknowledged batch cannot be told from a batch that was never finished. Nor can it be seen
// from inside that the newest files were removed; the caller compares `last()` with what it has
// applied.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/append_file.h"
#include "log/log_file.h"
#include "log/log_record.h"

namespace coeval {

struct FactLogOptions {
  std::string folder;                               // made where it is missing
  std::int64_t file_bytes = 64 << 20;               // a new file is begun when one has reached this
  std::int64_t room_bytes = std::int64_t{1} << 20;  // taken ahead, so that syncs are cheap
  std::uint64_t least_epoch = 0;                    // of this opening
};

// REQUIRES: one FactLog has the folder open at a time, in all processes (the owner of the online
// store, decision 7); an older one that still lives must not append.
//
// Threads: any; what appends, or begins a file, goes one after the other.
class FactLog {
 public:
  static constexpr std::size_t kMaxPayload = kMaxLogPayload;

  // Reads and checks all files with memory for one record (about 1 s a GiB), cuts off a torn tail,
  // and begins a new epoch, durably. Errors: Corruption (a file is missing, damaged or of another
  // log; its name and the bytes are named); FailedPrecondition (a newer release wrote it); IoError.
  static Result<std::unique_ptr<FactLog>> Open(FactLogOptions options);

  // Close(), whatever comes of it.
  ~FactLog();
  FactLog(const FactLog&) = delete;
  FactLog& operator=(const FactLog&) = delete;

  // Adds one record for each payload, and gives the number of the first; the others follow it. All
  // are durable when it returns OK. Cost: the bytes, one write and one fdatasync for all of them
  // together; now and then a new file. So whoever has many writers gathers what they bring, and
  // appends it at once (group commit).
  //
  // Errors: InvalidArgument for a payload above kMaxPayload, with nothing changed. IoError (disk
  // full, ...): none of them is in the log, but the log is broken() until it is repaired: the next
  // Append tries that first, and fails as long as it fails. Nothing is repeated inside.
  //
  // While the log is broken, the refused records may still lie on disk: a process that ends before
  // the repair may find them when it opens the log again. Until then it is not known whether they
  // are true: the caller answers no question at a time at or after theirs (rule 1.4), and tells its
  // writers that it does not know. After a repair they are gone for good.
  //
  // REQUIRES: `payloads` is not empty.
  Result<LogPosition> Append(std::span<const std::string_view> payloads);

  // After an append that failed.
  [[nodiscard]] bool broken() const { return broken_.load(std::memory_order_acquire); }

  // Makes it durable that what was refused is not in the log; fine where nothing is broken. It
  // leaves the file whose descriptor failed, and begins a new one. Errors: IoError; try again
  // later.
  Status Repair();

  // Ends the newest file where it holds records: all of them lie in closed files then. Repairs what
  // is broken. Errors: IoError; the log is broken() then, and the next Append repairs it.
  Status CloseFile();

  // Calls `visit` for each record after `after`, in order, up to the one that is the last() now;
  // stops with its error. The payload lives until `visit` returns. Appends go on meanwhile.
  // Errors: Corruption (file and bytes are named; or `after` is above last(): files were lost);
  // FailedPrecondition where some of these records were trimmed; IoError. Cost: reads from the
  // beginning of the file that holds `after` + 1.
  using Visit = std::function<Status(const LogRecord& record)>;
  Status Replay(LogPosition after, const Visit& visit) const;

  // Removes the files that hold no record above `through`, durably; never the newest one. So that
  // records up to `through` may still be there. Errors: IoError, with fewer of them removed.
  Status Trim(LogPosition through);

  // Repairs what is broken, and makes the mark durable that lets the next opening find any damage.
  // Nothing can be appended afterwards (FailedPrecondition).
  Status Close();

  // All files that make up the log, oldest first, and where the records of each end; what is
  // appended later lies behind that, or in files that are not among them.
  [[nodiscard]] std::vector<LogFile> Files() const;

  // The files that are never written again, oldest first, and what they hold.
  [[nodiscard]] std::vector<LogFile> ClosedFiles() const;

  // What the closed files take that hold records after `after`.
  [[nodiscard]] std::int64_t ClosedBytes(LogPosition after) const;

  // 16 random bytes, made once for the log; the `log` of a sequence (rule 1.3).
  [[nodiscard]] const std::string& writer() const { return writer_; }

  // Of this opening. Grows with each one.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

  // The oldest record that is kept and the newest durable one; first() == last() + 1 where there is
  // none, and last() == 0 where there never was one.
  [[nodiscard]] LogPosition first() const;

  [[nodiscard]] LogPosition last() const { return last_.load(std::memory_order_acquire); }

  // Bytes of records and headers, without the room taken ahead.
  [[nodiscard]] std::int64_t SizeBytes() const;

  // How many bytes opening cut off behind the last record; 0 after a clean end.
  [[nodiscard]] std::int64_t torn_bytes() const { return torn_bytes_; }

 private:
  explicit FactLog(FactLogOptions options) : options_(std::move(options)) {}

  // REQUIRE that write_mutex_ is held.
  Status BeginFile();
  Status RepairLocked();
  Status WriteRecords(std::span<const std::string_view> payloads);
  void WriteMark();
  Status ReplayFile(const LogFile& file, LogPosition after, const Visit& visit) const;

  FactLogOptions options_;
  std::string writer_;
  std::uint64_t epoch_ = 0;
  std::int64_t torn_bytes_ = 0;
  std::uint64_t next_file_ = 1;     // its number in this epoch
  std::optional<AppendFile> file_;  // none: broken, or the newest one is full
  std::string frames_;              // headers of the batch being written
  bool closed_ = false;
  std::atomic<bool> broken_ = false;
  std::atomic<LogPosition> last_ = 0;
  std::atomic<LogPosition> trimming_ = 0;  // files up to it are being removed, or are
  std::mutex write_mutex_;                 // of the newest file; taken before mutex_
  std::mutex trim_mutex_;                  // one trim at a time; taken before mutex_
  mutable std::mutex mutex_;               // guards files_
  std::vector<LogFile> files_;             // oldest first; the last one is being written
};

}  // namespace coeval
