/* Questions about a client that may take long or parse what a stranger sent: its name, what hosts.allow and hosts.deny
 * say of it, whom its ident server names. They are asked in a process of their own (superd-advise), one a client, while
 * the loop goes on; the client waits beside, counted against the service's limits.
 *
 * superd-advise gets the connection as descriptor 0 and 4, writes one line an answer to descriptor 3, and exits:
 *   name HOST            the name that leads back to the address; "name" alone: there is none
 *   libwrap allow|deny   deny also when it could not be found out; or: libwrap twist, and it becomes another program
 *   ident yes USER       as its server wrote it: "UNIX : root"; or: ident no REASON
 * It runs as a user of its own when superd is root, takes at most ADVICE_SECONDS and says at most ADVICE_MOST bytes. */
#pragma once

#include <stdbool.h>

#include "engine/accept/pending.h"

#define ADVICE_SECONDS 30
#define ADVICE_MOST 2048

/* The answers; texts are NUL-terminated and visible ASCII. All zero: none came. */
struct lookup_reply {
	bool has_name, knows_name;      /* the name was looked up; there is one */
	bool has_libwrap, allowed;
	bool left_to_another;           /* libwrap gave the client to another program (twist) */
	bool has_user, knows_user;
	char name[256];
	char user[512];                 /* the user, or why there is none */
};

/* Takes the guest over (its instance and connection) and asks guest->asked. decided is called in the loop with the
 * answers, or with NULL where its runtime closes; it owns the guest again, which is gone when it returns. false: it
 * could not be asked, which was logged, and nothing is taken over. */
bool lookup_ask(struct service_runtime *runtime, const struct pending_client *guest,
		void (*decided)(struct service_runtime *runtime, struct pending_client *guest,
				const struct lookup_reply *advice));

/* Whether one more ident server may be asked for the log alone, by the engine's ident_limit. */
bool lookup_may_ask_ident(const struct engine *engine);

/* Ends all questions of a runtime; each client is given to `decided` with NULL. */
void lookup_cancel(struct service_runtime *runtime);

/* superd ends: frees what is left. Every runtime has gone. */
void lookup_free(struct engine *engine);

/* Reads one answer, without its newline, into advice. false: it is none. For lookup.c, and for tests. */
bool lookup_read_line(const char *line, struct lookup_reply *advice);
