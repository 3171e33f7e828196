#include "broker/events/values.hpp"

namespace pocketmq::broker::event {

void MessageProperties::leave_headers_out(std::string& storage) {
  auto values = properties.decode();
  if (values.headers) headers_left_out_bytes = values.headers->encoded().size();
  values.headers.reset();
  storage.clear();
  encode(values, storage);
  properties = protocol::Properties{storage};
}

}  // namespace pocketmq::broker::event
