// Single bits that flip in the files of a store: opening and reading everything gives a typed error
// that names the damage, or the answers that were there before; never a wrong value and never a
// crash.
//
// $COEVAL_BIT_FLIPS: how many flips at random places, in place of those of every change.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/files.h"
#include "power_ledger.h"
#include "power_store.h"

namespace coeval {
namespace {

constexpr TimeMicros kStart = 1'357'041'600'000'000 + kHour;

struct Place {
  std::string file;  // below the store
  std::uint64_t bit = 0;
};

// What came of one flip; short enough to be written whole.
struct Outcome {
  enum class Kind : std::uint8_t { kHarmless, kTold, kWrong };
  std::size_t flip = 0;
  Kind kind = Kind::kHarmless;
  bool names_file = false;
  std::array<char, 300> text = {};
};

// A store with loads and pushes, in files and in the log alone; what it acknowledged.
Status Build(const std::string& folder, PowerLedger* ledger) {
  const TestClock& clock = *new TestClock(kStart);
  // Never closed: its process ends as a killed one does.
  PowerStore& store = *new PowerStore(folder, clock);
  COEVAL_RETURN_IF_ERROR(store.Open());
  for (std::int64_t n = 1; n <= 6; ++n) {
    for (int writer = 0; writer < kPowerWriters; ++writer) {
      clock.fixed->Set(*clock.fixed->Now() + 400'000);
      COEVAL_RETURN_IF_ERROR(store.Push(writer, n).status());
    }
    if (n % 2 == 0) COEVAL_RETURN_IF_ERROR(store.Load(n / 2, n == 4));
    if (n == 4) COEVAL_RETURN_IF_ERROR(store.store().Flush());
    COEVAL_RETURN_IF_ERROR(store.AppendBeside(static_cast<std::uint64_t>(n)).status());
    COEVAL_ASSIGN_OR_RETURN(const auto seen, store.ValueOf(0));
    ledger->answered = std::max(ledger->answered, seen.second);
  }
  // Answered later than all that was committed: the lease alone tells of it.
  clock.fixed->Set(*clock.fixed->Now() + 5 * kMinute);
  COEVAL_ASSIGN_OR_RETURN(const auto last, store.ValueOf(0));
  ledger->answered = last.second;
  PowerLedger expected = *ledger;
  expected.told = {.pushes = {6, 6, 6}, .loads = 3, .log = 100};
  COEVAL_RETURN_IF_ERROR(store.Check(expected, ledger));
  return {};
}

class BitFlipTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(0, InChild(
                     [&](int lines) {
                       PowerLedger ledger;
                       const Status built = Build(good_, &ledger);
                       if (!built.ok()) std::cerr << built.ToString() << std::endl;
                       Write(lines, {ledger.answered, ledger.loads, ledger.log});
                       return built.ok() ? 0 : 1;
                     },
                     [&](int lines) {
                       std::array<std::int64_t, 3> numbers = {};
                       if (::read(lines, numbers.data(), sizeof(numbers)) != sizeof(numbers))
                         return;
                       ledger_.answered = numbers[0];
                       ledger_.loads = numbers[1];
                       ledger_.log = numbers[2];
                     }));
    for (auto& of_writer : ledger_.pushes) of_writer.assign(6, kMinTime);
    // Nothing more may be found than was acknowledged.
    ledger_.told = {.pushes = {5, 5, 5}, .loads = ledger_.loads - 1, .log = ledger_.log - 4};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(good_)) {
      if (!entry.is_regular_file() || entry.file_size() == 0) continue;
      files_.push_back(std::filesystem::relative(entry.path(), good_));
      bytes_ += entry.file_size();
    }
    std::sort(files_.begin(), files_.end());
    ASSERT_GT(files_.size(), 10U);
  }

  static void Write(int lines, const std::array<std::int64_t, 3>& numbers) {
    if (::write(lines, numbers.data(), sizeof(numbers)) != sizeof(numbers)) ::_exit(1);
  }

