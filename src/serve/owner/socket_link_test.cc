// One repository, several stores on it as in several processes: one owns the online store, and the
// others reach it.
#include "serve/owner/socket_link.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"
#include "io/files.h"
#include "io/lock_file.h"
#include "io/unix_socket.h"
#include "serve/api/push_body.h"
#include "serve/owner/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// Stands between a socket and its clients, passes messages on, and loses the first answer to a
// request for `path`, with the connection.
class LosingProxy {
 public:
  LosingProxy(const std::string& socket, std::string path)
      : real_(socket + ".real"), path_(std::move(path)) {
    COEVAL_CHECK(RenameFile(socket, real_).ok());
    listening_ = std::move(ListenUnix(socket)).value();
    thread_ = std::thread([this] { Run(); });
  }

  LosingProxy(const LosingProxy&) = delete;
  LosingProxy& operator=(const LosingProxy&) = delete;

  ~LosingProxy() {
    stop_ = true;
    thread_.join();
  }

  [[nodiscard]] int lost() const { return lost_; }

 private:
  void Run() {
    while (!stop_) {
      if (!*WaitReadable(listening_.fd(), kSecond / 100)) continue;
      const Socket client(::accept(listening_.fd(), nullptr, nullptr));
      const Socket server = std::move(ConnectUnix(real_)).value();
      while (Pass(client.fd(), server.fd(), true) && Pass(server.fd(), client.fd(), false)) {
      }
    }
  }

  // One message. False where there is none, or it is lost.
  bool Pass(int from, int to, bool is_request) {
    std::string message;
    std::string buffer(4096, ' ');
    while (!stop_) {
      const std::size_t head = message.find("\r\n\r\n");
      const std::size_t length = message.find("Content-Length: ");
      if (head != std::string::npos &&
          message.size() == head + 4 + std::stoul(message.substr(length + 16))) {
        break;
      }
      if (!*WaitReadable(from, kSecond / 100)) continue;
      const ssize_t size = ::recv(from, buffer.data(), buffer.size(), 0);
      if (size <= 0) return false;
      message.append(buffer.data(), static_cast<std::size_t>(size));
    }
    if (stop_) return false;
    if (is_request) losing_ = lost_ == 0 && message.find(path_) != std::string::npos;
    if (!is_request && losing_) {
      ++lost_;
      return false;
    }
    return ::send(to, message.data(), message.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(message.size());
  }

  const std::string real_;
  const std::string path_;
  Socket listening_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> lost_ = 0;
  bool losing_ = false;
  std::thread thread_;
};

class SocketLinkTest : public testing::Test {
 protected:
  static std::string Answer(FeatureStore& store, std::optional<TimeMicros> at = std::nullopt) {
    return SharedRepository::TextOf(SharedRepository::Ask(store, at), store);
  }

  static Result<PushOutcome> Push(FeatureStore& store, std::uint64_t seed,
                                  const PushOptions& options = {}) {
    return store.Push("readings", SharedRepository::Rows(seed, 8), options);
  }

  [[nodiscard]] TimeMicros Now() const { return repository_.clock().Now().value(); }

  static MaterializeOptions Of(const std::string& view) {
    MaterializeOptions options;
    options.views = {view};
    return options;
  }

