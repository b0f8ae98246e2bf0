#include "source/fact_reader.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/type.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/bad_times.h"
#include "source/batch_facts.h"
#include "source/fact_columns.h"
#include "source/fact_maker.h"
#include "source/fact_plan.h"
#include "source/file_list.h"
#include "source/manifest.h"
#include "source/row_group_facts.h"
#include "source/scan.h"

namespace coeval {

namespace {

constexpr const char* kFrameName = "the data frame";

}  // namespace

struct FactReader::Impl {
  Impl(std::shared_ptr<const FactMeaning> of, FactColumns of_scan)
      : meaning(std::move(of)), columns(std::move(of_scan)), maker(meaning, columns) {}

  std::shared_ptr<const FactMeaning> meaning;
  FactColumns columns;
  SourceManifest manifest;
  std::int64_t expected_rows = -1;
  FactMaker maker;
  std::unique_ptr<RawScan> scan;
  // Either or none.
  std::unique_ptr<RowGroupFacts> row_groups;
  std::unique_ptr<BatchFacts> batches;

  bool done = false;
  Status failed;

  static Result<std::unique_ptr<Impl>> OfStream(const Source& source, ArrowArrayStream* stream,
                                                FactRequest request,
                                                std::shared_ptr<const std::string> log,
                                                const Context& context);
  Result<std::optional<FactBatch>> Next();
};

Result<std::optional<FactBatch>> FactReader::Impl::Next() {
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const std::optional<RawBatch> raw, scan->Next());
    if (!raw) {
      COEVAL_RETURN_IF_ERROR(maker.tally().Check(meaning->source));
      return std::optional<FactBatch>();
    }
    const RowName name = [this, &raw](std::int64_t row) { return scan->RowName(*raw, row); };
    COEVAL_ASSIGN_OR_RETURN(std::optional<FactBatch> batch, maker.Make(*raw, name));
    if (batch) return batch;
  }
}

FactReader::FactReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FactReader::FactReader() = default;

FactReader::~FactReader() = default;

Result<std::unique_ptr<FactReader>> FactReader::Open(const Source& source,
                                                     const std::string& location,
                                                     FactRequest request, const Context& context) {
  auto meaning = std::make_shared<FactMeaning>();
  meaning->source = source;
  meaning->request = std::move(request);
  COEVAL_ASSIGN_OR_RETURN(meaning->clock, context.clock->Now());
  COEVAL_ASSIGN_OR_RETURN(SourceFiles files, ListFiles(source, location));
  COEVAL_ASSIGN_OR_RETURN(SourceManifest manifest, MakeManifest(source.name, files));
  auto plan = PlanFacts(source, meaning->request, files, meaning->clock, context);
  if (!plan.ok()) return meaning->InView(plan.status());
  if (plan->newest && plan->all_have_newest) {
    const Status doubtful = CheckNewest(source, *plan->newest, TimeUnit::kMicro);
    if (!doubtful.ok()) return meaning->InView(doubtful);
  }
  meaning->files = std::move(files.files);
  auto impl = std::make_unique<Impl>(meaning, plan->columns);
  if (plan->newest) impl->maker.set_newest(*plan->newest);
  impl->manifest = std::move(manifest);
  impl->expected_rows = plan->expected_rows;
  impl->row_groups = RowGroupFacts::Make(meaning, *plan, context);
  ScanRequest scan{.format = plan->format,
                   .columns = plan->columns.scanned,
                   .batch_rows = meaning->request.batch_rows};
  COEVAL_ASSIGN_OR_RETURN(impl->scan, ScanFiles(std::move(plan->files), std::move(scan), context));
  return std::unique_ptr<FactReader>(new FactReader(std::move(impl)));
}

Result<std::unique_ptr<FactReader>> FactReader::FromStream(const Source& source,
                                                           ArrowArrayStream* stream,
                                                           FactRequest request,
                                                           const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<Impl> impl,
                          Impl::OfStream(source, stream, std::move(request), nullptr, context));
  return std::unique_ptr<FactReader>(new FactReader(std::move(impl)));
}

