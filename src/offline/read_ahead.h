// ReadAhead: the same facts, read by a thread of its own while the last ones are being joined.
#pragma once

#include <memory>

#include "source/fact_reader.h"

namespace coeval {

// Holds at most two batches of `stream` ahead of its user. counts() are those of the batches that
// Next() has given; after the end or an error those of the whole stream. Dropping it before the end
// waits for the batch being read.
std::unique_ptr<FactStream> ReadAhead(std::unique_ptr<FactStream> stream);

}  // namespace coeval
