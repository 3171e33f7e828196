// Includes Catch2, version 2 or 3 (Debian 12 has 2.13). All tests include Catch2 by this header.
// Catch2's assertions may be used on the test's own thread only.
#pragma once

// Turns off Catch2's signal handlers, because the sanitizers' own reports say more.
#define CATCH_CONFIG_NO_POSIX_SIGNALS

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