  // What is said to the socket and answered, byte by byte; "" where it just ends.
  static std::string Say(const std::string& path, const std::string& bytes) {
    const auto socket = ConnectUnix(path);
    if (!socket.ok()) return socket.status().ToString();
    static_cast<void>(::send(socket->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    static_cast<void>(::shutdown(socket->fd(), SHUT_WR));
    std::string answer;
    std::string buffer(4096, ' ');
    while (*WaitReadable(socket->fd(), kSecond * 20)) {
      const ssize_t size = ::recv(socket->fd(), buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      answer.append(buffer.data(), static_cast<std::size_t>(size));
      if (answer.find("\r\n\r\n") != std::string::npos) break;
    }
    return answer;
  }

  static std::string Post(const std::string& path, const std::string& body,
                          const std::string& type = "application/json") {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  SharedRepository repository_;
};

TEST_F(SocketLinkTest, ReadsAreTheSameBitForBitHereAndThere) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto owner = repository_.Open();
  const auto other = repository_.Open();
  ASSERT_TRUE(owner->MaterializeIncremental(Now(), {}).ok());
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto pushed = Push(*owner, seed + i);
    ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
    const TimeMicros at = pushed->c - static_cast<TimeMicros>(i % 3);
    EXPECT_EQ(Answer(*other, at), Answer(*owner, at));
  }
  EXPECT_TRUE(owner->OwnsOnlineStore());
  EXPECT_FALSE(other->OwnsOnlineStore());
  // Before the horizon the offline engine answers.
  const TimeMicros past = Now() - kHour;
  EXPECT_TRUE(SharedRepository::Ask(*other, past)->from_offline);
  EXPECT_EQ(Answer(*other, past), Answer(*owner, past));
  // And errors are the same.
  const TimeMicros future = Now() + kHour;
  EXPECT_THAT(Answer(*other, future), HasSubstr("after now"));
  EXPECT_EQ(Answer(*other, future), Answer(*owner, future));
}

TEST_F(SocketLinkTest, PushesOfBothAreSeenByBoth) {
  const auto owner = repository_.Open();
  const auto other = repository_.Open();
  ASSERT_TRUE(Push(*owner, 1).ok());
  const auto pushed = Push(*other, 2, {.to = "online_and_offline", .idempotency_key = "two"});
  ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
  EXPECT_EQ(pushed->rows, 8);
  EXPECT_FALSE(pushed->repeated);
  EXPECT_THAT(pushed->views, UnorderedElementsAre("reading", "recent"));
  EXPECT_EQ(Answer(*owner, pushed->c), Answer(*other, pushed->c));
  const auto again = Push(*owner, 2, {.to = "online_and_offline", .idempotency_key = "two"});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->c, pushed->c);
  for (FeatureStore* store : {owner.get(), other.get()}) {
    EXPECT_EQ(
        Push(*store, 3, {.to = "online_and_offline", .idempotency_key = "two"}).status().code(),
        StatusCode::kAlreadyExists);
    EXPECT_EQ(Push(*store, 3, {.to = "nowhere", .idempotency_key = ""}).status().code(),
              StatusCode::kInvalidArgument);
    EXPECT_EQ(store->Push("redings", SharedRepository::Rows(1, 1), {}).status().code(),
              StatusCode::kNotFound);
  }
  const auto wrong = [](FeatureStore& store) {
    ArrowArrayStream stream{};
    const Batch rows = MakeBatch({{"sensor", "string", R"(["k1"])"}});
    ExportStream(StreamOf(rows.schema, {rows}), &stream);
    return store.Push("readings", *ArrowTable::Read(&stream), {}).status().ToString();
  };
  EXPECT_THAT(wrong(*other), HasSubstr("column"));
  EXPECT_EQ(wrong(*other), wrong(*owner));
}

// The owner has done what it was told, and the connection ends before its answer arrives.
TEST_F(SocketLinkTest, AnAnswerThatIsLostCountsOnce) {
  const auto owner = repository_.Open();
  const auto other = repository_.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  LosingProxy proxy(repository_.socket(), "/v1/push");
  const auto pushed = Push(*other, 1);
  ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
  EXPECT_EQ(proxy.lost(), 1);
  EXPECT_TRUE(pushed->repeated) << "it was there when it was said again";
  EXPECT_EQ(pushed->rows, 8);
  EXPECT_EQ(*owner->LogEnd(), 1);
}

TEST_F(SocketLinkTest, WhatIsTrainedOnIsTheSameForBoth) {
  const auto owner = repository_.Open();
  const auto other = repository_.Open();
  for (std::uint64_t seed = 0; seed < 10; ++seed) ASSERT_TRUE(Push(*owner, seed).ok());
  const auto hash_of = [this](FeatureStore& store) {
    const Batch spine = MakeBatch(
        {{"sensor", "string", R"(["k1", "k2", "k3"])"},
         {"event_timestamp", "timestamp",
          "[\"2024-05-01T12:00:01Z\", \"2024-05-01T12:00:01Z\", \"2024-05-01T12:00:01Z\"]"}});
    ArrowArrayStream stream{};
    ExportStream(StreamOf(spine.schema, {spine}), &stream);
    FeatureRequest request;
    request.features = {"reading:f64", "reading:text"};
    const auto set = store.GetHistoricalFeatures(request, *ArrowTable::Read(&stream), {});
    return set.ok() ? set->manifest.GetString("content_hash") : set.status().ToString();
  };
  EXPECT_EQ(hash_of(*other).size(), 64U) << hash_of(*other);
  EXPECT_EQ(hash_of(*other), hash_of(*owner));
}

TEST_F(SocketLinkTest, MaterializeDescribeAndPromoteAreTheOwners) {
  const auto owner = repository_.Open();
  const auto other = repository_.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  const TimeMicros now = Now();
  const auto reports = other->Materialize(now - kDay, now, Of("place"));
  ASSERT_TRUE(reports.ok()) << reports.status().ToString();
  ASSERT_EQ(reports->size(), 1U);
  EXPECT_EQ(reports->at(0).view, "place@v1");
  EXPECT_EQ(reports->at(0).rows_read, 3);
  EXPECT_EQ(reports->at(0).rows_written, 3);
  EXPECT_EQ(reports->at(0).watermark, now);
  EXPECT_EQ(other->Materialize(now, now - 1, Of("plaec")).status().ToString(),
            owner->Materialize(now, now - 1, Of("plaec")).status().ToString());
  EXPECT_EQ(other->MaterializeIncremental(now, {})->size(), 3U);
  EXPECT_EQ(other->Describe("place")->Write(), owner->Describe("place")->Write());
  EXPECT_EQ(other->Describe("place")->GetString("watermark"), FormatTime(now));
  EXPECT_EQ(other->Promote("place")->text, owner->Promote("place")->text);
  EXPECT_EQ(other->Promote("plaec").status().ToString(),
            owner->Promote("plaec").status().ToString());
}

// What another process makes active meanwhile stays so.
TEST_F(SocketLinkTest, WhoAsksWhatLiesBehindMovesNothing) {
  const auto owner = repository_.Open();
  const auto other = repository_.Open();
  ASSERT_TRUE(owner->MaterializeIncremental(Now(), {}).ok());
  std::string changed = *ReadFile(repository_.folder() + "/definitions.yaml");
  const std::string before = "source: places_file";
  changed.replace(changed.find(before), before.size(), before + "\n    ttl: 1d");
  ASSERT_TRUE(WriteFileAtomically(repository_.folder() + "/definitions.yaml", changed).ok());
  ASSERT_TRUE(other->Apply(nullptr, {}).ok());
  const auto active = [&owner] {
    return owner->Snapshot().value()->FindView("place", 0).value()->version;
  };
  ASSERT_EQ(active(), 1);
  const auto behind = other->DataBehind(ObjectKind::kFeatureView, "place", 2);
  ASSERT_TRUE(behind.ok()) << behind.status().ToString();
  EXPECT_EQ(*behind, *owner->DataBehind(ObjectKind::kFeatureView, "place", 2));
  EXPECT_FALSE(other->OwnsOnlineStore());
  EXPECT_EQ(active(), 1);
}

TEST_F(SocketLinkTest, APushThatMayHaveBeenTakenTellsTheKeyItGot) {
  const auto owner = repository_.Open();
  const auto other = repository_.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  ASSERT_TRUE(SharedRepository::Ask(*other).ok());  // it knows the owner
  other->context().cancel->Cancel();                // from here on, no answer is waited for
  EXPECT_THAT(
      Push(*other, 1, {.to = "online_and_offline", .idempotency_key = "mine"}).status().message(),
      testing::Not(HasSubstr("key")))
      << "who gave one has it";
  const Status failed = Push(*other, 2).status();
  EXPECT_EQ(failed.code(), StatusCode::kCancelled);
  const std::size_t key = failed.message().find("'made:");
  ASSERT_NE(key, std::string::npos) << failed.ToString();
  const std::string named = failed.message().substr(key + 1, failed.message().size() - key - 2);
  ASSERT_TRUE(Push(*owner, 1, {.to = "online_and_offline", .idempotency_key = "mine"}).ok());
  ASSERT_TRUE(Push(*owner, 2, {.to = "online_and_offline", .idempotency_key = named}).ok());
  EXPECT_TRUE(Push(*owner, 2, {.to = "online_and_offline", .idempotency_key = named})->repeated);
  EXPECT_EQ(*owner->LogEnd(), 2);
}

TEST_F(SocketLinkTest, WhereTheOwnerEndsAnotherTakesItsPlace) {
  auto owner = repository_.Open();
  const auto other = repository_.Open();
  const auto third = repository_.Open();
  ASSERT_TRUE(owner->MaterializeIncremental(Now(), {}).ok());
  const auto pushed = Push(*owner, 1);
  ASSERT_TRUE(pushed.ok());
  const std::string before = Answer(*other, pushed->c);
  owner.reset();
  EXPECT_EQ(Answer(*other, pushed->c), before);
  EXPECT_TRUE(other->OwnsOnlineStore());
  EXPECT_EQ(Answer(*third, pushed->c), before);
  EXPECT_FALSE(third->OwnsOnlineStore());
}

TEST_F(SocketLinkTest, AServerTakesTheStoreOverAndKeepsIt) {
  const auto notebook = repository_.Open();
  const auto server = repository_.Open();
  const auto second = repository_.Open();
  ASSERT_TRUE(notebook->MaterializeIncremental(Now(), {}).ok());
  const auto pushed = Push(*notebook, 1);
  ASSERT_TRUE(pushed.ok());
  const std::string before = Answer(*notebook, pushed->c);
  const Status taken = server->OpenOnlineStore();
  ASSERT_TRUE(taken.ok()) << taken.ToString();
  EXPECT_TRUE(server->OwnsOnlineStore());
  EXPECT_FALSE(notebook->OwnsOnlineStore());
  EXPECT_EQ(Answer(*notebook, pushed->c), before);
  ASSERT_TRUE(Push(*notebook, 2).ok());
  const Status kept = second->OpenOnlineStore();
  EXPECT_EQ(kept.code(), StatusCode::kUnavailable);
  EXPECT_THAT(kept.message(), HasSubstr("one owner"));
  EXPECT_TRUE(server->OwnsOnlineStore());
}

// Stores come and go, each pushing and reading whoever owns the store meanwhile: nobody sees an
// error, and every push that was acknowledged is there in the end, once.
TEST_F(SocketLinkTest, OwnersComeAndGoUnderLoad) {
  std::atomic<int> left = 12;
  std::atomic<std::int64_t> acknowledged = 0;
  const auto work = [&](std::uint64_t number) {
    while (left.fetch_sub(1) > 0) {
      const auto store = repository_.Open();
      if (number == 0) static_cast<void>(store->OpenOnlineStore());  // busy owners may refuse
      for (std::uint64_t i = 0; i < 10; ++i) {
        const auto pushed = Push(*store, number * 1000 + i);
        EXPECT_TRUE(pushed.ok()) << pushed.status().ToString();
        if (pushed.ok() && !pushed->repeated) acknowledged += pushed->rows;
        const auto read = SharedRepository::Ask(*store);
        EXPECT_TRUE(read.ok()) << read.status().ToString();
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t number = 0; number < 3; ++number) threads.emplace_back(work, number);
  for (std::thread& thread : threads) thread.join();
  const auto store = repository_.Open();
  ASSERT_TRUE(store->OpenOnlineStore().ok());
  EXPECT_EQ(*store->LogEnd() * 8, acknowledged);
}

TEST_F(SocketLinkTest, TheSocketIsItsUsersAlone) {
  const auto owner = repository_.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  struct stat state = {};
  ASSERT_EQ(::stat(repository_.socket().c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(ParentDirectory(repository_.socket()).c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0700U);
}

TEST_F(SocketLinkTest, AnOwnerThatEndsLeavesNoSocket) {
  {
    const auto owner = repository_.Open();
    ASSERT_TRUE(owner->OpenOnlineStore().ok());
    EXPECT_TRUE(ConnectUnix(repository_.socket()).ok());
  }
  EXPECT_EQ(ConnectUnix(repository_.socket()).status().code(), StatusCode::kNotFound);
}

TEST_F(SocketLinkTest, AnotherClockThanTheOwnersIsRefused) {
  const auto owner = repository_.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  StoreOptions options;
  options.repository = repository_.folder();
  options.link = MakeSocketLink();
  const auto system = FeatureStore::Open(options);
  EXPECT_TRUE(SharedRepository::Ask(**system).ok()) << "who gives no clock takes the owner's";
  options.clock = std::make_shared<FixedClock>(0);
  const auto other = FeatureStore::Open(options);
  const Status refused = SharedRepository::Ask(**other).status();
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.message(), HasSubstr("clock"));
}

// Somebody listens and never answers, as a process that was stopped does.
TEST_F(SocketLinkTest, AnOwnerWithoutASignOfLifeIsAnErrorAfterADeadline) {
  ASSERT_TRUE(repository_.Open()->OpenOnlineStore().ok());  // makes the folder
  const auto other = repository_.Open("200ms");
  const Result<LockFile> lock = LockFile::Acquire(ParentDirectory(repository_.socket()) + "/OWNER");
  ASSERT_TRUE(lock.ok()) << lock.status().ToString();
  const auto stopped = ListenUnix(repository_.socket());
  ASSERT_TRUE(stopped.ok());
  const Status silent = SharedRepository::Ask(*other).status();
  EXPECT_EQ(silent.code(), StatusCode::kUnavailable);
  EXPECT_THAT(silent.message(), HasSubstr("no sign of life"));
}

TEST_F(SocketLinkTest, JsonForPeople) {
  const auto owner = repository_.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  const auto say = [this](const std::string& path, const std::string& body) {
    return Say(repository_.socket(), Post(path, body));
  };
  const std::string pushed = say("/v1/push", R"({"source": "readings", "idempotency_key": "a",
      "rows": {"sensor": ["k1"], "at": ["2024-05-01T11:59:00Z"], "f64": [1.5], "f32": [0.5],
      "i32": [1], "i64": [2], "flag": [true], "text": ["x"], "raw": ["aGk="],
      "moment": ["2024-05-01T00:00:00Z"], "day": ["2024-05-01"], "price": ["1.25"],
      "numbers": [[1, 2]], "embedding": [[1, 2, 3]], "counts": [{"a": 1}]}})");
  EXPECT_THAT(pushed, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(pushed, HasSubstr(R"("rows":1)"));
  const std::string read = say("/v1/online-features",
                               R"({"features": ["reading:f64"], "entities": {"sensor": ["k1"]}})");
  EXPECT_THAT(read, HasSubstr(R"("values":[1.5])"));
  EXPECT_THAT(read, HasSubstr(R"("from_offline":false)"));
  EXPECT_THAT(say("/v1/push", R"({"source": "readings", "rows": {"sensr": ["k1"]}})"),
              HasSubstr("did you mean"));
  EXPECT_THAT(say("/v1/push", R"({"source": "redings", "rows": {}})"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Say(repository_.socket(), "GET /v1/log HTTP/1.1\r\nHost: x\r\n\r\n"),
              HasSubstr(R"({"end":1})"));
  EXPECT_THAT(Say(repository_.socket(), "GET /v1/push HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
}

// Whatever is sent, the owner lives and answers the next.
TEST_F(SocketLinkTest, MalformedRequestsHarmNobody) {
  const auto owner = repository_.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const std::string arrow = "application/vnd.apache.arrow.stream";
  const std::string deep(100, '[');
  std::vector<std::string> requests = {"\0\0\0", "GET", "POST /v1/push HTTP/1.1\r\n\r\n"};
  for (const char* path : {"/v1/push", "/v1/online-features", "/v1/materialize", "/v1/promote",
                           "/v1/rollback", "/v1/describe", "/v1/nothing"}) {
    for (const std::string& body :
         {std::string(), std::string("{"), std::string("[]"), std::string("null"),
          std::string("{\"source\": 1, \"features\": 2, \"reference\": 3, \"name\": {}}"),
          "{\"rows\": " + deep, std::string("{\"views\": \"all\", \"end\": \"soon\"}"),
          std::string("\xff\xfe"), std::string("{\"at\": 7, \"entities\": []}")}) {
      requests.push_back(Post(path, body));
      requests.push_back(Post(path, body, arrow));
    }
  }
  for (const std::string& request : requests) {
    EXPECT_THAT(Say(repository_.socket(), request), testing::Not(StartsWith("HTTP/1.1 200")))
        << request;
  }
  // A sound push with bytes that are wrong: refused, or rows as any others.
  const auto other = repository_.Open();
  const auto push = [&random, &arrow, this](std::string body) {
    for (std::int64_t n = Pick(random, 5) + 1; n > 0; --n) {
      body[static_cast<std::size_t>(Pick(random, std::ssize(body)))] =
          static_cast<char>(Pick(random, 256));
    }
    return Say(repository_.socket(), Post("/v1/push", body, arrow));
  };
  const ArrowTable rows = SharedRepository::Rows(seed, 20);
  const auto body = WriteArrowPush("readings", rows, {}, owner->context());
  ASSERT_TRUE(body.ok());
  for (int i = 0; i < 300; ++i) EXPECT_THAT(push(*body), StartsWith("HTTP/1.1 "));
  EXPECT_TRUE(SharedRepository::Ask(*other).ok());
  EXPECT_FALSE(other->OwnsOnlineStore());
}

TEST(SocketLinkPathTest, APathOfMoreThan108Bytes) {
  const SharedRepository repository("/" + std::string(120, 'x') + "/" + std::string(120, 'y'));
  ASSERT_GT(repository.socket().size(), 250U);
  const auto owner = repository.Open();
  const auto other = repository.Open();
  ASSERT_TRUE(owner->OpenOnlineStore().ok());
  EXPECT_TRUE(SharedRepository::Ask(*other).ok());
  EXPECT_FALSE(other->OwnsOnlineStore());
}

}  // namespace
}  // namespace coeval
