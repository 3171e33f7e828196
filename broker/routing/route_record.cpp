#include "broker/routing/route_record.hpp"

#include <span>
#include <utility>

#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

void RouteRecord::add_binding(const Exchange& exchange, std::string_view key, const Binding& binding) {
  if (listener_ != nullptr) return listener_->on_binding(exchange, key, binding);
  const bool fits = binding.arguments.size() <= event::Bounds::route_arguments_bytes;
  add({.exchange = exchange.name(),
       .via = event::Via::binding,
       .binding_key = binding.routing_key,
       .arguments = fits ? binding.arguments : std::string{},
       .left_out_bytes = fits ? 0 : binding.arguments.size(),
       .key = std::string{key},
       .to = binding.destination.name(),
       .to_is = binding.destination.target()});
}

void RouteRecord::add_queue_name(const Exchange& exchange, std::string_view key, const Queue& queue) {
  if (listener_ != nullptr) return listener_->on_queue_name(exchange, key, queue);
  add({.exchange = exchange.name(),
       .via = event::Via::queue_name,
       .key = std::string{key},
       .to = queue.name(),
       .to_is = event::Target::queue});
}

void RouteRecord::add_alternate(const Exchange& exchange, const Exchange& alternate) {
  if (listener_ != nullptr) return listener_->on_alternate(exchange, alternate);
  add({.exchange = exchange.name(),
       .via = event::Via::alternate,
       .to = alternate.name(),
       .to_is = event::Target::exchange});
}

void RouteRecord::add(Step step) {
  ++count_;
  if (steps_.size() == event::Bounds::list_elements) return;
  bytes_ += sizeof(Step) + step.exchange.size() + step.binding_key.size() + step.arguments.size() + step.key.size()
            + step.to.size();
  steps_.push_back(std::move(step));
}

std::vector<event::Route> RouteRecord::routes() const {
  std::vector<event::Route> routes;
  routes.reserve(steps_.size());
  for (const auto& step : steps_) {
    event::Arguments arguments{protocol::FieldTable{step.arguments}};
    arguments.left_out_bytes = step.left_out_bytes;
    routes.push_back({.exchange = step.exchange,
                      .via = step.via,
                      .binding_key = step.binding_key,
                      .arguments = arguments,
                      .key = step.key,
                      .to = step.to,
                      .to_is = step.to_is});
  }
  return routes;
}

void tell_route(Context& context, std::string_view vhost, const Message& message, const RoutedTo& to,
                const RouteRecord& record, bool direct_reply) {
  if (!context.tells_messages()) return;
  const auto routes = record.routes();
  if (to.count == 0 && !direct_reply) {
    context.journal().tell(event::MessageUnroutable{.message = message.number(),
                                                    .vhost = vhost,
                                                    .exchange = message.exchange(),
                                                    .routing_key = message.routing_key(),
                                                    .route_count = record.count(),
                                                    .routes = std::span{routes}});
  } else {
    context.journal().tell(event::MessageRouted{.message = message.number(),
                                                .vhost = vhost,
                                                .queue_count = to.count,
                                                .queues = std::span{to.names},
                                                .route_count = record.count(),
                                                .routes = std::span{routes},
                                                .direct_reply = direct_reply});
  }
}

void tell_route_by_name(Context& context, const Message& message, const Queue& queue) {
  const event::Text name{queue.name()};
  const event::Route route{
      .exchange = message.exchange(), .via = event::Via::queue_name, .to = name, .to_is = event::Target::queue};
  context.journal().tell(event::MessageRouted{.message = message.number(),
                                              .vhost = queue.virtual_host_name(),
                                              .queue_count = 1,
                                              .queues = std::span{&name, 1},
                                              .route_count = 1,
                                              .routes = std::span{&route, 1}});
}

void drop_at_publish(Context& context, std::string_view vhost, const Message& message, event::Dropped reason) {
  context.tell(&Observer::on_dropped, message);
  context.journal().tell<event::MessageDropped>([&] {
    return event::MessageDropped{
        .message = message.number(), .vhost = vhost, .stage = event::Stage::publish, .reason = reason};
  });
}

}  // namespace pocketmq::broker
