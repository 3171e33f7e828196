#include "broker/events/stored_event.hpp"

#include <array>

namespace pocketmq::broker {
namespace {

using event::Reader;
using event::Writer;
using std::chrono::duration_cast;
using std::chrono::nanoseconds;

using Look = void (*)(std::uint64_t number, event::Time time, Reader& reader, const LookAtEvent& look);

template <class E> void look_at(std::uint64_t number, event::Time time, Reader& reader, const LookAtEvent& look) {
  E event{};
  reader.read(event);
  look(Entry{number, time, &event});
}

// By their positions in the list of kinds.
constexpr auto looks = [] {
  std::array<Look, event::Kinds::size> all{};
  std::size_t next = 0;
  event::for_each_kind([&]<class E>() { all[next++] = &look_at<E>; });
  return all;
}();

}  // namespace

std::size_t stored_max_bytes(const Entry::Event& event) {
  event::SizeBound bound;
  bound.add(event.index());
  bound.add(std::int64_t{});  // the time
  bound.add(std::int64_t{});
  std::visit([&](const auto* e) { bound.add(*e); }, event);
  return bound.bytes();
}

char* store(event::Time time, const Entry::Event& event, char* to) {
  Writer writer{to};
  writer.write(std::uint64_t{event.index()});
  writer.write(std::int64_t{duration_cast<nanoseconds>(time.shown.time_since_epoch()).count()});
  writer.write(std::int64_t{time.ahead.count()});
  std::visit([&](const auto* e) { writer.write(*e); }, event);
  return writer.end();
}

StoredEvent::StoredEvent(std::uint64_t number, event::Time time, const Entry::Event& event) : number_{number} {
  stored_.resize(stored_max_bytes(event));
  stored_.resize(static_cast<std::size_t>(store(time, event, stored_.data()) - stored_.data()));
  stored_.shrink_to_fit();
}

void look_at_stored(std::uint64_t number, std::string_view stored, const LookAtEvent& look) {
  Reader reader{stored};
  const auto kind = static_cast<std::size_t>(reader.number());
  std::int64_t shown = 0, ahead = 0;
  reader.read(shown);
  reader.read(ahead);
  using Shown = std::chrono::system_clock::time_point;
  const event::Time time{.shown = Shown{duration_cast<Shown::duration>(nanoseconds{shown})},
                         .ahead = nanoseconds{ahead}};
  looks[kind](number, time, reader, look);
}

}  // namespace pocketmq::broker
