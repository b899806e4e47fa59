/* A superd with a control socket, and the other end of that. */
#pragma once

#include "harness.h"

const char *control_path(void);

/* superd_run with the control socket there. */
struct superd *controlled_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with the test's clock (clock.h). */
struct superd *controlled_clock_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Connects, once superd is there, and takes the greeting. */
int control_connect(void);

/* The answer of one request whole, line by line, the last one too. */
const char *control_ask(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same over a connection of its own. */
const char *control_once(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool control_is_done(const char *answer);       /* it ends with done */

/* What stands in the answer behind "KEY":, up to the next comma or bracket, without quotes. The test fails when it is not
 * there. */
const char *control_value(const char *answer, const char *key);

/* What somebody else is told who asks this: the greeting, and the first line of the answer; or why they can't connect. */
const char *control_as(uid_t uid, gid_t gid, const gid_t *groups, size_t count, const char *request);
