#include "client/values/urls.hpp"

#include "client/values/error.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using Catch::Contains;

// What is wrong with them.
template <class Text> std::string fault_of(const Text& text) {
  try {
    const Urls urls{text};
  } catch (const std::system_error& error) {
    CHECK(error.code() == Error::invalid_url);
    return error.what();
  }
  return "nothing";
}

TEST_CASE("URLs come one by one or with commas between them") {
  const Urls one{"amqp://one"};
  REQUIRE(one.size() == 1);
  CHECK(one[0].host == "one");

  for (const auto& urls : {Urls{"amqp://one:1/,  amqp+json://two:2/v?heartbeat=3"},
                           Urls{"amqp://one:1/", "amqp+json://two:2/v?heartbeat=3"}}) {
    REQUIRE(urls.size() == 2);
    CHECK(urls[0].port == 1);
    CHECK(urls[1].host == "two");
    CHECK(urls[1].encoding == protocol::Encoding::json);
    CHECK(urls[1].virtual_host == "v");
  }
}

TEST_CASE("a comma in a password separates nothing") {
  const Urls urls{"amqp://alice:a,b@one/,amqp://bob:,@two/"};
  REQUIRE(urls.size() == 2);
  CHECK(urls[0].password == "a,b");
  CHECK(urls[1].password == ",");
}

TEST_CASE("a wrong URL is named, with what is wrong, and without a password") {
  CHECK_THAT(fault_of("http://one/"), Contains("the scheme is amqp://") && !Contains("URL 1"));
  CHECK_THAT(fault_of("amqp://one/,amqp://u:secret@two:x/,amqp://three/"),
             Contains("URL 2 of 3") && Contains("the port 'x'") && !Contains("secret"));
  CHECK_THAT(fault_of("amqp://one/,http://two/"), Contains("URL 2 of 2") && Contains("the scheme is"));
  CHECK_THAT(fault_of(std::vector<std::string>{"amqp://one/", ""}),
             Contains("URL 2 of 2") && Contains("must begin with"));
  CHECK_THAT(fault_of("amqp://u:secret@one,two"),
             Contains("the host 'one,two' has a comma") && Contains("its scheme") && !Contains("secret"));
  CHECK_THAT(fault_of(std::vector<std::string>{}), Contains("no URL was given"));
  CHECK_THAT(fault_of(""), Contains("must begin with"));
}

}  // namespace
}  // namespace pocketmq::client
