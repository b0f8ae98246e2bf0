#include "online/rocksdb/fact_load.h"

#include <algorithm>
#include <cstddef>
#include <thread>
#include <utility>

#include "base/hash.h"
#include "online/fact_encoder.h"
#include "online/rocksdb/fact_merge.h"

namespace coeval {
namespace {

constexpr std::size_t kLargestBuffer = 32 << 20;
// Every file costs two syncs, and a compaction later: more than a thread gains with fewer facts.
constexpr std::int64_t kLeastFactsOfPart = 1 << 16;

// Cuts the keys of all runs into `parts` ranges of about equal size: parts + 1 borders, the first
// and the last of them "".
std::vector<std::string> Borders(const std::vector<std::shared_ptr<const FactRun>>& runs,
                                 std::size_t parts) {
  std::vector<std::string> samples;
  for (const auto& run : runs) {
    for (std::string& key : run->SampleKeys()) samples.push_back(std::move(key));
  }
  std::sort(samples.begin(), samples.end());
  samples.erase(std::unique(samples.begin(), samples.end()), samples.end());
  std::vector<std::string> borders = {""};
  for (std::size_t part = 1; part < parts; ++part) {
    const std::size_t i = samples.size() * part / parts;
    if (i > 0 && samples[i] > borders.back()) borders.push_back(samples[i]);
  }
  borders.emplace_back();
  return borders;
}

// What is loaded is one reading of the source, which numbers equal events once all are there.
KeepRule RuleOfLoad(const ViewRecord& record, TimeMicros horizon) {
  const bool has_ids = record.events && record.events->id_column;
  KeepRule rule = record.RuleAt(has_ids ? kMinTime : horizon);  // as KeptView::RuleOfPieceAt
  rule.equals = Equals::kStay;
  return rule;
}

}  // namespace

LoadMemory LoadMemory::Of(const Context& context) {
  // Two buffers on their way and one being filled come on top of the sorted runs.
  const auto quarter =
      static_cast<std::size_t>(std::max<std::int64_t>(context.memory_budget_bytes / 4, 1 << 20));
  LoadMemory memory;
  memory.buffer_bytes = std::min(kLargestBuffer, quarter / 8);
  memory.memory_bytes = quarter - 3 * memory.buffer_bytes;
  return memory;
}

RocksDbFactLoad::RocksDbFactLoad(std::shared_ptr<StoreCore> core, LoadTicket ticket,
                                 const Source& source, LoadMemory memory, Context context)
    : core_(std::move(core)),
      ticket_(std::move(ticket)),
      source_(source),
      memory_(memory),
      context_(std::move(context)),
      rule_(RuleOfLoad(ticket_.record, core_->meta()->project.horizon)),
      scratch_(core_->NewStagingPath("load")) {
  RunSorter::Options options;
  options.env = core_->env();
  options.scratch = scratch_;
  options.rule = rule_;
  options.memory_bytes = memory_.memory_bytes;
  sorter_ = std::make_unique<RunSorter>(std::move(options));
}

RocksDbFactLoad::~RocksDbFactLoad() {
  sorter_.reset();
  if (!committed_) {
    // What cannot be removed now is removed when the store is opened.
    for (const std::string& file : files_) (void)core_->env()->DeleteFile(file);
  }
  core_->EndLoad(ticket_, committed_);
}

Status RocksDbFactLoad::Add(const FactRows& rows) {
  COEVAL_CHECK(!closed_);
  COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
  const KeyColumn keys = KeyColumn::Encode(rows.keys, rows.num_rows);
  FactEncoder encoder(rows, source_, ticket_.record.events);
  std::string key;
  const std::int64_t count =
      rows.rows ? static_cast<std::int64_t>(rows.rows->size()) : rows.num_rows;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = rows.rows ? (*rows.rows)[static_cast<std::size_t>(i)] : i;
    if (keys.IsNull(row)) continue;
    ++summary_.rows_added;
    const KeptFact fact = encoder.FactOf(row);
    if (rule_.events && encoder.IsTooLate(fact)) {
      ++summary_.rows_too_late;
      continue;
    }
    if (rule_.events ? IsOutOfReach(fact.times.event_time, rule_.horizon, *rule_.events)
                     : IsExpired(fact.times.event_time, rule_.horizon, rule_.ttl)) {
      ++summary_.rows_expired;
      continue;
    }
    newest_event_time_ = std::max(newest_event_time_, fact.times.event_time);
    if (buffer_ == nullptr) buffer_ = std::make_unique<FactBuffer>(memory_.buffer_bytes);
    key.assign(keys.bytes(row));
    key.append(encoder.PlaceOf(fact, row));
    buffer_->Add(key, encoder.ListOf(fact, row));
    if (buffer_->full()) COEVAL_RETURN_IF_ERROR(PushBuffer());
  }
  return {};
}

