#include "client/rpc/callback_channel.hpp"

#include <utility>

#include "client/values/rpc_wire.hpp"

namespace pocketmq::client {

using namespace protocol;

namespace {

constexpr std::string_view direct_reply_to = "amq.rabbitmq.reply-to";

}  // namespace

// A callback that does nothing once this object is gone. Its channels may outlive it, with their connection.
template <class Task> auto CallbackChannel::guarded(Task task) {
  return [weak = weak_from_this(), task = std::move(task)](auto&&... args) mutable {
    if (const auto self = weak.lock()) task(*self, args...);
  };
}

void CallbackChannel::open(OnOpen opened) {
  opened_ = std::move(opened);
  connection_.open_channel(guarded([](CallbackChannel& self, std::error_code error, auto& channel) {
    if (error)
      return self.end(self.connection_.is_open() ? CloseReason{error, error.message()}
                                                 : self.connection_.close_reason());
    self.channel_ = std::move(channel);
    self.set_up();
  }));
}

void CallbackChannel::set_up() {
  channel_->on_closed(guarded([](CallbackChannel& self, const CloseReason& reason) { self.end(reason); }));
  channel_->on_return(guarded(
      [](CallbackChannel& self, const basic::Return&, const Content& content) { self.owner_.on_return(content); }));
  if (options_.confirms) {
    channel_->on_confirm(guarded([](CallbackChannel& self, std::uint64_t tag, bool multiple, Confirm what) {
      self.owner_.on_confirm(tag, multiple, what);
    }));
    channel_->request(confirm::Select{}, [](std::error_code, const confirm::SelectOk*) {});
  }
  if (options_.reply_to == ReplyTo::direct)
    consume(direct_reply_to);
  else
    channel_->request(queue::Declare{.exclusive = true},
                      guarded([](CallbackChannel& self, std::error_code, const queue::DeclareOk* ok) {
                        if (ok != nullptr) self.consume(ok->queue);
                      }));
  declare_cancel_exchange();
}

void CallbackChannel::consume(std::string_view queue) {
  reply_to_ = queue;
  channel_->consume({.queue = reply_to_, .no_ack = true},
                    guarded([](CallbackChannel& self, const basic::Deliver&, const Content& content) {
                      self.owner_.on_reply(content);
                    }),
                    guarded([](CallbackChannel& self) {
                      // Somebody deleted the queue, or its node is lost. Without the queue the channel is useless.
                      self.channel_->close([](std::error_code) {});
                      self.end({Error::not_open, "the callback queue was deleted"});
                    }),
                    guarded([](CallbackChannel& self, std::error_code, const basic::ConsumeOk* ok) {
                      if (ok != nullptr) self.part_ready();
                    }));
}

// On a channel of its own: if the broker refuses the exchange it closes that channel only, and calls work all the same.
void CallbackChannel::declare_cancel_exchange() {
  if (!options_.cancellations) return part_ready();
  connection_.open_channel(guarded([](CallbackChannel& self, std::error_code error, auto& channel) {
    if (error) return self.part_ready();
    auto& on = *channel;
    on.request(exchange::Declare{.exchange = rpc_cancel_exchange, .type = "fanout"},
               self.guarded([channel](CallbackChannel& me, std::error_code, const exchange::DeclareOk* ok) {
                 me.takes_cancellations_ = ok != nullptr;
                 if (ok != nullptr) channel->close([](std::error_code) {});
                 me.part_ready();
               }));
  }));
}

void CallbackChannel::part_ready() {
  if (--missing_ > 0 || !opened_) return;
  is_open_ = true;
  std::exchange(opened_, nullptr)({});
}

void CallbackChannel::end(const CloseReason& reason) {
  const bool was_open = std::exchange(is_open_, false);
  if (opened_) return std::exchange(opened_, nullptr)(reason);
  if (was_open) owner_.on_lost(reason);
}

void CallbackChannel::close() {
  is_open_ = false;
  if (opened_) std::exchange(opened_, nullptr)({Error::closed, "closed by the client"});
}

std::uint64_t CallbackChannel::publish(std::string_view queue, const Content& request) {
  channel_->send(basic::Publish{.routing_key = queue, .mandatory = true}, request);
  return ++published_;
}

void CallbackChannel::cancel(std::string_view correlation_id) {
  if (!is_open_ || !takes_cancellations_) return;
  std::string properties;
  encode(BasicProperties{.correlation_id = correlation_id, .reply_to = reply_to_}, properties);
  channel_->send(basic::Publish{.exchange = rpc_cancel_exchange},
                 Content{.properties = protocol::Properties{properties}});
  ++published_;
}

}  // namespace pocketmq::client
