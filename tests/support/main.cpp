// The main() of every C++ test program.
#define CATCH_CONFIG_RUNNER
#include "tests/support/catch.hpp"

// What ThreadSanitizer cannot see. The count of an exception's owners is kept inside libstdc++.so, and is atomic.
// Asio's system_context, which runs what use_future posts, is destroyed at exit, when a thread that was left to end by
// itself (a connection whose last handle goes on its own thread) has ended.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n"
         "race:asio::detail::posix_event::~posix_event";
}

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
