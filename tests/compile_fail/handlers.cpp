// Handlers that do not compile, beside their next of kin that do (compile_fail_test.py).
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include "server/rpc_server.hpp"
#include "tests/compile_fail/or.hpp"

namespace pocketmq::server {

using asio::awaitable;
using client::Bytes;
using std::optional;
using std::pair;
using std::string;
using std::string_view;
using std::vector;

template <class T> T give();

struct Plain {
  int n;
};
struct Point {
  int x, y;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Point, x, y)
};
struct Written {  // but not read
  int n;
  friend void to_json(nlohmann::json& to, const Written& from) { to = from.n; }
};

template <class Of> struct Id {
  int n;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Id, n)
};

struct Add {
  int operator()(int a, int b) const { return a + b; }
};
struct AddAny {
  auto operator()(auto a, auto b) const { return a + b; }
};
struct AddTwo {
  int operator()(int a, int b) const { return a + b; }
  double operator()(double a, double b) const { return a + b; }
};
struct Service {
  int add(int a, int b);
};
using Bound = decltype(std::bind(Add{}, std::placeholders::_1, 2));

void serve(RpcServer& server) {
  // pocketmq: an argument, a result or an element owns its data
  server.serve("q", [](OR(string, string_view)) {});
  server.serve("q", [](OR(string, const string_view&)) {});
  server.serve("q", [](OR(string, const char*)) {});
  server.serve("q", [](OR(vector<int>, std::span<const int>)) {});
  server.serve("q", [](OR(const string&, string&)) {});
  server.serve("q", [](OR(string&&, string*)) {});
  server.serve("q", [](OR(optional<string>, optional<string_view>)) {});
  server.serve("q", [](OR(vector<string>, vector<pair<const int, string_view>>)) {});
  server.serve("q", [](int, const OR(vector<int>, std::tuple<int, optional<std::array<const char*, 2>>>)&) {});
  server.serve("q", [](OR(vector<int>, std::map<string_view, int>)) {});
  server.serve("q", [](OR(Id<struct NowhereDefined>, Id<const char*>)) {});
  server.serve("q", [](const string&) -> OR(string, string_view) { return {}; });
  server.serve("q", [](const string& text) -> OR(string, const string&) { return text; });
  server.serve("q", []() -> OR(string, const char*) { return ""; });
  server.serve("q", [](string) -> awaitable<OR(string, string_view)> { co_return "x"; });
  server.serve("q", [](OR(string, string_view)) -> awaitable<void> { co_return; });
  server.serve("q", [](StreamWriter<OR(string, string_view)>&) {});

  // pocketmq: this type has no conversion from JSON
  server.serve("q", [](OR(Point, Plain)) {});
  server.serve("q", [](const vector<OR(Point, Written)>&) {});
  server.serve("q", [](int, const OR(vector<int>, std::map<string, optional<Plain>>)&) {});
  server.serve("q", [](OR(int, std::unique_ptr<int>)) {});
  server.serve("q", [](const optional<OR(string, Bytes)>&) {});

  // pocketmq: this type has no conversion to JSON
  server.serve("q", give<OR(Written, Plain)>);
  server.serve("q", give<vector<OR(Point, Plain)>>);
  server.serve("q", give<OR(awaitable<Point>, awaitable<Plain>)>);
  server.serve("q", [](StreamWriter<OR(Point, Plain)>&, int) {});

  // pocketmq: a handler takes its Context& first
  server.serve("q", [](OR(Context&, int), OR(int, Context&)) {});
  server.serve("q", [](OR(Context&, const Context&)) {});
  server.serve("q", [](OR(Context&, Context*), int) {});
  server.serve("q", [](OR(Context&, StreamWriter<int>&), OR(StreamWriter<int>&, Context&)) {});
  server.serve("q", [](OR(StreamWriter<int>&, const StreamWriter<int>&)) {});
  server.serve("q", [](int, OR(int, StreamWriter<int>)) {});

  // pocketmq: a stream's handler sends its elements with the StreamWriter
  server.serve("q", [](StreamWriter<int>&) -> OR(void, int) { return OR(void, int)(); });
  server.serve("q", [](StreamWriter<int>&) -> awaitable<OR(void, int)> { co_return OR(void, int)(); });

  // pocketmq: Bytes are the only argument
  server.serve("q", [](OR(string, Bytes), int) {});

  // pocketmq: a handler is a function or an object with one operator()
  server.serve("q", OR(Add, AddAny){});
  server.serve("q", OR(Add, AddTwo){});
  server.serve("q", give<OR(Add, Bound)>());
  server.serve("q", give<OR(Add, decltype(&Service::add))>());
  server.serve("q", give<OR(Add, int)>());
}

}  // namespace pocketmq::server
