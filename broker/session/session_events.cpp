#include "broker/session/session_events.hpp"

#include <utility>

#include "broker/session/handshake.hpp"
#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::broker {

void SessionEvents::opened(std::string_view address) {
  if (!std::exchange(is_opened_, true))
    context_.journal().tell(event::ConnectionOpened{.connection = number_, .address = address});
}

void SessionEvents::authenticated(const Client& client, std::string_view name, std::string_view address,
                                  protocol::Encoding encoding) {
  context_.journal().tell<event::ConnectionAuthenticated>([&] {
    return event::ConnectionAuthenticated{
        .connection = number_,
        .name = name,
        .address = address,
        .user = client.user->name,
        .vhost = client.virtual_host->name(),
        .encoding = encoding == protocol::Encoding::json ? event::Encoding::json : event::Encoding::amqp};
  });
}

void SessionEvents::unintelligible(std::string_view begin) {
  context_.journal().tell(event::ConnectionUnintelligible{.connection = number_, .begin = begin});
}

void SessionEvents::refused(std::uint16_t channel, event::RefusalScope scope, protocol::ReplyCode code,
                            std::string_view text, const protocol::MethodId& cause) {
  context_.journal().tell(event::CommandRefused{.connection = number_,
                                                .channel = channel,
                                                .scope = scope,
                                                .code = number_of(code),
                                                .text = text,
                                                .method = cause.name});
}

void SessionEvents::blocked() { context_.journal().tell(event::ConnectionBlocked{.connection = number_}); }

void SessionEvents::unblocked() { context_.journal().tell(event::ConnectionUnblocked{.connection = number_}); }

void SessionEvents::closed(event::By by, std::uint16_t code, std::string_view text) {
  if (!std::exchange(has_ended_, true))
    context_.journal().tell(event::ConnectionClosed{.connection = number_, .by = by, .code = code, .text = text});
}

void SessionEvents::lost(std::string_view why, const Holdings& holdings) {
  if (is_opened_ && !std::exchange(has_ended_, true))
    context_.journal().tell(event::ConnectionLost{.connection = number_,
                                                  .text = why,
                                                  .consumers = holdings.consumers,
                                                  .unacked = holdings.unacked,
                                                  .uncommitted = holdings.uncommitted,
                                                  .exclusive_queues = holdings.exclusive_queues});
}

}  // namespace pocketmq::broker
