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

// By the place in the list of kinds.
constexpr auto looks = [] {
  std::array<Look, event::Kinds::size> all{};
  std::size_t next = 0;
  event::for_each_kind([&]<class E>() { all[next++] = &look_at<E>; });
  return all;
}();

}  // namespace

void store(event::Time time, const Entry::Event& event, std::string& to) {
  Writer writer{to};
  writer.write(std::uint64_t{event.index()});
  writer.write(std::int64_t{duration_cast<nanoseconds>(time.shown.time_since_epoch()).count()});
  writer.write(std::int64_t{time.ahead.count()});
  std::visit([&](const auto* e) { writer.write(*e); }, event);
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
