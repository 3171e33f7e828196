#include "broker/explain/explain_miss.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/core/redeclaration.hpp"
#include "broker/explain/edit_distance.hpp"
#include "broker/routing/headers_exchange.hpp"
#include "broker/routing/topic_trie.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/vocabulary/secrets.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t shown_differences_max = 3;
constexpr std::size_t cells_a_step = 8;  // of a table of distances

// Sentences that are joined with semicolons. Only the first ones are kept.
class Reasons {
 public:
  void add(std::string reason) {
    if (++count_ > shown_differences_max) return;
    text_ += (text_.empty() ? "" : "; ") + std::move(reason);
  }
  [[nodiscard]] std::string text(std::string_view noun) const {
    if (count_ <= shown_differences_max) return text_;
    return text_ + "; and " + std::to_string(count_ - shown_differences_max) + " more " + std::string{noun};
  }

 private:
  std::string text_;
  std::size_t count_{0};
};

std::size_t letters_between(std::string_view a, std::string_view b, Budget& budget) {
  const auto max = std::max(a.size(), b.size());
  budget.use(1 + a.size() * b.size() / cells_a_step);
  return edit_distance(a, b, max);
}

using Words = std::vector<std::string_view>;

Words words_of(std::string_view topic) {
  Words words;
  for (TopicTrie::TopicWords left{topic}; !left.at_end();) words.push_back(left.next());
  return words;
}

bool is_any_words(std::string_view word) { return word == "#"; }

// The cheapest way to make the key match the pattern: each word that has to be replaced, added or removed costs one.
class Alignment {
 public:
  Alignment(const Words& key, const Words& pattern) : key_{key}, pattern_{pattern} {
    costs_.resize((key.size() + 1) * (pattern.size() + 1));
    for (std::size_t i = key.size() + 1; i-- > 0;)
      for (std::size_t j = pattern.size() + 1; j-- > 0;) cost(i, j) = least_from(i, j);
  }

  // How much the key's words from `i` on miss the pattern's words from `j` on.
  [[nodiscard]] std::size_t cost_from(std::size_t i, std::size_t j) const {
    return costs_[i * (pattern_.size() + 1) + j];
  }
  [[nodiscard]] bool at_end(std::size_t i, std::size_t j) const { return i == key_.size() && j == pattern_.size(); }
  [[nodiscard]] std::size_t replacement(std::size_t i, std::size_t j) const {
    return pattern_[j] == "*" || pattern_[j] == key_[i] ? 0 : 1;
  }

 private:
  std::size_t& cost(std::size_t i, std::size_t j) { return costs_[i * (pattern_.size() + 1) + j]; }
  [[nodiscard]] std::size_t least_from(std::size_t i, std::size_t j) const {
    const bool has_key = i < key_.size();
    if (j == pattern_.size()) return key_.size() - i;
    if (is_any_words(pattern_[j])) {
      const auto skipped = cost_from(i, j + 1);
      return has_key ? std::min(skipped, cost_from(i + 1, j)) : skipped;
    }
    auto least = 1 + cost_from(i, j + 1);
    if (has_key) least = std::min({least, replacement(i, j) + cost_from(i + 1, j + 1), 1 + cost_from(i + 1, j)});
    return least;
  }

  const Words& key_;
  const Words& pattern_;
  std::vector<std::size_t> costs_;
};