  // Runs `work` in a child, and `read` with what it writes; how it ended.
  template <typename Work, typename Read>
  static int InChild(const Work& work, const Read& read) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      const int code = work(ends[1]);
      std::cerr.flush();
      ::_exit(code);
    }
    ::close(ends[1]);
    read(ends[0]);
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }

  // Bytes of small files count as much as those of large ones, and half of all flips lie where a
  // file begins or ends, which is where its shape is told.
  Place AnyPlace() {
    Place place;
    place.file = files_[random_() % files_.size()];
    const std::uint64_t bits = 8 * std::filesystem::file_size(good_ + "/" + place.file);
    place.bit = random_() % bits;
    if (random_() % 4 == 0) place.bit = random_() % std::min<std::uint64_t>(bits, 8 * 200);
    if (random_() % 4 == 0) place.bit = bits - 1 - random_() % std::min<std::uint64_t>(bits, 1600);
    return place;
  }

  void Flip(const Place& place) {
    std::filesystem::remove_all(bad_);
    std::filesystem::copy(good_, bad_, std::filesystem::copy_options::recursive);
    std::fstream file(bad_ + "/" + place.file, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(place.bit / 8));
    const int byte = file.get() ^ (1 << (place.bit % 8));
    file.seekp(static_cast<std::streamoff>(place.bit / 8));
    file.put(static_cast<char>(byte));
  }

  Outcome Try(std::size_t flip, const Place& place) {
    Flip(place);
    const TestClock clock(kStart);
    PowerStore store(bad_, clock);
    PowerLedger found;
    Status status = store.Open();
    if (status.ok()) status = store.Check(ledger_, &found);
    Outcome outcome;
    outcome.flip = flip;
    if (status.ok()) return outcome;
    const std::string text = status.ToString();
    const bool told = text.find("orruption: ") != std::string::npos ||
                      text.find("precondition") != std::string::npos ||
                      status.code() == StatusCode::kIoError;
    outcome.kind = told ? Outcome::Kind::kTold : Outcome::Kind::kWrong;
    const std::string name = std::filesystem::path(place.file).filename();
    outcome.names_file = text.find(name) != std::string::npos;
    std::copy_n(text.begin(), std::min(text.size(), outcome.text.size() - 1), outcome.text.begin());
    return outcome;
  }

  const std::uint64_t seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
  const TestFolder folder_;
  const std::string good_ = folder_ / "good";
  const std::string bad_ = folder_ / "bad";
  PowerLedger ledger_;
  std::vector<std::string> files_;
  std::uint64_t bytes_ = 0;
};

TEST_F(BitFlipTest, AFlippedBitIsToldOrHarmless) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  const char* wanted = std::getenv("COEVAL_BIT_FLIPS");
  std::vector<Place> places(
      static_cast<std::size_t>(wanted == nullptr ? 2000 : std::atoll(wanted)));
  for (Place& place : places) place = AnyPlace();
  int told = 0;
  int harmless = 0;
  int named = 0;
  for (std::size_t next = 0; next < places.size() && !HasFailure();) {
    const auto work = [&](int lines) {
      for (std::size_t flip = next; flip < places.size(); ++flip) {
        const Outcome outcome = Try(flip, places[flip]);
        if (::write(lines, &outcome, sizeof(outcome)) != sizeof(outcome)) return 1;
      }
      return 0;
    };
    const auto read = [&](int lines) {
      Outcome outcome;
      while (::read(lines, &outcome, sizeof(outcome)) == sizeof(outcome)) {
        const Place& place = places[outcome.flip];
        EXPECT_NE(outcome.kind, Outcome::Kind::kWrong)
            << place.file << " bit " << place.bit << ": " << outcome.text.data();
        harmless += outcome.kind == Outcome::Kind::kHarmless ? 1 : 0;
        told += outcome.kind == Outcome::Kind::kTold ? 1 : 0;
        const bool names = outcome.kind == Outcome::Kind::kTold && outcome.names_file;
        named += names ? 1 : 0;
        next = outcome.flip + 1;
      }
    };
    const int status = InChild(work, read);
    if (status == 0) continue;
    const Place& place = places[next++];
    ADD_FAILURE() << "status " << status << " by " << place.file << " bit " << place.bit;
  }
  EXPECT_GT(told, static_cast<int>(places.size()) / 4);
  std::cout << "proof: store, " << places.size() << " single bits flipped in " << files_.size()
            << " files of " << bytes_ << " bytes: " << told << " told (" << named
            << " with the file's name), " << harmless
            << " harmless, no process ended, no value wrong, seed " << seed_ << std::endl;
}

}  // namespace
}  // namespace coeval
