// Everything that a user needs to read a broker's state with `Embedded::inspect` or `InProcess::broker`.
#pragma once

#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "broker/vhost/virtual_host.hpp"
