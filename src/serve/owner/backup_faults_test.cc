// Backups that are damaged, and disks and processes that fail under a backup or a restore.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/copy_file.h"
#include "io/fault.h"
#include "io/files.h"
#include "serve/owner/backup_fixture.h"
#include "store/backup_manifest.h"
#include "store/store_places.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

TEST_F(BackupTest, WhatIsDamagedIsNotRestored) {
  const SharedRepository repository;
  std::string before;
  {
    const auto store = repository.Open();
    ASSERT_TRUE(store->Materialize(0, *repository.clock().Now(), {}).ok());
    Push(*store, 1);
    Backup(*store, "backup");
    before = Ask(*store);
  }
  const auto manifest = ReadBackupManifest(Folder("backup"));
  ASSERT_TRUE(manifest.ok());
  for (const BackupFile& file : manifest->files) {
    if (file.content.bytes == 0) continue;
    SCOPED_TRACE(file.name);
    const std::string path = Folder("backup") + "/" + file.name;
    const std::string bytes = *ReadFile(path);
    std::string changed = bytes;
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    for (const std::string& damage : {changed, bytes.substr(1), bytes + "x"}) {
      ASSERT_TRUE(WriteFileAtomically(path, damage).ok());
      const auto verified = VerifyBackup(Folder("backup"), context_);
      EXPECT_EQ(verified.status().code(), StatusCode::kCorruption);
      EXPECT_THAT(verified.status().message(), HasSubstr(file.name));
      const auto restored = Restore(repository, "backup", /*replace=*/true);
      EXPECT_EQ(restored.status().code(), StatusCode::kCorruption);
      EXPECT_THAT(restored.status().message(), HasSubstr(file.name));
    }
    ASSERT_TRUE(RemoveTree(path).ok());
    EXPECT_EQ(VerifyBackup(Folder("backup"), context_).status().code(), StatusCode::kCorruption);
    EXPECT_EQ(Restore(repository, "backup", true).status().code(), StatusCode::kCorruption);
    ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  }
  // The store is as it was, and nothing was left beside it.
  EXPECT_EQ(*ReadStoreEpoch(repository.folder() + "/.coeval"), 0);
  const auto names = ListDirectory(repository.folder() + "/.coeval");
  ASSERT_TRUE(names.ok());
  for (const std::string& name : *names) {
    EXPECT_FALSE(IsEpochName(name)) << name;
    EXPECT_NE(name, "RESTORING");
  }
  EXPECT_EQ(Ask(*repository.Open()), before);
  ASSERT_TRUE(RemoveTree(Folder("backup") + "/backup.json").ok());
  EXPECT_EQ(Restore(repository, "backup", true).status().code(), StatusCode::kNotFound);
}

// The opening of a pipe would wait for who writes, and a device has no end.
TEST_F(BackupTest, WhatIsNoRegularFileIsNoPartOfABackup) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  const std::string path = Folder("backup") + "/online/FORMAT";
  const auto refused = [&] {
    EXPECT_EQ(VerifyBackup(Folder("backup"), context_).status().code(), StatusCode::kCorruption);
    EXPECT_EQ(Restore(repository, "backup", true).status().code(), StatusCode::kCorruption);
    EXPECT_TRUE(RemoveTree(path).ok());
  };
  ASSERT_TRUE(RemoveTree(path).ok());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  refused();
  ASSERT_EQ(::symlink("/dev/zero", path.c_str()), 0);
  refused();
}

// Its hashes are right, and yet this release could not open it.
TEST_F(BackupTest, WhatANewerReleaseWroteIsNotRestored) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  auto manifest = ReadBackupManifest(Folder("backup"));
  ASSERT_TRUE(manifest.ok());
  for (BackupFile& file : manifest->files) {
    if (file.name != "online/FORMAT") continue;
    const std::string path = Folder("backup") + "/" + file.name;
    ASSERT_TRUE(WriteFileAtomically(path, R"({"format":99,"oldest_reader":99})").ok());
    file.content = *HashFile(path);
  }
  ASSERT_TRUE(WriteBackupManifest(Folder("backup"), *manifest).ok());
  EXPECT_EQ(VerifyBackup(Folder("backup"), context_).status().code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Restore(repository, "backup", true).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(*ReadStoreEpoch(repository.folder() + "/.coeval"), 0);
}

