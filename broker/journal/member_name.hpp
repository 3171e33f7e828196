// What is written into JSON objects of events and of their schema alike.
#pragma once

#include <string>
#include <string_view>

namespace pocketmq::broker {

/// Appends the name of an object's next member, after a comma unless it is the first: `"name":`. The name needs no
/// escapes.
inline void append_member_name(std::string_view name, std::string& to) {
  if (to.back() != '{') to += ',';
  to += '"';
  to += name;
  to += "\":";
}

}  // namespace pocketmq::broker
