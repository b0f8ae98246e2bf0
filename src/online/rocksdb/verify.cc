#include "online/rocksdb/verify.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/sst_file_reader.h>

#include "column/row_encoding.h"
#include "online/fact_list.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/manifest_tail.h"
#include "online/rocksdb/status.h"
#include "online/rocksdb/walk.h"
#include "online/view_answers.h"
#include "online/winner.h"

namespace coeval {
namespace {

constexpr std::string_view kVerifying = "verifying the online store";
constexpr std::int64_t kProgressRows = 4096;

// A view's data, of this project or another one that shares the store.
struct KnownData {
  std::shared_ptr<const ViewRecord> record;
  std::string name;
};

// What is wrong with a row, or OK.
Status CheckRow(const ViewRecord& record, std::string_view key, std::string_view value,
                VerifyReport::View* view) {
  FactList list;
  COEVAL_RETURN_IF_ERROR(DecodeFactList(value, &list));
  if (!list.asides.empty()) return Status::Corruption("a damaged piece was set aside");
  const auto entity = EntityOf(record, key);
  if (!entity.ok()) return entity.status();
  if (const auto keys = DecodeKey(*entity, record.keys); !keys.ok()) return keys.status();
  for (std::size_t i = 0; i < list.facts.size(); ++i) {
    const KeptFact& fact = list.facts[i];
    if (!fact.is_delete || record.events) {
      const Result<RowView> row = RowView::Parse(fact.row, record.types);
      if (!row.ok()) return row.status();
      if (const auto values = row->Values(); !values.ok()) return values.status();
    }
    if (i > 0 && !record.events && !MayFollow(fact, list.facts[i - 1])) {
      return Status::Corruption("facts are not in the order of their ranks");
    }
  }
  view->facts += static_cast<std::int64_t>(list.facts.size());
  return {};
}

class Verification {
 public:
  Verification(const StoreState& state, const Context& context, const ProgressSink& progress)
      : state_(state), db_(state.db->rocks()), context_(context), progress_(progress) {}

  Result<VerifyReport> Run() {
    COEVAL_RETURN_IF_ERROR(ReadMeta());
    COEVAL_RETURN_IF_ERROR(CheckFiles());
    for (const auto& [id, data] : known_) COEVAL_RETURN_IF_ERROR(CheckView(id, data));
    COEVAL_RETURN_IF_ERROR(FindStrangers());
    std::stable_sort(report_.views.begin(), report_.views.end(),
                     [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(report_);
  }

 private:
  void Report(StoreDamage damage) {
    if (report_.problem_count++ < VerifyReport::kMostProblems) {
      report_.problems.push_back(std::move(damage));
    }
  }

  // An entity key as text; `key` is a row's without the view's number.
  static std::string KeyText(const ViewRecord& record, std::string_view key) {
    const auto entity = EntityOf(record, key);
    return DescribeKey(entity.ok() ? *entity : key, record.keys);
  }

  // Every row of the meta data, of all projects, and what data they speak of.
  Status ReadMeta() {
    for (const auto& [identity, record] : state_.meta->views) {
      known_[record->id] = {record, record->view};
    }
    rocksdb::ReadOptions options = RowScanOptions(state_.snapshot);
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(options, state_.db->meta()));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      const std::string_view key = rows->key().ToStringView();
      const std::string project = ProjectOf(key);
      Meta row;
      const Status read = ReadMetaRow(project, key, rows->value().ToStringView(), &row);
      if (!read.ok())
        Report({.view = "", .file = "", .first_key = "", .last_key = "", .what = read.message()});
      for (const auto& [identity, record] : row.views) {
        known_.try_emplace(record->id, KnownData{record, project + "/" + record->view});
      }
      retired_.insert(row.retired.begin(), row.retired.end());
    }
    Status status = FromRocksDb(rows->status(), kVerifying);
    if (status.code() != StatusCode::kCorruption) return status;
    Report({.view = "", .file = "", .first_key = "", .last_key = "", .what = status.message()});
    return {};
  }

  // Every block of every file, each file for itself, so that all that are damaged are found.
  Status CheckFiles() {
    if (state_.db->read_only()) return CheckTables();  // it has just read its manifest
    COEVAL_RETURN_IF_ERROR(FromRocksDb(db_.DisableFileDeletions(), kVerifying));
    Status status = ReportManifest();
    if (status.ok()) status = CheckTables();
    // A few files too many stay where this fails, until the store is opened again.
    (void)db_.EnableFileDeletions(/*force=*/false);
    return status;
  }

  // REQUIRES: no file is deleted meanwhile.
  Status CheckTables() {
    std::vector<rocksdb::LiveFileMetaData> files;
    db_.GetLiveFilesMetaData(&files);
    for (const rocksdb::LiveFileMetaData& file : files) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      COEVAL_RETURN_IF_ERROR(CheckFile(file));
    }
    return {};
  }

  // REQUIRES: as CheckManifest.
  Status ReportManifest() {
    Status status = CheckManifest(db_);
    if (status.code() != StatusCode::kCorruption) return status;
    Report({.view = "", .file = "", .first_key = "", .last_key = "", .what = status.message()});
    return {};
  }

