// Topic patterns (AMQP 0-9-1, 3.1.3.3) as a trie of words. `a.*.#` is the node at the end of the path "a", "*", "#",
// which has the pattern's bindings. `*` stands for one word, `#` for any number of words. Words are separated by dots
// and may be empty; the empty key has no words.
//
// A match follows a routing key word by word through all matching nodes at the same time. It visits each node at most
// once for each word. So its cost is at most words times visited nodes, whatever the patterns are. If very many nodes
// match, it pauses when the budget is used up and continues in another slice.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/core/budget.hpp"
#include "broker/core/by_name.hpp"
#include "broker/queue/binding.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class TopicTrie {
  struct Node;

 public:
  /// Splits a topic into words.
  class TopicWords {
   public:
    TopicWords() = default;
    explicit TopicWords(std::string_view topic) : rest_{topic}, at_end_{topic.empty()} {}

    [[nodiscard]] bool at_end() const { return at_end_; }
    std::string_view next();

   private:
    std::string_view rest_;
    bool at_end_{true};
  };

  /// The state of a match. It can be used for one match after the other, and keeps its memory.
  class Walk {
   public:
    /// Abandons the match.
    void stop() { has_begun_ = false; }

   private:
    friend class TopicTrie;

    bool has_begun_{false};
    TopicWords words_;                             // the words after `word_`
    std::string_view word_;                        // the word that is being followed
    std::uint64_t step_{0};                        // the number of the current step
    std::vector<protocol::Ref<Node>> nodes_;       // nodes from which the word has to be followed
    std::vector<protocol::Ref<Node>> next_nodes_;  // nodes to which the word leads
  };

  /// Adds or removes a binding under its routing key. Each word is charged to the budget.
  void add(Binding& binding, Budget& budget);
  void remove(Binding& binding, Budget& budget);

  /// Calls `found(bindings)` for the bindings of each pattern that matches the key. Returns false if `found` does or if
  /// the budget is used up. Call it then again with the same key and the same walk. Bindings that are added or removed
  /// meanwhile may be found or not.
  template <class Found> bool match(std::string_view key, Walk& walk, Budget& budget, Found&& found) const {
    if (!follow(key, walk, budget)) return false;
    for (; !walk.next_nodes_.empty(); walk.next_nodes_.pop_back())
      if (!found(walk.next_nodes_.back()->bindings)) return false;
    walk.stop();
    return true;
  }

  /// How many nodes there are, without the root.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  // Counted, because a walk may pause at a node that is removed meanwhile.
  struct Node : protocol::Counted<Node> {
    ByName<protocol::Ref<Node>> next;  // by word
    Node* next_any_word{nullptr};      // next["*"] or null
    Node* next_any_words{nullptr};     // next["#"] or null
    bool is_any_words{false};
    BindingsOfKey bindings;
    std::uint64_t last_step{0};  // the number of the last step that visited it

    [[nodiscard]] bool empty() const { return next.empty() && bindings.empty(); }
  };

  [[nodiscard]] Node& find_or_add_child(Node& from, std::string_view word, Budget& budget);
  void remove_child(Node& from, std::string_view word);
  bool follow(std::string_view key, Walk& walk, Budget& budget) const;
  static void follow_word(Walk& walk, Budget& budget);
  static void add_node(Node& node, Walk& walk, Budget& budget);

  const protocol::Ref<Node> root_{new Node};
  std::size_t size_{0};
  mutable std::uint64_t steps_{0};  // of all matches; each word of a match is a step
};

}  // namespace pocketmq::broker
