// Backups of a store that is in use, by its owner and through another process; and brought back.
#include "store/backup.h"

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "serve/owner/backup_fixture.h"
#include "store/backup_manifest.h"

namespace coeval {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(BackupTest, ALostStoreComesBackAsItWas) {
  const SharedRepository repository;
  std::string before;
  std::string training;
  {
    const auto store = repository.Open();
    ASSERT_TRUE(store->Materialize(0, *repository.clock().Now(), {}).ok());
    for (std::uint64_t seed = 1; seed <= 10; ++seed) Push(*store, seed);
    ASSERT_TRUE(store->SealLog().ok());
    for (std::uint64_t seed = 11; seed <= 15; ++seed) Push(*store, seed);
    Backup(*store, "backup");
    before = Ask(*store);
    training = HashOfTraining(*store, repository.clock());
  }
  Lose(repository);
  const auto restored = Restore(repository, "backup");
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  EXPECT_EQ(restored->GetInt("records"), 15);
  EXPECT_THAT(restored->Find("replaced")->array(), SizeIs(0));
  const auto store = repository.Open();
  EXPECT_EQ(Ask(*store), before);
  EXPECT_EQ(HashOfTraining(*store, repository.clock()), training);
  Push(*store, 16);
  EXPECT_NE(Ask(*store), before);
  // What it writes is told from what the old one would have written.
  const std::string epoch = std::to_string(restored->GetInt("epoch"));
  const auto names = ListDirectory(repository.folder() + "/.coeval/epoch-" + epoch + "/log");
  ASSERT_TRUE(names.ok()) << names.status().ToString();
  EXPECT_THAT(*names, Contains(HasSubstr(epoch + "-")));
}

// A backup of a store that was restored, and another restore: epochs grow.
TEST_F(BackupTest, ARestoredStoreIsBackedUpAndRestored) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "first");
  Lose(repository);
  const auto first = Restore(repository, "first");
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  std::string before;
  {
    const auto store = repository.Open();
    Push(*store, 2);
    Backup(*store, "second");
    before = Ask(*store);
    Push(*store, 3);
  }
  const auto second = Restore(repository, "second", /*replace=*/true);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_GT(second->GetInt("epoch"), first->GetInt("epoch"));
  EXPECT_EQ(Ask(*repository.Open()), before);
}

