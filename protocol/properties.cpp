#include "protocol/properties.hpp"

#include "protocol/amqp_wire.hpp"
#include "protocol/big_endian.hpp"

namespace pocketmq::protocol {
namespace {

constexpr std::uint16_t content_type_flag = 0x8000;
constexpr std::uint16_t content_encoding_flag = 0x4000;
constexpr std::uint16_t headers_flag = 0x2000;
constexpr auto first_flag = content_type_flag;

// Calls `field(name, property)` for each property with its flag's turn.
template <class P, class Field> void walk(P& properties, Field&& field) {
  std::uint16_t flag = first_flag;
  BasicProperties::describe(properties, [&](const FieldName& name, auto& property) {
    field(name, property, flag);
    flag = static_cast<std::uint16_t>(flag >> 1U);
  });
}

// Returns the reader, which knows whether all was well.
WireReader read(std::string_view encoded, unsigned depth_max, BasicProperties& into) {
  WireReader reader{encoded, depth_max};
  std::uint16_t flags = 0;
  reader("flags", flags);
  // The two bits that stand for no property mean nothing, as for RabbitMQ; a second word of flags is left over.
  walk(into, [&]<class T>(const FieldName& name, std::optional<T>& property, std::uint16_t flag) {
    if ((flags & flag) != 0) reader(name, property.emplace());
  });
  return reader;
}

}  // namespace

BasicProperties Properties::decode() const {
  BasicProperties properties;
  // Checked already: no depth is refused here.
  read(encoded_, ~0U, properties);
  return properties;
}

std::optional<FieldTable> Properties::headers() const {
  const auto flags = load_big_endian<std::uint16_t>(encoded_.data());
  if ((flags & headers_flag) == 0) return std::nullopt;
  const char* at = encoded_.data() + sizeof flags;
  for (const auto short_string_before : {content_type_flag, content_encoding_flag})
    if ((flags & short_string_before) != 0) at += 1 + static_cast<unsigned char>(*at);
  const auto size = load_big_endian<std::uint32_t>(at);
  return FieldTable{{at + sizeof size, size}};
}

std::optional<std::string> find_fault(Properties properties, unsigned depth_max) {
  BasicProperties ignored;
  return read(properties.encoded(), depth_max, ignored).fault();
}

void encode(const BasicProperties& properties, std::string& to) {
  std::uint16_t flags = 0;
  WireMeasure measure;
  measure.add(flags);
  walk(properties, [&](const FieldName& name, const auto& property, std::uint16_t flag) {
    if (!property) return;
    flags = static_cast<std::uint16_t>(flags | flag);
    measure(name, *property);
  });
  const auto begin = to.size();
  to.resize(begin + measure.size());
  WireWriter writer{to.data() + begin};
  writer.write(flags);
  walk(properties, [&](const FieldName& name, const auto& property, std::uint16_t) {
    if (property) writer(name, *property);
  });
}

}  // namespace pocketmq::protocol
