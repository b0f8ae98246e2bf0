#include "source/united_reader.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace coeval {
namespace {

SourceManifest UniteManifests(const std::vector<std::unique_ptr<FactReader>>& readers) {
  SourceManifest united;
  Sha256 fingerprint;
  Sha256 change;
  for (const auto& reader : readers) {
    const SourceManifest& part = reader->manifest();
    united.source += (united.source.empty() ? "" : " + ") + part.source;
    for (SourceFile file : part.files) {
      file.name = part.source + "/" + file.name;
      united.files.push_back(std::move(file));
    }
    fingerprint.Update(part.fingerprint + "\n");
    change.Update(part.change_token + "\n");
  }
  united.fingerprint = fingerprint.HexDigest();
  united.change_token = change.HexDigest();
  return united;
}

// By the names of their sources: in whatever order they were declared, they read the same. Last
// what was pushed.
std::vector<std::unique_ptr<FactReader>> InOrder(std::vector<std::unique_ptr<FactReader>> readers,
                                                 std::unique_ptr<FactReader> pushes) {
  std::stable_sort(readers.begin(), readers.end(), [](const auto& a, const auto& b) {
    return a->manifest().source < b->manifest().source;
  });
  if (pushes != nullptr) readers.push_back(std::move(pushes));
  return readers;
}

}  // namespace

Result<std::unique_ptr<FactReader>> OpenSourcesOf(const ViewVersion& version,
                                                  const FactRequest& request,
                                                  const LocateSource& locate,
                                                  const LoggedPushes& pushed,
                                                  const Context& context) {
  FactRequest of_pushes = request;
  of_pushes.range = request.pushed_range.value_or(request.range);
  if (version.pushed_alone()) return OpenPushedFacts(version.source, of_pushes, pushed, context);
  std::vector<std::unique_ptr<FactReader>> readers;
  const auto open = [&](const Source& source) -> Status {
    COEVAL_ASSIGN_OR_RETURN(const std::string location, locate(source));
    COEVAL_ASSIGN_OR_RETURN(readers.emplace_back(),
                            FactReader::Open(source, location, request, context));
    return {};
  };
  if (version.sources.empty()) COEVAL_RETURN_IF_ERROR(open(version.source));
  for (const Source& source : version.sources) COEVAL_RETURN_IF_ERROR(open(source));
  std::unique_ptr<FactReader> pushes;
  if (version.push.has_value() && !pushed.batches.empty()) {
    COEVAL_ASSIGN_OR_RETURN(pushes, OpenPushedFacts(*version.push, of_pushes, pushed, context));
  }
  if (version.sources.empty() && pushes == nullptr) return std::move(readers.front());
  return std::unique_ptr<FactReader>(std::make_unique<UnitedReader>(
      version.source, std::move(readers), std::move(pushes), HasDeletes(pushed)));
}

UnitedReader::UnitedReader(const Source& meaning, std::vector<std::unique_ptr<FactReader>> readers,
                           std::unique_ptr<FactReader> pushes, bool pushed_deletes)
    : columns_(UnitedColumns::Of(meaning, pushes != nullptr, pushed_deletes)),
      readers_(InOrder(std::move(readers), std::move(pushes))),
      manifest_(UniteManifests(readers_)) {
  std::size_t files = 0;
  std::vector<UnitedPieces::Part> parts;
  for (const auto& reader : readers_) {
    first_files_.push_back(files);
    if (FactPieces* pieces = reader->pieces(); pieces != nullptr) parts.push_back({pieces, files});
    files += reader->manifest().files.size();
  }
  if (parts.size() == readers_.size()) {
    pieces_ = std::make_unique<UnitedPieces>(std::move(parts), columns_);
  }
  Count();
}

RowPlace UnitedReader::PlaceOf(std::size_t file, std::int64_t row) const {
  const auto after = std::upper_bound(first_files_.begin(), first_files_.end(), file);
  const auto reader = static_cast<std::size_t>(after - first_files_.begin() - 1);
  return readers_[reader]->PlaceOf(file - first_files_[reader], row);
}

void UnitedReader::Count() {
  counts_ = {};
  for (const auto& reader : readers_) {
    const FactCounts& counts = reader->counts();
    counts_.rows += counts.rows;
    counts_.facts += counts.facts;
    counts_.null_keys += counts.null_keys;
    counts_.bad_times += counts.bad_times;
    counts_.too_far_ahead += counts.too_far_ahead;
    counts_.out_of_range += counts.out_of_range;
  }
}

Result<std::optional<FactBatch>> UnitedReader::Next() {
  if (!failed_.ok()) return failed_;
  while (next_ < readers_.size()) {
    Result<std::optional<FactBatch>> batch = readers_[next_]->Next();
    Count();
    if (!batch.ok()) {
      failed_ = batch.status();
      return failed_;
    }
    if (batch->has_value()) {
      (*batch)->file += first_files_[next_];
      columns_.FillIn(&**batch);
      return batch;
    }
    ++next_;
  }
  return std::optional<FactBatch>();
}

ScanStats UnitedReader::stats() const {
  ScanStats all;
  for (const auto& reader : readers_) {
    const ScanStats of_one = reader->stats();
    all.files += of_one.files;
    all.files_read += of_one.files_read;
    all.row_groups += of_one.row_groups;
    all.row_groups_read += of_one.row_groups_read;
    all.row_groups_with_values += of_one.row_groups_with_values;
    all.rows_read += of_one.rows_read;
    all.bytes_read += of_one.bytes_read;
  }
  return all;
}

std::int64_t UnitedReader::expected_rows() const {
  std::int64_t rows = 0;
  for (const auto& reader : readers_) {
    const std::int64_t of_one = reader->expected_rows();
    if (of_one < 0) return -1;
    rows += of_one;
  }
  return rows;
}

}  // namespace coeval
