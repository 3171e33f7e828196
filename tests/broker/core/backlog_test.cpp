#include "broker/core/backlog.hpp"

#include <functional>
#include <string>
#include <utility>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::Backlog;
using broker::Budget;

// Work of that many pieces, each of which takes that many steps; writes its name at each slice.
class Work final : public Backlog::Item {
 public:
  Work(Backlog& backlog, std::string& slices, char name, int pieces, std::size_t steps_a_piece = 1'000)
      : Item{backlog}, slices_{slices}, name_{name}, left_{pieces}, steps_{steps_a_piece} {}

  [[nodiscard]] int left() const { return left_; }

 private:
  bool go_on() override {
    slices_ += name_;
    for (; left_ > 0; --left_) {
      if (budget().is_used_up()) return false;
      budget().use(steps_);
    }
    return true;
  }

  std::string& slices_;
  const char name_;
  int left_;
  const std::size_t steps_;
};

class Scene {
 public:
  [[nodiscard]] std::unique_ptr<Work> work(char name, int pieces) {
    return std::make_unique<Work>(backlog, slices, name, pieces);
  }
  void take_turn() {
    backlog.begin_turn();
    backlog.go_on();
  }

  Backlog backlog;
  std::string slices;
};

constexpr int very_much = 10'000;  // pieces: a second of work

}  // namespace

TEST_CASE("little work is done at once") {
  Scene scene;
  scene.backlog.carry_out(scene.work('a', 10));
  CHECK(scene.slices == "a");
  CHECK_FALSE(scene.backlog.is_due());
}

TEST_CASE("much work is done in slices of which a turn has no more than its budget allows") {
  Scene scene;
  scene.backlog.carry_out(scene.work('a', very_much));
  CHECK(scene.slices == "a");
  CHECK(scene.backlog.is_due());
  scene.take_turn();
  constexpr auto slices_max = static_cast<std::size_t>(Backlog::turn_steps / Backlog::slice_steps) + 1;
  CHECK(scene.slices.size() > 2);
  CHECK(scene.slices.size() <= 1 + slices_max);
  for (int turns = 0; scene.backlog.is_due(); ++turns) {
    REQUIRE(turns < 100);
    scene.take_turn();
  }
}

TEST_CASE("all that wait have slices in turn") {
  Scene scene;
  for (const char name : {'a', 'b', 'c'}) scene.backlog.keep(scene.work(name, very_much));
  CHECK(scene.slices.empty());
  scene.take_turn();
  CHECK(scene.slices.starts_with("abcab"));
}

