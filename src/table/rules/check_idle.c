/* Rules of idle backends: superd must be able to see whether a client is connected.
 *
 * defaults { idle_timeout } applies to services that can be idle and is no mistake of the others. So the rules look
 * only at the options that the service's own text sets. */
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"

static void check_option(const struct service *service, const char *option, struct diags *diags)
{
	if (!service_mark(service, option) || service_mark(service, "idle_timeout"))
		return;
	service_refuse(service, option, diags, "%s needs idle_timeout", option);
	service_hint(service, diags, "set the time without clients, as in idle_timeout = 5min");
}

static void check_kind(const struct service *service, const struct listen *listen, struct diags *diags)
{
	char text[ENDPOINT_TEXT];

	if (endpoint_shows_clients(listen->endpoint))
		return;
	diag_error(diags, listen->at, "%s: idle_timeout: the clients of %s cannot be counted", service->name,
		   endpoint_text(listen->endpoint, text));
	service_hint(service, diags, "remove idle_timeout, or move the socket to a separate service");
}

static void check_sockets(const struct service *service, struct diags *diags)
{
	if (service_is_unclear(service, "listen"))
		return;
	if (!service->socket_count && !service_mark(service, "socket")) {
		service_refuse(service, "idle_timeout", diags,
			       "idle_timeout needs a socket: without one it has no clients");
		service_hint(service, diags, "remove idle_timeout; runtime_max limits how long it runs");
	}
	for (size_t n = 0; n < service->socket_count; n++)
		check_kind(service, &service->sockets[n], diags);
}

/* A stop would cut the connections off, and of other sockets the kernel does not tell when something moved. */
static void check_means(const struct service *service, struct diags *diags)
{
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;
	bool has_tcp = service_is_unclear(service, "listen") || service_mark(service, "socket");

	if (lifecycle->idle_means != IDLE_MEANS_QUIET || !service_mark(service, "idle_means"))
		return;
	if (lifecycle->idle_action != IDLE_FREEZE && !service_is_unclear(service, "idle_action")) {
		service_refuse(service, "idle_means", diags,
			       "idle_means = quiet needs idle_action = freeze: a stop would cut the connections off");
		service_hint(service, diags, "write idle_action = freeze, or remove idle_means");
		return;
	}
	for (size_t n = 0; n < service->socket_count; n++)
		has_tcp = has_tcp || service->sockets[n].endpoint->kind == ENDPOINT_TCP;
	if (!has_tcp && service->socket_count)
		service_refuse(service, "idle_means", diags,
			       "idle_means = quiet needs a TCP socket: for others the kernel reports no times of "
			       "traffic");
}

/* superd knows the clients of all sockets from the process that relays them. */
static void check_relayed(const struct service *service, struct diags *diags)
{
	if (service->exec->type != TYPE_ONESHOT || service->groups->lifecycle->idle_action != IDLE_FREEZE)
		return;
	service_refuse(service, "idle_action", diags,
		       "idle_action = freeze needs a program that continues to run: a oneshot cannot be frozen");
	service_hint(service, diags, "set idle_action = stop, and exec_stop");
}

void rule_idle(const struct service *service, struct diags *diags)
{
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;

	if (lifecycle->idle_timeout == INT64_MAX && lifecycle->idle_action != IDLE_STOP)
		check_option(service, "idle_action", diags);
	if (lifecycle->idle_timeout == INT64_MAX && lifecycle->min_awake)
		check_option(service, "min_awake", diags);
	if (lifecycle->idle_timeout == INT64_MAX && lifecycle->idle_cpu >= 0)
		check_option(service, "idle_cpu", diags);
	if (lifecycle->idle_timeout == INT64_MAX && service->groups->commands->of[PHASE_IDLE_UNLESS])
		check_option(service, "idle_unless", diags);
	if (words_count(service->groups->commands->of[PHASE_IDLE_UNLESS]) > 1)
		service_refuse(service, "idle_unless", diags, "idle_unless is one command, whose exit status is the "
							      "answer");
	if (lifecycle->idle_timeout == INT64_MAX && lifecycle->idle_means != IDLE_MEANS_CONNECTED)
		check_option(service, "idle_means", diags);
	else
		check_means(service, diags);
	if (lifecycle->idle_timeout == INT64_MAX && lifecycle->sleep_under_pressure)
		check_option(service, "sleep_under_pressure", diags);
	if (lifecycle->idle_timeout == INT64_MAX || !service_mark(service, "idle_timeout") ||
	    service_is_unclear(service, "accept"))
		return;
	if (service->exec->accept) {
		service_refuse(service, "idle_timeout", diags,
			       "idle_timeout needs accept = no: otherwise an instance ends with its one connection");
		service_hint(service, diags, "remove idle_timeout; runtime_max limits a connection");
	} else if (service_is_relayed(service)) {
		check_relayed(service, diags);
	} else if (service->exec->type == TYPE_ONESHOT && !service_is_unclear(service, "type")) {
		service_refuse(service, "idle_timeout", diags,
			       "idle_timeout needs a program that continues to run: a oneshot ends with its work");
	} else {
		check_sockets(service, diags);
	}
}
