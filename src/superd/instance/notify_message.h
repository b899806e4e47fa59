/* Parses a notification of sd_notify(3): lines of KEY=VALUE. It allocates nothing; texts point into the message,
 * which must outlive the struct. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTE_TEXT 256                   /* bytes of a text that are kept */
#define NOTE_UNSET (-1)                 /* a number that is not in the message */

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
	int64_t watchdog_every, extend; /* WATCHDOG_USEC, EXTEND_TIMEOUT_USEC, microseconds */
	int64_t main_pid;               /* MAINPID */
	int64_t main_id;                /* MAINPIDFDID; 0: not in the message */
	int64_t error;                  /* ERRNO */
	int access;                     /* NOTIFYACCESS, enum notify_access */
	struct note_text status, bus_error, varlink_error; /* STATUS, BUSERROR, VARLINKERROR */
	struct note_text name;          /* FDNAME, if it is valid */
	struct note_text wrong;         /* the first line with an invalid value, which is ignored */
};

/* Parses a text of this length. If a key occurs twice, the last one counts. false: BARRIER=1 stands among other
 * lines, which is invalid. */
bool notify_message_parse(const char *text, size_t length, struct notify_message *message);
