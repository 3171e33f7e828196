#include "client/link/channel_operations.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace pocketmq::client {

using namespace protocol;

namespace {

bool fit(std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(names, [](auto name) { return name.size() <= ShortString::max_size_bytes; });
}

bool fit(const Binding& binding) { return fit({binding.source, binding.destination, binding.routing_key}); }

// For replies without fields.
auto without_reply(Done<> done) {
  return [done = std::move(done)](std::error_code error, const auto*) mutable { done(error); };
}

// For replies whose field is a number of messages.
auto message_count(Done<std::uint32_t> done) {
  return [done = std::move(done)](std::error_code error, const auto* ok) mutable {
    done(error, ok == nullptr ? 0 : ok->message_count);
  };
}

template <class M> M queue_binding(const Binding& binding) {
  return {.queue = binding.destination,
          .exchange = binding.source,
          .routing_key = binding.routing_key,
          .arguments = binding.arguments.view()};
}

template <class M> M exchange_binding(const Binding& binding) {
  return {.destination = binding.destination,
          .source = binding.source,
          .routing_key = binding.routing_key,
          .arguments = binding.arguments.view()};
}

}  // namespace

void ChannelOperations::watch() {
  core_->on_closed([weak = weak_from_this()](const CloseReason& reason) {
    if (const auto self = weak.lock()) self->record(reason);
  });
}

void ChannelOperations::record(const CloseReason& reason) {
  const std::lock_guard lock{mutex_};
  if (!close_reason_.error) close_reason_ = reason;
}

void ChannelOperations::declare_queue(std::string queue, QueueOptions options, Done<QueueInfo> done) {
  if (!fit({queue})) return done(Error::name_too_long, {});
  run([queue = std::move(queue), options = std::move(options), done = std::move(done)](ChannelCore& core) mutable {
    core.request(queue::Declare{.queue = queue,
                                .passive = options.passive,
                                .durable = options.durable,
                                .exclusive = options.exclusive,
                                .auto_delete = options.auto_delete,
                                .arguments = options.arguments.view()},
                 [done = std::move(done)](std::error_code error, const queue::DeclareOk* ok) mutable {
                   if (ok == nullptr) return done(error, {});
                   done(error, {std::string{ok->queue}, ok->message_count, ok->consumer_count});
                 });
  });
}

void ChannelOperations::delete_queue(std::string queue, If condition, Done<std::uint32_t> done) {
  if (!fit({queue})) return done(Error::name_too_long, 0);
  run([queue = std::move(queue), condition, done = std::move(done)](ChannelCore& core) mutable {
    core.request(
        queue::Delete{.queue = queue, .if_unused = condition == If::unused, .if_empty = condition == If::empty},
        message_count(std::move(done)));
  });
}

void ChannelOperations::purge_queue(std::string queue, Done<std::uint32_t> done) {
  if (!fit({queue})) return done(Error::name_too_long, 0);
  run([queue = std::move(queue), done = std::move(done)](ChannelCore& core) mutable {
    core.request(queue::Purge{.queue = queue}, message_count(std::move(done)));
  });
}

void ChannelOperations::bind_queue(Binding binding, Done<> done) {
  if (!fit(binding)) return done(Error::name_too_long);
  run([binding = std::move(binding), done = std::move(done)](ChannelCore& core) mutable {
    core.request(queue_binding<queue::Bind>(binding), without_reply(std::move(done)));
  });
}

void ChannelOperations::unbind_queue(Binding binding, Done<> done) {
  if (!fit(binding)) return done(Error::name_too_long);
  run([binding = std::move(binding), done = std::move(done)](ChannelCore& core) mutable {
    core.request(queue_binding<queue::Unbind>(binding), without_reply(std::move(done)));
  });
}

void ChannelOperations::declare_exchange(std::string exchange, std::string type, ExchangeOptions options, Done<> done) {
  if (!fit({exchange, type})) return done(Error::name_too_long);
  run([exchange = std::move(exchange), type = std::move(type), options = std::move(options),
       done = std::move(done)](ChannelCore& core) mutable {
    core.request(exchange::Declare{.exchange = exchange,
                                   .type = type,
                                   .passive = options.passive,
                                   .durable = options.durable,
                                   .auto_delete = options.auto_delete,
                                   .internal = options.internal,
                                   .arguments = options.arguments.view()},
                 without_reply(std::move(done)));
  });
}

void ChannelOperations::delete_exchange(std::string exchange, If condition, Done<> done) {
  if (!fit({exchange})) return done(Error::name_too_long);
  run([exchange = std::move(exchange), condition, done = std::move(done)](ChannelCore& core) mutable {
    core.request(exchange::Delete{.exchange = exchange, .if_unused = condition == If::unused},
                 without_reply(std::move(done)));
  });
}

void ChannelOperations::bind_exchange(Binding binding, Done<> done) {
  if (!fit(binding)) return done(Error::name_too_long);
  run([binding = std::move(binding), done = std::move(done)](ChannelCore& core) mutable {
    core.request(exchange_binding<exchange::Bind>(binding), without_reply(std::move(done)));
  });
}

void ChannelOperations::unbind_exchange(Binding binding, Done<> done) {
  if (!fit(binding)) return done(Error::name_too_long);
  run([binding = std::move(binding), done = std::move(done)](ChannelCore& core) mutable {
    core.request(exchange_binding<exchange::Unbind>(binding), without_reply(std::move(done)));
  });
}

