// Intrusive reference counts for objects that are used by one thread only. The counts are not atomic.
#pragma once

#include <cstdint>
#include <utility>

namespace pocketmq::protocol {

/// The base class of types that `Ref` counts. When the last reference is destroyed, `T::destroy(T*)` is called.
template <class T> class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  static void destroy(T* object) { delete object; }

 protected:
  ~Counted() = default;

 private:
  template <class> friend class Ref;
  std::uint32_t references_{0};
};

/// A shared owner of a `Counted` object, or empty.
template <class T> class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_{object} { retain(); }
  Ref(const Ref& other) : object_{other.object_} { retain(); }
  Ref(Ref&& other) noexcept : object_{std::exchange(other.object_, nullptr)} {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr && --object_->references_ == 0) T::destroy(object_);
  }

  [[nodiscard]] T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  /// Whether this is the only reference to the object.
  [[nodiscard]] bool unique() const { return object_ != nullptr && object_->references_ == 1; }

  friend bool operator==(const Ref&, const Ref&) = default;

 private:
  void retain() {
    if (object_ != nullptr) ++object_->references_;
  }

  T* object_{nullptr};
};

}  // namespace pocketmq::protocol
