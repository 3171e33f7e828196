// A hash table that grows and shrinks a little at each insertion and each removal. A standard hash table moves all its
// elements at once, which takes a tenth of a second for a million elements.
//
// It uses Litwin's linear hashing. There are about as many buckets as elements. A new bucket is always the last one. It
// takes its elements from one other bucket: the one whose number is the same without the highest bit. Buckets lie in
// segments, so that they never move.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace pocketmq::broker {

/// `KeyOf` returns an element's key. No two elements have equal keys. A reference to an element is valid until the
/// element is erased.
template <class Element, class KeyOf, class Hash, class Equal = std::equal_to<>> class GradualTable {
 public:
  /// Up to this number, all elements are in one bucket: comparing them costs no more than hashing the key.
  static constexpr std::size_t few = 16;

  GradualTable() = default;
  GradualTable(const GradualTable&) = delete;
  GradualTable& operator=(const GradualTable&) = delete;
  ~GradualTable() { clear(); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t bucket_count() const { return buckets_; }

  /// The element with that key; null if there is none. The caller may change it, but not its key.
  template <class Key> [[nodiscard]] Element* find(const Key& key) const {
    if (empty()) return nullptr;
    auto* node = chain_of(key).get();
    while (node != nullptr && !is_at(*node, key)) node = node->next.get();
    return node == nullptr ? nullptr : &node->element;
  }

  /// Adds an element that is made of the arguments. No element may have its key.
  template <class... Arguments> Element& add(Arguments&&... arguments) {
    auto added = std::make_unique<Node>(std::forward<Arguments>(arguments)...);
    grow();
    auto& chain = bucket(number_of(added->hash));
    added->next = std::move(chain);
    chain = std::move(added);
    ++size_;
    return chain->element;
  }
  /// Erases the element with that key. Returns whether there was one.
  template <class Key> bool erase(const Key& key) {
    if (empty()) return false;
    auto* link = &chain_of(key);
    while (*link && !is_at(**link, key)) link = &(*link)->next;
    if (!*link) return false;
    take_out(*link);
    return true;
  }
  /// Erases one element, whichever it is. The table must not be empty.
  void erase_one() {
    while (!bucket(buckets_ - 1)) remove_bucket();
    take_out(bucket(buckets_ - 1));
  }
  void clear() {
    for (std::size_t i = 0; i < buckets_; ++i)
      for (auto& link = bucket(i); link;) link = std::move(link->next);  // no recursion: chains may be long
    segments_.clear();
    buckets_ = size_ = 0;
  }

  /// Calls `visit(element)` for each element, in no particular order. `visit` must not add or erase elements.
  template <class Visit> void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < buckets_; ++i)
      for (const auto* node = bucket(i).get(); node != nullptr; node = node->next.get()) visit(node->element);
  }

 private:
  struct Node;
  using Link = std::unique_ptr<Node>;
  struct Node {
    template <class... Arguments>
    explicit Node(Arguments&&... arguments)
        : element(std::forward<Arguments>(arguments)...), hash{hash_of(KeyOf{}(element))} {}

    Link next;
    Element element;
    const std::uint64_t hash;
  };

  static constexpr std::size_t segment_max = 4'096;  // buckets
  // An insertion adds at most `added_at_once` buckets. A removal removes all buckets beyond the maximum.
  static constexpr std::size_t added_at_once = 2, buckets_an_element_max = 4;

  template <class Key> [[nodiscard]] static std::uint64_t hash_of(const Key& key) {
    const auto hash = Hash{}(key)*std::uint64_t{0x9E37'79B9'7F4A'7C15};  // pointers differ in few bits
    return hash ^ hash >> 32;
  }

  [[nodiscard]] Link& bucket(std::size_t number) const { return segments_[number / segment_max][number % segment_max]; }
  [[nodiscard]] std::size_t number_of(std::uint64_t hash) const {
    const auto number = hash & mask_;
    return number < buckets_ ? number : number & mask_ / 2;
  }
  template <class Key> [[nodiscard]] Link& chain_of(const Key& key) const {
    return buckets_ == 1 ? segments_.front()[0] : bucket(number_of(hash_of(key)));
  }
  template <class Key> [[nodiscard]] static bool is_at(const Node& node, const Key& key) {
    return Equal{}(KeyOf{}(node.element), key);
  }

  void take_out(Link& link) {
    link = std::move(link->next);
    --size_;
    const auto wanted = std::max<std::size_t>(1, buckets_an_element_max * size_);
    while (buckets_ > wanted) remove_bucket();
  }

  void grow() {
    if (buckets_ == 0) add_bucket();
    if (size_ < few) return;
    for (std::size_t i = 0; i < added_at_once && buckets_ <= size_; ++i) add_bucket();
  }
  void add_bucket() {
    make_room_for_bucket();
    set_buckets(buckets_ + 1);
    if (buckets_ == 1) return;
    auto& added = bucket(buckets_ - 1);
    for (auto* link = &bucket((buckets_ - 1) & mask_ / 2); *link;) {
      if (number_of((*link)->hash) != buckets_ - 1) {
        link = &(*link)->next;
        continue;
      }
      auto moved = std::move(*link);
      *link = std::move(moved->next);
      moved->next = std::move(added);
      added = std::move(moved);
    }
  }
  // The first segment begins with one bucket, because most tables have few elements.
  void make_room_for_bucket() {
    if (buckets_ % segment_max == 0) {
      segments_.push_back(std::make_unique<Link[]>(buckets_ == 0 ? 1 : segment_max));
    } else if (buckets_ < segment_max && std::has_single_bit(buckets_)) {
      auto larger = std::make_unique<Link[]>(2 * buckets_);
      std::move(segments_[0].get(), segments_[0].get() + buckets_, larger.get());
      segments_[0] = std::move(larger);
    }
  }
  void remove_bucket() {
    auto removed = std::move(bucket(buckets_ - 1));
    set_buckets(buckets_ - 1);
    while (removed) {
      auto& chain = bucket(number_of(removed->hash));
      auto rest = std::move(removed->next);
      removed->next = std::move(chain);
      chain = std::move(removed);
      removed = std::move(rest);
    }
    if (buckets_ % segment_max == 0) segments_.pop_back();
  }
  void set_buckets(std::size_t count) {
    buckets_ = count;
    mask_ = std::bit_ceil(count) - 1;
  }

  std::vector<std::unique_ptr<Link[]>> segments_;
  std::size_t buckets_{0};  // at least 1 while there are elements
  std::size_t mask_{0};     // one less than the next power of two
  std::size_t size_{0};
};

struct FirstOf {
  const auto& operator()(const auto& pair) const { return pair.first; }
};

/// If clients choose the keys, use a hash that they cannot compute: see ByName.
template <class Key, class T, class Hash = std::hash<Key>>
using GradualMap = GradualTable<std::pair<const Key, T>, FirstOf, Hash>;
template <class T> using GradualSet = GradualTable<T, std::identity, std::hash<T>>;

}  // namespace pocketmq::broker
