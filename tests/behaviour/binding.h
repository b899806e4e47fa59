/* A service "web" with pass = bind, whose program is the binder (binder.c); as binding.tcl. */
#pragma once

#include "controlling.h"

/* The binder with these steps, for exec. */
const char *binder(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The table of the service: its sockets as `listen` has them, further options, the program's steps; and superd with
 * it, and a control socket. */
const char *bind_table(const char *sockets, const char *options, const char *steps);
struct superd *bind_run(const char *sockets, const char *options, const char *steps);

bool bind_allowed(void); /* superd may answer a bind here */

#define BehaviourOfBind(suite, name) \
	static void suite##_##name##_bound(void); \
	Behaviour(suite, name) \
	{ \
		SKIP_WITHOUT(bind_allowed(), "superd may not answer bind(2) here"); \
		suite##_##name##_bound(); \
	} \
	static void suite##_##name##_bound(void)