TEST_CASE("very many items make no longer turn than one") {
  Scene scene;
  for (int i = 0; i < 1'000; ++i) scene.backlog.keep(scene.work('a', 100));
  scene.take_turn();
  CHECK(scene.slices.size() <= 5);
  for (int turns = 0; scene.backlog.is_due(); ++turns) {
    REQUIRE(turns < 1'000);
    scene.take_turn();
  }
  CHECK(scene.slices.size() >= 1'000);
}

TEST_CASE("one who comes when the turn's budget is used up has a short slice") {
  Scene scene;
  scene.backlog.begin_turn();
  CHECK(scene.backlog.budget().left() > Backlog::input_slice_steps_min);
  for (int i = 0; i < 10; ++i) {
    scene.backlog.begin_input_slice();
    scene.backlog.budget().use(Backlog::input_slice_steps);
  }
  CHECK(scene.backlog.is_due());  // so that another turn comes
  scene.backlog.begin_input_slice();
  CHECK(scene.backlog.budget().left() == Backlog::input_slice_steps_min);
  scene.take_turn();
  CHECK_FALSE(scene.backlog.is_due());
  scene.backlog.begin_input_slice();
  CHECK(scene.backlog.budget().left() == Backlog::input_slice_steps);
}

TEST_CASE("what waits for the rest of a slice has it or waits in line") {
  Scene scene;
  scene.backlog.begin_input_slice();
  scene.backlog.keep_for_rest_of_slice(scene.work('a', 10));
  scene.backlog.keep_for_rest_of_slice(scene.work('b', very_much));
  scene.backlog.keep_for_rest_of_slice(scene.work('c', 10));
  CHECK(scene.slices.empty());
  scene.backlog.use_rest_of_slice();
  CHECK(scene.slices == "ab");
  CHECK(scene.backlog.is_due());
  scene.take_turn();
  CHECK(scene.slices.starts_with("abbc"));
}

TEST_CASE("what waits for the rest of a slice when a turn begins has it before the line") {
  Scene scene;
  scene.backlog.keep(scene.work('a', 10));
  scene.backlog.keep_for_rest_of_slice(scene.work('b', 10));
  scene.take_turn();
  CHECK(scene.slices == "ba");
  CHECK(scene.backlog.is_empty());
}

TEST_CASE("work that an item in the line begins has the rest of that item's slice") {
  Scene scene;
  class Beginner final : public Backlog::Item {
   public:
    explicit Beginner(Scene& scene) : Item{scene.backlog}, scene_{scene} {}

   private:
    bool go_on() override {
      scene_.slices += 'a';
      scene_.backlog.keep_for_rest_of_slice(scene_.work('b', 10));
      return true;
    }
    Scene& scene_;
  };
  scene.backlog.keep(std::make_unique<Beginner>(scene));
  scene.backlog.keep(scene.work('c', 10));
  scene.take_turn();
  CHECK(scene.slices == "abc");
  CHECK(scene.backlog.is_empty());
}

TEST_CASE("who waits may go") {
  Scene scene;
  {
    Work gone{scene.backlog, scene.slices, 'a', 1}, other{scene.backlog, scene.slices, 'b', 1};
    gone.wait_in_line();
    gone.wait_in_line();
    other.wait_for_rest_of_slice();
    CHECK(gone.is_in_line());
  }
  CHECK_FALSE(scene.backlog.is_due());
  scene.take_turn();
  CHECK(scene.slices.empty());
}

TEST_CASE("an item may wait again while it has its slice") {
  Scene scene;
  class Asker {
   public:
    explicit Asker(Backlog& backlog) : call_{backlog, *this, &Asker::go_on} { call_.wait_in_line(); }
    [[nodiscard]] int slices() const { return slices_; }

   private:
    bool go_on() {
      if (++slices_ < 3) call_.wait_in_line();
      return true;
    }

    int slices_{0};
    Backlog::Call<Asker> call_;
  };
  const Asker asker{scene.backlog};
  scene.take_turn();
  CHECK(asker.slices() == 3);
  CHECK_FALSE(scene.backlog.is_due());
}

TEST_CASE("what waits for quiet has slices when nothing else waits") {
  Scene scene;
  const auto quiet = scene.work('q', 120);
  quiet->wait_for_quiet();
  CHECK(scene.backlog.is_due());
  CHECK(scene.backlog.is_empty());
  scene.backlog.keep(scene.work('a', 120));
  scene.take_turn();
  CHECK(scene.slices == "aaaqqq");
  CHECK(quiet->left() == 0);
  CHECK_FALSE(quiet->is_in_line());
}

TEST_CASE("of those that wait for quiet the last is done first") {
  Scene scene;
  const auto first = scene.work('1', 120), last = scene.work('2', 70);
  first->wait_for_quiet();
  scene.backlog.begin_turn();
  scene.backlog.go_on();
  CHECK(scene.slices == "111");
  CHECK(first->left() == 0);
  const auto other = scene.work('3', 120);
  other->wait_for_quiet();
  last->wait_for_quiet();
  other->wait_for_quiet();
  scene.take_turn();
  CHECK(scene.slices == "11122333");
}

TEST_CASE("what comes while an item has waited for quiet goes before it") {
  Scene scene;
  const auto newer = scene.work('n', 70);
  class Bringer final : public Backlog::Item {
   public:
    Bringer(Scene& scene, Backlog::Item& brought) : Item{scene.backlog}, scene_{scene}, brought_{brought} {}
    bool go_on() override {
      scene_.slices += 'b';
      if (++slices_ == 1) brought_.wait_for_quiet();
      return slices_ == 2;
    }

   private:
    Scene& scene_;
    Backlog::Item& brought_;
    int slices_{0};
  } bringer{scene, *newer};
  bringer.wait_for_quiet();
  scene.take_turn();
  CHECK(scene.slices == "bnnb");
}

TEST_CASE("a backlog may be given up") {
  Scene scene;
  Work other{scene.backlog, scene.slices, 'b', 1};
  scene.backlog.keep(scene.work('a', 1));
  other.wait_in_line();
  scene.backlog.clear();
  CHECK_FALSE(scene.backlog.is_due());
  CHECK_FALSE(other.is_in_line());
  CHECK(scene.slices.empty());
}

}  // namespace pocketmq::tests