  Status CheckFile(const rocksdb::LiveFileMetaData& file) {
    const bool facts = file.column_family_name == state_.db->facts()->GetName();
    rocksdb::SstFileReader reader(facts ? FactFileOptions(state_.db->env())
                                        : MetaFileOptions(state_.db->env()));
    rocksdb::Status status = reader.Open(file.db_path + file.name);
    if (status.ok()) status = reader.VerifyChecksum();
    ++report_.files;
    report_.bytes += static_cast<std::int64_t>(file.size);
    if (status.ok()) return {};
    const bool lost = status.IsPathNotFound() || status.IsNotFound();
    if (!status.IsCorruption() && !lost) return FromRocksDb(status, kVerifying);
    StoreDamage damage{.view = "",
                       .file = file.name.substr(1),
                       .first_key = "",
                       .last_key = "",
                       .what = status.ToString()};
    if (facts) Place(file.smallestkey, file.largestkey, &damage);
    Report(std::move(damage));
    return {};
  }

  // The view and the keys of a file of facts; of one that holds several views, the first of them.
  void Place(std::string_view first, std::string_view last, StoreDamage* damage) {
    const auto data = known_.find(DataIdOf(first));
    if (data == known_.end()) return;
    damage->view = data->second.name;
    const ViewRecord& record = *data->second.record;
    damage->first_key = KeyText(record, first.substr(sizeof(DataId)));
    if (DataIdOf(last) == DataIdOf(first)) {
      damage->last_key = KeyText(record, last.substr(sizeof(DataId)));
    } else {
      damage->what += "; the file holds rows of other views too";
    }
  }

  Status CheckView(DataId id, const KnownData& data) {
    const ViewRecord& record = *data.record;
    VerifyReport::View view{.name = data.name, .data_identity = record.data_identity};
    const auto report = [&](StoreDamage damage) {
      damage.view = data.name;
      ++view.problems;
      Report(std::move(damage));
    };
    const Status status = ForEachReadableRow(
        state_, id,
        [&](std::string_view key, std::string_view value) -> Status {
          if (++view.keys % kProgressRows == 0) {
            COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
            Tell(view, /*finished=*/false);
          }
          view.bytes += static_cast<std::int64_t>(sizeof(DataId) + key.size() + value.size());
          const Status row = CheckRow(record, key, value, &view);
          if (row.ok()) return {};
          const std::string text = KeyText(record, key);
          report(
              {.view = "", .file = "", .first_key = text, .last_key = text, .what = row.message()});
          return {};
        },
        [&](const UnreadableRows& rows) {
          const auto text = [&](std::string_view key, const char* none) {
            return key.empty() ? std::string(none) : KeyText(record, key);
          };
          report({.view = "",
                  .file = "",
                  .first_key = text(rows.after, "the first key"),
                  .last_key = text(rows.until, "the last key"),
                  .what = "rows between these keys cannot be read: " + std::string(rows.what)});
        });
    COEVAL_RETURN_IF_ERROR(status);
    Tell(view, /*finished=*/true);
    report_.keys += view.keys;
    report_.facts += view.facts;
    report_.views.push_back(std::move(view));
    return {};
  }

  void Tell(const VerifyReport::View& view, bool finished) const {
    if (!progress_) return;
    progress_(
        {.what = view.name, .rows_done = view.keys, .rows_expected = -1, .finished = finished});
  }

  // Rows under numbers that no view has, and none had that is being removed.
  Status FindStrangers() {
    rocksdb::ReadOptions options;  // no RowScanOptions: what was removed is no stranger
    options.snapshot = state_.snapshot;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> rows(db_.NewIterator(options, state_.db->facts()));
    std::string next;
    for (rows->SeekToFirst(); rows->Valid(); rows->Seek(next)) {
      const DataId id = DataIdOf(rows->key().ToStringView());
      if (!known_.contains(id) && !retired_.contains(id)) {
        Report({.view = "",
                .file = "",
                .first_key = "",
                .last_key = "",
                .what = "there are rows of data " + std::to_string(id) +
                        ", which belong to no view of the meta data"});
      }
      if (id + 1 == 0) break;
      next.clear();
      AppendDataId(id + 1, &next);
    }
    Status status = FromRocksDb(rows->status(), kVerifying);
    return status.code() == StatusCode::kCorruption ? Status() : status;  // told already
  }

  const StoreState& state_;
  rocksdb::DB& db_;
  const Context& context_;
  const ProgressSink& progress_;
  std::map<DataId, KnownData> known_;
  std::set<DataId> retired_;
  VerifyReport report_;
};

}  // namespace

std::string StoreDamage::ToText() const {
  std::string text = view.empty() ? "" : "view " + view;
  const auto add = [&text](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  };
  add(file.empty() ? "" : "file " + file);
  if (first_key == last_key) {
    add(first_key.empty() ? "" : "key " + first_key);
  } else {
    add("keys " + first_key + (last_key.empty() ? " on" : " to " + last_key));
  }
  return text + (text.empty() ? "" : ": ") + what;
}

Result<VerifyReport> VerifyStore(const StoreState& state, const Context& context,
                                 const ProgressSink& progress) {
  return Verification(state, context, progress).Run();
}

}  // namespace coeval
