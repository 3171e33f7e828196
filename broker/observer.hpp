// Observer, with all that its functions are told of.
#pragma once

#include "broker/core/observer.hpp"
#include "broker/message/message.hpp"
#include "broker/queue/queue.hpp"
#include "broker/session/session.hpp"
