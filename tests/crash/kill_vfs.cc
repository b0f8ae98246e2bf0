#include "kill_vfs.h"

#include <signal.h>
#include <sqlite3.h>

#include <cstring>

namespace coeval {
namespace {

std::int64_t mine = 0;
std::int64_t count = 0;
Tear how = Tear::kBefore;

// The file of SQLite's own VFS lies behind ours in the same memory.
struct MinedFile {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_file* RealOf(sqlite3_file* file) {
  return reinterpret_cast<MinedFile*>(file)->real;
}

bool IsTheMine() {
  return ++count == mine;
}

[[noreturn]] void Die() {
  raise(SIGKILL);
  __builtin_unreachable();
}

int Close(sqlite3_file* f) {
  return RealOf(f)->pMethods->xClose(RealOf(f));
}

int Read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return RealOf(f)->pMethods->xRead(RealOf(f), to, n, at);
}

int Write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  if (IsTheMine()) {
    if (how == Tear::kHalf) RealOf(f)->pMethods->xWrite(RealOf(f), from, n / 2, at);
    Die();
  }
  return RealOf(f)->pMethods->xWrite(RealOf(f), from, n, at);
}

int Truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (IsTheMine()) Die();
  return RealOf(f)->pMethods->xTruncate(RealOf(f), size);
}

int Sync(sqlite3_file* f, int flags) {
  if (IsTheMine()) Die();
  return RealOf(f)->pMethods->xSync(RealOf(f), flags);
}

int FileSize(sqlite3_file* f, sqlite3_int64* size) {
  return RealOf(f)->pMethods->xFileSize(RealOf(f), size);
}

int Lock(sqlite3_file* f, int level) {
  return RealOf(f)->pMethods->xLock(RealOf(f), level);
}

int Unlock(sqlite3_file* f, int level) {
  return RealOf(f)->pMethods->xUnlock(RealOf(f), level);
}

int CheckReservedLock(sqlite3_file* f, int* out) {
  return RealOf(f)->pMethods->xCheckReservedLock(RealOf(f), out);
}

int FileControl(sqlite3_file* f, int op, void* arg) {
  return RealOf(f)->pMethods->xFileControl(RealOf(f), op, arg);
}

int SectorSize(sqlite3_file* f) {
  return RealOf(f)->pMethods->xSectorSize(RealOf(f));
}

int Characteristics(sqlite3_file* f) {
  return RealOf(f)->pMethods->xDeviceCharacteristics(RealOf(f));
}

int ShmMap(sqlite3_file* f, int page, int size, int extend, volatile void** out) {
  return RealOf(f)->pMethods->xShmMap(RealOf(f), page, size, extend, out);
}

int ShmLock(sqlite3_file* f, int offset, int n, int flags) {
  return RealOf(f)->pMethods->xShmLock(RealOf(f), offset, n, flags);
}

void ShmBarrier(sqlite3_file* f) {
  RealOf(f)->pMethods->xShmBarrier(RealOf(f));
}

int ShmUnmap(sqlite3_file* f, int remove) {
  return RealOf(f)->pMethods->xShmUnmap(RealOf(f), remove);
}

const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     Characteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

sqlite3_vfs* RealVfs() {
  static sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  return vfs;
}

int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* mined = reinterpret_cast<MinedFile*>(file);
  mined->real = reinterpret_cast<sqlite3_file*>(mined + 1);
  std::memset(mined->real, 0, static_cast<std::size_t>(RealVfs()->szOsFile));
  const int code = RealVfs()->xOpen(RealVfs(), name, mined->real, flags, out_flags);
  mined->base.pMethods = code == SQLITE_OK ? &kMethods : nullptr;
  return code;
}

int Delete(sqlite3_vfs* /*vfs*/, const char* name, int sync) {
  if (IsTheMine()) Die();
  return RealVfs()->xDelete(RealVfs(), name, sync);
}

}  // namespace

void LayMine(std::int64_t nth, Tear tear) {
  static sqlite3_vfs vfs = *RealVfs();
  vfs.zName = "mined";
  vfs.szOsFile = static_cast<int>(sizeof(MinedFile)) + RealVfs()->szOsFile;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.pNext = nullptr;
  mine = nth;
  count = 0;
  how = tear;
  sqlite3_vfs_register(&vfs, /*makeDflt=*/1);
}

std::int64_t MineCount() {
  return count;
}

}  // namespace coeval
