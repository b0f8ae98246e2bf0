#include "definition/view_source.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "definition/definitions.h"
#include "definition/identity.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Source Named(const std::string& name) {
  Source source;
  source.name = name;
  source.path = name;
  source.timestamp_field = "at";
  return source;
}

std::vector<std::string> Mistakes(const std::vector<const Source*>& sources) {
  std::vector<std::string> told;
  CheckUnitedSources(sources, [&told](const std::string& member, const std::string& message) {
    told.push_back(member + ": " + message);
  });
  return told;
}

TEST(ViewSourceTest, OneSourceIsItself) {
  Source web = Named("web");
  web.field_mapping = {{"a", "b"}};
  web.created_field = "a";
  EXPECT_EQ(UniteSources(std::vector<const Source*>{&web}).created_field, "a");
}

TEST(ViewSourceTest, SeveralMeanTheSameInAnyOrder) {
  Source web = Named("web");
  web.created_field = "written";
  web.field_mapping = {{"written", "stored"}};
  web.overlap = kHour;
  Source app = Named("app");
  app.delete_field = "gone";
  app.overlap = 2 * kHour;
  const Source one = UniteSources(std::vector<const Source*>{&web, &app});
  const Source other = UniteSources(std::vector<const Source*>{&app, &web});
  for (const Source& united : {one, other}) {
    EXPECT_EQ(united.name, "app + web");
    EXPECT_EQ(united.created_field, "stored");
    EXPECT_EQ(united.delete_field, "gone");
    EXPECT_EQ(united.overlap, 2 * kHour);
    EXPECT_EQ(united.effective_lateness(), 7 * kDay);
  }
}

TEST(ViewSourceTest, WhatSaysWhenAFactWasKnownMustAgree) {
  Source web = Named("web");
  Source app = Named("app");
  app.path = "elsewhere";
  app.max_future = kDay;
  app.sequence_field = "n";
  EXPECT_THAT(Mistakes({&web, &app}), IsEmpty());
  app.created = CreatedMeaning::kArrival;
  app.data_delay = kHour;
  app.event_id_field = "id";
  EXPECT_THAT(Mistakes({&web, &app}),
              ElementsAre(HasSubstr("'web' and 'app' differ in `created` (version, arrival)"),
                          HasSubstr("differ in `data_delay` (0s, 1h)"),
                          HasSubstr("differ in `lateness` (7d, 7d1h)"),
                          HasSubstr("differ in `event_id_field` (none, id)")));
  web.data_delay = kHour;
  web.created = CreatedMeaning::kArrival;
  web.event_id_field = "number";
  web.field_mapping = {{"number", "id"}};
  EXPECT_THAT(Mistakes({&web, &app}), IsEmpty());
}

TEST(ViewSourceTest, TheOrderAndTheNamesOfSourcesMakeNoVersion) {
  FeatureView view;
  view.name = "spend";
  view.sources = {"app", "web"};
  Source web = Named("web");
  web.sequence_field = "n";
  Source app = Named("app");
  const auto identity = [&view](const std::vector<const Source*>& sources) {
    return IdentityOf(LogicalContent(view, ViewSources{.batch = sources, .push = {}}, {}));
  };
  const std::string first = identity({&web, &app});
  EXPECT_EQ(identity({&app, &web}), first);
  app.name = "mobile";
  EXPECT_EQ(identity({&app, &web}), first);
  app.sequence_field = "n";
  EXPECT_NE(identity({&app, &web}), first);
}

TEST(ViewSourceTest, TheVersionOfAViewBeneathAndTheGridAreOfTheIdentity) {
  FeatureView view;
  view.name = "steadiness";
  view.source_view = "spend";
  view.source_view_version = 1;
  view.every = kDay;
  const std::string first = IdentityOf(LogicalContent(view, ViewSources{}, {}));
  view.source_view_version = 2;
  EXPECT_NE(IdentityOf(LogicalContent(view, ViewSources{}, {})), first);
  view.source_view_version = 1;
  view.every = kHour;
  EXPECT_NE(IdentityOf(LogicalContent(view, ViewSources{}, {})), first);
}

FeatureView ReadView(const std::string& members, std::vector<DefinitionError>* errors) {
  const Result<Json> json = ParseJson(R"({"feature_views": [{"name": "v", )" + members + "}]}");
  EXPECT_TRUE(json.ok()) << json.status().ToString();
  return ReadDefinitions(*json, errors).feature_views.at(0);
}

TEST(ViewSourceTest, DefinitionsHaveOneFormOfEach) {
  std::vector<DefinitionError> errors;
  const FeatureView several = ReadView(R"("sources": ["web", "app"])", &errors);
  EXPECT_THAT(several.source_names(), ElementsAre("app", "web"));
  const FeatureView one = ReadView(R"("sources": ["web"])", &errors);
  EXPECT_EQ(one.source, "web");
  EXPECT_THAT(one.source_names(), ElementsAre("web"));
  const FeatureView above =
      ReadView(R"("source_view": "spend", "source_view_version": 2, "every": "1d")", &errors);
  EXPECT_TRUE(above.reads_view());
  EXPECT_EQ(above.every, kDay);
  EXPECT_THAT(above.source_names(), IsEmpty());
  EXPECT_THAT(errors, IsEmpty());
  for (const FeatureView& view : {several, one, above}) {
    Definitions definitions;
    definitions.feature_views = {view};
    const Json written = WriteDefinitions(definitions);
    EXPECT_EQ(WriteDefinitions(ReadDefinitions(written, &errors)).Write(), written.Write());
  }
  EXPECT_THAT(errors, IsEmpty());
}

}  // namespace
}  // namespace coeval
