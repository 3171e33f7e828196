#include "protocol/io/random_of.hpp"

namespace pocketmq::protocol {
namespace {

// A service of Asio's is how an execution context owns an object.
class RandomService final : public asio::execution_context::service {
 public:
  using key_type = RandomService;
  inline static asio::execution_context::id id;

  explicit RandomService(asio::execution_context& owner) : service{owner} {}

  LoopRandom random;

 private:
  void shutdown() override {}
};

}  // namespace

LoopRandom& random_of(asio::execution_context& context) { return asio::use_service<RandomService>(context).random; }

}  // namespace pocketmq::protocol
