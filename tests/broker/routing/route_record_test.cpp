// The steps of a message's way, as the journal tells them, and what they take.
#include "broker/routing/route_record.hpp"

#include <string>
#include <utility>

#include "broker/core/context.hpp"
#include "broker/routing/fanout_exchange.hpp"
#include "protocol/vocabulary/field_table.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using broker::FanoutExchange;
using broker::RouteRecord;
namespace event = broker::event;

TEST_CASE("a record takes what the texts of its steps take, and no more steps than an event has") {
  broker::Context context{{}, nullptr};
  FanoutExchange from{{.name = std::string(1'000, 'f')}}, to{{.name = std::string(2'000, 't')}};
  const std::string binding_key(4'000, 'b'), key(8'000, 'k');
  protocol::FieldTableWriter few, many;
  few.string("a", "v");
  many.string("a", std::string(event::Bounds::route_arguments_bytes, 'v'));
  const auto bound_with = [&](const protocol::FieldTableWriter& arguments) {
    return broker::BindingIdentity{&from, &to, binding_key, arguments.table().encoded()};
  };
  const broker::Binding binding{bound_with(few), context.quotas()}, large{bound_with(many), context.quotas()};
  RouteRecord record;
  CHECK_FALSE(record.is_wanted());
  record.restart(true);
  CHECK(record.is_wanted());
  auto taken = [&, before = std::size_t{0}](std::size_t texts) mutable {
    const auto more = record.bytes() - std::exchange(before, record.bytes());
    CHECK(more >= texts);
    CHECK(more <= texts + 500);
  };
  record.add_binding(from, key, binding);
  taken(1'000 + 4'000 + few.table().encoded().size() + 8'000 + 2'000);
  record.add_alternate(from, to);
  taken(1'000 + 2'000);
  record.add_binding(from, {}, large);
  taken(1'000 + 4'000 + 2'000);
  const auto routes = record.routes();
  REQUIRE(routes.size() == 3);
  CHECK(routes[0].via == event::Via::binding);
  CHECK(routes[0].to_is == event::Target::exchange);
  CHECK(routes[0].arguments.left_out_bytes == 0);
  CHECK_FALSE(routes[0].arguments.table.empty());
  CHECK(routes[1].via == event::Via::alternate);
  CHECK(routes[2].arguments.table.empty());
  CHECK(routes[2].arguments.left_out_bytes == many.table().encoded().size());

  for (std::size_t i = record.count(); i < event::Bounds::list_elements + 5; ++i) record.add_alternate(from, to);
  CHECK(record.count() == event::Bounds::list_elements + 5);
  CHECK(record.routes().size() == event::Bounds::list_elements);
  record.restart();
  CHECK(record.count() == 0);
  CHECK(record.bytes() == 0);
  CHECK(record.routes().empty());
  CHECK(record.is_wanted());
}

}  // namespace pocketmq::tests
