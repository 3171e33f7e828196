// The name under which a program connects, unless its user chooses another one.
#pragma once

#include <string>
#include <string_view>

#include <unistd.h>

namespace pocketmq::protocol {

/// The program's name and the number of its process: "fib_server 4711". So two of them can be told apart.
[[nodiscard]] inline std::string process_name(std::string_view program) {
  return std::string{program} + ' ' + std::to_string(::getpid());
}

}  // namespace pocketmq::protocol
