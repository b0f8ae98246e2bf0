#include "cli/record_text.h"

#include <gtest/gtest.h>

namespace coeval {
namespace {

TEST(RecordTextTest, MembersListsAndTables) {
  const Json record = *ParseJson(R"({"name": "weather", "ttl": "3h", "owner": "", "tags": {},
      "entities": ["airport", "hour"], "online": true,
      "versions": [{"version": 1, "note": null}, {"version": 2, "active": true}],
      "source": {"name": "hourly", "path": "{data}/w.parquet"}})");
  EXPECT_EQ(RecordText(record),
            "name      weather\n"
            "ttl       3h\n"
            "entities  airport, hour\n"
            "online    true\n"
            "\n"
            "versions\n"
            "  version  active\n"
            "        1\n"
            "        2  true\n"
            "\n"
            "source\n"
            "  name  hourly\n"
            "  path  {data}/w.parquet");
}

TEST(RecordTextTest, ATableHasTheColumnsThatSomeRowHas) {
  const Json rows = *ParseJson(R"([{"a": null, "b": "x", "c": {"deep": 1}}, {"d": 5, "b": ""}])");
  EXPECT_EQ(TableText(rows),
            "b  d\n"
            "x\n"
            "   5");
}

}  // namespace
}  // namespace coeval
