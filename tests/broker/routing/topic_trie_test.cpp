// The tree of topic patterns, on its own and against a matcher that is slow and plainly right.
#include "broker/routing/topic_trie.hpp"

#include <algorithm>
#include <memory>
#include <random>

#include "broker/core/context.hpp"
#include "broker/routing/fanout_exchange.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::Binding;
using broker::TopicTrie;

// Bindings with these patterns; where they lead does not matter.
class Bindings {
 public:
  Binding& make(std::string_view pattern) {
    return *made_.emplace_back(std::make_unique<Binding>(
        broker::BindingIdentity{.source = &anywhere_, .destination = &anywhere_, .routing_key = pattern},
        context_.quotas()));
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Binding>>& all() const { return made_; }

 private:
  broker::FanoutExchange anywhere_{{}};
  broker::Context context_{{}, nullptr};
  std::vector<std::unique_ptr<Binding>> made_;
};

void add(TopicTrie& trie, Binding& binding) {
  broker::Budget budget;
  trie.add(binding, budget);
}

void remove(TopicTrie& trie, Binding& binding) {
  broker::Budget budget;
  trie.remove(binding, budget);
}

std::vector<std::string> matching(const TopicTrie& trie, std::string_view key) {
  std::vector<std::string> patterns;
  TopicTrie::Walk walk;
  broker::Budget budget;
  do {
    budget.grant(10);  // so that it pauses
  } while (!trie.match(key, walk, budget, [&](const broker::BindingsOfKey& bindings) {
    for (const auto* binding : bindings) patterns.push_back(binding->routing_key);
    return true;
  }));
  std::ranges::sort(patterns);
  return patterns;
}

bool matches(std::string_view pattern, std::string_view key) {
  Bindings bindings;
  TopicTrie trie;
  add(trie, bindings.make(pattern));
  return !matching(trie, key).empty();
}

// ---- the plain matcher

std::vector<std::string> split(std::string_view topic) {
  if (topic.empty()) return {};
  std::vector<std::string> words{""};
  for (const char c : topic) {
    if (c == '.')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

using Word = std::vector<std::string>::const_iterator;

bool plainly_matches(Word pattern, Word pattern_end, Word key, Word key_end) {
  if (pattern == pattern_end) return key == key_end;
  if (*pattern == "#")
    return plainly_matches(pattern + 1, pattern_end, key, key_end)
           || (key != key_end && plainly_matches(pattern, pattern_end, key + 1, key_end));
  return key != key_end && (*pattern == "*" || *pattern == *key)
         && plainly_matches(pattern + 1, pattern_end, key + 1, key_end);
}

bool plainly_matches(const std::string& pattern, const std::string& key) {
  const auto p = split(pattern), k = split(key);
  return plainly_matches(p.begin(), p.end(), k.begin(), k.end());
}

}  // namespace

TEST_CASE("a star is one word and a hash any number of words") {
  CHECK(matches("a.b", "a.b"));
  CHECK_FALSE(matches("a.b", "a"));
  CHECK_FALSE(matches("a.b", "a.b.c"));
  CHECK(matches("a.*", "a.b"));
  CHECK_FALSE(matches("a.*", "a"));
  CHECK_FALSE(matches("a.*", "a.b.c"));
  CHECK(matches("a.#", "a"));
  CHECK(matches("a.#", "a.b.c"));
  CHECK(matches("#.a", "a"));
  CHECK_FALSE(matches("#.a", "a.b"));
  CHECK(matches("a.#.c", "a.c"));
  CHECK(matches("a.#.c", "a.b.b.c"));
  CHECK(matches("#.*", "a"));
  CHECK(matches("#.#", "a.b"));
  CHECK_FALSE(matches("*.#.*", "a"));
}

TEST_CASE("words may be empty and an empty key has none") {
  CHECK(matches("", ""));
  CHECK_FALSE(matches("", "a"));
  CHECK_FALSE(matches("*", ""));
  CHECK(matches("#", ""));
  CHECK(matches("*.*", "."));
  CHECK(matches("a.*.b", "a..b"));
  CHECK(matches("a.*", "a."));
  CHECK(matches("*.a", ".a"));
  CHECK_FALSE(matches("a", "a."));
}

TEST_CASE("in a key and beside other letters stars and hashes stand for themselves") {
  CHECK(matches("a.*", "a.#"));
  CHECK_FALSE(matches("a.b", "a.*"));
  CHECK_FALSE(matches("a.b", "#"));
  CHECK_FALSE(matches("a*", "ab"));
  CHECK(matches("a*", "a*"));
  CHECK_FALSE(matches("#a", "a"));
  CHECK_FALSE(matches("**", "a"));
  CHECK_FALSE(matches("A", "a"));
}

TEST_CASE("each binding is found once") {
  Bindings bindings;
  TopicTrie trie;
  for (const auto* pattern : {"#", "#", "#.#", "a.#", "#.b", "a.#.b", "*.#.*", "x.#"})
    add(trie, bindings.make(pattern));
  CHECK(matching(trie, "a.a.b") == std::vector<std::string>{"#", "#", "#.#", "#.b", "*.#.*", "a.#", "a.#.b"});
}

TEST_CASE("a match that is abandoned leaves nothing to the next one") {
  Bindings bindings;
  TopicTrie trie;
  for (const auto* pattern : {"a.*.x", "a.b.x", "a.#", "*.b", "c.#.x", "c.d"}) add(trie, bindings.make(pattern));
  TopicTrie::Walk walk;
  broker::Budget budget;
  const auto abandons_after = GENERATE(range(0, 6));
  std::vector<std::string> found;
  const auto note = [&](const broker::BindingsOfKey& of) {
    for (const auto* binding : of) found.push_back(binding->routing_key);
    return true;
  };
  for (int i = 0; i < abandons_after; ++i) {
    budget.grant(1);  // no more than one step each time
    if (trie.match("a.b.x", walk, budget, note)) break;
  }
  walk.stop();
  found.clear();
  budget.grant(100'000);
  CHECK(trie.match("c.d", walk, budget, note));
  std::ranges::sort(found);
  CHECK(found == std::vector<std::string>{"c.d"});
}

TEST_CASE("a match that is refused a pattern goes on with it") {
  Bindings bindings;
  TopicTrie trie;
  for (const auto* pattern : {"a", "*", "#"}) add(trie, bindings.make(pattern));
  TopicTrie::Walk walk;
  broker::Budget budget;
  budget.grant(100'000);
  int asked = 0;
  CHECK_FALSE(trie.match("a", walk, budget, [&](const broker::BindingsOfKey&) { return ++asked < 2; }));
  std::size_t found = 0;
  CHECK(trie.match("a", walk, budget, [&](const broker::BindingsOfKey&) { return ++found > 0; }));
  CHECK(found == 2);
}

TEST_CASE("what no pattern needs any more is gone") {
  Bindings bindings;
  TopicTrie trie;
  auto &deep = bindings.make("a.b.*.#"), &shallow = bindings.make("a.b"), &twin = bindings.make("a.b");
  for (auto* binding : {&deep, &shallow, &twin}) add(trie, *binding);
  CHECK(trie.size() == 4);
  remove(trie, shallow);
  CHECK(matching(trie, "a.b") == std::vector<std::string>{"a.b"});
  CHECK(trie.size() == 4);
  remove(trie, deep);
  CHECK(trie.size() == 2);
  CHECK(matching(trie, "a.b.c").empty());
  remove(trie, twin);
  CHECK(trie.size() == 0);
  CHECK(matching(trie, "a.b").empty());
}

TEST_CASE("a pattern of many words draws on the budget when it comes and when it goes") {
  Bindings bindings;
  TopicTrie trie;
  std::string words = "a";
  while (words.size() < 250) words += ".a";
  auto &first = bindings.make(words), &second = bindings.make(words + ".b");
  const auto steps_of = [](auto&& work) {
    broker::Budget budget;
    work(budget);
    return -budget.left();
  };
  CHECK(steps_of([&](auto& budget) { trie.add(first, budget); }) > 1'000);
  CHECK(steps_of([&](auto& budget) { trie.add(second, budget); }) > 400);  // the words are there
  CHECK(steps_of([&](auto& budget) { trie.remove(second, budget); }) > 400);
  CHECK(steps_of([&](auto& budget) { trie.remove(first, budget); }) > 1'000);
}

TEST_CASE("random patterns match the keys that a plain matcher says") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  std::mt19937 random{seed};
  const auto topic = [&](const std::vector<std::string>& words) {
    std::string text;
    for (auto length = random() % 6; length > 0; --length)
      text += words[random() % words.size()] + (length > 1 ? "." : "");
    return text;
  };
  Bindings bindings;
  TopicTrie trie;
  for (int i = 0; i < 200; ++i) add(trie, bindings.make(topic({"a", "b", "", "*", "#", "*a"})));
  // Half of them go again.
  std::vector<std::string> left;
  for (std::size_t i = 0; i < bindings.all().size(); ++i) {
    if (i % 2 == 0)
      remove(trie, *bindings.all()[i]);
    else
      left.push_back(bindings.all()[i]->routing_key);
  }
  std::ranges::sort(left);
  for (int i = 0; i < 200; ++i) {
    const auto key = topic({"a", "b", "", "*", "#", "c"});
    CAPTURE(key);
    std::vector<std::string> expected;
    std::ranges::copy_if(left, std::back_inserter(expected),
                         [&](const std::string& pattern) { return plainly_matches(pattern, key); });
    REQUIRE(matching(trie, key) == expected);
  }
}

TEST_CASE("hostile patterns take no more than words times nodes") {
  Bindings bindings;
  TopicTrie trie;
  std::string hashes = "#", stairs = "#", key = "a";
  while (hashes.size() < 250) hashes += ".#";
  while (stairs.size() < 250) stairs += ".a.#";
  while (key.size() < 250) key += ".a";
  for (const char end : {'a', 'x'}) {
    add(trie, bindings.make(hashes + '.' + end));
    add(trie, bindings.make(stairs + '.' + end));
  }
  for (int i = 0; i < 100; ++i) CHECK(matching(trie, key).size() == 2);  // for ever, if each way were gone on its own
}

}  // namespace pocketmq::tests
