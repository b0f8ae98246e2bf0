// Which version serves (rule 8.5): apply never moves it; promote, rollback and a view's own data
// do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/registry_fixture.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ServingTest : public RegistryFixture {
 protected:
  void SetUp() override {
    RegistryFixture::SetUp();
    Apply(SampleDefinitions());
  }

  void ServeAll() {
    EXPECT_TRUE(registry_->MarkServed(ObjectKind::kFeatureView, "weather", 1).ok());
    EXPECT_TRUE(registry_->MarkServed(ObjectKind::kOnDemandFeatureView, "trip_features", 1).ok());
    EXPECT_TRUE(registry_->MarkServed(ObjectKind::kFeatureService, "departure_delay_v1", 1).ok());
  }

  int Rollback(const std::string& name, ObjectKind kind = ObjectKind::kFeatureView) {
    const Result<int> version = registry_->Rollback(kind, name, "ann");
    EXPECT_TRUE(version.ok()) << version.status().ToString();
    return version.ok() ? *version : -1;
  }
};

TEST_F(ServingTest, ANewVersionIsActiveAtOnceWhileNoneWasServed) {
  Apply(WithTtl(kHour));
  EXPECT_EQ(ActiveView("weather"), 2);
  EXPECT_EQ(ActiveService("departure_delay_v1"), 2);
}

TEST_F(ServingTest, ApplyNeverMovesServing) {
  ServeAll();
  const Plan plan = Apply(WithTtl(kHour));
  EXPECT_EQ(ActiveView("weather"), 1);
  EXPECT_EQ(ActiveService("departure_delay_v1"), 1);
  EXPECT_EQ((*Now()->FindOnDemandView("trip_features", 0))->version, 1);
  EXPECT_EQ((*Now()->FindView("weather", -1))->version, 2);
  EXPECT_THAT(plan.ToText(),
              HasSubstr("~ feature view 'weather': version 2; version 1 stays active"));
  EXPECT_THAT(plan.ToText(),
              HasSubstr("becomes active by itself once its data has caught up, or now by "
                        "`coeval promote weather`"));
  EXPECT_THAT(plan.ToText(),
              HasSubstr("becomes active by `coeval promote departure_delay_v1`, or by an apply "
                        "with --promote"));
}

TEST_F(ServingTest, AViewOfSeveralSourcesReadsNoViewAndIsPromotedAndRolledBack) {
  ServeAll();
  const Plan plan = Apply(Sample([](Definitions* all) {
    Source app = all->sources[0];
    app.name = "weather_app";
    all->feature_views[0].source.clear();
    all->feature_views[0].sources = {all->sources[0].name, app.name};
    all->sources.push_back(app);
  }));
  EXPECT_THAT(plan.ToText(), Not(HasSubstr("reads @")));
  const auto promoted = registry_->Promote(ObjectKind::kFeatureView, "weather", 2, "ann");
  ASSERT_TRUE(promoted.ok()) << promoted.status().ToString();
  EXPECT_EQ(ActiveView("weather"), 2);
  EXPECT_EQ(Rollback("weather"), 1);
}

// What was served once stays so for all later versions, in this process and the next.
TEST_F(ServingTest, ServedIsRemembered) {
  ServeAll();
  registry_ = OpenIt();
  Apply(WithTtl(kHour));
  EXPECT_EQ(ActiveView("weather"), 1);
  Apply(WithTtl(2 * kHour));
  EXPECT_EQ(ActiveView("weather"), 1);
}

TEST_F(ServingTest, ApplyWithPromoteMovesOnDemandViewsAndServices) {
  ServeAll();
  Apply(WithTtl(kHour), /*promote=*/true);
  EXPECT_EQ(ActiveService("departure_delay_v1"), 2);
  EXPECT_EQ((*Now()->FindOnDemandView("trip_features", 0))->version, 2);
  EXPECT_EQ(ActiveView("weather"), 1) << "a view with facts waits for its data";
}

TEST_F(ServingTest, ApplyWithPromoteMovesWhatWaited) {
  ServeAll();
  Apply(WithTtl(kHour));
  const Plan plan = Apply(WithTtl(kHour), /*promote=*/true);
  EXPECT_FALSE(plan.empty());
  EXPECT_EQ(ActiveService("departure_delay_v1"), 2);
}

