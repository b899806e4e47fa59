/* Tables of inetd and of xinetd, and a superd that runs them as `superd -f inetd:TABLE`: superd_reload goes on with them. */
#pragma once

#include "harness.h"

struct superd *inetd_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct superd *xinetd_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The end of a line of inetd.conf: the user, then a program of the tests by its path and by its name, then this. */
const char *inetd_backend(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Waits until this line's listener is open: "tcp:127.0.0.1:8888". */
void wait_listening(struct superd *superd, const char *endpoint);

/* A service of a stream at this port of 127.0.0.1 (UNLISTED, wait = no) which says only these lines itself. */
const char *xinetd_service(const char *name, int port, const char *lines);

/* Lines for it: the user, a backend of the tests and its arguments. */
const char *xinetd_backend(const char *format, ...) __attribute__((format(printf, 1, 2)));
