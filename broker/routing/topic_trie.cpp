#include "broker/routing/topic_trie.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view any_word = "*";
constexpr std::string_view any_words = "#";

}  // namespace

std::string_view TopicTrie::TopicWords::next() {
  const auto dot = rest_.find('.');
  const auto word = rest_.substr(0, dot);
  at_end_ = dot == std::string_view::npos;
  rest_.remove_prefix(at_end_ ? rest_.size() : dot + 1);
  return word;
}

TopicTrie::Node& TopicTrie::find_or_add_child(Node& from, std::string_view word, Budget& budget) {
  budget.use(steps::for_a_pattern_node);
  if (const auto* found = from.next.find(word)) return *found->second;
  budget.use(steps::for_a_pattern_word);
  auto& added = *from.next.add(word, protocol::Ref<Node>{new Node}).second;
  ++size_;
  if (word == any_word) from.next_any_word = &added;
  if (word == any_words) from.next_any_words = &added;
  added.is_any_words = word == any_words;
  return added;
}

void TopicTrie::remove_child(Node& from, std::string_view word) {
  if (word == any_word) from.next_any_word = nullptr;
  if (word == any_words) from.next_any_words = nullptr;
  from.next.erase(word);
  --size_;
}

void TopicTrie::add(Binding& binding, Budget& budget) {
  auto* node = root_.get();
  for (TopicWords words{binding.routing_key}; !words.at_end();) node = &find_or_add_child(*node, words.next(), budget);
  node->bindings.add(binding);
}

void TopicTrie::remove(Binding& binding, Budget& budget) {
  struct Step {
    Node* from;
    std::string_view word;
  };
  std::vector<Step> path;
  auto* node = root_.get();
  for (TopicWords words{binding.routing_key}; !words.at_end();) {
    budget.use(steps::for_a_pattern_node);
    path.push_back({node, words.next()});
    node = node->next.find(path.back().word)->second.get();
  }
  node->bindings.remove(binding);
  for (; node != root_.get() && node->empty(); path.pop_back()) {
    budget.use(steps::for_a_pattern_word);
    node = path.back().from;
    remove_child(*node, path.back().word);
  }
}

bool TopicTrie::follow(std::string_view key, Walk& walk, Budget& budget) const {
  if (!walk.has_begun_) {
    walk.has_begun_ = true;
    walk.words_ = TopicWords{key};
    walk.step_ = ++steps_;
    walk.nodes_.clear();
    walk.next_nodes_.clear();
    add_node(*root_, walk, budget);
  }
  for (;;) {
    while (!walk.nodes_.empty()) {
      if (budget.is_used_up()) return false;
      follow_word(walk, budget);
    }
    if (walk.words_.at_end() || walk.next_nodes_.empty()) return true;
    walk.word_ = walk.words_.next();
    walk.step_ = ++steps_;
    walk.nodes_.swap(walk.next_nodes_);
  }
}

// Follows the current word from one node.
void TopicTrie::follow_word(Walk& walk, Budget& budget) {
  const auto node = std::move(walk.nodes_.back());
  walk.nodes_.pop_back();
  if (node->is_any_words) add_node(*node, walk, budget);
  if (node->next_any_word != nullptr) add_node(*node->next_any_word, walk, budget);
  if (const auto* found = node->next.find(walk.word_)) add_node(*found->second, walk, budget);
}

// Adds a node, and the "#" nodes below it, because "#" may stand for no word.
void TopicTrie::add_node(Node& node, Walk& walk, Budget& budget) {
  for (auto* next = &node; next != nullptr && next->last_step != walk.step_; next = next->next_any_words) {
    budget.use(steps::for_a_pattern_node);
    next->last_step = walk.step_;
    walk.next_nodes_.emplace_back(next);
  }
}

}  // namespace pocketmq::broker
