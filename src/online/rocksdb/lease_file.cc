#include "online/rocksdb/lease_file.h"

namespace coeval {

Result<LeaseFile> LeaseFile::Open(const std::string& path, std::string project) {
  COEVAL_ASSIGN_OR_RETURN(SlotFile file, SlotFile::Open(path));
  Json leases = Json::MakeObject();
  if (!file.record().empty()) {
    Result<Json> record = ParseJson(file.record());
    if (!record.ok() || !record->is_object()) {
      return Status::Corruption("'" + path + "' holds no leases of an online store");
    }
    leases = std::move(*record);
  }
  return LeaseFile(std::move(file), std::move(leases), std::move(project));
}

TimeMicros LeaseFile::until() const {
  return leases_.GetInt(project_, kMinTime);
}

Status LeaseFile::Write(TimeMicros until) {
  leases_.Set(project_, until);
  return file_.Write(leases_.Write());
}

Status LeaseFile::CopyTo(const std::string& path) const {
  COEVAL_ASSIGN_OR_RETURN(SlotFile copy, SlotFile::Open(path));
  return copy.Write(leases_.Write());
}

}  // namespace coeval
