#include "store/versions.h"

#include <sqlite3.h>

#include <utility>

#include <rocksdb/version.h>

#include "expression/expression.h"
#include "online/rocksdb/format_stamp.h"
#include "registry/registry_file.h"
#include "source/arrow_plugin.h"

namespace coeval {
namespace {

constexpr int kTieEncoding = 1;  // frozen (rule 3.3)

}  // namespace

Json Versions(const Context& context) {
  const auto plugin = ArrowPlugin::Get(context);
  Json libraries = Json::MakeObject();
  libraries.Set("arrow", plugin.ok() ? (*plugin)->version()
                                     : "cannot be opened: " + plugin.status().message());
  libraries.Set("rocksdb", rocksdb::GetRocksVersionAsString());
  libraries.Set("sqlite", sqlite3_libversion());
  libraries.Set("expressions", ExpressionLibraryVersions());
  Json formats = Json::MakeObject();
  formats.Set("registry", kRegistryFormat).Set("online_store", kOnlineStoreFormat);
  formats.Set("tie_encoding", kTieEncoding);
  Json versions = Json::MakeObject();
  versions.Set("release", COEVAL_VERSION);
  versions.Set("libraries", std::move(libraries)).Set("formats", std::move(formats));
  return versions;
}

}  // namespace coeval
