// Recordings of the same test are equal however its connections interleave, and each change of what happens is found.
#include "broker/compare/comparison.hpp"

#include <functional>
#include <random>

#include "broker/compare/comparison_alignment.hpp"
#include "broker/compare/normalized_recording.hpp"
#include "broker/inspect.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/request/control_error.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::compare;

// The steps of each client, one after the other. Those of different clients mix by chance.
class Scripts {
 public:
  explicit Scripts(unsigned seed) : random_{seed} {}

  void add(std::vector<std::function<void()>> steps) { scripts_.push_back(std::move(steps)); }
  void run() {
    std::vector<std::size_t> next(scripts_.size(), 0);
    for (;;) {
      std::vector<std::size_t> left;
      for (std::size_t i = 0; i < scripts_.size(); ++i)
        if (next[i] < scripts_[i].size()) left.push_back(i);
      if (left.empty()) break;
      const auto i = left[random_() % left.size()];
      scripts_[i][next[i]++]();
    }
    scripts_.clear();
  }

 private:
  std::mt19937 random_;
  std::vector<std::vector<std::function<void()>>> scripts_;
};

struct Change {
  std::string body{"b2"};
  bool acks_last{true};
  bool requeues_first{false};
  bool acks_before_publishing{false};
};

// Two publishers, three equal workers on one queue, and one who replies to a queue that the broker names.
std::string recorded(unsigned seed, const Change& change = {}) {
  World world{Encoding::amqp};
  std::string text;
  const auto subscription =
      world.broker().journal().subscribe([&](const broker::Entry& e) { broker::append_ndjson(e, text); });
  Scripts scripts{seed};
  std::vector<Client> clients;
  const std::array names{"setup", "alice", "bob", "worker", "worker", "worker", "server"};
  std::vector<std::size_t> order{0, 1, 2, 3, 4, 5, 6};
  std::mt19937 random{seed};
  std::shuffle(order.begin(), order.end(), random);
  std::vector<std::optional<Client>> by_role(names.size());
  for (const auto i : order) by_role[i] = world.connect({.name = names.at(i)});
  const auto& setup = *by_role[0];
  const auto &alice = *by_role[1], &bob = *by_role[2], &server = *by_role[6];
  setup.declares("jobs")
      .declares("requests")
      .declares_exchange("dead", "fanout")
      .declares("morgue")
      .binds("morgue", "dead");
  setup.declares(
      {.queue = "fragile", .arguments = protocol::FieldTableWriter{}.string("x-dead-letter-exchange", "dead").table()});
  for (std::size_t i = 3; i < 6; ++i) scripts.add({[&, i] { by_role[i]->consumes("jobs", "w"); }});
  scripts.run();
  std::string reply_to;
  scripts.add({[&] { alice.publishes("jobs", "a1"); }, [&] { alice.publishes("jobs", "a2"); },
               [&] { alice.publishes("jobs", "a3"); }, [&] { alice.publishes("jobs", "a4"); }});
  scripts.add({[&] {
                 bob.sends(queue::Declare{.exclusive = true});
                 reply_to = std::get<queue::DeclareOk>(bob.answer<queue::DeclareOk>().method).queue;
               },
               [&] { bob.publishes("fragile", {.body = "b1", .properties = {.reply_to = reply_to}}); },
               [&] { bob.publishes("requests", {.body = change.body, .properties = {.reply_to = reply_to}}); }});
  scripts.run();
  for (std::size_t i = 3; i < 6; ++i) scripts.add({[&, i] { by_role[i]->acks_all(); }});
  scripts.add({[&] { server.consumes("requests", "s"); },
               [&] {
                 if (change.requeues_first) server.requeues_all();
               },
               [&] {
                 if (change.acks_before_publishing) server.acks_all();
               },
               [&] { server.publishes(reply_to, "reply"); },
               [&] {
                 if (change.acks_last && !change.acks_before_publishing) server.acks_all();
               }});
  scripts.add(
      {[&] { bob.sends(basic::Get{.queue = "fragile"}); }, [&] { bob.sends(basic::Reject{.delivery_tag = 1}); }});
  scripts.run();
  for (auto& client : by_role) client->end().inbox().clear();
  return broker::normalized_recording(text);
}

