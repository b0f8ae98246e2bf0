// For tests of online stores: facts as plain structs, a view over them, and a plain oracle that
// asks rule 3 of all facts there are, by brute force and with no code of the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/time.h"
#include "column/value.h"
#include "definition/catalogue.h"
#include "online/fact_list.h"
#include "online/online_store.h"
#include "retrieval/assemble.h"

namespace coeval {

// A fact of a view keyed by `city` (int64) with features `n` (int64) and `x` (float64).
struct TestFact {
  std::int64_t key = 0;
  TimeMicros event_time = 0;
  std::optional<TimeMicros> created = {};
  std::optional<std::int64_t> sequence = {};
  bool is_delete = false;
  std::optional<std::int64_t> n = {};
  std::optional<double> x = {};
  bool arrived = false;  // pushed: of the log that PushOf names, with a created time and a sequence
};

Source TestSource(CreatedMeaning created = CreatedMeaning::kVersion, DurationMicros data_delay = 0);
Source TimelessTestSource();
// Equal sources give equal data identities, whatever the ttl.
ViewVersion TestView(const Source& source, DurationMicros ttl = 0,
                     const std::string& name = "weather");

// REQUIRES: all of them arrived or none.
FactRows RowsOf(const Source& source, const std::vector<TestFact>& facts);

// v(f), and the fact as a store keeps it; `row` holds its bytes and must outlive it.
KeptFact Kept(const TestFact& fact, const Source& source, std::string* row);

struct TestAnswer {
  Match match = Match::kNotFound;
  TimeMicros event_time = kMinTime;
  std::vector<Value> values;  // n and x; nulls where not found

  friend bool operator==(const TestAnswer& a, const TestAnswer& b);
};

std::ostream& operator<<(std::ostream& out, const TestAnswer& answer);

// The oracle.
TestAnswer AskPlainly(const std::vector<TestFact>& facts, const ViewVersion& view, std::int64_t key,
                      TimeMicros t);

// The same question to a snapshot, for keys 0 to keys - 1.
Result<std::vector<TestAnswer>> AskStore(const OnlineSnapshot& snapshot, const ViewVersion& view,
                                         std::int64_t keys, TimeMicros t);

// A load of these facts, from beginning to end.
Result<Committed> LoadFacts(OnlineStore& store, const ViewVersion& view,
                            const std::vector<TestFact>& facts, const LoadCommit& commit = {},
                            bool replace = false, bool pushed = false);

// A push of these facts, whose created times and sequences do not count; numbers begin as given.
PushedBatch PushOf(const ViewVersion& view, const std::vector<TestFact>& facts,
                   std::int64_t first_number);
// The facts as a push with this C and first number makes them.
std::vector<TestFact> AsPushed(std::vector<TestFact> facts, TimeMicros c,
                               std::int64_t first_number);

// A log that keeps nothing and counts; it fails while told to.
class TestLog : public CommitLog {
 public:
  explicit TestLog(std::int64_t last_record = 0) : record_(last_record) {}

  // Batches of the next Append.
  void Expect(std::int64_t batches) { expected_ = batches; }

  void FailAppends(bool fail) { fail_appends_ = fail; }

  void FailSettling(bool fail) { fail_settling_ = fail; }

  Result<std::int64_t> Append(TimeMicros first_c) override;
  Status Settle() override;

  [[nodiscard]] std::int64_t record() const { return record_; }

 private:
  std::int64_t record_;
  std::int64_t expected_ = 1;
  bool fail_appends_ = false;
  bool fail_settling_ = false;
};

// Facts around `now` that tie, repeat, lie in the future, arrive late, delete, and hold nulls, NaN
// and both zeros.
std::vector<TestFact> RandomFacts(std::mt19937_64& random, std::size_t count, std::int64_t keys,
                                  TimeMicros now, bool with_created);

// A folder that is removed with the test.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

// A context with a clock that the test moves.
struct TestClock {
  explicit TestClock(TimeMicros now) : fixed(std::make_shared<FixedClock>(now)) {}

  [[nodiscard]] Context context() const {
    Context context;
    context.clock = fixed;
    context.memory_budget_bytes = 64 << 20;
    return context;
  }

  std::shared_ptr<FixedClock> fixed;
};

}  // namespace coeval