TEST_F(BackupTest, AnotherProcessAsksTheOwnerForIt) {
  const SharedRepository repository;
  const auto owner = repository.Open();
  const auto other = repository.Open();
  Push(*owner, 1);
  Push(*other, 2);
  Backup(*other, "backup");
  EXPECT_TRUE(owner->OwnsOnlineStore());
  const auto again = other->Backup(Folder("backup"));
  EXPECT_EQ(again.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(again.status().message(), HasSubstr("it holds a backup"));
}

TEST_F(BackupTest, AStoreThatNothingWasPushedToHasABackupAsWell) {
  const SharedRepository repository;
  Backup(*repository.Open(), "backup");
  Lose(repository);
  ASSERT_TRUE(Restore(repository, "backup").ok());
  const auto store = repository.Open();
  Push(*store, 1);
  EXPECT_TRUE(SharedRepository::Ask(*store).ok());
}

// Many pushes while backups are taken: each is a prefix of them, whole, and serves the bits that
// the pushes up to its point gave.
TEST_F(BackupTest, ABackupUnderPushesIsOneMoment) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr int kPushes = 80;
  constexpr int kBackups = 3;
  const SharedRepository repository;
  const auto store = repository.Open();
  Push(*store, seed);  // so that there is a log
  std::atomic<int> pushed = 0;
  std::atomic<bool> failed = false;
  std::thread writer([&] {
    for (int i = 1; i <= kPushes && !failed; ++i) {
      const auto rows = SharedRepository::Rows(seed + static_cast<std::uint64_t>(i), 7);
      PushOptions options;
      options.idempotency_key = "push " + std::to_string(i);
      if (!store->Push("readings", rows, options).ok()) failed = true;
      if (i % 23 == 0 && !store->SealLog().ok()) failed = true;
      pushed = i;
    }
  });
  std::vector<std::pair<int, int>> bounds;  // pushes acknowledged before, and after
  for (int backup = 0; backup < kBackups; ++backup) {
    while (pushed < kPushes * (backup + 1) / (kBackups + 1) && !failed) std::this_thread::yield();
    const int before = pushed;
    Backup(*store, std::to_string(backup));
    bounds.emplace_back(before, pushed + 1);
  }
  writer.join();
  ASSERT_FALSE(failed);
  for (int backup = 0; backup < kBackups; ++backup) {
    SCOPED_TRACE("backup " + std::to_string(backup));
    const auto manifest = ReadBackupManifest(Folder(std::to_string(backup)));
    ASSERT_TRUE(manifest.ok());
    const auto records = static_cast<int>(manifest->log_last);
    EXPECT_GE(records, bounds[static_cast<std::size_t>(backup)].first + 1);
    EXPECT_LE(records, bounds[static_cast<std::size_t>(backup)].second + 1);
    const SharedRepository copy;
    ASSERT_TRUE(Restore(copy, std::to_string(backup), /*replace=*/true).ok());
    const auto restored = copy.Open();
    const SharedRepository plain;  // the same pushes, without backup and restore
    const auto expected = plain.Open();
    Push(*expected, seed);
    for (int i = 1; i < records; ++i) {
      const auto rows = SharedRepository::Rows(seed + static_cast<std::uint64_t>(i), 7);
      ASSERT_TRUE(expected->Push("readings", rows, {}).ok());
    }
    // Time goes on alike: both are asked long after what was pushed.
    copy.clock().Set(*repository.clock().Now() + kHour / 4);
    plain.clock().Set(*repository.clock().Now() + kHour / 4);
    EXPECT_EQ(Ask(*restored), Ask(*expected));
    // Keys are known still, and what is pushed now is served.
    PushOptions options;
    options.idempotency_key = "push 1";
    const auto again = restored->Push("readings", SharedRepository::Rows(seed + 1, 7), options);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_TRUE(again->repeated);
    Push(*restored, seed + 1000, 40);
    Push(*expected, seed + 1000, 40);
    EXPECT_EQ(Ask(*restored), Ask(*expected));
  }
}

TEST_F(BackupTest, AStoreThatIsThereIsNotReplacedUnasked) {
  const SharedRepository repository;
  Push(*repository.Open(), 1);
  Backup(*repository.Open(), "backup");
  const auto refused = Restore(repository, "backup");
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.status().message(), HasSubstr("--replace"));
  const auto replaced = Restore(repository, "backup", /*replace=*/true);
  ASSERT_TRUE(replaced.ok()) << replaced.status().ToString();
  // What counts no more can be removed without harm.
  const std::string before = Ask(*repository.Open());
  EXPECT_FALSE(replaced->Find("replaced")->array().empty());
  for (const Json& path : replaced->Find("replaced")->array()) {
    ASSERT_TRUE(FileExists(path.AsString())) << path.AsString();
    ASSERT_TRUE(RemoveTree(path.AsString()).ok());
  }
  EXPECT_EQ(Ask(*repository.Open()), before);
}

// The online store on another disk, the registry in a folder of its own: what gives way is named so
// that nothing of the restored store goes with it.
TEST_F(BackupTest, PlacesOutsideOfTheStateFolderAreRestoredThere) {
  const SharedRepository repository;
  Configure(repository, "online_store: {path: ssd}\nregistry: own/registry.db\n");
  ASSERT_TRUE(repository.Open()->Apply(nullptr, {}).ok());
  for (const char* name : {"first", "second"}) {
    SCOPED_TRACE(name);
    std::string before;
    {
      const auto store = repository.Open();
      Push(*store, 1);
      Backup(*store, name);
      before = Ask(*store);
      Push(*store, 2, 40);
    }
    const auto restored = Restore(repository, name, /*replace=*/true);
    ASSERT_TRUE(restored.ok()) << restored.status().ToString();
    // The registry and the other disk may be other projects' too.
    EXPECT_THAT(restored->Find("removable")->array(), SizeIs(1));
    for (const Json& path : restored->Find("removable")->array()) {
      EXPECT_THAT(path.AsString(), StartsWith(repository.folder() + "/.coeval/"));
    }
    for (const Json& path : restored->Find("replaced")->array()) {
      ASSERT_TRUE(RemoveTree(path.AsString()).ok());
    }
    EXPECT_EQ(Ask(*repository.Open()), before);
    const std::string epoch = "epoch-" + std::to_string(restored->GetInt("epoch"));
    EXPECT_TRUE(FileExists(repository.folder() + "/ssd/" + epoch + "/db"));
    EXPECT_TRUE(FileExists(repository.folder() + "/own/" + epoch + "/registry.db"));
  }
}

