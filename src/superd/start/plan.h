/* Makes plans (exec/child/plan.h) of services. All names are looked up here, and failures that can be found early are
 * found here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exec/child/plan.h"
#include "lib/buf.h"
#include "os/host/program.h"
#include "superd/start/process_defaults.h"
#include "table/service/service.h"

/* Facts about a service's sockets that are known only once they are open. All borrowed. */
struct plan_sockets {
	unsigned port;                  /* value of %{port} */
	const bool *missing;            /* by socket: true if it is optional and not open, so not passed; NULL: all are passed */
	const char *instance;           /* value of %{instance}; NULL: unknown */
	/* For datagrams of builtins and redirects: the UDP ports of all of them, so that no two answer each other for
	 * ever. */
	const uint16_t *loop_ports;
	size_t loop_count;
};

/* Makes the plan of a service, for plan_free. NULL with the reason in why, such as "environment_file: /etc/x: No such
 * file or directory (superd.conf:12)". */
struct plan *plan_make(const struct service *service, const struct process_defaults *defaults,
		       const struct plan_sockets *sockets, struct buf *why);

/* Says in why what is wrong with an option, and where it stands: "env: '%{x}' has an unknown template (superd.conf:12)".
 * Returns false. */
bool plan_fail(const struct service *service, const char *option, struct buf *why, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Finds out whether other users can block the plan's starts, by its programs, their interpreters or its folders. Sets
 * may_hang and apart, never clears them. plan_make calls it; a plan that is kept for long is checked again. Never
 * blocks. */
void plan_check_trust(struct plan *plan);

/* The plan of a main command, which is not in the table: superd's own environment, streams and ids. NULL: out of
 * memory. */
struct plan *plan_command(char *const *argv, const struct process_defaults *defaults);

#define PLAN_OWN_WORDS 16               /* arguments of a program of superd's own */

/* The same for one of superd's own programs, without capabilities and as this account; NULL: superd's own. arguments:
 * NULL-terminated, at most PLAN_OWN_WORDS, borrowed. NULL with the reason in why. */
struct plan *plan_own_program(enum program which, const char *const *arguments, const struct account *account,
			      const struct process_defaults *defaults, struct buf *why);

/* The capability bounding set of a helper program: the capabilities that it needs, or all if superd may not lower the
 * set. */
uint64_t plan_own_bounding(uint64_t kept);

void plan_free(struct plan *plan);      /* accepts NULL */

/* Finds out who opens the files of the standard streams at the next starts: a folder on the way may be new, or have
 * another owner. If a child must open one, the plan's starts become separate ones (plan->apart). */
void plan_check_streams(struct plan *plan, const struct service *service);

/* Whether a start gives the program a network namespace other than superd's. */
bool plan_gives_network(const struct service *service);

/* The service's standard input (0), output (1) or error (2). */
const struct stream *plan_stream(const struct service *service, int number);
bool stream_is_path(const struct stream *stream);

enum program plan_builtin_program(const struct service *service); /* which serves builtin or redirect */

/* Whether the service is a builtin that gets datagrams or listeners, and so applies the address rules itself. */
bool plan_applies_access_itself(const struct service *service);

/* Makes the plan of the relay of a service (superd/instance/relay): a superd-builtin that runs as this account, which
 * is borrowed. NULL with the reason in why. */
struct plan *plan_relay(const struct service *service, const struct account *account,
			const struct process_defaults *defaults, const struct plan_sockets *sockets, struct buf *why);

/* The descriptor at which superd-builtin gets its channel to superd (superd/service/builtin_channel); -1: none. */
int plan_channel(const struct service *service);

/* Whether a text of the service has %{instance}, so that each connection has a plan of its own. */
bool plan_names_any_instance(const struct service *service);

/* Whether one process serves several clients of the service (superd/service/shared_clients). */
bool plan_shares_process(const struct service *service);

/* The service's standard error. A builtin's is the log even if the table says socket, as its messages are superd's. */
const struct stream *plan_error_stream(const struct service *service);

/* The first descriptor that a backend of this service gets a socket at: 3, or 0 with pass = inetd. */
unsigned plan_first_descriptor(const struct service *service);
