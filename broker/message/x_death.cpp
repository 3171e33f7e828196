#include "broker/message/x_death.hpp"

#include <algorithm>
#include <compare>
#include <functional>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "broker/message/copies.hpp"
#include "broker/message/edited_table.hpp"
#include "protocol/base/text_hash.hpp"

namespace pocketmq::broker {
namespace {

using protocol::FieldArrayWriter;
using protocol::FieldReader;
using protocol::FieldTable;
using protocol::FieldTableWriter;
using protocol::FieldValue;

constexpr std::string_view x_death = "x-death";

constexpr std::size_t for_a_death = 16;  // read an earlier record, compare it, write it again

std::string_view text(FieldTable table, std::string_view name) {
  const auto value = table.find(name);
  return value ? value->string().value_or("") : "";
}

bool is_of(FieldTable record, const Death& death) {
  return text(record, "queue") == death.queue && text(record, "reason") == name_of(death.reason);
}

// A text with its hash. Comparing the hashes first saves time where there are very many texts.
struct Hashed {
  explicit Hashed(std::string_view hashed) : hash{protocol::TextHash{}(hashed)}, text{hashed} {}

  auto operator<=>(const Hashed&) const = default;

  std::size_t hash;
  std::string_view text;
};

// The queue and the reason of a record, and its index.
struct DeathKey {
  Hashed queue;
  std::string_view reason;
  std::size_t index;