std::string differences(std::string_view golden, std::string_view recording) {
  return text_of(compare(golden, recording));
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  broker::for_each_line(text, [&](std::string_view line, std::size_t) { lines.emplace_back(line); });
  return lines;
}

std::string text_of_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("recordings of one scenario are equal whatever way its connections interleave") {
  const auto golden = recorded(1);
  CHECK(differences(golden, golden).empty());
  for (unsigned seed = 2; seed < 40; ++seed) {
    INFO("seed " << seed);
    const auto other = recorded(seed);
    REQUIRE(differences(golden, other) == "");
    REQUIRE(differences(other, golden) == "");
  }
}

TEST_CASE("each change of a scenario is found and named whatever way its connections interleave") {
  const auto golden = recorded(1);
  for (unsigned seed = 1; seed < 8; ++seed) {
    INFO("seed " << seed);
    const auto body = differences(golden, recorded(seed, {.body = "other"}));
    CHECK(has(body, "): 'body' is \"other\", not \"b2\"\n"));
    CHECK(lines_of(body).size() == 1);
    const auto no_ack = differences(golden, recorded(seed, {.acks_last = false}));
    CHECK(has(no_ack, ": message.acked of m"));
    CHECK(has(no_ack, "in 'requests' on c"));
    CHECK(has(no_ack, " is missing\n"));
    CHECK(lines_of(no_ack).size() == 1);
    const auto requeued = differences(golden, recorded(seed, {.requeues_first = true}));
    CHECK(has(requeued, ": message.requeued of m"));
    CHECK(has(requeued, " is not in the golden"));
    const auto order = differences(golden, recorded(seed, {.acks_before_publishing = true}));
    CHECK(has(order, "comes in another order"));
    CHECK(lines_of(order).size() == 1);
  }
}

TEST_CASE("every line of a recording counts") {
  const auto golden = recorded(1);
  const auto lines = lines_of(golden);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    INFO(lines[i]);
    auto shorter = lines;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(has(differences(golden, text_of_lines(shorter)), " is missing"));
    CHECK(differences(text_of_lines(shorter), golden) != "");
    auto longer = lines;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK(differences(golden, text_of_lines(longer)) != "");
  }
}

TEST_CASE("swapped lines are found unless they are of different connections and messages") {
  const auto golden = recorded(3);
  const auto lines = lines_of(golden);
  std::mt19937 random{16};
  std::size_t found = 0;
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    auto swapped = lines;
    std::swap(swapped[i], swapped[i + 1]);
    const auto text = differences(golden, text_of_lines(swapped));
    const auto word = [](const std::string& line, const std::string& key) {
      const auto at = line.find("\"" + key + "\":\"");
      return at == std::string::npos ? std::string{} : line.substr(at, line.find('"', at + key.size() + 4) - at);
    };
    INFO(lines[i] << "\n" << lines[i + 1] << "\n" << text);
    const auto same = [&](const std::string& key) {
      return !word(lines[i], key).empty() && word(lines[i], key) == word(lines[i + 1], key);
    };
    if (same("message")) {
      CHECK(has(text, "comes in another order"));
      ++found;
    }
    if (!same("message") && !same("connection") && !has(lines[i] + lines[i + 1], "parent")) CHECK(text.empty());
  }
  CHECK(found > 10);
}