// Who had the old store open, and whoever asks him, takes and changes nothing from then on.
TEST_F(BackupTest, TheOldOwnerIsFenced) {
  const SharedRepository repository;
  const auto old = repository.Open();
  const auto client = repository.Open();
  Push(*old, 1);
  Push(*client, 2);
  PushOptions with_bad_rows;
  with_bad_rows.on_error = "quarantine";
  const auto pushed_apart = old->Push("readings", RowsWithoutATime(*old), with_bad_rows);
  ASSERT_TRUE(pushed_apart.ok()) << pushed_apart.status().ToString();
  const std::string set_apart = pushed_apart->quarantine;
  Backup(*old, "backup");
  const std::string before = Ask(*old);
  ASSERT_TRUE(Restore(repository, "backup", /*replace=*/true).ok());
  const auto restored = repository.Open();
  EXPECT_EQ(Ask(*restored), before);
  EXPECT_TRUE(restored->OwnsOnlineStore());
  for (FeatureStore* stale : {old.get(), client.get()}) {
    const auto pushed = stale->Push("readings", SharedRepository::Rows(3, 5), {});
    EXPECT_EQ(pushed.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(pushed.status().message(), HasSubstr("a backup was restored"));
    EXPECT_EQ(SharedRepository::Ask(*stale).status().code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(stale->Apply(nullptr, {}).status().code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(stale->Backup(Folder("stale")).status().code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(Train(*stale, repository.clock()).status().code(), StatusCode::kFailedPrecondition);
    PushOptions apart;
    apart.on_error = "quarantine";
    EXPECT_FALSE(stale->Push("readings", RowsWithoutATime(*stale), apart).ok());
    EXPECT_FALSE(stale->Ready().GetBool("ready"));
    // It is not the quarantine that counts which they would look into, and drop rows of.
    EXPECT_EQ(stale->Quarantined().status().code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(stale->FindQuarantined(set_apart).status().code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(stale->DropQuarantined(set_apart).code(), StatusCode::kFailedPrecondition);
  }
  EXPECT_FALSE(HasBackupManifest(Folder("stale")));
  EXPECT_EQ(Ask(*restored), before);
  EXPECT_TRUE(restored->FindQuarantined(set_apart).ok());
  Push(*restored, 4);
}

// One that was stopped, its folder moved away, and its place taken: it writes into nothing that is
// the new store's.
TEST_F(BackupTest, AnOwnerWhoseFolderWasMovedAwayIsFenced) {
  const SharedRepository repository;
  const auto old = repository.Open();
  Push(*old, 1);
  Backup(*old, "backup");
  const std::string state = repository.folder() + "/.coeval";
  ASSERT_TRUE(RenameFile(state, state + ".old").ok());
  ASSERT_TRUE(Restore(repository, "backup").ok());
  const auto restored = repository.Open();
  const std::string before = Ask(*restored);
  EXPECT_EQ(old->Push("readings", SharedRepository::Rows(3, 5), {}).status().code(),
            StatusCode::kFailedPrecondition);
  static_cast<void>(old->SealLog());
  EXPECT_EQ(Ask(*restored), before);
  Push(*restored, 4);
}

TEST_F(BackupTest, RowsInQuarantineComeBack) {
  const SharedRepository repository;
  std::string id;
  {
    const auto store = repository.Open();
    PushOptions options;
    options.on_error = "quarantine";
    const auto pushed = store->Push("readings", RowsWithoutATime(*store), options);
    ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
    ASSERT_EQ(pushed->rows, 1);
    ASSERT_EQ(pushed->quarantined, 2);
    id = pushed->quarantine;
    Backup(*store, "backup");
    ASSERT_TRUE(store->DropQuarantined(id).ok());
  }
  Lose(repository);
  ASSERT_TRUE(Restore(repository, "backup").ok());
  const auto store = repository.Open();
  const auto found = store->FindQuarantined(id);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_THAT(found->faults, SizeIs(2));
  const auto replayed = store->ReplayQuarantined(id, SharedRepository::Rows(1, 2));
  ASSERT_TRUE(replayed.ok()) << replayed.status().ToString();
  EXPECT_EQ(replayed->rows, 2);
  EXPECT_FALSE(store->FindQuarantined(id).ok());
}

TEST_F(BackupTest, AFolderThatIsInUseIsRefused) {
  const SharedRepository repository;
  const auto store = repository.Open();
  Push(*store, 1);
  const auto refused = [&](const std::string& folder) { return store->Backup(folder).status(); };
  EXPECT_EQ(refused("").code(), StatusCode::kInvalidArgument);
  for (const char* name : {"/.coeval/backup", "/.coeval", "/x/../.coeval/online/b"}) {
    EXPECT_EQ(refused(repository.folder() + name).code(), StatusCode::kInvalidArgument) << name;
  }
  ASSERT_TRUE(MakeDirectories(Folder("full")).ok());
  ASSERT_TRUE(WriteFileAtomically(Folder("full") + "/mine", "mine").ok());
  EXPECT_EQ(refused(Folder("full")).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(*ReadFile(Folder("full") + "/mine"), "mine");
  ASSERT_TRUE(MakeDirectories(Folder("empty")).ok());
  EXPECT_TRUE(store->Backup(Folder("empty")).ok());
}

TEST_F(BackupTest, OfTwoBackupsIntoOneFolderOneIsTaken) {
  const SharedRepository repository;
  const auto store = repository.Open();
  Push(*store, 1);
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::string folder = Folder("backup " + std::to_string(round));
    Status other;
    std::thread second([&] { other = store->Backup(folder).status(); });
    const Status one = store->Backup(folder).status();
    second.join();
    EXPECT_NE(one.ok(), other.ok()) << one.ToString() << ", " << other.ToString();
    EXPECT_EQ((one.ok() ? other : one).code(), StatusCode::kFailedPrecondition);
    const auto sound = VerifyBackup(folder, context_);
    ASSERT_TRUE(sound.ok()) << sound.status().ToString();
    EXPECT_THAT(sound->Find("problems")->array(), SizeIs(0)) << sound->Write();
    EXPECT_FALSE(FileExists(folder + "/WRITING"));
  }
}

// Who comes second removes nothing of the first one's.
TEST_F(BackupTest, AFolderThatAnotherBackupHasClaimedIsLeftAlone) {
  const SharedRepository repository;
  const auto store = repository.Open();
  Push(*store, 1);
  const std::string claim = Folder("claimed") + "/WRITING";
  ASSERT_TRUE(MakeDirectories(Folder("claimed")).ok());
  ASSERT_TRUE(WriteFileAtomically(claim, "").ok());
  const Status refused = store->Backup(Folder("claimed")).status();
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("another backup"));
  EXPECT_TRUE(FileExists(claim));
  EXPECT_EQ(VerifyBackup(Folder("claimed"), context_).status().code(), StatusCode::kNotFound);
}

TEST_F(BackupTest, ABackupOfAnotherProjectIsRefused) {
  const SharedRepository repository;
  Backup(*repository.Open(), "backup");
  ASSERT_TRUE(WriteFileAtomically(repository.folder() + "/coeval.yaml",
                                  "project: other\nlocations: {data: data}\n")
                  .ok());
  const auto refused = Restore(repository, "backup", true);
  EXPECT_EQ(refused.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.status().message(), HasSubstr("'shared'"));
}

}  // namespace
}  // namespace coeval
