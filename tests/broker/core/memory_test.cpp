// The memory of a broker by itself: its two marks, and the line of those who wait.
#include "broker/core/memory.hpp"

#include <memory>
#include <string>
#include <utility>

#include "tests/support/catch.hpp"

namespace {

using pocketmq::broker::Memory;
using pocketmq::broker::MemoryWaiter;

class Waiter final : public MemoryWaiter {
 public:
  Waiter(Memory& memory, char name, std::string& told) : MemoryWaiter{memory}, name_{name}, told_{told} {}
  using MemoryWaiter::wait_for_memory;
  using MemoryWaiter::wait_no_more;

 private:
  void memory_is_back() override { told_ += name_; }

  const char name_;
  std::string& told_;
};

}  // namespace

TEST_CASE("memory is scarce at the mark and exhausted a quarter above it") {
  Memory memory{1'000};
  memory.charge(999);
  CHECK_FALSE(memory.is_scarce());
  memory.charge(1);
  CHECK(memory.is_scarce());
  memory.charge(249);
  CHECK_FALSE(memory.is_exhausted());
  memory.charge(1);
  CHECK(memory.is_exhausted());
  memory.release(251);
  CHECK_FALSE(memory.is_scarce());
}

TEST_CASE("what is on its way in crowds and floods the memory and makes nobody wait for what is held") {
  Memory memory{1'000};
  memory.incoming().charge(249);
  CHECK_FALSE(memory.is_crowded());
  memory.incoming().charge(1);
  CHECK(memory.is_crowded());
  memory.incoming().charge(124);
  CHECK_FALSE(memory.is_packed());
  memory.incoming().charge(1);
  CHECK(memory.is_packed());
  memory.incoming().charge(1'124);
  CHECK_FALSE(memory.is_flooded());
  memory.charge(1);
  CHECK(memory.is_flooded());
  CHECK_FALSE(memory.is_scarce());
  CHECK(memory.total() == 1'500);
}

TEST_CASE("objects leave an eighth to users, and none is made where memory is exhausted") {
  Memory memory{1'000};
  memory.charge_object(874);
  CHECK(memory.has_room_for_topology());
  memory.charge_object(1);
  CHECK_FALSE(memory.has_room_for_topology());
  CHECK(memory.has_room_for_clients());
  memory.charge_object(125);
  CHECK_FALSE(memory.has_room_for_clients());
  memory.release_object(500);
  memory.charge(750);
  CHECK_FALSE(memory.has_room_for_topology());
  CHECK(memory.has_room_for_clients());
  CHECK(memory.describe() == "the broker holds 1250 bytes; its memory limit is 1000");
}

TEST_CASE("once somebody waits memory is scarce until a tenth is free") {
  Memory memory{1'000};
  std::string told;
  Waiter waiter{memory, 'a', told};
  memory.charge(1'000);
  waiter.wait_for_memory();
  memory.release(100);
  CHECK(memory.is_scarce());
  CHECK(told.empty());
  memory.release(1);
  CHECK_FALSE(memory.is_scarce());
  CHECK(told == "a");
  memory.charge(100);
  CHECK_FALSE(memory.is_scarce());
  memory.charge(1);
  CHECK(memory.is_scarce());
}

TEST_CASE("whoever waits is told once that memory is back") {
  Memory memory{1'000};
  std::string told;
  Waiter waiter{memory, 'a', told};
  memory.charge(1'000);
  waiter.wait_for_memory();
  memory.release(200);
  memory.release(200);
  CHECK(told == "a");
  memory.charge(500);
  memory.release(500);
  CHECK(told == "a");
  memory.charge(400);
  waiter.wait_for_memory();
  memory.release(200);
  CHECK(told == "aa");
}

TEST_CASE("a listener hears when the first one waits and when none has to") {
  class Listener final : public Memory::Listener {
   public:
    void on_scarce() override { told += 's'; }
    void on_freed() override { told += 'f'; }
    std::string told;
  };
  Listener listener;
  Memory memory{1'000, &listener};
  std::string told;
  Waiter a{memory, 'a', told}, b{memory, 'b', told};
  memory.charge(1'000);
  a.wait_for_memory();
  b.wait_for_memory();
  CHECK(listener.told == "s");
  memory.release(100);
  CHECK(listener.told == "s");
  memory.release(1);
  CHECK(listener.told == "sf");
  memory.release(500);
  CHECK(listener.told == "sf");
  memory.charge(601);
  a.wait_for_memory();
  CHECK(listener.told == "sfs");
}

TEST_CASE("who waits keeps its place in the line until it waits no more") {
  Memory memory{1'000};
  std::string told;
  Waiter a{memory, 'a', told}, b{memory, 'b', told};
  auto c = std::make_unique<Waiter>(memory, 'c', told);
  const auto memory_falls = [&] {
    memory.release(101);
    memory.charge(101);
    return std::exchange(told, "");
  };
  memory.charge(1'000);
  for (auto* waiter : {&a, &b, c.get()}) waiter->wait_for_memory();
  CHECK(memory_falls() == "abc");
  a.wait_no_more();
  for (auto* waiter : {c.get(), &b, &a}) waiter->wait_for_memory();
  CHECK(memory_falls() == "bca");
  b.wait_for_memory();
  c.reset();
  CHECK(memory_falls() == "ba");
}
