// Topic patterns (AMQP 0-9-1, 3.1.3.3) as a tree of words: `a.*.#` is the node behind "a", "*" and "#", and its
// bindings stand there. `*` is one word, `#` any number of words; words are separated by dots and may be empty, and the
// empty key has none.
//
// A key is followed word by word through all nodes at once that its words so far lead to. Each node counts once a word,
// so that a match costs no more than words times nodes reached, whatever the patterns; those that do not match are not
// reached. These may be very many: a match pauses when the budget is used up, and goes on in another slice.
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
  /// The words of a topic, one by one.
  class Words {
   public:
    Words() = default;
    explicit Words(std::string_view topic) : rest_{topic}, at_end_{topic.empty()} {}

    [[nodiscard]] bool at_end() const { return at_end_; }
    std::string_view next();

   private:
    std::string_view rest_;
    bool at_end_{true};
  };

  /// How far a match has come. One serves one match after the other, and keeps its memory.
  class Walk {
   public:
    /// The match is given up.
    void stop() { is_under_way_ = false; }

   private:
    friend class TopicTrie;

    bool is_under_way_{false};
    Words words_;                               // behind `word_`
    std::string_view word_;                     // the one that is being followed
    std::uint64_t step_{0};                     // its number
    std::vector<protocol::Ref<Node>> left_;     // from where it is still to be followed
    std::vector<protocol::Ref<Node>> reached_;  // where it leads
  };

  /// A binding comes under its routing key. Its words draw on the budget.
  void add(Binding& binding, Budget& budget);
  void remove(Binding& binding, Budget& budget);

  /// Calls `found(bindings)` for the bindings of each pattern that matches the key. Returns false where that does, or
  /// if the budget is used up: then it is to be called again with the same key and the same walk. What comes or goes in
  /// the meantime is found or not.
  template <class Found> bool match(std::string_view key, Walk& walk, Budget& budget, Found&& found) const {
    if (!follow(key, walk, budget)) return false;
    for (; !walk.reached_.empty(); walk.reached_.pop_back())
      if (!found(walk.reached_.back()->bindings)) return false;
    walk.stop();
    return true;
  }

  /// How many nodes there are, not counting the root: words that patterns do not share.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  // Counted: a walk may pause at a node that is no longer needed.
  struct Node : protocol::Counted<Node> {
    ByName<protocol::Ref<Node>> next;  // by the word
    Node* next_any_word{nullptr};      // next["*"], if it is there
    Node* next_any_words{nullptr};     // next["#"]
    bool is_any_words{false};
    BindingsOfKey bindings;
    std::uint64_t reached_in{0};  // the latest step that got here

    [[nodiscard]] bool empty() const { return next.empty() && bindings.empty(); }
  };

  [[nodiscard]] Node& grow(Node& from, std::string_view word, Budget& budget);
  void prune(Node& from, std::string_view word);
  bool follow(std::string_view key, Walk& walk, Budget& budget) const;
  static void follow_word(Walk& walk, Budget& budget);
  static void reach(Node& node, Walk& walk, Budget& budget);

  const protocol::Ref<Node> root_{new Node};
  std::size_t size_{0};
  mutable std::uint64_t steps_{0};  // of all matches: each word is one
};

}  // namespace pocketmq::broker
