// Arrow data across the border to Python, as PyCapsules (the Arrow PyCapsule interface): no copy,
// and no library in common with whoever is on the other side.
#pragma once

#include <optional>

#include <nanobind/nanobind.h>

#include "column/arrow_bridge.h"
#include "column/arrow_c.h"

namespace coeval::python {

// An ArrowArrayStream and its release.
class OwnedStream {
 public:
  OwnedStream() = default;

  explicit OwnedStream(ArrowArrayStream stream) : stream_(stream) {}

  OwnedStream(OwnedStream&& other) noexcept : stream_(other.stream_) {
    other.stream_.release = nullptr;
  }

  OwnedStream& operator=(OwnedStream&& other) noexcept {
    if (this != &other) {
      Release();
      stream_ = other.stream_;
      other.stream_.release = nullptr;
    }
    return *this;
  }

  ~OwnedStream() { Release(); }

  // For functions that take a stream over and null its release.
  ArrowArrayStream* get() { return &stream_; }

  // The caller releases it.
  ArrowArrayStream Take() {
    const ArrowArrayStream stream = stream_;
    stream_.release = nullptr;
    return stream;
  }

 private:
  void Release() {
    if (stream_.release != nullptr) stream_.release(&stream_);
    stream_.release = nullptr;
  }

  ArrowArrayStream stream_{};
};

// What `frame.__arrow_c_stream__()` gives; where there is none, the one batch of
// `frame.__arrow_c_array__()`. Raises TypeError where there is neither. REQUIRES: the GIL.
OwnedStream ImportFrame(nanobind::handle frame);

// All of a frame. The GIL is free while its producer works.
ArrowTable ReadTable(nanobind::handle frame);

// Rows to be gone over: held where the frame is (it has a length), so that all threads may read it;
// else the stream, batch by batch.
struct Rows {
  static Rows Of(nanobind::handle frame);

  std::optional<ArrowTable> held;
  OwnedStream stream;
};

// One batch as a stream; takes both over.
ArrowArrayStream StreamOfBatch(ArrowSchema schema, ArrowArray array);

// A capsule called "arrow_array_stream"; releases the stream where nobody took it.
nanobind::object StreamCapsule(ArrowArrayStream stream);
// A capsule called "arrow_schema".
nanobind::object SchemaCapsule(ArrowSchema schema);

}  // namespace coeval::python
