/* Services whose backend is the probe, each with options of its own beside one with none: what an attempt comes to
 * inside and outside. */
#pragma once

#include "harness.h"

/* One attempt under some options. */
struct probing {
	const char *options;
	const char *attempt;            /* as the probe has it */
	const char *inside;             /* what is to come of it; "!" in front: anything but this, "=": the same as outside, "~":
					   another thing than outside */
	const char *outside;            /* without the options; NULL: whatever it is */
};

/* Tries them all, as this user ("root"), the test fails where one comes out otherwise. */
void probe_all(const char *user, const struct probing *list, size_t count);
#define PROBE_ALL(user, list) probe_all(user, list, sizeof(list) / sizeof(list[0]))
