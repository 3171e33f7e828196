#include "broker/broker.hpp"

namespace pocketmq::broker {

Broker::Broker(Options options, Observer* observer)
    : context_{std::move(options), observer}, virtual_host_{"/", context_} {}

std::unique_ptr<Session> Broker::connect(Peer peer, TimePoint now) {
  context_.observe(now);
  return std::make_unique<Session>(*this, std::move(peer), now);
}

void Broker::tick(TimePoint now) {
  context_.observe(now);
  context_.deadlines().tell_due(now);
}

void Broker::shut_down(std::string_view text) {
  for (auto* session : std::vector<Session*>{sessions_.begin(), sessions_.end()})
    session->close(ReplyCode::connection_forced, text);
}

VirtualHost* Broker::find_virtual_host(std::string_view name) {
  return name == virtual_host_.name() ? &virtual_host_ : nullptr;
}

}  // namespace pocketmq::broker
