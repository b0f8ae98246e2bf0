// Any bytes as a batch of the log: refused, or read and written back as the same batch.
#include "log/log_batch.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const coeval::Result<coeval::LogBatch> read = coeval::DecodeLogBatch(bytes);
  if (!read.ok()) return 0;
  const coeval::Result<std::string> written = coeval::EncodeLogBatch(*read);
  if (!written.ok()) return 0;  // its columns and its nulls are too much together
  const coeval::Result<coeval::LogBatch> again = coeval::DecodeLogBatch(*written);
  COEVAL_CHECK(again.ok() && again->fed == read->fed && again->rows.schema == read->rows.schema);
  for (std::size_t i = 0; i < read->rows.columns.size(); ++i) {
    COEVAL_CHECK(SameBits(read->rows.columns[i], again->rows.columns[i]));
  }
  return 0;
}
