/* superd below its guard, and the death of either. */
#pragma once

#include "harness.h"

/* superd with --guard and a control socket. */
struct superd *guarded_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

pid_t guarded_pid(struct superd *superd);       /* superd's own process, the guard's child; 0: it has none now */
pid_t superd_itself(struct superd *superd);     /* the same, or the process that was started where it has no guard */
pid_t guarded_wait(struct superd *superd);      /* the same, once there is one */

/* Kills superd, and waits until the next one has taken over. */
void guarded_kill(struct superd *superd);

/* Kills the guard, and waits until superd has become the guard of another. `superd` is that one then. */
void guarded_kill_guard(struct superd *superd);

/* What a person sits at. It echoes nothing, and stops who writes from behind. */
struct terminal {
	int keyboard, side;
};
struct terminal terminal_open(void);
void terminal_type(const struct terminal *terminal, const char *text);