std::string count_of(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string word_is(std::size_t index, std::string_view word, std::string_view wanted) {
  return "word " + std::to_string(index + 1) + " is " + shown_name(word) + ", not " + shown_name(wanted);
}

// Which words differ on the cheapest way, as sentences.
Miss words_that_differ(const Words& key, const Words& pattern, const Alignment& alignment, Reasons& reasons,
                       Budget& budget) {
  Miss miss{.distance = {.first = alignment.cost_from(0, 0)}};
  for (std::size_t i = 0, j = 0; !alignment.at_end(i, j);) {
    const auto cost = alignment.cost_from(i, j);
    const bool has_key = i < key.size(), has_pattern = j < pattern.size();
    if (has_pattern && is_any_words(pattern[j])) {
      cost == alignment.cost_from(i, j + 1) ? ++j : ++i;
    } else if (has_key && has_pattern && cost == alignment.replacement(i, j) + alignment.cost_from(i + 1, j + 1)) {
      if (alignment.replacement(i, j) > 0) {
        reasons.add(word_is(i, key[i], pattern[j]));
        miss.distance.letters += letters_between(key[i], pattern[j], budget);
      }
      ++i, ++j;
    } else if (has_pattern && cost == 1 + alignment.cost_from(i, j + 1)) {
      if (pattern[j] != "*") reasons.add("the word " + shown_name(pattern[j]) + " is missing");
      miss.distance.letters += pattern[j].size();
      ++j;
    } else {
      reasons.add("word " + std::to_string(i + 1) + ", " + shown_name(key[i]) + ", is too much");
      miss.distance.letters += key[i].size();
      ++i;
    }
  }
  return miss;
}

std::string_view text_in(const protocol::FieldValue& value) {
  return value.type == 'S' || value.type == 'x' ? value.bytes : std::string_view{};
}

std::string shown_header(const protocol::Field& header) { return protocol::printable(shown(header.value)); }

// "a longstr '1'", where "'1'" alone could be a number.
std::string with_type(const protocol::Field& header) {
  return "a " + std::string{type_name(header.value.type)} + " " + shown_header(header);
}

std::string header_is(const protocol::Field& wanted, protocol::FieldValue value) {
  const protocol::Field header{wanted.name, value};
  if (protocol::is_secret(wanted.name)) return shown_name(wanted.name) + " has another value";
  const auto begin = shown_name(wanted.name) + " is ";
  const bool look_equal = shown_header(header) == shown_header(wanted);
  if (look_equal) return begin + with_type(header) + ", not " + with_type(wanted);
  return begin + shown_header(header) + ", not " + shown_header(wanted);
}

}  // namespace

Miss topic_miss(std::string_view key, std::string_view pattern, Budget& budget) {
  const auto key_words = words_of(key), pattern_words = words_of(pattern);
  budget.use(steps::for_a_binding + (key_words.size() + 1) * (pattern_words.size() + 1) / cells_a_step);
  const Alignment alignment{key_words, pattern_words};
  if (alignment.cost_from(0, 0) == 0) return {};
  const auto wide = static_cast<std::size_t>(std::ranges::count_if(pattern_words, is_any_words));
  const auto least = pattern_words.size() - wide;
  Reasons reasons;
  if (key_words.size() < least || (wide == 0 && key_words.size() > least))
    reasons.add("the key has " + count_of(key_words.size(), "word") + ", the pattern wants "
                + (wide > 0 ? "at least " : "") + std::to_string(least));
  auto miss = words_that_differ(key_words, pattern_words, alignment, reasons, budget);
  miss.why = reasons.text("differences");
  return miss;
}

Miss name_miss(std::string_view key, std::string_view wanted, Budget& budget) {
  budget.use(1 + key.size() * wanted.size() / cells_a_step);
  const auto letters = name_distance(key, wanted);
  return {.distance = {.first = letters, .letters = letters},
          .why = shown_name(wanted) + " " + difference_text(wanted, key)};
}

Miss headers_miss(protocol::FieldTable headers, const HeaderFacts& facts, protocol::FieldTable arguments,
                  Budget& budget) {
  budget.use(steps::for_required_headers(arguments.encoded().size()));
  const auto wanted = wanted_headers(arguments);
  const auto match = "x-match " + std::string{wanted.match};
  if (wanted.headers.empty()) return {.distance = {.first = 1}, .why = match + " without a header matches nothing"};
  Reasons reasons;
  Distance distance;
  for (const auto& header : wanted.headers) {
    if (facts.contain(wanted_fact(header))) continue;
    ++distance.first;
    budget.use(steps::for_a_header + headers.encoded().size() / cells_a_step);
    const auto value = headers.find(header.name);
    reasons.add(value ? header_is(header, *value) : shown_name(header.name) + " is missing");
    distance.letters += value ? letters_between(text_in(*value), text_in(header.value), budget)
                              : header.name.size() + text_in(header.value).size();
  }
  if (wanted.any) distance.first = std::min<std::size_t>(distance.first, 1);
  return {.distance = distance, .why = match + ": " + reasons.text("headers")};
}

}  // namespace pocketmq::broker
