// Observer, with all types that its functions have as parameters.
#pragma once

#include "broker/core/observer.hpp"
#include "broker/message/message.hpp"
#include "broker/queue/queue.hpp"
#include "broker/session/session.hpp"
