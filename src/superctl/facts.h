/* What superd's answer says about a service, as text for a person: one function for each fact, for status, why, list,
 * top and the status page. Each adds nothing if superd sent nothing about it. status and why get whole answers; those
 * of list, top and metrics are shorter, and have the number of instances in the place of the list. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

size_t facts_instances(const json_t *service);                  /* the number of instances */
const json_t *facts_current(const json_t *service);             /* the instance with the sockets; NULL: none */

/* Clients that wait at a listener, and at all of a service: in its accept queue, or accepted without an instance yet.
 * false: unknown. */
bool facts_listener_queue(const json_t *listener, double *waiting);
bool facts_queue(const json_t *service, double *waiting);

double facts_refused(const json_t *service);                    /* refused clients, for all reasons */

/* A sentence (superctl/sentence) about the end of an instance, an object whose members have this prefix: "exit status 1",
 * "signal KILL", a reason. */
#define ENDING_OF(end) \
	"[{" end "reason}|exit status {" end "status}" ENDING_RESULT(end) "|signal {" end "signal}" \
	"[{?" end "core_dumped} (core dumped)]" ENDING_RESULT(end) "|{" end "result}]"
#define ENDING_RESULT(end) \
	"[{" end "result=success}|{" end "result=exit-code}|{" end "result=signal}|{" end "result=core-dump}|" \
	" ({" end "result})]"

/* Sentences about a service. */
#define PAUSE \
	"[{?pause}[{pause.reason}][; it tries again in {pause.left:span}|; superd does not start it again: " \
	"superctl start does]]"
#define OUTDATED \
	"[{?outdated}{outdated: instance} run[{outdated=1}s] with the previous configuration" \
	"[{state=leaving}|: superctl restart {service}]]"

/* A fact of a service: a sentence, what `add` adds, or a text for each thing there is, by `next`. */
struct fact {
	const char *label;
	const char *sentence;
	void (*add)(struct buf *out, const json_t *service);
	bool (*next)(struct buf *out, const json_t *service, size_t *at);
};

/* Adds the next text of the fact, the first one at 0; nothing: there is nothing to say. false: no more. */
bool facts_add(struct buf *out, const struct fact *fact, const json_t *service, size_t *at);

/* Adds the endpoints, at most so many of them, and then the number of the others: "+2". */
void facts_add_endpoints(struct buf *out, const json_t *service, size_t most);

/* Adds the command as ps(1) shows it, and the program in parentheses if argv0 is another name. brief: the program is
 * printed without its folder. */
void facts_add_command(struct buf *out, const json_t *service, bool brief);

void facts_add_last_start(struct buf *out, const json_t *service);      /* "5 s ago (16:20:11) by 10.0.0.5" */
void facts_add_last_exit(struct buf *out, const json_t *service);       /* "5 s ago (16:20:11) with exit status 1" */
/* Adds why superd takes no client from a socket, or that it is not as configured; nothing if all is well. */
void facts_add_socket_fault(struct buf *out, const json_t *listener);

void facts_add_idle(struct buf *out, const json_t *service);            /* who is connected, and when it sleeps */
void facts_add_relay(struct buf *out, const json_t *instance);

/* Adds the failure at this place, the last one at 0, with those of the same reason, and moves the place behind them.
 * false: no more. */
bool facts_next_failure(struct buf *out, const json_t *service, size_t *at);

/* The next instance that serves its clients before it is stopped: why, until when, and how many. false: no more. */
bool facts_next_stop(struct buf *out, const json_t *service, size_t *at);

/* Adds "[12]" for a line of the log that a program has printed, "[-]" if its pid is unknown, as the log file has it.
 * superd's own lines have none (false), so that no program's line can pass for one of superd. */
bool facts_add_speaker(struct buf *out, const json_t *line);

/* The next instance that still runs by the configuration before a reload. With accept = yes superd only reports their
 * number. */
bool facts_next_outdated(struct buf *out, const json_t *service, size_t *at);
