#include "offline/keyed_questions.h"

namespace coeval {

Result<const QuestionIndex*> KeyedQuestions::Index(int threads) {
  if (!index_.has_value()) {
    COEVAL_RETURN_IF_ERROR(Keys(threads).status());
    index_ = QuestionIndex::Build(TakeKeys(), times_, threads);
  }
  return &*index_;
}

Result<QuestionKeys*> KeyedQuestions::Keys(int threads) {
  if (!made_keys_.has_value()) {
    COEVAL_ASSIGN_OR_RETURN(made_keys_, QuestionKeys::Of(keys_, times_, threads));
  }
  return &*made_keys_;
}

std::shared_ptr<const WantedKeys> KeyedQuestions::Wanted() {
  if (wanted_ == nullptr) wanted_ = std::make_shared<const WantedKeys>(keys_);
  return wanted_;
}

}  // namespace coeval
