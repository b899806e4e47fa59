/* What a test and the programs under its clock share: a file, which TEST_CLOCK names. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum { CLOCK_WAITS = 4096, CLOCK_BEGIN = 1 };

/* A wait under the clock, for as long as it lasts. */
struct clock_wait {
	_Atomic int32_t thread, process;        /* as they see themselves, in their namespace; thread 0: nobody's */
	_Atomic uint32_t seen;                  /* with nothing to do at this generation it sleeps; 0: it does not sleep */
	_Atomic uint32_t is_loop;               /* epoll_wait(2): superd's loop */
};

struct clock_page {
	_Atomic int64_t offset;                 /* nanoseconds that every clock is ahead */
	_Atomic int64_t wall;                   /* that CLOCK_REALTIME is ahead besides */
	_Atomic int64_t held;                   /* CLOCK_MONOTONIC since when real time does not count; 0: it counts */
	_Atomic int64_t pace;                   /* nanoseconds that each look at CLOCK_MONOTONIC takes */
	_Atomic uint32_t generation;            /* grows behind each change of these; CLOCK_BEGIN is the first */
	_Atomic uint32_t woken;                 /* how often a loop has gone on after a wait */
	struct clock_wait wait[CLOCK_WAITS];
};