TEST_CASE("goldens have matchers and may leave members out") {
  const std::string recording =
      R"({"at":"+0.000","kind":"message.published","message":"m1","connection":"c1","channel":1,)"
      R"("properties":{"message_id":"<u1>","timestamp":"<time>"},"body":{"id":7,"name":"order-12-<u1>"}})"
      "\n";
  const auto golden = [](std::string_view members) {
    return R"({"kind":"message.published","message":"m9","connection":"c5",)" + std::string{members} + "}\n";
  };
  for (const std::string_view members :
       {R"("channel":1)", R"("channel":"<any>")", R"("channel":"<number>")",
        R"("body":{"id":"<number>","name":"<any>"})", R"("body":{"id":7,"name":"order-<number>-<uuid>"})",
        R"("body":{"id":7,"name":"<any>-<u4>"})", R"("body":"<any>")", R"("properties":{"timestamp":"<time>"})",
        R"("properties":{"message_id":"<u4>"},"body":{"id":7,"name":"<any><u4>"})"})
    CHECK(differences(golden(members), recording) == "");
  const auto difference = [&](std::string_view members) { return differences(golden(members), recording); };
  const std::string line = "line 1 (message.published of m9 on c5): ";
  CHECK(difference(R"("channel":2)") == line + "'channel' is 1, not 2\n");
  CHECK(difference(R"("body":{"id":"7","name":"<any>"})") == line + "'body.id' is 7, not \"7\"\n");
  CHECK(difference(R"("body":{"id":7})")
        == line + "'body.name' is \"order-12-<u1>\", which the golden does not have\n");
  CHECK(difference(R"("body":{"id":7,"name":"order-<number>"})")
        == line + "'body.name' is \"order-12-<u1>\", not \"order-<number>\"\n");
  CHECK(difference(R"("mandatory":true)") == line + "'mandatory' is missing, not true\n");
  CHECK(has(differences("{\"recording\":1,\"members\":\"all\"}\n" + golden(R"("channel":1)"), recording),
            "'properties' is {"));
}

TEST_CASE("only the kinds that a golden asks for are compared and times only if it does") {
  const std::string recording = R"({"at":"+0.000","kind":"queue.declared","queue":"q","connection":"c1"}
{"at":"+0.100","kind":"message.acked","message":"m1","queue":"q","connection":"c1","delivery_tag":1}
)";
  const std::string acked = R"({"at":"+0.200","kind":"message.acked","message":"m3","queue":"q","connection":"c1"})";
  CHECK(has(differences(acked, recording), "queue.declared in 'q' on c1 is not in the golden"));
  CHECK(differences("{\"recording\":1,\"kinds\":[\"message.\"]}\n" + acked, recording) == "");
  CHECK(has(differences("{\"recording\":1,\"kinds\":[\"message.\"],\"times\":\"compared\"}\n" + acked, recording),
            "'at' is \"+0.100\", not \"+0.200\""));
}

TEST_CASE("a golden that cannot be read is refused with its line") {
  for (const std::string_view bad :
       {"x", "[]", "{}", R"({"recording":1,"members":"some"})", R"({"recording":1,"x":1})"})
    try {
      static_cast<void>(compare("\n" + std::string{bad}, ""));
      FAIL(bad);
    } catch (const broker::ControlError& error) {
      CHECK(std::string_view{error.what()}.starts_with("the golden, line 2: "));
    }
}

TEST_CASE("very long recordings are compared in bounded time") {
  std::string golden, other;
  std::mt19937 random{16};
  for (int i = 0; i < 8'000; ++i) {
    const auto line = R"({"kind":"message.published","message":"m)" + std::to_string(i + 1)
                      + R"(","connection":"c1","channel":1,"body":")";
    golden += line + std::to_string(random() % 10) + "\"}\n";
    other += line + std::to_string(random() % 10) + "\"}\n";
  }
  CHECK(differences(golden, golden) == "");
  const auto comparison = compare(golden, other);
  CHECK(comparison.differences.size() == broker::ComparisonLimits::differences_max);
  CHECK(comparison.left_out > 1'000);
}

TEST_CASE("an alignment takes each element once and in order") {
  std::mt19937 random{16};
  for (int round = 0; round < 2'000; ++round) {
    std::vector<unsigned> a(random() % 9), b(random() % 9);
    for (auto& x : a) x = static_cast<unsigned>(random() % 3);
    for (auto& x : b) x = static_cast<unsigned>(random() % 3);
    const auto pairs = broker::align(a.size(), b.size(), [&](auto i, auto j) {
      return a[i] == b[j] ? broker::Fit::equal : a[i] + b[j] == 1 ? broker::Fit::similar : broker::Fit::different;
    });
    std::size_t i = 0, j = 0;
    for (const auto& [left, right] : pairs) {
      if (left != broker::AlignedPair::none) REQUIRE(left == i++);
      if (right != broker::AlignedPair::none) REQUIRE(right == j++);
    }
    REQUIRE(i == a.size());
    REQUIRE(j == b.size());
  }
}

}  // namespace pocketmq::tests
