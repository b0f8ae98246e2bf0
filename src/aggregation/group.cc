#include "aggregation/group.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aggregation/sort_key.h"
#include "aggregation/typed_function.h"

namespace coeval {

namespace {

struct Group {
  std::int64_t events = 0;
  AggregateState state;
};

// nullopt, which is less than all keys, is the null group.
template <class K>
using Groups = std::map<std::optional<K>, Group>;

template <class K, bool kRemovable>
class GroupFunction : public TypedFunction<Groups<K>, kRemovable> {
 public:
  using State = Groups<K>;

  GroupFunction(std::shared_ptr<const AggregateFunction> inner, DataType result, DataType group)
      : inner_(std::move(inner)), result_(std::move(result)), group_(std::move(group)) {}

  [[nodiscard]] bool reads_time() const override { return inner_->reads_time(); }

  Outcome AppendRange(const Events& events, std::int64_t first, std::int64_t last,
                      const Question& question, ColumnBuilder* out) const override {
    std::map<std::optional<K>, std::vector<std::int64_t>> rows;
    for (std::int64_t p = first; p < last; ++p) {
      const std::int64_t row = events.Row(p);
      rows[KeyAt(events, row)].push_back(row);
    }
    ColumnBuilder values(result_);
    for (const auto& [key, members] : rows) {
      Events group = Inner(events);
      group.rows = members.data();
      const auto count = static_cast<std::int64_t>(members.size());
      if (inner_->AppendRange(group, 0, count, question, &values) == Outcome::kInvalid) {
        return AppendInvalid(out);
      }
    }
    return AppendMap(rows, values.Finish(), out);
  }

 protected:
  void AddTo(State* state, const Events& events, std::int64_t first,
             std::int64_t last) const override {
    const Events inner = Inner(events);
    for (std::int64_t p = first; p < last; ++p) {
      Group& group = Find(KeyAt(events, events.Row(p)), state);
      ++group.events;
      group.state.Add(inner, p, p + 1);
    }
  }

  void RemoveFrom(State* state, const Events& events, std::int64_t first,
                  std::int64_t last) const override {
    const Events inner = Inner(events);
    for (std::int64_t p = first; p < last; ++p) {
      const auto found = state->find(KeyAt(events, events.Row(p)));
      COEVAL_CHECK(found != state->end());
      if (--found->second.events == 0) {
        state->erase(found);
      } else {
        found->second.state.Remove(inner, p, p + 1);
      }
    }
  }

  void MergeInto(State* state, const State& later) const override {
    for (const auto& [key, group] : later) {
      Group& into = Find(key, state);
      into.events += group.events;
      into.state.Merge(group.state);
    }
  }

  Outcome Value(const State& state, const Question& question, ColumnBuilder* out) const override {
    if (static_cast<std::int64_t>(state.size()) > kMaxStateItems) return AppendInvalid(out);
    ColumnBuilder values(result_);
    for (const auto& [key, group] : state) {
      if (group.state.Append(question, &values) == Outcome::kInvalid) return AppendInvalid(out);
    }
    return AppendMap(state, values.Finish(), out);
  }

  void Write(const State& state, StateWriter* out) const override {
    out->Count(state.size());
    std::string inner;
    for (const auto& [key, group] : state) {
      out->Count(key ? 1 : 0);
      if (key) WriteKey(*key, group_, out);
      out->Count(static_cast<std::uint64_t>(group.events));
      inner.clear();
      group.state.Encode(&inner);
      out->Bytes(inner);
    }
  }

  bool Read(State* state, StateReader* in) const override {
    std::size_t count = 0;
    if (!in->Items(4, &count)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<K> key;
      std::int64_t events = 0;
      std::string_view inner;
      if (!ReadGroup(in, &key) || !in->Count(&events) || events == 0 || !in->Bytes(&inner)) {
        return false;
      }
      if (!state->empty() && !(state->rbegin()->first < key)) return false;
      Group& group = Find(key, state);
      group.events = events;
      if (!group.state.Decode(inner).ok()) return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t Held(const State& state) const override {
    std::size_t bytes = 0;
    for (const auto& [key, group] : state) {
      bytes += sizeof(*state.begin()) + 32 + group.state.HeldBytes();
      if (key) bytes += KeyBytes(*key);
    }
    return bytes;
  }

 private:
  static Events Inner(const Events& events) {
    Events inner = events;
    inner.arguments = events.arguments.first(events.arguments.size() - 1);
    return inner;
  }

  static std::optional<K> KeyAt(const Events& events, std::int64_t row) {
    const Column& column = events.arguments.back();
    if (column.IsNull(row)) return std::nullopt;
    return K(SortKeyAt<K>(column, row, Zeros::kOne));
  }

  Group& Find(std::optional<K> key, State* state) const {
    const auto found = state->find(key);
    if (found != state->end()) return found->second;
    return state->emplace(std::move(key), Group{0, AggregateState(*inner_)}).first->second;
  }

  bool ReadGroup(StateReader* in, std::optional<K>* key) const {
    std::uint64_t present = 0;
    if (!in->Count(&present) || present > 1) return false;
    if (present == 0) return true;
    if (!ReadKey(group_, in, &key->emplace())) return false;
    if constexpr (std::is_same_v<K, std::uint64_t>) {
      if (IsFloat(group_) && **key == SortKeyOf(-0.0, Zeros::kTwo)) return false;
    }
    return true;
  }

  template <class Keys>
  static Outcome AppendMap(const Keys& keys, const Column& values, ColumnBuilder* out) {
    // The null group is the least. Arrow's maps have no null keys, and to leave it out would hide
    // its events.
    if (!keys.empty() && !keys.begin()->first.has_value()) return AppendInvalid(out);
    for (const auto& [key, unused] : keys) AppendKey(*key, &out->child(0));
    out->child(1).AppendColumn(values);
    out->AppendNested();
    return Outcome::kValue;
  }

  std::shared_ptr<const AggregateFunction> inner_;
  DataType result_;
  DataType group_;
};

}  // namespace

std::shared_ptr<const AggregateFunction> GroupBy(std::shared_ptr<const AggregateFunction> inner,
                                                 const DataType& inner_result,
                                                 const DataType& group) {
  return WithSortKey(group, [&]<class K>() -> std::shared_ptr<const AggregateFunction> {
    if (inner->removable()) {
      return std::make_shared<GroupFunction<K, true>>(inner, inner_result, group);
    }
    return std::make_shared<GroupFunction<K, false>>(inner, inner_result, group);
  });
}

}  // namespace coeval
