#include "materialize/testing.h"

#include <algorithm>
#include <utility>

namespace coeval {

class GrowingSource::Stream : public FactStream {
 public:
  Stream(GrowingSource* source, std::vector<TestFact> facts, Source definition,
         std::size_t batch_rows)
      : source_(source),
        facts_(std::move(facts)),
        definition_(std::move(definition)),
        batch_rows_(batch_rows) {}

  Result<std::optional<FactBatch>> Next() override {
    if (source_->fail_after_ >= 0 && counts_.facts >= source_->fail_after_) {
      return Status::IoError("the source went away");
    }
    if (place_ == facts_.size()) return std::optional<FactBatch>();
    const std::size_t end = std::min(facts_.size(), place_ + batch_rows_);
    const FactRows rows = RowsOf(definition_, {facts_.begin() + static_cast<std::ptrdiff_t>(place_),
                                               facts_.begin() + static_cast<std::ptrdiff_t>(end)});
    place_ = end;
    FactBatch batch;
    batch.num_rows = rows.num_rows;
    batch.keys = rows.keys;
    batch.event_time = rows.event_time;
    batch.created_time = rows.created_time;
    batch.sequence = rows.sequence;
    batch.deleted = rows.deleted;
    batch.features = rows.features;
    counts_.rows += batch.num_rows;
    counts_.facts += batch.num_rows;
    source_->rows_given_ += batch.num_rows;
    return std::optional(std::move(batch));
  }

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

 private:
  GrowingSource* source_;
  std::vector<TestFact> facts_;
  Source definition_;
  std::size_t batch_rows_;
  std::size_t place_ = 0;
  FactCounts counts_;
};

OpenCarriedFacts GrowingSource::Opener(std::size_t batch_rows) {
  return [this, batch_rows](const ViewVersion& version, const FactRequest& request,
                            const Context&) -> Result<OpenedFacts> {
    ++opened_;
    const FactRange& range = request.range;
    std::vector<TestFact> facts;
    for (const TestFact& fact : rows_) {
      const bool by_event = fact.event_time >= range.event_min;
      const bool by_created =
          range.created_min && fact.created && *fact.created >= *range.created_min;
      if (version.source.timeless ||
          (fact.event_time <= range.event_max && (by_event || by_created))) {
        facts.push_back(fact);
      }
    }
    OpenedFacts opened;
    opened.expected_rows = static_cast<std::int64_t>(facts.size());
    opened.change_token = std::to_string(changes_);
    opened.facts = std::make_unique<Stream>(this, std::move(facts), version.source, batch_rows);
    return opened;
  };
}

}  // namespace coeval
