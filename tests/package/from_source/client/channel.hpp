// A user's header, named like one of PocketMQ's.
#pragma once

namespace own {

struct Message {};

}  // namespace own
