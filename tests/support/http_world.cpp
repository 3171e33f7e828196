#include "tests/support/http_world.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace pocketmq::tests {
namespace {

broker::Options with_seed(broker::Options options) {
  options.seed = 1;
  return options;
}

std::size_t number_in(std::string_view text, int base) {
  std::size_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (fault != std::errc{} || end != text.data() + text.size())
    throw std::logic_error{"'" + std::string{text} + "' is no number"};
  return number;
}

// Takes the chunks from the front of `bytes`.
std::string take_chunks(std::string_view& bytes) {
  std::string body;
  for (;;) {
    const auto line_end = bytes.find("\r\n");
    if (line_end == bytes.npos) throw std::logic_error{"a chunk has not come: " + std::string{bytes.substr(0, 200)}};
    const auto size = number_in(bytes.substr(0, line_end), 16);
    if (bytes.size() < line_end + 4 + size) throw std::logic_error{"a chunk has not come as a whole"};
    body += bytes.substr(line_end + 2, size);
    if (bytes.substr(line_end + 2 + size, 2) != "\r\n") throw std::logic_error{"a chunk has no end"};
    bytes.remove_prefix(line_end + 4 + size);
    if (size == 0) return body;
  }
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
  std::string_view left = head;
  while (!left.empty()) {
    const auto line = left.substr(0, left.find("\r\n"));
    left.remove_prefix(std::min(left.size(), line.size() + 2));
    const auto colon = line.find(": ");
    if (colon != line.npos && http::same_ignoring_case(line.substr(0, colon), name))
      return std::string{line.substr(colon + 2)};
  }
  return "";
}

// ---- a peer

HttpPeer::HttpPeer(HttpWorld& world, std::unique_ptr<protocol::ConnectionEnd> end)
    : world_{world}, end_{std::move(end)} {
  end_->on_wake(this);
}

HttpPeer& HttpPeer::sends(std::string_view bytes) {
  to_send_ += bytes;
  woken_ = true;
  world_.settle();
  return *this;
}

HttpAnswer HttpPeer::asks(std::string_view request) {
  return sends(request).answer(request.substr(0, request.find(' ')));
}

HttpAnswer HttpPeer::answer(std::string_view to_method) {
  auto left = received();
  const auto head_end = left.find("\r\n\r\n");
  if (!left.starts_with("HTTP/1.1 ") && !left.starts_with("HTTP/1.0 "))
    throw std::logic_error{"no response has come, but: '" + std::string{left.substr(0, 200)} + "'"};
  if (head_end == left.npos)
    throw std::logic_error{"a response's head has not come: " + std::string{left.substr(0, 500)}};
  HttpAnswer answer{.head = std::string{left.substr(0, head_end + 2)}};
  answer.status = static_cast<unsigned>(number_in(left.substr(9, 3), 10));
  left.remove_prefix(head_end + 4);
  const bool has_body = to_method != "HEAD" && answer.status >= 200 && answer.status != 204 && answer.status != 304;
  if (!has_body) {
  } else if (answer.header("Transfer-Encoding") == "chunked") {
    answer.body = take_chunks(left);
  } else {
    const auto length = answer.header("Content-Length");
    const auto size = length.empty() ? left.size() : number_in(length, 10);
    if (left.size() < size) throw std::logic_error{"a response's body has not come as a whole"};
    answer.body = left.substr(0, size);
    left.remove_prefix(size);
  }
  read_ = received_.size() - left.size();
  return answer;
}

HttpPeer& HttpPeer::in_pieces_of(std::size_t bytes) {
  piece_ = bytes;
  return *this;
}

HttpPeer& HttpPeer::reads_at_most(std::size_t bytes) {
  may_read_ = bytes;
  woken_ = true;
  world_.settle();
  return *this;
}

void HttpPeer::vanish() {
  if (!end_) return;
  end_->on_wake(nullptr);
  end_->disconnect(std::make_error_code(std::errc::connection_reset), world_.now());
  end_.reset();
}

// As the transport does: one read, the end of the turn, and writes as long as there is something to write.
bool HttpPeer::take_turn() {
  if (!end_ || !std::exchange(woken_, false)) return false;
  if (unsent_bytes() > 0 && end_->wants_input()) {
    const auto room = end_->prepare();
    const auto bytes = std::min({room.size(), unsent_bytes(), piece_});
    std::memcpy(room.data(), to_send_.data() + sent_, bytes);
    sent_ += bytes;
    end_->commit(bytes, world_.now());
  }
  end_->end_turn();
  while (!end_->output().empty()) {
    std::array<std::string_view, 8> pieces;
    const auto count = end_->output().gather(pieces);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto piece = pieces[i].substr(0, may_read_);
      received_ += piece;
      bytes += piece.size();
      if (may_read_ != std::numeric_limits<std::size_t>::max()) may_read_ -= piece.size();
    }
    end_->sent(bytes, world_.now());
    if (bytes == 0) break;
  }
  if (end_->finished() && end_->output().empty())
    vanish();
  else if (unsent_bytes() > 0 && end_->wants_input())
    woken_ = true;
  return true;
}

void HttpPeer::tick() {
  end_->tick(world_.now());
  woken_ = true;
}

// ---- the world

HttpWorld::HttpWorld(const http::HttpLimits& limits, http::HostNames names, broker::Options options)
    : broker_{with_seed(std::move(options))}, server_{broker_.context(), std::move(names), limits} {
  broker_.context().clock().observe(now_);
}

HttpPeer& HttpWorld::connect() {
  return connect(server_.connect({.name = "peer " + std::to_string(peers_.size() + 1), .source = "127.0.0.1"}, now_));
}

HttpPeer& HttpWorld::connect(std::unique_ptr<protocol::ConnectionEnd> end) {
  return *peers_.emplace_back(std::make_unique<HttpPeer>(*this, std::move(end)));
}

void HttpWorld::settle() {
  constexpr int turns_max = 1'000'000;
  bool is_quiet = false;
  for (int turns = 0; !is_quiet; ++turns) {
    if (turns == turns_max) throw std::logic_error{"the connections never become quiet"};
    is_quiet = true;
    for (std::size_t i = 0; i < peers_.size(); ++i)
      if (peers_[i]->take_turn()) is_quiet = false;
    if (broker_.deadline() > now_) continue;
    broker_.tick(now_);
    ++ticks_;
    is_quiet = false;
  }
}

void HttpWorld::advance(std::chrono::nanoseconds duration) {
  settle();
  const auto until = now_ + duration;
  int ticks_at_one_time = 0;
  for (;;) {
    auto next = broker_.deadline();
    for (const auto& peer : peers_)
      if (peer->end_) next = std::min(next, peer->end_->deadline());
    if (next > until) break;
    if (next > now_) ticks_at_one_time = 0;
    if (++ticks_at_one_time > 1'000)
      throw std::logic_error{"a deadline does not move when it is told that it has come"};
    now_ = std::max(now_, next);
    for (std::size_t i = 0; i < peers_.size(); ++i)
      if (peers_[i]->end_ && peers_[i]->end_->deadline() <= now_) peers_[i]->tick();
    settle();
  }
  now_ = until;
  settle();
}

}  // namespace pocketmq::tests
