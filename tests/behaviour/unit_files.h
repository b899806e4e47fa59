/* Unit files of a test, and a superd that runs them as `superd -f systemd:UNIT`. */
#pragma once

#include "harness.h"

/* NAME.socket and NAME.service (NAME@.service where the socket says Accept=yes) in the test's folder, with these lines
 * in [Socket] and in [Service]; the service runs as this test's user. */
void write_pair(const char *name, const char *socket, const char *service);

/* With these units, by their names, in this order; NULL at the end. */
struct superd *units_run(const char *unit, ...) __attribute__((sentinel));

/* Lines of [Service] with a program of the tests and its arguments. */
const char *unit_backend(const char *format, ...) __attribute__((format(printf, 1, 2)));
