#include "cli/template_data.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/time.h"
#include "cli/template.h"

namespace coeval {
namespace {

TEST(TemplateDataTest, TenThousandRowsTheSameAtEveryInit) {
  const auto first = MakeTemplateData();
  const auto second = MakeTemplateData();
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0].rows.num_rows + first[1].rows.num_rows, 10'000);
  EXPECT_EQ(first[2].file, "data/spine.parquet");
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::size_t c = 0; c < first[i].rows.columns.size(); ++c) {
      EXPECT_TRUE(SameBits(first[i].rows.columns[c], second[i].rows.columns[c]));
    }
  }
}

TEST(TemplateDataTest, TimesAscendWithinFebruary2025) {
  for (const TemplateTable& table : MakeTemplateData()) {
    const Column* times = table.rows.Find("event_timestamp");
    ASSERT_NE(times, nullptr) << table.file;
    TimeMicros last = *ParseTime("2025-02-01");
    for (const TimeMicros time : times->values<TimeMicros>()) {
      ASSERT_GE(time, last) << table.file;
      last = time;
    }
    EXPECT_LT(last, *ParseTime("2025-03-01")) << table.file;
  }
}

TEST(TemplateTest, EachFormHasWhatARepositoryNeeds) {
  for (const std::string_view form : TemplateNames()) {
    std::set<std::string> names;
    for (const TemplateFile& file : TemplateFiles()) {
      if ((" " + std::string(file.forms) + " ").find(" " + std::string(form) + " ") !=
          std::string::npos) {
        names.emplace(file.name);
      }
    }
    for (const char* name : {"coeval.yaml", "README.md", "explore.ipynb", ".gitignore"}) {
      EXPECT_TRUE(names.contains(name)) << form << " lacks " << name;
    }
    EXPECT_EQ(names.count("definitions.py") + names.count("definitions.yaml"), 1U) << form;
  }
}

TEST(TemplateTest, TheProjectsNameIsFilledIn) {
  EXPECT_EQ(FillTemplate("project: {{project}}\n# {{project}}", "shop"), "project: shop\n# shop");
  EXPECT_EQ(FillTemplate("\"{data}/x\" {{other}}", "shop"), "\"{data}/x\" {{other}}");
}

}  // namespace
}  // namespace coeval
