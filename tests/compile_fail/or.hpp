#pragma once

#include <type_traits>

#ifndef REFUSED
#define REFUSED false
#endif

// OR(good, refused) is the first type, or the second one if REFUSED.
#define OR(good, ...) std::conditional_t<REFUSED, __VA_ARGS__, good>
