#include "client/values/trace_context.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

const std::string example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

TEST_CASE("a traceparent is told from what is none") {
  CHECK(is_traceparent(example));
  CHECK(is_traceparent("01" + example.substr(2) + "-more"));
  for (const std::string& other :
       {std::string{}, example.substr(1), example + "-more", "ff" + example.substr(2),
        "01" + example.substr(2) + "more", std::string{"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-00"},
        "00-" + std::string(32, '0') + example.substr(35), example.substr(0, 36) + std::string(16, '0') + "-00",
        example.substr(0, 53) + "0x"}) {
    INFO(other);
    CHECK_FALSE(is_traceparent(other));
  }
  for (std::size_t at = 0; at < example.size(); ++at) {
    auto other = example;
    other[at] = example[at] == '-' ? '0' : 'g';
    INFO(other);
    CHECK_FALSE(is_traceparent(other));
    CHECK_FALSE(is_traceparent(example.substr(0, at)));
  }
}

TEST_CASE("a new trace is like no other, and its spans share its id") {
  const auto first = new_traceparent();
  CHECK(is_traceparent(first));
  CHECK(trace_id(first) != trace_id(new_traceparent()));
  const auto child = child_traceparent(first);
  CHECK(is_traceparent(child));
  CHECK(child != first);
  CHECK(trace_id(child) == trace_id(first));
}

TEST_CASE("a span keeps its trace's flags, and one of no trace begins one") {
  CHECK(child_traceparent(example).substr(0, 36) == example.substr(0, 36));
  CHECK(child_traceparent(example).substr(52) == "-00");
  const auto begun = child_traceparent("");
  CHECK(is_traceparent(begun));
  CHECK(begun.starts_with("00-"));
  CHECK(begun.ends_with("-01"));
  const auto newer = "01" + example.substr(2) + "-more";  // of a version that is not known yet
  CHECK(child_traceparent(newer).starts_with(example.substr(0, 36)));
  CHECK(child_traceparent(newer).size() == traceparent_size);
  CHECK(trace_id(example) == example.substr(3, 32));
  CHECK(trace_id("nonsense").empty());
}

TEST_CASE("a thread's innermost scope counts") {
  CHECK(TraceScope::current().empty());
  {
    const TraceScope outer{example};
    {
      const TraceScope inner{"another"};
      CHECK(TraceScope::current() == "another");
    }
    CHECK(TraceScope::current() == example);
  }
  CHECK(TraceScope::current().empty());
}

}  // namespace
}  // namespace pocketmq::client
