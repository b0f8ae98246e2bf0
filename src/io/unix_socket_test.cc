// Unix sockets: who may connect, and where.
#include "io/unix_socket.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

class UnixSocketTest : public testing::Test {
 protected:
  // Connects, and sends a byte each way.
  static void Talk(const std::string& path) {
    const auto listening = ListenUnix(path);
    ASSERT_TRUE(listening.ok()) << listening.status().ToString();
    const auto client = ConnectUnix(path);
    ASSERT_TRUE(client.ok()) << client.status().ToString();
    ASSERT_TRUE(*WaitReadable(listening->fd(), 20 * kSecond));
    const Socket server(::accept(listening->fd(), nullptr, nullptr));
    ASSERT_TRUE(server.is_open());
    EXPECT_FALSE(*WaitReadable(server.fd(), 0));
    EXPECT_TRUE(*WaitWritable(client->fd(), 20 * kSecond));
    EXPECT_EQ(::send(client->fd(), "a", 1, MSG_NOSIGNAL), 1);
    EXPECT_TRUE(*WaitReadable(server.fd(), 20 * kSecond));
    for (const int fd : {client->fd(), server.fd()}) {
      const auto peer = PeerOf(fd);
      ASSERT_TRUE(peer.ok());
      EXPECT_EQ(peer->process, ::getpid());
      EXPECT_EQ(peer->user, ::geteuid());
    }
  }

  TempDirectory folder_ = *TempDirectory::Make("coeval-socket-test");
};

TEST_F(UnixSocketTest, BothEndsTalkAndKnowEachOther) {
  Talk(folder_.File("s"));
}

// An address holds 107 bytes of a path.
TEST_F(UnixSocketTest, APathOfAnyLength) {
  for (const std::size_t length : {106U, 107U, 108U, 109U, 300U, 3000U}) {
    std::string folder = folder_.path();
    while (folder.size() + 2 < length) {
      folder += "/" + std::string(std::min<std::size_t>(200, length - folder.size() - 3), 'x');
    }
    ASSERT_TRUE(MakeDirectories(folder).ok());
    const std::string path = folder + "/s";
    ASSERT_EQ(path.size(), length);
    Talk(path);
  }
}

TEST_F(UnixSocketTest, TheFileIsItsOwnersAloneAndReplacesWhatWasThere) {
  const std::string path = folder_.File("s");
  for (int i = 0; i < 2; ++i) {
    const auto listening = ListenUnix(path);
    ASSERT_TRUE(listening.ok()) << listening.status().ToString();
    struct stat state = {};
    ASSERT_EQ(::stat(path.c_str(), &state), 0);
    EXPECT_TRUE(S_ISSOCK(state.st_mode));
    EXPECT_EQ(state.st_mode & 0777U, 0600U);
  }
}

TEST_F(UnixSocketTest, NobodyThereAndNobodyListening) {
  const std::string path = folder_.File("s");
  EXPECT_EQ(ConnectUnix(path).status().code(), StatusCode::kNotFound);
  {
    const auto listening = ListenUnix(path);
  }
  const Status left = ConnectUnix(path).status();
  EXPECT_EQ(left.code(), StatusCode::kNotFound);
  EXPECT_THAT(left.message(), HasSubstr(path));
  EXPECT_EQ(ListenUnix("/nowhere/s").status().code(), StatusCode::kNotFound);
}

TEST_F(UnixSocketTest, AnotherUserIsKeptAway) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
  const std::string path = folder_.File("s");
  const auto listening = ListenUnix(path);
  ASSERT_TRUE(listening.ok());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    ::_exit(ConnectUnix(path).status().code() == StatusCode::kIoError ? 0 : 1);
  }
  int result = -1;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace coeval
