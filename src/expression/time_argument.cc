#include "expression/time_argument.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/suggest.h"
#include "expression/lexer.h"

namespace coeval {

namespace {

Status SetZone(const PrepareContext& context, std::size_t position, TimePlan* plan) {
  if (position >= context.constants.size() || !context.constants[position]) return Status::Ok();
  const Value& name = *context.constants[position];
  if (name.is_null()) return Status::Ok();
  *context.bad_argument = position;
  COEVAL_ASSIGN_OR_RETURN(plan->zone, FindZone(name.AsString()));
  return Status::Ok();
}

}  // namespace

const std::vector<std::string>& TimePartNames() {
  static const auto* const names = new std::vector<std::string>{
      "year", "quarter", "month", "week", "day", "hour", "minute", "second"};
  return *names;
}

std::optional<TimePart> TimePartOf(std::string_view name) {
  const std::string word = LowerAscii(name);
  const std::vector<std::string>& names = TimePartNames();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (word == names[i] || word == names[i] + "s") return static_cast<TimePart>(i);
  }
  return std::nullopt;
}

Result<std::shared_ptr<const void>> PrepareZone(const PrepareContext& context) {
  auto plan = std::make_shared<TimePlan>();
  if (context.tag != kNoZone) {
    COEVAL_RETURN_IF_ERROR(SetZone(context, static_cast<std::size_t>(context.tag), plan.get()));
  }
  return std::shared_ptr<const void>(std::move(plan));
}

Result<std::shared_ptr<const void>> PreparePart(const PrepareContext& context) {
  auto plan = std::make_shared<TimePlan>();
  *context.bad_argument = 0;
  const Value& name = *context.constants[0];
  if (name.is_null()) return Status::InvalidArgument("the part is null");
  const std::optional<TimePart> part = TimePartOf(name.AsString());
  if (!part) {
    return Status::InvalidArgument(
        fmt::format("unknown part '{}'{}; parts are year, quarter, month, week, day, hour, minute, "
                    "second",
                    name.AsString(), DidYouMean(name.AsString(), TimePartNames())));
  }
  plan->part = *part;
  if (context.tag != kNoZone) {
    COEVAL_RETURN_IF_ERROR(SetZone(context, static_cast<std::size_t>(context.tag), plan.get()));
  }
  return std::shared_ptr<const void>(std::move(plan));
}

Result<std::shared_ptr<const void>> PrepareCycle(const PrepareContext& context) {
  static const auto* const names = new std::vector<std::string>{
      "quarter", "month", "isoweek", "doy", "day", "weekday", "dow", "hour", "minute", "second"};
  auto plan = std::make_shared<TimePlan>();
  *context.bad_argument = 0;
  const Value& name = *context.constants[0];
  if (name.is_null()) return Status::InvalidArgument("the part is null");
  const auto found = std::find(names->begin(), names->end(), LowerAscii(name.AsString()));
  if (found == names->end()) {
    return Status::InvalidArgument(fmt::format("unknown part '{}'{}; parts that come round are {}",
                                               name.AsString(), DidYouMean(name.AsString(), *names),
                                               fmt::join(*names, ", ")));
  }
  plan->cycle = static_cast<Cycle>(found - names->begin());
  if (context.tag != kNoZone) {
    COEVAL_RETURN_IF_ERROR(SetZone(context, static_cast<std::size_t>(context.tag), plan.get()));
  }
  return std::shared_ptr<const void>(std::move(plan));
}

Result<std::shared_ptr<const void>> RefuseDateZone(const PrepareContext& context) {
  *context.bad_argument = context.types.size() - 1;
  return Status::InvalidArgument(
      "a date has no time zone: leave the zone out, or cast to timestamp");
}

}  // namespace coeval
