#include "server/cancel_listener.hpp"

#include <utility>

#include "client/values/rpc_wire.hpp"
#include "server/request.hpp"

namespace pocketmq::server {

using namespace protocol;
using client::ChannelCore;

CancelListener::~CancelListener() {
  if (channel_) channel_->abandon();
}

void CancelListener::open(client::ConnectionCore& connection, client::MoveOnlyFunction<void()> settled) {
  connection_ = &connection;
  settled_ = std::move(settled);
  connection.open_channel([this](std::error_code error, std::shared_ptr<ChannelCore> channel) {
    if (error) return settle();
    channel_ = std::move(channel);
    channel_->on_closed([this](const client::CloseReason&) {
      channel_.reset();
      settle();
    });
    listen();
  });
}

// A refusal closes the channel.
void CancelListener::listen() {
  channel_->request(exchange::Declare{.exchange = client::rpc_cancel_exchange, .type = "fanout"},
                    [](std::error_code, const exchange::DeclareOk*) {});
  channel_->request(queue::Declare{.exclusive = true}, [this](std::error_code, const queue::DeclareOk* ok) {
    if (ok == nullptr) return;
    channel_->request(queue::Bind{.queue = ok->queue, .exchange = client::rpc_cancel_exchange},
                      [](std::error_code, const queue::BindOk*) {});
    channel_->consume(
        {.queue = ok->queue, .no_ack = true},
        [this](const basic::Deliver&, const Content& content) {
          const auto properties = content.properties.decode();
          if (properties.reply_to && properties.correlation_id)
            cancelled_(caller_key(*properties.reply_to, *properties.correlation_id), connection_->now());
        },
        nullptr,
        [this](std::error_code, const basic::ConsumeOk* listening) {
          if (listening != nullptr) settle();
        });
  });
}

void CancelListener::settle() {
  if (settled_) std::exchange(settled_, nullptr)();
}

}  // namespace pocketmq::server
