#include "tests/bench/load/nats_connection.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

namespace pocketmq::bench {
namespace {

constexpr std::string_view line_end = "\r\n";

// Takes the first word off a line; empty if there is none.
std::string_view take_word(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

NatsConnection::NatsConnection(std::uint16_t port) : Connection{port} {
  serve({this}, [this] { return is_ready_; });
  output().append(R"(CONNECT {"verbose":false,"pedantic":false})");
  output().append(line_end);
  ping();
}

void NatsConnection::subscribe(std::string_view subject) {
  const auto line = "SUB " + std::string{subject} + " " + std::to_string(++subscriptions_);
  output().append(line);
  output().append(line_end);
}

void NatsConnection::publish(std::string_view subject, std::string_view reply_to, std::string_view body) {
  std::array<char, 20> digits;
  const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size()).ptr;
  output().append("PUB ");
  output().append(subject);
  output().append(" ");
  if (!reply_to.empty()) {
    output().append(reply_to);
    output().append(" ");
  }
  output().append({digits.data(), static_cast<std::size_t>(end - digits.data())});
  output().append(line_end);
  output().append(body);
  output().append(line_end);
}

void NatsConnection::ping() {
  is_ready_ = false;
  output().append("PING\r\n");
  serve({this}, [this] { return is_ready_; });
}

void NatsConnection::receive() {
  input_.commit(read(input_.prepare()));
  while (const auto taken = take_one(input_.unread())) input_.consume(taken);
}

std::size_t NatsConnection::take_one(std::string_view come) {
  const auto end = come.find(line_end);
  if (end == std::string_view::npos) return 0;
  auto line = come.substr(0, end);
  const auto line_size = end + line_end.size();
  const auto verb = take_word(line);
  if (verb == "MSG") {
    const auto subject = take_word(line);
    take_word(line);  // the subscription
    auto reply_to = take_word(line);
    const auto digits = line.empty() ? std::exchange(reply_to, {}) : line;
    std::size_t size = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (come.size() < line_size + size + line_end.size()) return 0;
    on_message(subject, reply_to, come.substr(line_size, size));
    return line_size + size + line_end.size();
  }
  if (verb == "PING") output().append("PONG\r\n");
  if (verb == "INFO" || verb == "PONG") is_ready_ = true;
  if (verb == "-ERR") throw std::runtime_error{"the server says: " + std::string{line}};
  return line_size;
}

}  // namespace pocketmq::bench
