// The one door to Catch2, whichever version is installed (Debian 12: 2.13).
// Its assertions are for the test's own thread only.
#pragma once

// The sanitizers' reports say more than Catch2's signal handlers, which would come first.
#define CATCH_CONFIG_NO_POSIX_SIGNALS

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
