// The main() of every C++ test program.
#define CATCH_CONFIG_RUNNER
#include "tests/support/catch.hpp"

// The count of an exception's owners is kept inside libstdc++.so, where ThreadSanitizer does not see that it is atomic.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:std::__exception_ptr::exception_ptr::_M_release"; }

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