Result<std::unique_ptr<FactReader>> FactReader::FromTable(const Source& source,
                                                          const ArrowTable& table,
                                                          FactRequest request,
                                                          const Context& context) {
  return FromLogged(source, table, std::move(request), nullptr, context);
}

Result<std::unique_ptr<FactReader>> FactReader::FromLogged(const Source& push,
                                                           const ArrowTable& table,
                                                           FactRequest request,
                                                           std::shared_ptr<const std::string> log,
                                                           const Context& context) {
  constexpr std::int64_t kWhole = std::numeric_limits<std::int64_t>::max();
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, table.ExportWith({}, {}, kWhole));
  COEVAL_ASSIGN_OR_RETURN(
      std::unique_ptr<Impl> impl,
      Impl::OfStream(push, &stream, std::move(request), std::move(log), context));
  impl->expected_rows = table.num_rows();
  COEVAL_ASSIGN_OR_RETURN(stream, table.ExportWith({}, {}, kWhole));
  COEVAL_ASSIGN_OR_RETURN(
      const std::unique_ptr<RawScan> scan,
      ScanStream(ArrowStream(&stream), kFrameName, impl->columns.scanned, context));
  auto batches = BatchFacts::Make(impl->meaning, impl->columns, scan.get(), kFrameName, context);
  if (!batches.ok()) return impl->meaning->InView(batches.status());
  impl->batches = std::move(batches).value();
  return std::unique_ptr<FactReader>(new FactReader(std::move(impl)));
}

Result<std::unique_ptr<FactReader::Impl>> FactReader::Impl::OfStream(
    const Source& source, ArrowArrayStream* stream, FactRequest request,
    std::shared_ptr<const std::string> log, const Context& context) {
  ArrowStream owned(stream);
  auto meaning = std::make_shared<FactMeaning>();
  meaning->source = source;
  meaning->request = std::move(request);
  meaning->log = std::move(log);
  COEVAL_ASSIGN_OR_RETURN(meaning->clock, context.clock->Now());
  COEVAL_ASSIGN_OR_RETURN(const SharedArrowSchema schema, owned.ReadSchema());
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < schema->n_children; ++i) {
    names.emplace_back(schema->children[i]->name == nullptr ? "" : schema->children[i]->name);
  }
  auto resolved = ResolveFactColumns(source, meaning->request, names, {});
  if (!resolved.ok()) return meaning->InView(resolved.status());
  Source in_memory = source;
  in_memory.format = FileFormat::kArrow;
  const Status fits = CheckFactColumns(in_memory, meaning->request, *resolved, *schema);
  if (!fits.ok()) return meaning->InView(fits);
  auto impl = std::make_unique<Impl>(meaning, *resolved);
  impl->manifest.source = source.name;
  COEVAL_ASSIGN_OR_RETURN(impl->scan,
                          ScanStream(std::move(owned), kFrameName, resolved->scanned, context));
  return impl;
}

Result<std::optional<FactBatch>> FactReader::Next() {
  if (!impl_->failed.ok()) return impl_->failed;
  if (impl_->done) return std::optional<FactBatch>();
  auto batch = impl_->Next();
  if (!batch.ok()) {
    impl_->failed = impl_->meaning->InView(batch.status());
    return impl_->failed;
  }
  impl_->done = !batch->has_value();
  return batch;
}

const FactCounts& FactReader::counts() const {
  return impl_->maker.tally().counts;
}

ScanStats FactReader::stats() const {
  ScanStats stats = impl_->scan->stats();
  if (impl_->row_groups != nullptr) impl_->row_groups->AddTo(&stats);
  return stats;
}

FactPieces* FactReader::pieces() {
  if (impl_->batches != nullptr) return impl_->batches.get();
  return impl_->row_groups.get();
}

std::int64_t FactReader::expected_rows() const {
  return impl_->expected_rows;
}

RowPlace FactReader::PlaceOf(std::size_t file, std::int64_t row) const {
  return impl_->scan->PlaceOf(file, row);
}

const SourceManifest& FactReader::manifest() const {
  return impl_->manifest;
}

}  // namespace coeval
