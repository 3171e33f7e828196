#include "broker/x_death.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <vector>

#include "broker/edited_table.hpp"

namespace pocketmq::broker {
namespace {

using protocol::FieldArrayWriter;
using protocol::FieldReader;
using protocol::FieldTable;
using protocol::FieldTableWriter;
using protocol::FieldValue;

constexpr std::string_view x_death = "x-death";

std::string_view text(FieldTable table, std::string_view name) {
  const auto value = table.find(name);
  return value ? value->string().value_or("") : "";
}

bool is_of(FieldTable record, const Death& death) {
  return text(record, "queue") == death.queue && text(record, "reason") == name_of(death.reason);
}

// The tables in an x-death that came with the message, a client's own perhaps: each queue and reason once, and in the
// order in which RabbitMQ leaves them, which turns it round.
std::vector<FieldTable> earlier_deaths(FieldValue array) {
  std::vector<FieldTable> deaths;
  std::set<std::pair<std::string_view, std::string_view>> seen;
  FieldReader reader{array.bytes, FieldReader::Of::array};
  while (const auto element = reader.next()) {
    const auto table = element->value.table();
    if (table && seen.emplace(text(*table, "queue"), text(*table, "reason")).second) deaths.push_back(*table);
  }
  std::ranges::reverse(deaths);
  return deaths;
}

FieldTableWriter first_record(const Death& death, const Message& message, const protocol::BasicProperties& properties) {
  FieldArrayWriter routing_keys;
  routing_keys.string(message.routing_key());
  const auto copies = properties.headers ? properties.headers->find("CC") : std::nullopt;
  if (copies && copies->type == 'A') {
    FieldReader reader{copies->bytes, FieldReader::Of::array};
    while (const auto key = reader.next()) routing_keys.value(key->value);
  }
  FieldTableWriter record;
  record.int64("count", 1)
      .string("reason", name_of(death.reason))
      .string("queue", death.queue)
      .timestamp("time", static_cast<std::uint64_t>(death.since_epoch.count()))
      .string("exchange", message.exchange())
      .value("routing-keys", routing_keys.array());
  if (properties.expiration) record.string("original-expiration", *properties.expiration);
  return record;
}

// Another death of the same kind: all but the count stays as it was. A client's own count may be the largest there is.
FieldTableWriter counted_again(FieldTable record) {
  const auto given = record.find("count");
  const auto count = given ? given->integer().value_or(0) : 0;
  FieldTableWriter next;
  next.int64("count", std::min(count, std::numeric_limits<std::int64_t>::max() - 1) + 1);
  EditedTable edited{record};
  edited.set("count", *next.table().find("count"));
  return edited.sorted();
}

FieldArrayWriter with_earlier(const Death& death, const FieldTableWriter& first, FieldValue earlier) {
  auto deaths = earlier_deaths(earlier);
  const auto same = std::ranges::find_if(deaths, [&](FieldTable record) { return is_of(record, death); });
  const auto latest = same == deaths.end() ? EditedTable{first.table()}.sorted() : counted_again(*same);
  if (same != deaths.end()) deaths.erase(same);
  FieldArrayWriter all;
  all.table(latest.table());
  for (const auto record : deaths) all.table(record);
  return all;
}

}  // namespace

std::string_view name_of(DeathReason reason) {
  constexpr std::array<std::string_view, 4> names{"rejected", "expired", "maxlen", "delivery_limit"};
  return names[static_cast<std::size_t>(reason)];
}

std::string properties_after(const Death& death, const Message& message, CarbonCopies copies) {
  auto properties = message.properties().decode();
  EditedTable headers{properties.headers.value_or(FieldTable{})};

  const auto record = first_record(death, message, properties);
  const auto* earlier = headers.find(x_death);
  FieldArrayWriter deaths;
  if (earlier != nullptr && earlier->type == 'A')
    deaths = with_earlier(death, record, *earlier);
  else
    deaths.table(record.table());  // what is no array is replaced
  if (earlier == nullptr) {
    headers.set("x-first-death-exchange", {'S', message.exchange()});
    headers.set("x-first-death-queue", {'S', death.queue});
    headers.set("x-first-death-reason", {'S', name_of(death.reason)});
  }
  headers.set(x_death, deaths.array());
  if (copies == CarbonCopies::remove) headers.remove("CC");

  const auto table = headers.sorted();
  properties.headers = table.table();
  properties.expiration.reset();
  std::string encoded;
  encode(properties, encoded);
  return encoded;
}

bool comes_round_again(protocol::Properties properties, std::string_view queue) {
  const auto headers = properties.headers();
  const auto deaths = headers ? headers->find(x_death) : std::nullopt;
  if (!deaths || deaths->type != 'A') return false;
  FieldReader reader{deaths->bytes, FieldReader::Of::array};
  while (const auto death = reader.next()) {
    const auto record = death->value.table();
    if (!record) continue;
    if (text(*record, "reason") == name_of(DeathReason::rejected)) return false;
    if (text(*record, "queue") == queue) return true;
  }
  return false;
}

}  // namespace pocketmq::broker
