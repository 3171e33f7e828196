// Topic patterns (AMQP 0-9-1, 3.1.3.3) as a tree of words: `a.*.#` is the node behind "a", "*" and "#", and its
// bindings stand there. `*` is one word, `#` any number of words; words are separated by dots and may be empty, and the
// empty key has none.
//
// A key is followed word by word through all nodes at once that its words so far lead to. Each node counts once a word,
// so that a match costs no more than words times nodes reached, whatever the patterns; those that do not match are not
// reached.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "broker/binding.hpp"
#include "broker/by_name.hpp"

namespace pocketmq::broker {

class TopicTrie {
 public:
  /// A binding comes under its routing key.
  void add(Binding& binding);
  void remove(Binding& binding);

  /// Calls `found(binding)` for each binding whose pattern matches the key, each once.
  template <class Found> void match(std::string_view key, Found&& found) const {
    for (const auto* node : reached_by(key))
      for (const auto* binding : node->bindings) found(*binding);
  }

  /// How many nodes there are, not counting the root: words that patterns do not share.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Node {
    ByName<std::unique_ptr<Node>> next;   // by the word
    const Node* next_any_word{nullptr};   // next["*"], if it is there
    const Node* next_any_words{nullptr};  // next["#"]
    bool is_any_words{false};
    BindingsOfKey bindings;
    mutable std::uint64_t reached_in{0};  // the latest step that got here

    [[nodiscard]] bool empty() const { return next.empty() && bindings.empty(); }
  };

  [[nodiscard]] Node& grow(Node& from, std::string_view word);
  void prune(Node& from, std::string_view word);
  [[nodiscard]] const std::vector<const Node*>& reached_by(std::string_view key) const;
  void reach(const Node& node) const;

  Node root_;
  std::size_t size_{0};

  // The match that is going on; kept for their memory.
  mutable std::uint64_t step_{0};  // of all matches: each word is one
  mutable std::vector<const Node*> reached_, left_;
};

}  // namespace pocketmq::broker
