// What reports and clients are told about faults.
#pragma once

#include <string>
#include <string_view>

#include "broker/control/command_facts.hpp"
#include "broker/request/duration.hpp"
#include "protocol/codec/json_parse.hpp"
#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::broker {

using protocol::in_quotes;

/// "basic.publish to exchange 'x' with routing key 'k' on channel 1 of connection 3 ('worker')"
[[nodiscard]] std::string described(const CommandFacts& facts);

/// The text with which RabbitMQ refuses the command for that code: 403, 404, 405 or 406.
[[nodiscard]] std::string refusal_like_rabbitmq(protocol::ReplyCode code, const CommandFacts& facts);

}  // namespace pocketmq::broker
