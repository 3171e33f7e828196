#include "broker/routing/topic_trie.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view any_word = "*";
constexpr std::string_view any_words = "#";

}  // namespace

std::string_view TopicTrie::Words::next() {
  const auto dot = rest_.find('.');
  const auto word = rest_.substr(0, dot);
  at_end_ = dot == std::string_view::npos;
  rest_.remove_prefix(at_end_ ? rest_.size() : dot + 1);
  return word;
}

TopicTrie::Node& TopicTrie::grow(Node& from, std::string_view word, Budget& budget) {
  budget.use(steps::for_a_pattern_node);
  if (const auto* found = from.next.find(word)) return *found->second;
  budget.use(steps::for_a_pattern_word);
  auto& grown = *from.next.add(word, protocol::Ref<Node>{new Node}).second;
  ++size_;
  if (word == any_word) from.next_any_word = &grown;
  if (word == any_words) from.next_any_words = &grown;
  grown.is_any_words = word == any_words;
  return grown;
}

void TopicTrie::prune(Node& from, std::string_view word) {
  if (word == any_word) from.next_any_word = nullptr;
  if (word == any_words) from.next_any_words = nullptr;
  from.next.erase(word);
  --size_;
}

void TopicTrie::add(Binding& binding, Budget& budget) {
  auto* node = root_.get();
  for (Words words{binding.routing_key}; !words.at_end();) node = &grow(*node, words.next(), budget);
  node->bindings.add(binding);
}

void TopicTrie::remove(Binding& binding, Budget& budget) {
  struct Step {
    Node* from;
    std::string_view word;
  };
  std::vector<Step> path;
  auto* node = root_.get();
  for (Words words{binding.routing_key}; !words.at_end();) {
    budget.use(steps::for_a_pattern_node);
    path.push_back({node, words.next()});
    node = node->next.find(path.back().word)->second.get();
  }
  node->bindings.remove(binding);
  for (; node != root_.get() && node->empty(); path.pop_back()) {
    budget.use(steps::for_a_pattern_word);
    node = path.back().from;
    prune(*node, path.back().word);
  }
}

bool TopicTrie::follow(std::string_view key, Walk& walk, Budget& budget) const {
  if (!walk.is_under_way_) {
    walk.is_under_way_ = true;
    walk.words_ = Words{key};
    walk.step_ = ++steps_;
    walk.left_.clear();
    walk.reached_.clear();
    reach(*root_, walk, budget);
  }
  for (;;) {
    while (!walk.left_.empty()) {
      if (budget.is_used_up()) return false;
      follow_word(walk, budget);
    }
    if (walk.words_.at_end() || walk.reached_.empty()) return true;
    walk.word_ = walk.words_.next();
    walk.step_ = ++steps_;
    walk.left_.swap(walk.reached_);
  }
}

// Follows the current word from one node.
void TopicTrie::follow_word(Walk& walk, Budget& budget) {
  const auto node = std::move(walk.left_.back());
  walk.left_.pop_back();
  if (node->is_any_words) reach(*node, walk, budget);
  if (node->next_any_word != nullptr) reach(*node->next_any_word, walk, budget);
  if (const auto* found = node->next.find(walk.word_)) reach(*found->second, walk, budget);
}

// Adds a node, and the "#" nodes below it, because "#" may stand for no word.
void TopicTrie::reach(Node& node, Walk& walk, Budget& budget) {
  for (auto* next = &node; next != nullptr && next->reached_in != walk.step_; next = next->next_any_words) {
    budget.use(steps::for_a_pattern_node);
    next->reached_in = walk.step_;
    walk.reached_.emplace_back(next);
  }
}

}  // namespace pocketmq::broker
