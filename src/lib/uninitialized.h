/* superd is built with -ftrivial-auto-var-init=zero where the compiler knows it, so each call of a function fills its
 * variables with zeroes first. A large array on a path that every client takes is left out: its users write each entry
 * before they read it. */
#pragma once

#if defined(__has_attribute) && __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#else
#define UNINITIALIZED
#endif
