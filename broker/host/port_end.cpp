#include "broker/host/port_end.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace pocketmq::broker {

bool begins_http(std::string_view first_four) {
  constexpr std::size_t method_min = 3;  // "GET "
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (first_four == "AMQP" || !std::ranges::all_of(first_four.substr(0, method_min), is_capital)) return false;
  return is_capital(first_four[method_min]) || first_four[method_min] == ' ';
}

PortEnd::PortEnd(Broker& broker, http::HttpEntrance& entrance, Peer peer, TimePoint now)
    : entrance_{entrance},
      caller_{.name = peer.name, .source = peer.source, .from_loopback = peer.from_loopback},
      end_{broker.connect(std::move(peer), now)} {
  end_->on_wake(this);
}

std::span<std::byte> PortEnd::prepare() {
  room_ = end_->prepare();
  return room_;
}

void PortEnd::commit(std::size_t bytes, TimePoint now) {
  if (is_decided()) return end_->commit(bytes, now);
  const std::string_view come{reinterpret_cast<const char*>(room_.data()), bytes};
  const auto before = std::string{first_.data(), first_count_};
  const auto more = come.substr(0, first_.size() - first_count_);
  std::ranges::copy(more, first_.begin() + static_cast<std::ptrdiff_t>(first_count_));
  first_count_ += more.size();
  if (is_decided() && begins_http({first_.data(), first_.size()})) return become_http(before + std::string{come}, now);
  end_->commit(bytes, now);
}

void PortEnd::become_http(std::string_view so_far, TimePoint now) {
  end_->on_wake(nullptr);
  end_ = entrance_.connect(std::move(caller_), now);  // the session has done nothing, and nobody has heard of it
  end_->on_wake(this);
  // A session begins with a small buffer: this is little, and is taken even if its first request is not answered yet.
  while (!so_far.empty() && !end_->finished()) {
    const auto room = end_->prepare();
    const auto bytes = std::min(room.size(), so_far.size());
    std::memcpy(room.data(), so_far.data(), bytes);
    so_far.remove_prefix(bytes);
    end_->commit(bytes, now);
  }
}

}  // namespace pocketmq::broker
