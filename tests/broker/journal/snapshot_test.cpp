// A snapshot as JSON, byte for byte: readers compare snapshots as texts.
#include "broker/journal/snapshot.hpp"

#include <string>

#include "protocol/vocabulary/field_table.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::Snapshot;
namespace event = broker::event;

std::string encoded_table(std::string_view key, std::int32_t value) {
  protocol::FieldTableWriter writer;
  writer.int32(key, value);
  return std::string{writer.table().encoded()};
}

}  // namespace

TEST_CASE("an empty broker is a short snapshot") {
  CHECK(to_json(Snapshot{}) == R"({"number":0,"vhosts":[],"connections":[]})");
}

TEST_CASE("what a snapshot does not say of a thing is as it is by default") {
  Snapshot snapshot;
  auto& vhost = snapshot.vhosts["v"];
  vhost.exchanges["x"];
  vhost.bindings.insert(Snapshot::Binding{});
  vhost.queues["q"].consumers[{1, std::uint16_t{2}, "c"}];
  vhost.policies["p"];
  auto& channel = snapshot.connections[3].channels[4];
  channel.unacked[5];
  CHECK(
      to_json(snapshot)
      == R"({"number":0,"vhosts":[{"name":"v",)"
         R"("exchanges":[{"name":"x","type":"","durable":false,"auto_delete":false,"internal":false,"arguments":{}}],)"
         R"("bindings":[{"source":"","destination":"","destination_is":"queue","routing_key":"","arguments":{}}],)"
         R"("queues":[{"name":"q","type":"","durable":false,"auto_delete":false,"arguments":{},"ready_count":0,)"
         R"("ready":[],"unacked":0,"consumers":[{"consumer":"c","connection":1,"channel":2,"ack_mode":"manual",)"
         R"("exclusive":false,"prefetch":0,"priority":0,"unacked":0}]}],)"
         R"("policies":[{"name":"p","pattern":"","apply_to":"","priority":0,"settings":{}}]}],)"
         R"("connections":[{"connection":3,"name":"","address":"","blocked":false,"channels":[{"channel":4,)"
         R"("prefetch":0,"shared_prefetch":0,"unacked_count":0,"unacked":[{"delivery_tag":5,"message":0,"queue":"",)"
         R"("redelivered":false}]}]}]})");
}

TEST_CASE("a snapshot tells all there is in a broker") {
  Snapshot snapshot{.number = 77};
  auto& vhost = snapshot.vhosts["v"];
  vhost.exchanges["x"] = {.type = "topic",
                          .durable = true,
                          .auto_delete = true,
                          .internal = true,
                          .alternate = "ae",
                          .arguments = encoded_table("a", 1)};
  vhost.exchanges["y"] = {.type = "fanout"};
  vhost.bindings.insert({.source = "x",
                         .destination = "y",
                         .destination_is = event::Target::exchange,
                         .routing_key = "k\n",
                         .arguments = encoded_table("b", 2)});
  vhost.queues["q"] = {
      .type = "quorum",
      .durable = true,
      .auto_delete = true,
      .exclusive_to = 1,
      .arguments = encoded_table("c", 3),
      .ready_count = 4,
      .ready = {10, 11},
      .unacked = 5,
      .consumers = {
          {{3, std::uint16_t{4}, "c"},
           {.ack_mode = event::AckMode::automatic, .exclusive = true, .prefetch = 6, .priority = -7, .unacked = 8}}}};
  vhost.policies["p"] = {
      .pattern = "^q", .apply_to = "queues", .priority = -9, .settings = encoded_table("max-length", 10)};
  snapshot.vhosts["w"];
  auto& connection = snapshot.connections[3];
  connection = {.name = "n",
                .address = "a",
                .user = "u",
                .vhost = "v",
                .encoding = event::Encoding::json,
                .blocked = true,
                .channels = {}};
  connection.channels[4] = {.mode = event::ChannelMode::confirm,
                            .prefetch = 11,
                            .shared_prefetch = 12,
                            .unacked_count = 13,
                            .unacked = {{14, {.message = 15, .queue = "q", .consumer = "c", .redelivered = true}}},
                            .reply_consumer = Snapshot::ReplyConsumer{.tag = "t", .reply_to = "r"}};
  connection.channels[5];
  CHECK(
      to_json(snapshot)
      == R"({"number":77,"vhosts":[{"name":"v",)"
         R"("exchanges":[{"name":"x","type":"topic","durable":true,"auto_delete":true,"internal":true,"alternate":"ae",)"
         R"("arguments":{"a":1}},)"
         R"({"name":"y","type":"fanout","durable":false,"auto_delete":false,"internal":false,"arguments":{}}],)"
         R"("bindings":[{"source":"x","destination":"y","destination_is":"exchange","routing_key":"k\n",)"
         R"("arguments":{"b":2}}],)"
         R"("queues":[{"name":"q","type":"quorum","durable":true,"auto_delete":true,"exclusive_to":1,)"
         R"("arguments":{"c":3},"ready_count":4,"ready":[10,11],"unacked":5,"consumers":[{"consumer":"c",)"
         R"("connection":3,"channel":4,"ack_mode":"automatic","exclusive":true,"prefetch":6,"priority":-7,)"
         R"("unacked":8}]}],)"
         R"("policies":[{"name":"p","pattern":"^q","apply_to":"queues","priority":-9,"settings":{"max-length":10}}]},)"
         R"({"name":"w","exchanges":[],"bindings":[],"queues":[],"policies":[]}],)"
         R"("connections":[{"connection":3,"name":"n","address":"a","user":"u","vhost":"v","encoding":"json",)"
         R"("blocked":true,"channels":[{"channel":4,"mode":"confirm","prefetch":11,"shared_prefetch":12,)"
         R"("unacked_count":13,"unacked":[{"delivery_tag":14,"message":15,"queue":"q","consumer":"c",)"
         R"("redelivered":true}],"reply_consumer":{"consumer":"t","reply_to":"r"}},)"
         R"({"channel":5,"prefetch":0,"shared_prefetch":0,"unacked_count":0,"unacked":[]}]}]})");
}

TEST_CASE("bindings are ordered by all that tells them apart") {
  const Snapshot::Binding least{.source = "s", .destination = "d", .routing_key = "k", .arguments = "a"};
  auto source = least, destination = least, is = least, key = least, arguments = least;
  source.source = "t";
  destination.destination = "e";
  is.destination_is = event::Target::exchange;
  key.routing_key = "l";
  arguments.arguments = "b";
  CHECK(least == Snapshot::Binding{least});
  for (const auto& greater : {source, destination, is, key, arguments}) {
    CHECK(least < greater);
    CHECK(least != greater);
  }
}

}  // namespace pocketmq::tests
