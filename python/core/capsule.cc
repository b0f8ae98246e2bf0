#include "core/capsule.h"

#include <memory>
#include <utility>

#include "core/errors.h"

namespace coeval::python {
namespace {

namespace nb = nanobind;

// The struct in a capsule; the capsule keeps it, emptied by the caller.
template <typename T>
T* InCapsule(nb::handle capsule, const char* name) {
  void* pointer = PyCapsule_GetPointer(capsule.ptr(), name);
  if (pointer == nullptr) throw nb::python_error();
  return static_cast<T*>(pointer);
}

template <typename T>
T TakeFrom(nb::handle capsule, const char* name) {
  T* inside = InCapsule<T>(capsule, name);
  if (inside->release == nullptr) {
    PyErr_Format(PyExc_ValueError, "the Arrow capsule '%s' was used before", name);
    throw nb::python_error();
  }
  const T taken = *inside;
  inside->release = nullptr;
  return taken;
}

template <typename T>
void DropCapsule(PyObject* capsule) {
  // The name is the one that the capsule was made with.
  auto* inside = static_cast<T*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
  if (inside->release != nullptr) inside->release(inside);
  delete inside;
}

template <typename T>
nb::object MakeCapsule(T value, const char* name) {
  auto inside = std::make_unique<T>(value);
  PyObject* capsule = PyCapsule_New(inside.get(), name, DropCapsule<T>);
  if (capsule == nullptr) {
    if (value.release != nullptr) value.release(inside.get());
    throw nb::python_error();
  }
  (void)inside.release();  // the capsule's
  return nb::steal(capsule);
}

// One batch as a stream. The schema may be asked for again and again, and is shared.
struct SingleBatch {
  SharedArrowSchema schema;
  ArrowArray array{};

  ~SingleBatch() {
    if (array.release != nullptr) array.release(&array);
  }
};

void DropSharedSchema(ArrowSchema* schema) {
  delete static_cast<SharedArrowSchema*>(schema->private_data);
  schema->release = nullptr;
}

int SingleSchema(ArrowArrayStream* self, ArrowSchema* out) {
  const auto* batch = static_cast<const SingleBatch*>(self->private_data);
  *out = *batch->schema;
  out->release = DropSharedSchema;
  out->private_data = new SharedArrowSchema(batch->schema);
  return 0;
}

int SingleNext(ArrowArrayStream* self, ArrowArray* out) {
  auto* batch = static_cast<SingleBatch*>(self->private_data);
  *out = std::exchange(batch->array, ArrowArray{});
  return 0;
}

const char* NoError(ArrowArrayStream* /*self*/) {
  return "";
}

void DropSingle(ArrowArrayStream* self) {
  delete static_cast<SingleBatch*>(self->private_data);
  self->release = nullptr;
}

OwnedStream StreamOfArray(nb::handle frame) {
  const nb::object pair = frame.attr("__arrow_c_array__")();
  auto schema = TakeFrom<ArrowSchema>(pair[0], "arrow_schema");
  return OwnedStream(StreamOfBatch(schema, TakeFrom<ArrowArray>(pair[1], "arrow_array")));
}

}  // namespace

OwnedStream ImportFrame(nb::handle frame) {
  if (nb::hasattr(frame, "__arrow_c_stream__")) {
    const nb::object capsule = frame.attr("__arrow_c_stream__")();
    return OwnedStream(TakeFrom<ArrowArrayStream>(capsule, "arrow_array_stream"));
  }
  if (nb::hasattr(frame, "__arrow_c_array__")) return StreamOfArray(frame);
  PyErr_Format(PyExc_TypeError, "a frame that speaks Arrow is expected, found %s",
               Py_TYPE(frame.ptr())->tp_name);
  throw nb::python_error();
}

ArrowTable ReadTable(nb::handle frame) {
  OwnedStream stream = ImportFrame(frame);
  return Unwrap([&] {
    const nb::gil_scoped_release release;
    return ArrowTable::Read(stream.get());
  }());
}

Rows Rows::Of(nb::handle frame) {
  Rows rows;
  if (nb::hasattr(frame, "__len__")) {
    rows.held = ReadTable(frame);
  } else {
    rows.stream = ImportFrame(frame);
  }
  return rows;
}

ArrowArrayStream StreamOfBatch(ArrowSchema schema, ArrowArray array) {
  auto batch = std::make_unique<SingleBatch>();
  batch->schema = OwnArrowSchema(&schema);
  batch->array = array;
  ArrowArrayStream stream{};
  stream.get_schema = SingleSchema;
  stream.get_next = SingleNext;
  stream.get_last_error = NoError;
  stream.release = DropSingle;
  stream.private_data = batch.release();
  return stream;
}

nb::object StreamCapsule(ArrowArrayStream stream) {
  return MakeCapsule(stream, "arrow_array_stream");
}

nb::object SchemaCapsule(ArrowSchema schema) {
  return MakeCapsule(schema, "arrow_schema");
}

}  // namespace coeval::python
