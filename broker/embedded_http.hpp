// HTTP for an embedded broker, on the broker's own port: its journal and its state (broker/http/README.md). Link
// pocketmq::http; the core library, pocketmq::broker, does not need Boost.
//
//     Embedded broker{{}, nullptr, {.http = with_http()}};  // GET http://127.0.0.1:PORT/journal, as guest
#pragma once

#include <string>
#include <vector>

#include "broker/embedded.hpp"

namespace pocketmq::broker {

/// `host_names`: names, beside localhost and addresses, under which web browsers may reach the broker.
[[nodiscard]] HttpMaker with_http(std::vector<std::string> host_names = {});

}  // namespace pocketmq::broker
