// What those see who look into a broker: `Embedded::inspect`, `InProcess::broker`.
#pragma once

#include "broker/queue/queue.hpp"
#include "broker/session/broker.hpp"
#include "broker/vhost/virtual_host.hpp"
