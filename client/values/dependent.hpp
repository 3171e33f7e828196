// Types that must be complete only where a template is used, so that a header need not include their definitions.
#pragma once

#include <type_traits>

namespace pocketmq::client {

/// `Type`, as a name that depends on T: a template may use it while `Type` is incomplete. It has to be complete where
/// the template is used with a T.
template <class Type, class T> using DependingOn = std::conditional_t<std::is_same_v<T, T>, Type, T>;

template <class T>
concept Complete = requires {
  sizeof(T);
};

}  // namespace pocketmq::client
