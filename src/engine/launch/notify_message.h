/* A notification of sd_notify(3), taken apart: lines of KEY=VALUE. It allocates nothing; texts point into the
 * message. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTE_TEXT 256                   /* of a text as much is kept */
#define NOTE_UNSET (-1)                 /* of a number that was not said */

struct note_text {
	const char *at;                 /* not NUL-terminated; NULL: not in the message */
	size_t length;
};

struct notify_message {
	bool ready, reloading, stopping, watchdog, trigger;
	bool reset;                     /* RESTART_RESET=1 */
	bool store, remove;             /* FDSTORE=1, FDSTOREREMOVE=1 */
	bool unpolled;                  /* FDPOLL=0 */
	bool barrier;                   /* BARRIER=1 and nothing else */
	bool main_fd;                   /* MAINPIDFD=1: the descriptor of the message names it */
	int64_t monotonic;              /* microseconds */
	int64_t watchdog_every, extend; /* microseconds */
	int64_t main_pid;
	uint64_t main_id;               /* MAINPIDFDID; 0: not in the message */
	int64_t error;                  /* ERRNO */
	int access;                     /* enum notify_access */
	struct note_text status, bus_error, varlink_error;
	struct note_text name;          /* FDNAME, if it is valid */
	struct note_text wrong;         /* the first line with an invalid value, which is ignored */
};

/* Takes a text of this length apart; of a key that is said twice the last counts. false: it is a BARRIER=1 among
 * other lines, which means nothing. */
bool notify_message_parse(const char *text, size_t length, struct notify_message *message);
