// What an observer is told, and in which order.
#include "broker/observer.hpp"

#include "protocol/vocabulary/method.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

// Writes down every step of every message.
class Diary final : public broker::Observer {
 public:
  std::vector<std::string> steps;

  // The steps since the last call.
  std::vector<std::string> read() { return std::exchange(steps, {}); }

 private:
  using Message = broker::Message;
  using Queue = broker::Queue;
  using Session = broker::Session;

  void on_connected(const Session& session) override { steps.push_back(session.name() + " connected"); }
  void on_disconnected(const Session& session) override { steps.push_back(session.name() + " disconnected"); }
  void on_published(const Message& m) override { note(m, "published"); }
  void on_routed(const Message& m, std::size_t queues) override { note(m, "routed to " + std::to_string(queues)); }
  void on_enqueued(const Queue& q, const Message& m) override { note(m, "enqueued in " + q.name()); }
  void on_delivered(const Queue& q, const Message& m, std::string_view tag) override {
    note(m, "delivered from " + q.name() + " to '" + std::string{tag} + "'");
  }
  void on_acked(const Queue& q, const Message& m) override { note(m, "acked in " + q.name()); }
  void on_requeued(const Queue& q, const Message& m) override { note(m, "requeued in " + q.name()); }
  void on_expired(const Queue& q, const Message& m) override { note(m, "expired in " + q.name()); }
  void on_dead_lettered(const Queue& q, const Message& m) override { note(m, "dead-lettered by " + q.name()); }
  void on_returned(const Message& m) override { note(m, "returned"); }
  void on_dropped(const Message& m) override { note(m, "dropped"); }

  void note(const Message& m, const std::string& what) { steps.push_back(std::string{m.body()} + " " + what); }
};

// Writes down every command.
class Wiretap final : public broker::Observer {
 public:
  std::vector<std::string> commands;

 private:
  void on_received(const broker::Session&, const protocol::Command& command) override {
    commands.push_back("<- " + std::string{id_of(command.method).name});
  }
  void on_sent(const broker::Session&, const protocol::Command& command) override {
    commands.push_back("-> " + std::string{id_of(command.method).name});
  }
};

using Steps = std::vector<std::string>;

}  // namespace

TEST_CASE("a message is published routed enqueued delivered and acked") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  alice.declares("q").consumes("q", "c");
  diary.read();
  alice.publishes("q", "m");
  CHECK(diary.read() == Steps{"m published", "m routed to 1", "m enqueued in q", "m delivered from q to 'c'"});
  alice.acks("m");
  CHECK(diary.read() == Steps{"m acked in q"});
}

TEST_CASE("a get is a delivery to nobody") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  alice.declares("q").publishes("q", "m");
  diary.read();
  alice.sends(basic::Get{.queue = "q", .no_ack = true});
  CHECK(diary.read() == Steps{"m delivered from q to ''", "m acked in q"});
}

TEST_CASE("a delivery without acks is acked at once") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  alice.declares("q").consumes({.queue = "q", .consumer_tag = "c", .no_ack = true});
  diary.read();
  alice.publishes("q", "m");
  CHECK(diary.read()
        == Steps{"m published", "m routed to 1", "m enqueued in q", "m delivered from q to 'c'", "m acked in q"});
}

TEST_CASE("an unroutable message is dropped or returned") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  diary.read();
  alice.publishes("nowhere", "m");
  CHECK(diary.read() == Steps{"m published", "m routed to 0", "m dropped"});
  alice.publishes("nowhere", {.body = "m", .mandatory = true});
  CHECK(diary.read() == Steps{"m published", "m routed to 0", "m returned"});
}

TEST_CASE("a refused publish is not observed") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  diary.read();
  alice.publishes("q", {.body = "m", .properties = {.expiration = "bad"}});
  CHECK(diary.read().empty());
}

TEST_CASE("requeued and rejected messages are told of") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2"}).gets("q", "1").gets("q", "2");
  diary.read();
  alice.requeues("1").rejects("2");
  CHECK(diary.read() == Steps{"1 requeued in q", "2 dropped"});
}

TEST_CASE("a dead letter is told of where it dies and where it goes") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  const auto to =
      protocol::FieldTableWriter{}.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", "dead");
  const auto nowhere = protocol::FieldTableWriter{}.string("x-dead-letter-exchange", "missing");
  alice.declares("dead").declares({.queue = "q", .arguments = to.table()});
  alice.declares({.queue = "r", .arguments = nowhere.table()});
  alice.publishes("q", {"1", "2"}).publishes("r", "3").gets("q", "1").gets("r", "3");
  diary.read();
  alice.rejects("1");
  CHECK(diary.read() == Steps{"1 dead-lettered by q", "1 routed to 1", "1 enqueued in dead"});
  alice.rejects("3");
  CHECK(diary.read() == Steps{"3 dead-lettered by r", "3 dropped"});
}

TEST_CASE("expired purged and deleted messages are told of") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect();
  alice.declares("q").publishes("q", {.body = "1", .properties = {.expiration = "100"}});
  diary.read();
  world.advance(100ms);
  CHECK(diary.read() == Steps{"1 expired in q"});
  alice.publishes("q", {"2", "3"});
  diary.read();
  alice.purges("q", 2).publishes("q", {"4", "5"});
  CHECK(diary.read()
        == Steps{"2 dropped", "3 dropped", "4 published", "4 routed to 1", "4 enqueued in q", "5 published",
                 "5 routed to 1", "5 enqueued in q"});
  alice.gets("q", "4");
  diary.read();
  alice.deletes("q", 1).requeues("4");
  CHECK(diary.read() == Steps{"5 dropped", "4 dropped"});
}

TEST_CASE("a lost client's messages are requeued before anyone gets one") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes("q", "a").publishes("q", {"1", "2"});
  bob.consumes("q", "b");
  diary.read();
  alice.vanishes();
  CHECK(diary.read()
        == Steps{"1 requeued in q", "2 requeued in q", "1 delivered from q to 'b'", "2 delivered from q to 'b'",
                 "client 1 disconnected"});
}

TEST_CASE("clients are told of once each when they have logged in and when they are gone") {
  Diary diary;
  World world{{.observer = &diary}};
  auto alice = world.connect({.name = "alice"});
  const Login wrong{.password = "wrong"};
  auto mallory = world.arrive(wrong).shakes_hands(wrong);
  auto bob = world.connect({.name = "bob"});
  alice.closes();
  bob.vanishes();
  mallory.vanishes();
  CHECK(diary.read() == Steps{"alice connected", "bob connected", "alice disconnected", "bob disconnected"});
}

TEST_CASE("every command is seen where it happens") {
  Wiretap wiretap;
  World world{{.observer = &wiretap}};
  auto alice = world.connect();
  alice.declares("q").consumes("q");
  wiretap.commands.clear();
  alice.publishes("q", "m").sends(basic::Get{.queue = "nowhere"}).sends(channel::CloseOk{});
  CHECK(wiretap.commands
        == Steps{"<- basic.publish", "-> basic.deliver", "<- basic.get", "-> channel.close", "<- channel.close-ok"});
}

TEST_CASE("a broker without an observer does the same") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {.body = "m", .properties = {.expiration = "100"}}).gets("q", "m").requeues("m");
  world.advance(1s);
  alice.gets_nothing("q").publishes("nowhere", {.body = "m", .mandatory = true}).is_returned("m");
}

}  // namespace pocketmq::tests
