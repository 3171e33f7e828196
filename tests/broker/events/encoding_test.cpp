// How many bytes a stored event takes, and that its values come back.
#include "broker/events/encoding.hpp"

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/events/event.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/sample_events.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;

struct Sizes {
  std::size_t written;
  std::size_t bound;
};

// What the value takes, and what was reckoned before.
template <class T> Sizes sizes_of(const T& value) {
  event::SizeBound bound;
  bound.add(value);
  std::string bytes(10'000, '\0');
  event::Writer writer{bytes.data()};
  writer.write(value);
  return {static_cast<std::size_t>(writer.end() - bytes.data()), bound.bytes()};
}

template <class T> T again(const T& value) {
  std::string bytes(10'000, '\0');
  event::Writer writer{bytes.data()};
  writer.write(value);
  event::Reader reader{{bytes.data(), writer.end()}};
  T read{};
  reader.read(read);
  return read;
}

}  // namespace

TEST_CASE("the room for the largest values is what they take") {
  const auto fits = [](const auto& value, std::size_t spare) {
    const auto [written, bound] = sizes_of(value);
    CHECK(written <= bound);
    CHECK(bound <= written + spare);
  };
  fits(true, 1);
  fits(std::numeric_limits<std::uint8_t>::max(), 0);
  fits(std::numeric_limits<std::uint16_t>::max(), 0);
  fits(std::numeric_limits<std::uint32_t>::max(), 0);
  fits(std::numeric_limits<std::uint64_t>::max(), 0);
  fits(std::numeric_limits<std::int64_t>::min(), 0);
  fits(event::By::broker, 1);
  fits(std::optional<std::uint64_t>{}, 0);
  fits(std::optional{std::numeric_limits<std::uint64_t>::max()}, 0);
  const std::string text(200, 't');
  fits(event::Text{text}, 8);
  fits(event::Text{}, 9);
  const std::vector<event::Text> texts(3, event::Text{text});
  fits(event::List<event::Text>{std::span{texts}}, 9 + 3 * 8);
}

TEST_CASE("there is room for an event of each kind") {
  SampleEvents samples;
  event::for_each_kind([&]<class E>() {
    INFO(E::kind.name);
    const auto [written, bound] = sizes_of(samples.make<E>());
    CHECK(written <= bound);
    CHECK(bound <= 10 * written + 100);
  });
}

TEST_CASE("numbers come back from as many bytes as they need") {
  for (const auto& [number, bytes] : std::vector<std::pair<std::uint64_t, std::size_t>>{
           {0, 1}, {1, 1}, {127, 1}, {128, 2}, {16'383, 2}, {16'384, 3}, {~std::uint64_t{0}, 10}}) {
    CHECK(again(number) == number);
    CHECK(sizes_of(number).written == bytes);
    CHECK(again(std::optional{number}) == number);
  }
  for (const auto& [number, bytes] : std::vector<std::pair<std::int64_t, std::size_t>>{
           {0, 1}, {-1, 1}, {1, 1}, {63, 1}, {-64, 1}, {64, 2}, {-65, 2}}) {
    CHECK(again(number) == number);
    CHECK(sizes_of(number).written == bytes);
  }
  for (const auto number : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
    CHECK(again(number) == number);
  CHECK_FALSE(again(std::optional<std::uint64_t>{}));
  CHECK(again(true));
  CHECK_FALSE(again(false));
}

TEST_CASE("a list comes back, and what is written after it") {
  const std::vector<event::Text> texts{event::Text{"a"}, event::Text{""}, event::Text{"ccc"}};
  std::string bytes(100, '\0');
  event::Writer writer{bytes.data()};
  writer.write(event::List<event::Text>{std::span{texts}});
  writer.write(std::uint64_t{7});
  event::Reader reader{{bytes.data(), writer.end()}};
  event::List<event::Text> read;
  reader.read(read);
  CHECK(read.size() == 3);
  CHECK_FALSE(read.empty());
  std::string all;
  read.for_each([&](const event::Text& text) { all += "[" + std::string{text.view()} + "]"; });
  CHECK(all == "[a][][ccc]");
  CHECK(reader.number() == 7);
  CHECK(event::List<event::Text>{}.empty());
}

}  // namespace pocketmq::tests
