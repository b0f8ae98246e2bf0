#include "online/rocksdb/warm_rows.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "base/hash.h"
#include "io/files.h"
#include "io/thread_priority.h"
#include "online/rocksdb/fact_merge.h"
#include "online/row_cache.h"

namespace coeval {
namespace {

constexpr std::string_view kMagic = "CoevWarm";
constexpr char kFormat = 1;
constexpr std::size_t kHashSize = 8;
constexpr std::size_t kMostBytes = 32 << 20;  // of the file
constexpr std::size_t kChunk = 256;           // keys read at once

void AppendNumber(std::uint64_t number, std::size_t bytes, std::string* out) {
  for (std::size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(number >> (8 * i)));
}

std::uint64_t NumberAt(std::string_view bytes, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    number |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  }
  return number;
}

}  // namespace

std::string EncodeWarmKeys(const std::vector<std::string>& keys, std::size_t most) {
  std::string bytes(kMagic);
  bytes += kFormat;
  for (const std::string& key : keys) {
    if (bytes.size() + 2 + key.size() + kHashSize > most) break;
    AppendNumber(key.size(), 2, &bytes);
    bytes += key;
  }
  AppendNumber(Hash64(bytes), kHashSize, &bytes);
  return bytes;
}

Result<std::vector<std::string>> DecodeWarmKeys(std::string_view bytes) {
  const Status damaged = Status::Corruption("the list of keys to be warmed is damaged");
  if (bytes.size() < kMagic.size() + 1 + kHashSize || !bytes.starts_with(kMagic)) return damaged;
  const std::string_view body = bytes.substr(0, bytes.size() - kHashSize);
  if (NumberAt(bytes.substr(body.size()), kHashSize) != Hash64(body)) return damaged;
  if (body[kMagic.size()] != kFormat) return damaged;
  std::vector<std::string> keys;
  for (std::string_view rest = body.substr(kMagic.size() + 1); !rest.empty();) {
    if (rest.size() < 2) return damaged;
    const std::size_t size = NumberAt(rest, 2);
    if (rest.size() < 2 + size) return damaged;
    keys.emplace_back(rest.substr(2, size));
    rest.remove_prefix(2 + size);
  }
  return keys;
}

WarmRows::WarmRows(StoreCore* core, std::string path, const Context& context)
    : core_(core), path_(std::move(path)), context_(context), reader_([this] { Read(); }) {}

WarmRows::~WarmRows() {
  stop_ = true;
  reader_.join();
  // One that ends before it is warm itself leaves the list of the one before.
  if (!done()) return;
  const Result<SharedState> state = core_->State();
  if (!state.ok() || (*state)->rows == nullptr) return;
  const std::string bytes = EncodeWarmKeys((*state)->rows->Keys(kMostBytes), kMostBytes);
  if (const Status status = WriteFileAtomically(path_, bytes, 0600); !status.ok()) {
    context_.log(LogLevel::kWarning,
                 "the next server begins with no row in memory: " + status.ToString());
  }
}

void WarmRows::Read() {
  GiveWay();
  std::vector<std::string> keys;
  if (const auto bytes = ReadFile(path_); bytes.ok()) {
    if (auto decoded = DecodeWarmKeys(*bytes); decoded.ok()) keys = *std::move(decoded);
  }
  bool full = false;
  for (std::size_t begin = 0; begin < keys.size() && !full; begin += kChunk) {
    if (stop_) return;
    const auto some = std::span(keys).subspan(begin).first(std::min(kChunk, keys.size() - begin));
    // What cannot be read now is read, and told, when somebody asks for it.
    if (!ReadSome(some, &full).ok()) break;
  }
  done_ = true;
}

// Each of them as the newest state has it. `full`: others would have to go for more.
Status WarmRows::ReadSome(std::span<const std::string> keys, bool* full) {
  COEVAL_ASSIGN_OR_RETURN(const SharedState state, core_->State());
  if (state->rows == nullptr) return {};
  std::map<DataId, const ViewRecord*> views;
  for (const auto& [identity, record] : state->meta->views) {
    if (!record->events) views[record->id] = record.get();
  }
  std::vector<RowCache::Lookup> lookups;
  for (const std::string& key : keys) {
    const auto view = key.size() < sizeof(DataId) ? views.end() : views.find(DataIdOf(key));
    if (view == views.end()) continue;  // dropped since
    lookups.push_back({.key = key,
                       .hash = Hash64(key),
                       .files = view->second->files,
                       .changes = &view->second->changes});
  }
  std::vector<rocksdb::Slice> slices;
  for (const RowCache::Lookup& lookup : lookups) {
    slices.emplace_back(lookup.key.data(), lookup.key.size());
  }
  std::vector<rocksdb::PinnableSlice> values(slices.size());
  std::vector<rocksdb::Status> statuses(slices.size());
  rocksdb::ReadOptions options;
  options.snapshot = state->snapshot;
  state->db->rocks().MultiGet(options, state->db->facts(), slices.size(), slices.data(),
                              values.data(), statuses.data());
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    if (!statuses[i].ok()) continue;
    state->rows->Put(lookups[i].key, lookups[i].hash, lookups[i].files, values[i].ToStringView());
  }
  const RowCache::Stats stats = state->rows->stats();
  *full = stats.bytes > stats.limit / 10 * 9;
  return {};
}

}  // namespace coeval
