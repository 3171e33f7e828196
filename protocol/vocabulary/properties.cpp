#include "protocol/vocabulary/properties.hpp"

#include <array>
#include <bit>
#include <concepts>

#include "protocol/base/big_endian.hpp"
#include "protocol/vocabulary/amqp_wire.hpp"

namespace pocketmq::protocol {
namespace {

constexpr std::uint16_t first_flag = 0x8000;
constexpr std::size_t property_count = 14;

constexpr std::uint16_t flag_at(std::size_t index) { return static_cast<std::uint16_t>(first_flag >> index); }

// How many octets of a value say how long the rest is, and how long it is where none do.
struct Extent {
  std::uint8_t length_octets;
  std::uint8_t fixed;
};

constexpr auto extents = [] {
  std::array<Extent, property_count> all{};
  std::size_t index = 0;
  const BasicProperties properties{};
  BasicProperties::describe(properties, [&]<class T>(const FieldName&, const std::optional<T>&) {
    if constexpr (std::unsigned_integral<T>)
      all.at(index++) = {.length_octets = 0, .fixed = sizeof(T)};
    else
      all.at(index++) = {.length_octets = std::same_as<T, ShortString> ? 1 : 4, .fixed = 0};
  });
  return all;
}();

// How long the rest of the value at `at` is; what says so is there.
std::size_t size_of_rest(const char* at, Extent extent) {
  if (extent.length_octets == 0) return extent.fixed;
  if (extent.length_octets == 1) return static_cast<unsigned char>(*at);
  return load_big_endian<std::uint32_t>(at);
}

enum class Tables : bool { skipped, checked };

template <Tables tables> bool is_well_formed(std::string_view encoded, unsigned depth_max) {
  if (encoded.size() < sizeof first_flag) return false;
  const char* at = encoded.data() + sizeof first_flag;
  const char* const end = encoded.data() + encoded.size();
  for (auto flags = load_big_endian<std::uint16_t>(encoded.data()); flags >= flag_at(property_count - 1);) {
    const auto index = static_cast<std::size_t>(std::countl_zero(flags));
    flags = static_cast<std::uint16_t>(flags ^ flag_at(index));
    const auto extent = extents[index];
    const auto left = static_cast<std::size_t>(end - at);
    if (left < extent.length_octets) return false;
    const auto size = size_of_rest(at, extent);
    at += extent.length_octets;
    if (left - extent.length_octets < size) return false;
    if constexpr (tables == Tables::checked)
      if (extent.length_octets == 4 && find_fault(FieldTable{std::string_view{at, size}}, depth_max)) return false;
    at += size;
  }
  return at == end;
}

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

std::string_view Properties::find(std::size_t index) const {
  const char* at = encoded_.data() + sizeof first_flag;
  const unsigned flags = load_big_endian<std::uint16_t>(encoded_.data());
  // Checked already: past all that stand before it.
  for (auto before = static_cast<std::uint16_t>(flags & ~(0xFFFFU >> index)); before != 0;) {
    const auto other = static_cast<std::size_t>(std::countl_zero(before));
    at += extents[other].length_octets + size_of_rest(at, extents[other]);
    before = static_cast<std::uint16_t>(before ^ flag_at(other));
  }
  return {at + extents[index].length_octets, size_of_rest(at, extents[index])};
}

std::optional<std::string> find_fault(Properties properties, unsigned depth_max) {
  if (is_well_formed<Tables::checked>(properties.encoded(), depth_max)) return std::nullopt;
  BasicProperties ignored;
  return read(properties.encoded(), depth_max, ignored).fault();
}

std::string readable_part(Properties malformed) {
  const auto encoded = malformed.encoded();
  const auto headers = is_well_formed<Tables::skipped>(encoded, 0) ? malformed.headers() : std::nullopt;
  if (!headers) return std::string{Properties{}.encoded()};
  constexpr std::size_t length_octets = 4;
  const auto begin = static_cast<std::size_t>(headers->encoded().data() - encoded.data()) - length_octets;
  std::string readable{encoded};
  readable.erase(begin, length_octets + headers->encoded().size());
  constexpr auto headers_flag = flag_at(2);
  const auto flags = load_big_endian<std::uint16_t>(encoded.data());
  store_big_endian(readable.data(), static_cast<std::uint16_t>(flags & ~headers_flag));
  return readable;
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