// At any step: no backup is made of it, and the store goes on.
TEST_F(BackupTest, ADiskThatFailsUnderABackupMakesNone) {
  const SharedRepository repository;
  const auto store = repository.Open();
  Push(*store, 1);
  ASSERT_TRUE(store->SealLog().ok());
  Push(*store, 2);
  const std::string before = Ask(*store);
  int failed = 0;
  for (int n = 1;; n += 1 + n / 8) {
    const std::string name = "backup " + std::to_string(n);
    bool done = false;
    {
      const FaultInjection fault(n, ENOSPC);
      done = store->Backup(Folder(name)).ok();
      if (!fault.happened()) {
        EXPECT_TRUE(done);
        break;
      }
    }
    if (!done) ++failed;
    // The last sync may fail behind the last step.
    if (HasBackupManifest(Folder(name))) {
      EXPECT_TRUE(VerifyBackup(Folder(name), context_).ok()) << n;
    }
  }
  EXPECT_GT(failed, 10);
  EXPECT_EQ(Ask(*store), before);
  Push(*store, 3);
  Backup(*store, "last");
}

TEST_F(BackupTest, ADiskThatFailsUnderARestoreChangesNothing) {
  const SharedRepository repository;
  std::string backed_up;
  {
    const auto store = repository.Open();
    Push(*store, 1);
    Backup(*store, "backup");
    backed_up = Ask(*store);
  }
  const std::string state = repository.folder() + "/.coeval";
  int failed = 0;
  bool happened = true;
  for (int n = 1; happened; n += 1 + n / 4) {
    Push(*repository.Open(), 2, 40);
    const std::string before = Ask(*repository.Open());
    ASSERT_NE(before, backed_up);
    const std::int64_t epoch = *ReadStoreEpoch(state);
    bool done = false;
    {
      const FaultInjection fault(n, ENOSPC);
      done = Restore(repository, "backup", /*replace=*/true).ok();
      happened = fault.happened();
    }
    const bool restored = *ReadStoreEpoch(state) != epoch;
    EXPECT_TRUE(restored || !done) << n;
    EXPECT_EQ(Ask(*repository.Open()), restored ? backed_up : before) << n;
    if (!done) ++failed;
    EXPECT_TRUE(done || happened) << n;
  }
  EXPECT_GT(failed, 10);
}

TEST_F(BackupTest, ABackupThatIsStoppedIsNone) {
  const SharedRepository repository;
  const auto store = repository.Open();
  Push(*store, 1);
  const auto cancel = std::make_shared<CancelToken>();
  cancel->Cancel();
  EXPECT_EQ(store->Backup(Folder("backup"), cancel).status().code(), StatusCode::kCancelled);
  EXPECT_FALSE(FileExists(Folder("backup")));
  ASSERT_TRUE(MakeDirectories(Folder("empty")).ok());
  EXPECT_EQ(store->Backup(Folder("empty"), cancel).status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(ListDirectory(Folder("empty"))->empty());
  const std::string staging = repository.folder() + "/.coeval/online/staging";
  EXPECT_TRUE(ListDirectory(staging)->empty());
  Push(*store, 2);
  Backup(*store, "backup");
}

// A restore that was killed before its last step left copies that nothing names.
TEST_F(BackupTest, WhatAKilledRestoreLeftIsRemovedByTheNext) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  const std::string before = Ask(*repository.Open());
  const std::string state = repository.folder() + "/.coeval";
  ASSERT_TRUE(MakeDirectories(state + "/epoch-1000017/online/db").ok());
  ASSERT_TRUE(WriteFileAtomically(state + "/RESTORING", "1000017\n").ok());
  const std::string half_written[] = {state + "/.EPOCH.17-0.tmp", state + "/.RESTORING.17-1.tmp"};
  for (const std::string& path : half_written) ASSERT_TRUE(WriteFileAtomically(path, "{").ok());
  EXPECT_EQ(Ask(*repository.Open()), before);
  ASSERT_TRUE(Restore(repository, "backup", true).ok());
  EXPECT_FALSE(FileExists(state + "/epoch-1000017"));
  for (const std::string& path : half_written) EXPECT_FALSE(FileExists(path)) << path;
  EXPECT_FALSE(FileExists(state + "/RESTORING"));
  EXPECT_EQ(Ask(*repository.Open()), before);
}

// Once its folders were taken to lie elsewhere, and the store's own log was removed.
TEST_F(BackupTest, AFailedRestoreLeavesAStoreWhoseStateEndsWithASlash) {
  const SharedRepository repository;
  Configure(repository, "state: .coeval/\n");
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  const std::string before = Ask(*repository.Open());
  const std::string state = repository.folder() + "/.coeval";
  const std::string registry = Folder("backup") + "/registry.db";
  ASSERT_TRUE(WriteFileAtomically(registry, *ReadFile(registry) + "x").ok());
  EXPECT_EQ(Restore(repository, "backup", true).status().code(), StatusCode::kCorruption);
  ASSERT_TRUE(WriteFileAtomically(state + "/RESTORING", "1000017\n").ok());
  EXPECT_EQ(Restore(repository, "backup", true).status().code(), StatusCode::kCorruption);
  EXPECT_TRUE(IsDirectory(state + "/log"));
  EXPECT_EQ(Ask(*repository.Open()), before);
}

