/* Rules of idle backends: superd must be able to see whether a client is connected.
 *
 * defaults { idle_timeout } applies to services that can be idle and is no mistake of the others. So the rules look
 * only at the options that the service's own text sets. */
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"

static const struct rule_row rows[] = {
	{ "idle_action min_awake idle_unless idle_means", NEEDS, "idle_timeout",
	  .hint = "set the time without clients, as in idle_timeout = 5min", .said = true },
	{ "idle_means = quiet", NEEDS, "idle_action = freeze", .because = "a stop would cut the connections off",
	  .hint = "write idle_action = freeze, or remove idle_means", .said = true, .otherwise = true },
};

static const struct rule_row waits[] = {
	{ "idle_timeout", NEEDS, "accept = no", .because = "otherwise an instance ends with its one connection",
	  .hint = "remove idle_timeout; runtime_max limits a connection", .said = true },
};

static void check_sockets(const struct service *service, struct diags *diags)
{
	if (service_is_unclear(service, "listen"))
		return;
	if (!service->socket_count && !service_mark(service, "socket")) {
		service_refuse(service, "idle_timeout", diags,
			       "idle_timeout needs a socket: without one it has no clients");
		service_hint(service, diags, "remove idle_timeout; runtime_max limits how long it runs");
	}
	sockets_refuse(service, ~(unsigned)KINDS_SHOWN, "idle_timeout: the clients of %s cannot be counted",
		       "remove idle_timeout, or move the socket to a separate service", diags);
}

/* Of other sockets the kernel does not tell when something moved. */
static void check_means(const struct service *service, struct diags *diags)
{
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;

	if (lifecycle->idle_means != IDLE_MEANS_QUIET || !service_mark(service, "idle_means") ||
	    (lifecycle->idle_action != IDLE_FREEZE && !service_is_unclear(service, "idle_action")))
		return;
	if (service->socket_count && !service_is_unclear(service, "listen") && !service_mark(service, "socket") &&
	    !service_find_socket(service, KIND(TCP)))
		service_refuse(service, "idle_means", diags,
			       "idle_means = quiet needs a TCP socket: for others the kernel reports no times of "
			       "traffic");
}

static const struct rule_row oneshots[] = {
	{ "idle_timeout", NOT_WITH, "type = oneshot", .said = true,
	  .says = "idle_timeout needs a program that continues to run: a oneshot ends with its work" },
};

/* superd knows the clients of all sockets from the process that relays them. */
static const struct rule_row relayed[] = {
	{ "idle_action = freeze", NOT_WITH, "type = oneshot", .hint = "set idle_action = stop, and exec_stop",
	  .says = "idle_action = freeze needs a program that continues to run: a oneshot cannot be frozen" },
};

void rule_idle(const struct service *service, struct diags *diags)
{
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;

	if (words_count(service->groups->commands->of[PHASE_IDLE_UNLESS]) > 1)
		service_refuse(service, "idle_unless", diags, "idle_unless is one command, whose exit status is the "
							      "answer");
	if (!check_rows(service, rows, diags))
		check_means(service, diags);
	if (lifecycle->idle_timeout == INT64_MAX || !service_mark(service, "idle_timeout") ||
	    service_is_unclear(service, "accept"))
		return;
	if (check_rows(service, waits, diags))
		return;
	if (service_is_relayed(service))
		check_rows(service, relayed, diags);
	else if (!check_rows(service, oneshots, diags))
		check_sockets(service, diags);
}
