#include "source/fact_reader.h"

#include <cstddef>
#include <cstdint>
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
#include "source/fact_columns.h"
#include "source/fact_maker.h"
#include "source/fact_plan.h"
#include "source/file_list.h"
#include "source/manifest.h"
#include "source/row_group_facts.h"
#include "source/scan.h"

namespace coeval {

struct FactReader::Impl {
  Impl(std::shared_ptr<const FactMeaning> of, FactColumns columns)
      : meaning(std::move(of)), maker(meaning, std::move(columns)) {}

  std::shared_ptr<const FactMeaning> meaning;
  SourceManifest manifest;
  std::int64_t expected_rows = -1;
  FactMaker maker;
  std::unique_ptr<RawScan> scan;
  std::unique_ptr<RowGroupFacts> pieces;  // null where the source has none

  bool done = false;
  Status failed;

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
  if (plan->newest) {
    const Status doubtful = CheckNewest(source, *plan->newest, TimeUnit::kMicro);
    if (!doubtful.ok()) return meaning->InView(doubtful);
  }
  meaning->files = std::move(files.files);
  auto impl = std::make_unique<Impl>(meaning, plan->columns);
  if (plan->newest) impl->maker.set_newest(*plan->newest);
  impl->manifest = std::move(manifest);
  impl->expected_rows = plan->expected_rows;
  impl->pieces = RowGroupFacts::Make(meaning, *plan, context);
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
  ArrowStream owned(stream);
  auto meaning = std::make_shared<FactMeaning>();
  meaning->source = source;
  meaning->request = std::move(request);
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
  COEVAL_ASSIGN_OR_RETURN(
      impl->scan, ScanStream(std::move(owned), "the data frame", resolved->scanned, context));
  return std::unique_ptr<FactReader>(new FactReader(std::move(impl)));
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
  if (impl_->pieces != nullptr) impl_->pieces->AddTo(&stats);
  return stats;
}

FactPieces* FactReader::pieces() {
  return impl_->pieces.get();
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
