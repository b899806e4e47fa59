/* Makes plans (exec/child/plan) of rows. Every name is looked up and every failure that can be found early is found
 * here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/service/service.h"
#include "exec/child/plan.h"
#include "exec/spawn/process_defaults.h"

/* Facts about a service's sockets that are known only once they are open. */
struct plan_sockets {
	unsigned port;                  /* what %{port} stands for */
	const bool *missing;            /* by socket: optional and not open, so not passed; NULL: none is */
	const char *instance;           /* what %{instance} stands for; NULL: none is known */
	const uint16_t *loops;          /* for builtins of datagrams: ports that answer whatever comes */
	size_t loop_count;
};

/* Makes the plan of a row. NULL with the reason in why, as "environment_file: /etc/x: No such file or directory
 * (superd.conf:12)". */
struct plan *plan_make(const struct service *service, const struct process_defaults *defaults,
		       const struct plan_sockets *sockets, struct buf *why);

/* Finds out whether other users can block the plan's starts, by its programs, their interpreters and its folders. Sets
 * may_hang and apart, never clears them. plan_make calls it; a plan that is kept for long is judged again. Never waits.
 * In plan_trust.c. */
void plan_check_trust(struct plan *plan);

/* The plan of a main command beside the table: superd's own environment, streams and ids. */
struct plan *plan_command(char *const *argv, const struct process_defaults *defaults);

/* The bounding set of one of superd's own programs: what it needs, or all where superd may not lower it. */
uint64_t plan_own_bounding(uint64_t kept);

void plan_free(struct plan *plan);      /* accepts NULL */

/* Finds out who is to open the files that are streams, for the next starts: a folder on the way may have come since, or
 * another owner. What is for a child makes the plan one of starts apart. */
void plan_check_streams(struct plan *plan, const struct service *service);

/* The service's stream of this number: input (0), output (1), error (2). */
const struct stream *plan_stream(const struct service *service, int number);
bool stream_is_path(const struct stream *stream);

/* Whether output is the socket because the table says nothing else of it (pass = inetd). */
bool plan_output_is_socket(const struct service *service);

/* The program that stands in for builtin and redirect. */
#define PLAN_BUILTIN "superd-builtin"

bool plan_is_builtin(const struct service *service);

/* Whether the service is a builtin that gets datagrams or listeners, and so applies the address rules by itself. */
bool plan_applies_access_itself(const struct service *service);

/* The descriptor at which superd-builtin gets its channel to superd (engine/accept/builtin_channel); -1: this service
 * needs none. */
int plan_channel(const struct service *service);

/* Its standard error: that of a builtin is the log where the table would have it be the socket, as what it says is
 * superd's. */
const struct stream *plan_error_stream(const struct service *service);

/* The first descriptor a backend of this service gets a socket at: 3, or 0 with pass = inetd. */
unsigned plan_first_descriptor(const struct service *service);
