/* A service "web" whose backend says what it is told to (notifier.c), and questions to it. */
#pragma once

#include "harness.h"

#define SAYS_READY "'say READY=1'"

/* The backend with these steps, for exec. */
const char *notifier(const char *steps);

/* The table of the service, with further options; and superd with it. */
const char *web_table(const char *steps, const char *options);
struct superd *web_run(const char *steps, const char *options);
struct superd *web_clock_run(const char *steps, const char *options);   /* with the test's clock (clock.h) */

/* Has the backend do a step; what it answers, without its pid. */
const char *web_ask(struct superd *superd, const char *step);
void web_expect(struct superd *superd, const char *step, const char *answer);
long web_pid(struct superd *superd);

/* Has it end, and waits for that. */
void web_end(struct superd *superd, int status);
