#include "client/rpc/stream_buffer.hpp"

#include <functional>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

// What readers were given: bodies, "end", or an error's text.
struct Reader {
  explicit Reader(StreamBuffer& buffer) : from{buffer} {}

  void reads() {
    from.next([this](const StreamItem& item) {
      items.push_back(item.error ? item.error->what() : item.body.value_or("end"));
    });
  }

  StreamBuffer& from;
  std::vector<std::string> items;
};

using Items = std::vector<std::string>;

TEST_CASE("elements are read in order, before or after they come") {
  StreamBuffer buffer{10};
  Reader reader{buffer};
  CHECK(buffer.push("a"));
  reader.reads();
  reader.reads();
  CHECK(reader.items == Items{"a"});
  CHECK(buffer.push("b"));
  CHECK(reader.items == Items{"a", "b"});
}

TEST_CASE("the end comes after all elements, and stays") {
  StreamBuffer buffer{10};
  Reader reader{buffer};
  CHECK(buffer.push("a"));
  buffer.end(RpcError{RpcCode::internal, "tired"});
  buffer.end(std::nullopt);
  for (int i = 0; i < 3; ++i) reader.reads();
  CHECK(reader.items == Items{"a", "internal: tired", "internal: tired"});
}

TEST_CASE("who waits is told of the end") {
  StreamBuffer buffer{10};
  Reader reader{buffer};
  reader.reads();
  buffer.end(std::nullopt);
  CHECK(reader.items == Items{"end"});
}

TEST_CASE("a full buffer takes no more") {
  StreamBuffer buffer{2};
  Reader reader{buffer};
  CHECK(buffer.push("a"));
  CHECK(buffer.push("b"));
  CHECK_FALSE(buffer.push("c"));
  reader.reads();
  CHECK(buffer.push("d"));
}

TEST_CASE("one reader waits at a time") {
  StreamBuffer buffer{2};
  Reader reader{buffer};
  reader.reads();
  reader.reads();
  CHECK(reader.items == Items{"failed_precondition: the stream's next element is waited for already"});
  CHECK(buffer.push("a"));
  CHECK(reader.items.back() == "a");
}

TEST_CASE("a reader may ask for the next element where it is given one") {
  StreamBuffer buffer{2};
  Items items;
  std::function<void(StreamItem)> read = [&](const StreamItem& item) {
    items.push_back(item.body.value_or("end"));
    if (item.body) buffer.next(read);
  };
  buffer.next(read);
  CHECK(buffer.push("a"));
  CHECK(buffer.push("b"));
  buffer.end(std::nullopt);
  CHECK(items == Items{"a", "b", "end"});
}

}  // namespace
}  // namespace pocketmq::client
