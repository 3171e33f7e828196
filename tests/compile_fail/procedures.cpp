// Procedures that do not compile, beside their next of kin that do (compile_fail_test.py).
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "client/rpc_client.hpp"
#include "tests/compile_fail/or.hpp"

namespace pocketmq::client {

using std::optional;
using std::pair;
using std::string;
using std::string_view;
using std::vector;

struct Plain {
  int n;
};
struct Point {
  int x, y;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Point, x, y)
};
struct Even {  // has no default
  explicit Even(int with) : n{with} {}
  int n;
};

}  // namespace pocketmq::client

template <> struct nlohmann::adl_serializer<pocketmq::client::Even> {
  static pocketmq::client::Even from_json(const json& from) { return pocketmq::client::Even{from.get<int>()}; }
};

namespace pocketmq::client {

void call(RpcClient& rpc) {
  // pocketmq: an argument, a result or an element owns its data
  std::ignore = rpc.procedure<OR(string, string_view)(int)>("q")(1);
  std::ignore = rpc.procedure<OR(string, const char*)(int)>("q")(1);
  std::ignore = rpc.procedure<OR(string, const string&)(int)>("q")(1);
  std::ignore = rpc.procedure<OR(int, int&)(int)>("q").async(1, asio::use_future);
  std::ignore = rpc.procedure<OR(vector<int>, std::span<int>)()>("q")();
  std::ignore = rpc.procedure<OR(optional<string>, optional<string_view>)()>("q")();
  std::ignore = rpc.procedure<vector<OR(string, pair<int, const char*>)>()>("q")();
  std::ignore = rpc.procedure<OR(vector<int>, std::map<int, std::reference_wrapper<int>>)()>("q")();
  rpc.procedure<void(OR(string, string_view))>("q")("x");
  rpc.procedure<void(int, OR(string, const string_view&))>("q")(1, "x");
  rpc.procedure<void(OR(const string&, string&))>("q")("x");
  rpc.procedure<void(OR(string, char*))>("q")({});
  std::ignore = rpc.procedure<Stream<OR(string, string_view)>()>("q")().next();

  // pocketmq: this type has no conversion from JSON
  std::ignore = rpc.procedure<OR(Point, Plain)(int)>("q")(1);
  std::ignore = rpc.procedure<vector<OR(Point, Plain)>(int)>("q")(1);
  std::ignore = rpc.procedure<Stream<OR(int, void)>(int)>("q");
  std::ignore = rpc.procedure<OR(int, std::unique_ptr<int>)(int)>("q")(1);

  // pocketmq: this type has no conversion to JSON
  rpc.procedure<void(OR(Point, Plain))>("q")({});
  rpc.procedure<void(OR(int, Stream<int>))>("q");
  rpc.procedure<void(int, const std::map<string, OR(Point, Plain)>&)>("q")(1, {});
  rpc.procedure<void(const optional<OR(string, Bytes)>&)>("q")({});

  // pocketmq: Bytes are the only argument
  rpc.procedure<void(OR(string, Bytes), int)>("q")({}, 1);

  // pocketmq: a procedure is written as a function
  std::ignore = rpc.procedure<OR(int(int), int)>("q");
  std::ignore = rpc.procedure<OR(int(int), int (*)(int))>("q");
  std::ignore = rpc.procedure<OR(Stream<int>(), Stream<int>)>("q");
  std::ignore = rpc.procedure<OR(int(), int() const)>("q");

  // pocketmq: a result needs a default constructor
  std::ignore = rpc.procedure<OR(int, Even)()>("q").async(asio::use_future);
}

}  // namespace pocketmq::client
