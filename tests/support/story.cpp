#include "tests/support/story.hpp"

#include <cstdlib>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {

void require_at(At at, bool holds, const std::string& explanation) {
  Catch::AssertionHandler assertion{"the story", Catch::SourceLineInfo{at.file_name(), at.line()}, Catch::StringRef{},
                                    Catch::ResultDisposition::Normal};
  if (holds)
    assertion.handleExpr(Catch::Decomposer() <= true);
  else
    assertion.handleMessage(Catch::ResultWas::ExplicitFailure, std::string{explanation});
  assertion.complete();
}

void fail_at(At at, const std::string& explanation) {
  require_at(at, false, explanation);
  std::abort();  // not reached: the assertion has thrown
}

}  // namespace pocketmq::tests
