// EventScan: the events of one key after the other, out of the store's files and the pushed facts
// that are not in files yet, as one committed state has them.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/iterator.h>

#include "aggregation/window.h"
#include "base/status.h"
#include "online/fact_list.h"
#include "online/rocksdb/meta.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// Borrows the state. Threads: one. Cost: a seek for each key, and a step for each event time (of a
// view with ids: each id) that it passes.
class EventScan {
 public:
  explicit EventScan(const StoreState& state);

  // Begins a key of the one view that is read. The bytes of its facts live until the next one
  // begins.
  void Begin(const ViewRecord& record, std::string_view entity_key);
  // Appends the key's facts with event times in `times`; where events have ids, of all times: those
  // in files, and those that are not there yet. Errors: Corruption; IoError.
  Status AddFiles(EventSpan times, std::vector<KeptFact>* facts);
  void AddFresh(EventSpan times, std::vector<KeptFact>* facts) const;

  // The view's number and the entity key.
  [[nodiscard]] std::string_view store_key() const { return prefix_; }

 private:
  std::string_view Copy(std::string_view bytes);

  const StoreState& state_;
  std::string end_;                          // of the view's rows
  rocksdb::Slice upper_;                     // end_, for rows_
  std::unique_ptr<rocksdb::Iterator> rows_;  // made when it is needed
  bool by_time_ = false;
  std::string prefix_;  // of the key's rows
  std::string bound_;
  FactList list_;
  std::deque<std::string> blocks_;  // of copied bytes; none grows
};

}  // namespace coeval
