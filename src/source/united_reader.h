// UnitedReader: the facts of several sources of one view as one stream. Which source a fact came
// from does not matter: the rules order facts by what they hold (3.3), never by where they lie.
// What was pushed is one source more, the last; its facts say of themselves that they arrived
// (3.2).
//
//   app      (ann, 10:00, 3)               united   (ann, 10:00, 3)
//   web      (ann, 10:05, 2)                        (ann, 10:05, 2)
//   pushed   (ann, 10:05, C 10:07, 4)               (ann, 10:05, C 10:07, 4), arrived
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "definition/catalogue.h"
#include "source/fact_reader.h"
#include "source/pushed_facts.h"
#include "source/united_pieces.h"

namespace coeval {

// Where a source lies: an absolute path with all names bound.
using LocateSource = std::function<Result<std::string>(const Source& source)>;

// The facts of a view, of one source or several, and of what was pushed to it. Where nothing was,
// its files are read as if nothing could be.
// REQUIRES: no view over a view. Errors: those of FactReader::Open and of `locate`.
Result<std::unique_ptr<FactReader>> OpenSourcesOf(const ViewVersion& version,
                                                  const FactRequest& request,
                                                  const LocateSource& locate,
                                                  const LoggedPushes& pushed,
                                                  const Context& context);

// The readers one after the other. They were opened for the same request, each with its source.
// Threads: one at a time. REQUIRES: there is one.
class UnitedReader : public FactReader {
 public:
  // `meaning`: what the sources mean together; the batches have the created time, the sequence and
  // the deletes that it names, empty where a source has none. `pushes`: of what was pushed, or
  // null; then they have created times and sequences in any case, and where deletes were pushed,
  // these.
  UnitedReader(const Source& meaning, std::vector<std::unique_ptr<FactReader>> readers,
               std::unique_ptr<FactReader> pushes = nullptr, bool pushed_deletes = false);

  // Errors: those of the readers, which name their source.
  Result<std::optional<FactBatch>> Next() override;

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

  // Where all of them have some.
  [[nodiscard]] FactPieces* pieces() override { return pieces_.get(); }

  [[nodiscard]] ScanStats stats() const override;

  // -1 where one does not know.
  [[nodiscard]] std::int64_t expected_rows() const override;

  [[nodiscard]] RowPlace PlaceOf(std::size_t file, std::int64_t row) const override;

  // The files of all; names have that of their source before them.
  [[nodiscard]] const SourceManifest& manifest() const override { return manifest_; }

 private:
  void Count();

  const UnitedColumns columns_;
  std::vector<std::unique_ptr<FactReader>> readers_;
  std::vector<std::size_t> first_files_;  // where each reader's lie among the files of all
  std::unique_ptr<UnitedPieces> pieces_;  // null: some reader has none
  std::size_t next_ = 0;
  FactCounts counts_;
  SourceManifest manifest_;
  Status failed_;
};

}  // namespace coeval
