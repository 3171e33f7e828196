#include "broker/topic_trie.hpp"

namespace pocketmq::broker {
namespace {

// Takes the words of a topic one by one.
class Words {
 public:
  explicit Words(std::string_view topic) : rest_{topic}, at_end_{topic.empty()} {}

  [[nodiscard]] bool at_end() const { return at_end_; }
  std::string_view next() {
    const auto dot = rest_.find('.');
    const auto word = rest_.substr(0, dot);
    at_end_ = dot == std::string_view::npos;
    rest_.remove_prefix(at_end_ ? rest_.size() : dot + 1);
    return word;
  }

 private:
  std::string_view rest_;
  bool at_end_;
};

constexpr std::string_view any_word = "*";
constexpr std::string_view any_words = "#";

}  // namespace

TopicTrie::Node& TopicTrie::grow(Node& from, std::string_view word) {
  if (const auto found = from.next.find(word); found != from.next.end()) return *found->second;
  auto& grown = *from.next.emplace(word, std::make_unique<Node>()).first->second;
  ++size_;
  if (word == any_word) from.next_any_word = &grown;
  if (word == any_words) from.next_any_words = &grown;
  grown.is_any_words = word == any_words;
  return grown;
}

void TopicTrie::prune(Node& from, std::string_view word) {
  if (word == any_word) from.next_any_word = nullptr;
  if (word == any_words) from.next_any_words = nullptr;
  from.next.erase(from.next.find(word));
  --size_;
}

void TopicTrie::add(Binding& binding) {
  auto* node = &root_;
  for (Words words{binding.routing_key}; !words.at_end();) node = &grow(*node, words.next());
  node->bindings.add(binding);
}

void TopicTrie::remove(Binding& binding) {
  struct Step {
    Node* from;
    std::string_view word;
  };
  std::vector<Step> path;
  auto* node = &root_;
  for (Words words{binding.routing_key}; !words.at_end();) {
    path.push_back({node, words.next()});
    node = node->next.find(path.back().word)->second.get();
  }
  node->bindings.remove(binding);
  for (; node != &root_ && node->empty(); path.pop_back()) {
    node = path.back().from;
    prune(*node, path.back().word);
  }
}

// Whoever reaches a node reaches the "#" behind it as well, which may stand for no word.
void TopicTrie::reach(const Node& node) const {
  for (const auto* next = &node; next != nullptr && next->reached_in != step_; next = next->next_any_words) {
    next->reached_in = step_;
    reached_.push_back(next);
  }
}

const std::vector<const TopicTrie::Node*>& TopicTrie::reached_by(std::string_view key) const {
  ++step_;
  reached_.clear();
  reach(root_);
  for (Words words{key}; !words.at_end() && !reached_.empty();) {
    const auto word = words.next();
    ++step_;
    left_.swap(reached_);
    reached_.clear();
    for (const auto* node : left_) {
      if (node->is_any_words) reach(*node);
      if (node->next_any_word != nullptr) reach(*node->next_any_word);
      if (const auto found = node->next.find(word); found != node->next.end()) reach(*found->second);
    }
  }
  return reached_;
}

}  // namespace pocketmq::broker