TEST_F(ServingTest, PromoteAndRollback) {
  ServeAll();
  Apply(WithTtl(kHour));
  Apply(WithTtl(2 * kHour));
  EXPECT_TRUE(*registry_->Promote(ObjectKind::kFeatureView, "weather", 2, "ann"));
  EXPECT_EQ(ActiveView("weather"), 2);
  EXPECT_FALSE(*registry_->Promote(ObjectKind::kFeatureView, "weather", 2, "ann"));
  EXPECT_TRUE(*registry_->Promote(ObjectKind::kFeatureView, "weather", 0, "ann"))
      << "the one defined now";
  EXPECT_EQ(ActiveView("weather"), 3);
  EXPECT_EQ(Rollback("weather"), 2);
  EXPECT_EQ(Rollback("weather"), 1);
  EXPECT_EQ(ActiveView("weather"), 1);
  const Status status = registry_->Rollback(ObjectKind::kFeatureView, "weather", "ann").status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(),
              HasSubstr("had no other active version before; promote one of 1, 2, 3"));
  EXPECT_EQ((*registry_->History("weather", 1))[0].action, "rollback");
}

TEST_F(ServingTest, PromoteNamesWhatIsThere) {
  EXPECT_THAT(registry_->Promote(ObjectKind::kFeatureView, "weather", 4, "ann").status().message(),
              HasSubstr("feature view 'weather' has no version 4; it has 1"));
  EXPECT_THAT(registry_->Promote(ObjectKind::kFeatureView, "wether", 1, "ann").status().message(),
              HasSubstr("there is no feature view 'wether', did you mean \"weather\"?"));
}

TEST_F(ServingTest, AViewActivatesItselfOnceItsDataHasCaughtUp) {
  ServeAll();
  Apply(WithTtl(kHour));
  EXPECT_FALSE(*registry_->ActivateWhenCaughtUp("weather", 1, "")) << "active already";
  EXPECT_FALSE(*registry_->ActivateWhenCaughtUp("weather", 7, "")) << "no such version";
  EXPECT_TRUE(*registry_->ActivateWhenCaughtUp("weather", 2, ""));
  EXPECT_EQ(ActiveView("weather"), 2);
  EXPECT_FALSE(*registry_->ActivateWhenCaughtUp("weather", 2, ""));
}

// Else the next materialization would undo what somebody did on purpose.
TEST_F(ServingTest, ARollbackHolds) {
  ServeAll();
  Apply(WithTtl(kHour));
  EXPECT_TRUE(*registry_->ActivateWhenCaughtUp("weather", 2, ""));
  EXPECT_EQ(Rollback("weather"), 1);
  EXPECT_FALSE(*registry_->ActivateWhenCaughtUp("weather", 2, ""));
  EXPECT_EQ(ActiveView("weather"), 1);
  Apply(WithTtl(kHour));
  EXPECT_EQ(ActiveView("weather"), 1) << "and an apply without a change leaves it";
}

TEST_F(ServingTest, ADefinitionThatWentBackDoesNotActivate) {
  ServeAll();
  Apply(WithTtl(kHour));
  Apply(SampleDefinitions());
  EXPECT_FALSE(*registry_->ActivateWhenCaughtUp("weather", 2, ""))
      << "nobody wants version 2 any more";
  EXPECT_EQ(ActiveView("weather"), 1);
}

// Where nothing was served, a rollback is undone by the next change alone.
TEST_F(ServingTest, ARollbackOfWhatWasNeverServedHoldsUntilTheNextChange) {
  Apply(WithTtl(kHour));
  EXPECT_EQ(Rollback("weather"), 1);
  Apply(WithTtl(kHour));
  EXPECT_EQ(ActiveView("weather"), 1);
  Apply(WithTtl(2 * kHour));
  EXPECT_EQ(ActiveView("weather"), 3);
}

TEST_F(ServingTest, MarkingTwiceWritesOnce) {
  ServeAll();
  const CatalogueSnapshot before = Now();
  ServeAll();
  EXPECT_EQ(Now(), before);
  EXPECT_TRUE(registry_->MarkServed(ObjectKind::kFeatureView, "nowhere", 1).ok());
}

}  // namespace
}  // namespace coeval
