// Calls: the overload that fits the arguments best, and the conversions to it. The part of the
// checker that knows nodes and not syntax.
#pragma once

#include <string_view>
#include <vector>

#include "base/status.h"
#include "expression/typed_tree.h"

namespace coeval {

// Errors of all of these: InvalidArgument in the form of ErrorAt over `text`.
class Resolver {
 public:
  // `text` must outlive the resolver.
  explicit Resolver(std::string_view text) : text_(text) {}

  [[nodiscard]] Result<TypedPtr> Call(const Function& function, std::vector<TypedPtr> args,
                                      std::size_t offset) const;
  // As an implicit conversion; nothing to do where the types are equal.
  [[nodiscard]] Result<TypedPtr> Convert(TypedPtr node, const ValueType& to) const;
  // As an explicit one; `type_offset` is where its type is written.
  [[nodiscard]] Result<TypedPtr> Cast(TypedPtr node, const ValueType& to, bool is_try,
                                      std::size_t offset, std::size_t type_offset) const;
  // Converts the nodes at the positions to their least common type, and gives it. `what` names them
  // in the error: "the branches of case".
  [[nodiscard]] Result<ValueType> Unify(std::vector<TypedPtr>* nodes,
                                        const std::vector<std::size_t>& positions,
                                        std::string_view what) const;
  // The node, with its constant where all its children are constant.
  [[nodiscard]] TypedPtr Finish(TypedNode node) const;

 private:
  struct Choice;
  [[nodiscard]] std::optional<Choice> Match(const Function& function, std::size_t overload,
                                            const std::vector<TypedPtr>& args) const;
  [[nodiscard]] Status NoOverload(const Function& function, const std::vector<TypedPtr>& args,
                                  std::size_t offset) const;

  std::string_view text_;
};

// A string literal may be read as a timestamp or date where one is asked for.
bool IsStringLiteral(const TypedNode& node);

}  // namespace coeval