  auto operator<=>(const DeathKey&) const = default;
  [[nodiscard]] bool is_same_as(const DeathKey& other) const { return queue == other.queue && reason == other.reason; }
};

// The records of the x-death array that came with the message, and which a client may have written itself: each pair of
// queue and reason once. As on RabbitMQ, their order is reversed.
std::vector<FieldTable> earlier_deaths(FieldValue array, Budget& budget) {
  std::vector<FieldTable> records;
  std::vector<DeathKey> death_keys;
  FieldReader reader{array.bytes, FieldReader::Of::array};
  while (const auto element = reader.next()) {
    budget.use(for_a_death);
    const auto table = element->value.table();
    if (!table) continue;
    death_keys.push_back({Hashed{text(*table, "queue")}, text(*table, "reason"), records.size()});
    records.push_back(*table);
  }
  std::ranges::sort(death_keys);
  std::vector<bool> is_repeated(records.size());
  for (std::size_t i = 1; i < death_keys.size(); ++i)
    is_repeated[death_keys[i].index] = death_keys[i].is_same_as(death_keys[i - 1]);
  std::vector<FieldTable> deaths;
  deaths.reserve(records.size());
  for (auto index = records.size(); index-- > 0;)
    if (!is_repeated[index]) deaths.push_back(records[index]);
  return deaths;
}

// Which of a message's routing keys a record contains.
enum class RecordedKeys : std::uint8_t { with_copies, own };

FieldTableWriter first_record(const Death& death, const Message& message, RecordedKeys keys) {
  FieldArrayWriter routing_keys;
  routing_keys.string(message.routing_key());
  const auto headers = message.properties().headers();
  const auto copies = headers && keys == RecordedKeys::with_copies ? headers->find(copies_header) : std::nullopt;
  if (copies && copies->type == 'A') {
    FieldReader reader{copies->bytes, FieldReader::Of::array};
    while (const auto key = reader.next())
      if (const auto text = key->value.string()) routing_keys.string(*text);
  }
  FieldTableWriter record;
  record.int64("count", 1)
      .string("reason", name_of(death.reason))
      .string("queue", death.queue)
      .timestamp("time", static_cast<std::uint64_t>(death.since_epoch.count()))
      .string("exchange", message.exchange())
      .value("routing-keys", routing_keys.array());
  if (const auto expiration = message.properties().find<&protocol::BasicProperties::expiration>())
    record.string("original-expiration", *expiration);
  return record;
}

// The record of another death in the same queue for the same reason: only the count changes. A client may have set the
// count to the maximum.
FieldTableWriter with_count_increased(FieldTable record) {
  const auto given = record.find("count");
  const auto count = given ? given->integer().value_or(0) : 0;
  FieldTableWriter next;
  next.int64("count", std::min(count, std::numeric_limits<std::int64_t>::max() - 1) + 1);
  EditedTable edited{record};
  edited.set("count", *next.table().find("count"));
  return edited.sorted();
}

std::uint64_t time_of(FieldTable record) {
  const auto time = record.find("time");
  return time ? time->timestamp().value_or(0) : 0;
}

// Removes the oldest records until at least `bytes` are saved, or none is left.
void drop_oldest(std::vector<FieldTable>& deaths, std::size_t bytes) {
  std::vector<std::size_t> by_time(deaths.size());
  std::iota(by_time.begin(), by_time.end(), std::size_t{0});
  std::ranges::stable_sort(by_time, {}, [&](std::size_t index) { return time_of(deaths[index]); });
  std::size_t dropped = 0;
  for (const auto index : by_time) {
    if (dropped >= bytes) break;
    dropped += std::exchange(deaths[index], {}).encoded().size();
  }
  std::erase(deaths, FieldTable{});
}

}  // namespace

std::string properties_after(const Death& death, const Message& message, CarbonCopies copies,
                             std::size_t size_max_bytes, Budget& budget) {
  auto properties = message.properties().decode();
  properties.expiration.reset();
  EditedTable headers{properties.headers.value_or(FieldTable{})};
  budget.use(steps::for_a_header * headers.size());
  if (copies == CarbonCopies::remove) headers.remove(copies_header);

  const auto* found = headers.find(x_death);
  const bool is_first = found == nullptr || found->type != 'A';  // a value that is not an array is replaced
  auto earlier = is_first ? std::vector<FieldTable>{} : earlier_deaths(*found, budget);
  if (found == nullptr) {
    headers.set("x-first-death-exchange", {'S', message.exchange()});
    headers.set("x-first-death-queue", {'S', death.queue});
    headers.set("x-first-death-reason", {'S', name_of(death.reason)});
  }
  const auto match = std::ranges::find_if(earlier, [&](FieldTable record) { return is_of(record, death); });
  const auto earlier_record = match == earlier.end() ? std::nullopt : std::optional{*match};
  if (earlier_record) earlier.erase(match);

  const auto encoded_with = [&](RecordedKeys keys) {
    const auto record = earlier_record ? with_count_increased(*earlier_record) : first_record(death, message, keys);
    FieldArrayWriter deaths;
    deaths.table(is_first ? record.table() : EditedTable{record.table()}.sorted().table());
    for (const auto other : earlier) deaths.table(other);
    headers.set(x_death, deaths.array());
    const auto table = headers.sorted();
    properties.headers = table.table();
    std::string encoded;
    encode(properties, encoded);
    return encoded;
  };
  auto encoded = encoded_with(RecordedKeys::with_copies);
  if (encoded.size() > size_max_bytes) {
    budget.use(for_a_death * earlier.size() + steps::for_a_header * headers.size());
    drop_oldest(earlier, encoded.size() - size_max_bytes);
    encoded = encoded_with(RecordedKeys::with_copies);
  }
  if (encoded.size() > size_max_bytes) encoded = encoded_with(RecordedKeys::own);
  return encoded;
}

Cycle::Cycle(protocol::Properties properties, Budget& budget) {
  const auto headers = properties.headers();
  const auto deaths = headers ? headers->find(x_death) : std::nullopt;
  if (!deaths || deaths->type != 'A') return;
  std::vector<Hashed> queues;
  FieldReader reader{deaths->bytes, FieldReader::Of::array};
  while (const auto death = reader.next()) {
    budget.use(for_a_death);
    const auto record = death->value.table();
    if (!record) continue;
    if (text(*record, "reason") == name_of(DeathReason::rejected)) break;
    queues.emplace_back(text(*record, "queue"));
  }
  std::ranges::sort(queues);
  queues_.reserve(queues.size());
  for (const auto& queue : queues) queues_.push_back(queue.text);
}

bool Cycle::contains(std::string_view queue) const {
  const auto hashed = [](std::string_view text) { return Hashed{text}; };
  return std::ranges::binary_search(queues_, Hashed{queue}, {}, hashed);
}

}  // namespace pocketmq::broker