// What RESTORING names may be what counted: the restore may have come to its end.
TEST_F(BackupTest, WhereNobodyKnowsWhatCountedNothingIsRemoved) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  const std::string before = Ask(*repository.Open());
  const auto first = Restore(repository, "backup", true);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const std::int64_t epoch = first->GetInt("epoch");
  const std::string state = repository.folder() + "/.coeval";
  ASSERT_TRUE(WriteFileAtomically(state + "/EPOCH", "damaged").ok());
  ASSERT_TRUE(WriteFileAtomically(state + "/RESTORING", std::to_string(epoch) + "\n").ok());
  const auto second = Restore(repository, "backup", true);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_TRUE(FileExists(state + "/" + EpochName(epoch) + "/registry.db"));
  EXPECT_TRUE(FileExists(state + "/" + EpochName(epoch) + "/log"));
  EXPECT_GT(second->GetInt("epoch"), epoch);
  EXPECT_FALSE(FileExists(state + "/RESTORING"));
  EXPECT_EQ(Ask(*repository.Open()), before);
}

// /home is often one that its users may pass, and not list. (Root may do all.)
TEST_F(BackupTest, AFolderAboveTheStoreNeedNotBeListed) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  Lose(repository);
  const std::string above = ParentDirectory(repository.folder());
  ASSERT_EQ(::chmod(above.c_str(), 0311), 0);
  const auto restored = Restore(repository, "backup");
  ASSERT_EQ(::chmod(above.c_str(), 0700), 0);
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
}

TEST_F(BackupTest, AdviceOnDamageNamesTheStoreThatCounts) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  const auto restored = Restore(repository, "backup", true);
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  const std::string online =
      repository.folder() + "/.coeval/" + EpochName(restored->GetInt("epoch")) + "/online";
  ASSERT_TRUE(WriteFileAtomically(online + "/FORMAT", "x").ok());
  const auto report = repository.Open()->VerifyOnline({});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_FALSE(report->GetBool("ok", true));
  EXPECT_THAT(report->GetString("advice"), HasSubstr("remove '" + online + "'"));
}

// Else somebody removes an online store that has nothing.
TEST_F(BackupTest, DamageOfOtherFilesIsNotSaidOfTheOnlineStore) {
  const SharedRepository repository;
  const auto store = repository.Open();
  ASSERT_TRUE(WriteFileAtomically(repository.folder() + "/.coeval/EPOCH", "damaged").ok());
  const Status status = store->VerifyOnline({}).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_THAT(status.message(), HasSubstr("EPOCH"));
}

// At each step; what is there afterwards is the old store or the restored one, and the next restore
// removes what was left.
TEST_F(BackupTest, ARestoreThatIsKilledAtAnyStepIsWholeOrNone) {
  const SharedRepository repository;
  std::string backed_up;
  {
    const auto store = repository.Open();
    Push(*store, 1);
    Backup(*store, "backup");
    backed_up = Ask(*store);
    Push(*store, 2);
  }
  const std::string state = repository.folder() + "/.coeval";
  const std::string before = Ask(*repository.Open());
  int killed = 0;
  for (int n = 1;; n += 1 + n / 8) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const FaultInjection fault(n, FaultInjection::kKill);
      ::_exit(Restore(repository, "backup", /*replace=*/true).ok() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const bool restored = *ReadStoreEpoch(state) != 0;
    if (WIFSIGNALED(status)) {
      ++killed;
    } else {
      ASSERT_EQ(WEXITSTATUS(status), 0) << n;
      ASSERT_TRUE(restored) << n;
    }
    EXPECT_EQ(Ask(*repository.Open()), restored ? backed_up : before) << n;
    if (restored) break;
  }
  EXPECT_GT(killed, 10);
  ASSERT_TRUE(Restore(repository, "backup", /*replace=*/true).ok());
  EXPECT_FALSE(FileExists(state + "/RESTORING"));
  const auto names = ListDirectory(state);
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(std::count_if(names->begin(), names->end(), IsEpochName), 2);
  EXPECT_EQ(Ask(*repository.Open()), backed_up);
}

}  // namespace
}  // namespace coeval
