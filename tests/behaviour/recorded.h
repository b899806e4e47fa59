/* A stand-in for superd at the other end of a control socket: a process that says what a test has written down. */
#pragma once

#include <sys/types.h>

struct recording {
	const char *verb;               /* what a request begins with; NULL ends the list */
	const char *answer;             /* lines; NULL: it hangs, "": it closes the connection */
};

struct recorded {
	pid_t pid;
	const char *path;               /* of the socket */
	const char *requests;           /* path of a file that has every request's line */
};

#define RECORDED_GREETING "{\"superd\":\"9.9\",\"protocol\":1,\"pid\":77}\n"
#define RECORDED_DONE "{\"done\":true}\n"

/* greeting: as an answer. Requests that are in no recording are answered with an error of the code "usage". */
struct recorded recorded_run(const char *greeting, const struct recording *recordings);
void recorded_stop(struct recorded *recorded);
