/* Lookups about a client that may take long or parse a stranger's data: its host name, the verdict of hosts.allow and
 * hosts.deny, and the user that its ident server reports. A process of its own does them (superd-advise), one for each
 * client, while the loop continues. The client waits meanwhile, and counts against the service's limits.
 *
 * superd-advise gets the connection as descriptors 0 and 4, writes one line for each answer to descriptor 3, and exits:
 *   name HOST            the name that resolves back to the address; "name" alone: there is none
 *   libwrap allow|deny   deny also on an error; or: libwrap twist, and the process executes another program
 *   ident yes USER       as the ident server wrote it: "UNIX : root"; or: ident no REASON
 * It runs as a user of its own if superd is root. superd kills it after LOOKUP_SECONDS, and reads at most
 * LOOKUP_REPLY_MOST bytes. */
#pragma once

#include <stdbool.h>

#include "superd/service/pending_client.h"

#define LOOKUP_SECONDS 30
#define LOOKUP_REPLY_MOST 2048

/* The reply; texts are NUL-terminated and visible ASCII. All zero: no answer came. */
struct lookup_reply {
	bool has_name, knows_name;      /* the name was looked up; it was found */
	bool has_libwrap, allowed;      /* libwrap has answered; it allows the client */
	bool twisted;                   /* libwrap gave the client to another program (twist) */
	bool has_user, knows_user;      /* the ident server has answered; it named a user */
	char name[256];                 /* the host name; valid with knows_name */
	char user[512];                 /* the user, or why there is none */
};

/* Takes the client over (its instance and connection) and begins the lookups of pending->asked. `done` is called from
 * the loop with the reply, or with NULL if the service's runtime closes. It owns the client; `pending` itself is
 * valid only during the call. false: superd could not ask, which it has logged; the caller keeps the client. */
bool lookup_ask(struct service_runtime *runtime, const struct pending_client *pending,
		void (*done)(struct service_runtime *runtime, struct pending_client *pending,
			     const struct lookup_reply *reply));

/* Whether ident_limit allows one more ident lookup that only the log needs. */
bool lookup_may_ask_ident(const struct engine *engine);

/* Cancels all lookups of a service; `done` gets each client, with NULL. */
void lookup_cancel(struct service_runtime *runtime);

/* superd ends: frees the lookups whose process still runs. All runtimes were freed before. */
void lookup_free(struct engine *engine);

/* Parses one line, without its newline, into reply. false: it is no answer. For lookup.c, and for tests. */
bool lookup_reply_parse_line(const char *line, struct lookup_reply *reply);