Status RocksDbFactLoad::PushBuffer() {
  return sorter_->Push(std::move(buffer_));
}

Result<LoadSummary> RocksDbFactLoad::Seal() {
  COEVAL_CHECK(!closed_);
  closed_ = true;
  if (buffer_ != nullptr) COEVAL_RETURN_IF_ERROR(PushBuffer());
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::shared_ptr<const FactRun>> runs,
                          sorter_->Finish());
  const std::int64_t worthwhile = (summary_.rows_added - summary_.rows_expired) / kLeastFactsOfPart;
  const std::int64_t threads = std::clamp(context_.threads, 1, 16);
  const std::vector<std::string> borders =
      Borders(runs, static_cast<std::size_t>(std::clamp<std::int64_t>(worthwhile, 1, threads)));
  const std::size_t parts = borders.size() - 1;
  std::vector<LoadSummary> summaries(parts);
  std::vector<std::vector<std::string>> files(parts);
  // Of data that is new to the store nobody has read anything yet.
  std::vector<TouchedKeys> touched(parts);
  if (!ticket_.fresh && !rule_.events) touched.assign(parts, std::vector<std::uint64_t>());
  std::vector<Status> statuses(parts);
  const auto write = [&](std::size_t part) {
    statuses[part] = WritePart(runs, part, borders[part], borders[part + 1], &summaries[part],
                               &files[part], &touched[part]);
  };
  std::vector<std::thread> workers;
  for (std::size_t part = 1; part < parts; ++part) workers.emplace_back(write, part);
  write(0);
  for (std::thread& worker : workers) worker.join();
  for (std::size_t part = 0; part < parts; ++part) {
    for (std::string& file : files[part]) files_.push_back(std::move(file));
    summary_.facts_written += summaries[part].facts_written;
    summary_.keys_written += summaries[part].keys_written;
    summary_.bytes_written += summaries[part].bytes_written;
  }
  for (const Status& status : statuses) COEVAL_RETURN_IF_ERROR(status);
  touched_ = std::move(touched.front());
  for (std::size_t part = 1; touched_ && part < parts; ++part) {
    touched_->insert(touched_->end(), touched[part]->begin(), touched[part]->end());
    if (touched_->size() > FileChanges::kMostKeys) touched_.reset();
  }
  sealed_ = true;
  return summary_;
}

Status RocksDbFactLoad::WritePart(const std::vector<std::shared_ptr<const FactRun>>& runs,
                                  std::size_t part, const std::string& from, const std::string& to,
                                  LoadSummary* summary, std::vector<std::string>* files,
                                  TouchedKeys* touched) const {
  FactFiles::Options options;
  options.file = FactFileOptions(core_->env());
  options.path = scratch_ + "-" + std::to_string(part);
  options.id = ticket_.record.id;
  options.plain_values = ticket_.alone;
  FactFiles writer(std::move(options));
  std::string store_key;
  AppendDataId(ticket_.record.id, &store_key);
  const auto emit = [&](std::string_view key, std::string_view facts,
                        std::int64_t count) -> Status {
    summary->facts_written += count;
    if (*touched && (*touched)->size() <= FileChanges::kMostKeys) {
      store_key.replace(sizeof(DataId), std::string::npos, key);
      (*touched)->push_back(Hash64(store_key));
    }
    if (++summary->keys_written % 4096 == 0) COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
    return writer.Add(key, facts);
  };
  KeepRule rule = rule_;
  rule.equals = Equals::kAreNumbered;
  Status status = MergeRuns(runs, rule, from, to, emit);
  if (status.ok()) status = writer.Finish();
  *files = writer.paths();
  summary->bytes_written = writer.bytes();
  return status;
}

Result<Committed> RocksDbFactLoad::Commit(const LoadCommit& commit) {
  RocksDbFactLoad* const self = this;
  return CommitTogether(*core_, {&self, 1}, {&commit, 1});
}

Result<Committed> RocksDbFactLoad::CommitTogether(StoreCore& core,
                                                  std::span<RocksDbFactLoad* const> loads,
                                                  std::span<const LoadCommit> commits) {
  COEVAL_CHECK(loads.size() == commits.size());
  std::vector<SealedLoad> sealed;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const RocksDbFactLoad& load = *loads[i];
    COEVAL_CHECK(load.core_.get() == &core && load.sealed_ && !load.committed_);
    COEVAL_RETURN_IF_ERROR(load.context_.cancel->Check());
    sealed.push_back({.ticket = &load.ticket_,
                      .files = load.files_,
                      .commit = commits[i],
                      .rows = load.summary_.facts_written,
                      .newest_event_time = load.newest_event_time_,
                      .touched = load.touched_});
  }
  COEVAL_ASSIGN_OR_RETURN(const Committed committed, core.Commit(sealed));
  for (RocksDbFactLoad* load : loads) load->committed_ = true;
  return committed;
}

}  // namespace coeval