void ChannelOperations::publish(Destination to, Message message, Done<> done) {
  if (!fit({to.exchange, to.routing_key})) return done(Error::name_too_long);
  std::string properties;
  if (const auto error = encode(message.properties, properties)) return done(error);
  run([to = std::move(to), properties = std::move(properties), body = std::move(message.body),
       done = std::move(done)](ChannelCore& core) mutable {
    if (!core.is_open()) return done(core.closed_error());
    core.send(basic::Publish{.exchange = to.exchange, .routing_key = to.routing_key, .mandatory = to.mandatory},
              Content{.properties = protocol::Properties{properties}, .body = body});
    done({});
  });
}

void ChannelOperations::qos(std::uint16_t prefetch_count, Done<> done) {
  run([prefetch_count, done = std::move(done)](ChannelCore& core) mutable {
    core.request(basic::Qos{.prefetch_count = prefetch_count}, without_reply(std::move(done)));
  });
}

void ChannelOperations::consume(std::string queue, ConsumeOptions options, OnDelivery deliver, Done<std::string> done) {
  if (!fit({queue, options.consumer_tag})) return done(Error::name_too_long, {});
  run([queue = std::move(queue), options = std::move(options), deliver = std::move(deliver),
       done = std::move(done)](ChannelCore& core) mutable {
    auto handed_on = [deliver = std::move(deliver)](const basic::Deliver& m, const Content& content) mutable {
      deliver({.consumer_tag = std::string{m.consumer_tag},
               .delivery_tag = m.delivery_tag,
               .redelivered = m.redelivered,
               .exchange = std::string{m.exchange},
               .routing_key = std::string{m.routing_key},
               .message = to_message(content)});
    };
    MoveOnlyFunction<void()> cancelled;
    if (options.cancelled) cancelled = std::move(options.cancelled);
    core.consume(basic::Consume{.queue = queue,
                                .consumer_tag = options.consumer_tag,
                                .no_ack = options.no_ack,
                                .exclusive = options.exclusive,
                                .arguments = options.arguments.view()},
                 std::move(handed_on), std::move(cancelled),
                 [done = std::move(done)](std::error_code error, const basic::ConsumeOk* ok) mutable {
                   done(error, ok == nullptr ? std::string{} : std::string{ok->consumer_tag});
                 });
  });
}

void ChannelOperations::cancel(std::string consumer_tag, Done<> done) {
  if (!fit({consumer_tag})) return done(Error::name_too_long);
  run([consumer_tag = std::move(consumer_tag), done = std::move(done)](ChannelCore& core) mutable {
    core.cancel(consumer_tag, without_reply(std::move(done)));
  });
}

void ChannelOperations::get(std::string queue, bool no_ack, Done<std::optional<Got>> done) {
  if (!fit({queue})) return done(Error::name_too_long, {});
  run([queue = std::move(queue), no_ack, done = std::move(done)](ChannelCore& core) mutable {
    core.get({.queue = queue, .no_ack = no_ack},
             [done = std::move(done)](std::error_code error, const basic::GetOk* ok, const Content* content) mutable {
               if (ok == nullptr) return done(error, {});
               done(error, Got{.delivery_tag = ok->delivery_tag,
                               .redelivered = ok->redelivered,
                               .exchange = std::string{ok->exchange},
                               .routing_key = std::string{ok->routing_key},
                               .message_count = ok->message_count,
                               .message = to_message(*content)});
             });
  });
}

void ChannelOperations::ack(std::uint64_t delivery_tag, Upto upto, Done<> done) {
  send(basic::Ack{.delivery_tag = delivery_tag, .multiple = upto == Upto::all_before}, std::move(done));
}

void ChannelOperations::nack(std::uint64_t delivery_tag, Requeue requeue, Upto upto, Done<> done) {
  send(
      basic::Nack{
          .delivery_tag = delivery_tag, .multiple = upto == Upto::all_before, .requeue = requeue == Requeue::yes},
      std::move(done));
}

void ChannelOperations::reject(std::uint64_t delivery_tag, Requeue requeue, Done<> done) {
  send(basic::Reject{.delivery_tag = delivery_tag, .requeue = requeue == Requeue::yes}, std::move(done));
}

// For methods without views.
void ChannelOperations::send(const Method& method, Done<> done) {
  run([method, done = std::move(done)](ChannelCore& core) mutable {
    if (!core.is_open()) return done(core.closed_error());
    core.send(method);
    done({});
  });
}

void ChannelOperations::on_return(OnReturn returned) {
  run([returned = std::move(returned)](ChannelCore& core) mutable {
    if (!returned) return core.on_return(nullptr);
    core.on_return([returned = std::move(returned)](const basic::Return& m, const Content& content) mutable {
      returned({.reply_code = m.reply_code,
                .reply_text = std::string{m.reply_text},
                .exchange = std::string{m.exchange},
                .routing_key = std::string{m.routing_key},
                .message = to_message(content)});
    });
  });
}

void ChannelOperations::close(Done<> done) {
  run([this, done = std::move(done)](ChannelCore& core) mutable {
    record({Error::closed, "closed by the client"});
    core.close(std::move(done));
  });
}

CloseReason ChannelOperations::close_reason() const {
  const std::lock_guard lock{mutex_};
  return close_reason_;
}

}  // namespace pocketmq::client
