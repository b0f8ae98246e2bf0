#include "source/ipc_bytes.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "source/arrow_plugin.h"

namespace coeval {
namespace {

constexpr const char* kKey = "coeval";

// Metadata of the C data interface: the number of pairs, then each text behind its length. What
// wrote it is the plugin, so the lengths are right.
class MetadataReader {
 public:
  explicit MetadataReader(const char* at) : at_(at) {}

  std::int32_t Number() {
    std::int32_t number = 0;
    std::memcpy(&number, at_, sizeof(number));
    at_ += sizeof(number);
    return number;
  }

  std::string_view Text() {
    const std::int32_t size = Number();
    const std::string_view text(at_, static_cast<std::size_t>(size));
    at_ += size;
    return text;
  }

 private:
  const char* at_;
};

std::string NoteOf(const ArrowSchema& schema) {
  if (schema.metadata == nullptr) return "";
  MetadataReader reader(schema.metadata);
  for (std::int32_t pairs = reader.Number(); pairs > 0; --pairs) {
    const std::string_view key = reader.Text();
    const std::string_view value = reader.Text();
    if (key == kKey) return std::string(value);
  }
  return "";
}

}  // namespace

Result<std::string> EncodeIpc(ArrowArrayStream* rows, const std::string& note,
                              const Context& context) {
  auto plugin = ArrowPlugin::Get(context);
  if (!plugin.ok()) {
    if (rows->release != nullptr) rows->release(rows);
    return plugin.status();
  }
  return (*plugin)->Encode(rows, {{kKey, note}}, context);
}

Result<IpcTable> DecodeIpc(std::string_view bytes, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  COEVAL_ASSIGN_OR_RETURN(ArrowStream stream, plugin->Decode(bytes, context));
  ArrowArrayStream plain = std::move(stream).Export();
  COEVAL_ASSIGN_OR_RETURN(ArrowTable rows, ArrowTable::Read(&plain));
  std::string note = NoteOf(rows.schema());
  return IpcTable{std::move(rows), std::move(note)};
}

}  // namespace coeval
