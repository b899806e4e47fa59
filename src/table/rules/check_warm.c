/* Rules of warm: a program that is started before its client comes has nothing of that client: no address in its
 * environment, no command that runs for it, no plan of its own.
 *
 * Such an option is an error at its own place, as its author relies on it. */
#include <string.h>

#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"

/* Refuses an option that does not go with warm; because: the rest of the sentence. */
static void refuse(const struct service *service, const char *option, struct diags *diags, const char *because)
{
	if (service_is_unclear(service, option))
		return;
	service_refuse(service, service_mark(service, option) ? option : "warm", diags, "%s does not go with warm: %s",
		       option, because);
	service_hint(service, diags, "remove one of them");
}

static bool any_names_client(words list)
{
	for (; list && *list; list++) {
		if (strstr(*list, "%{instance}"))
			return true;
	}
	return false;
}

static void check_templates_of(const struct service *service, struct diags *diags)
{
	static const char reason[] = "%{instance} names the client, which is not known yet";

	if (any_names_client(service->exec->exec))
		refuse(service, "exec", diags, reason);
	if (any_names_client(service->groups->environment->env))
		refuse(service, "env", diags, reason);
}

#define ONE "remove one of them"

static const struct rule_row starts[] = {
	{ "type = notify or notify-reload or forking or oneshot", NOT_WITH, "warm", .hint = ONE,
	  .says = "type does not go with warm: only a program of the type simple or exec can wait for its client" },
	{ "ready", NOT_WITH, "warm", .because = "a program that waits for its client has not printed anything",
	  .hint = ONE },
	{ "requires wants socket_requires socket_wants", NOT_WITH, "warm",
	  .because = "a program that waits for its client would run before them",
	  .hint = ONE },
	{ "tcp_environment", NOT_WITH, "warm", .because = "the client's address is not known yet", .hint = ONE },
	{ "environment_file", NOT_WITH, "warm", .because = "superd reads it for each client", .hint = ONE },
	{ "deny_time", NOT_WITH, "warm", .because = "a sensor starts no program", .hint = ONE },
	{ "exec_condition exec_start_pre exec_start_post exec_stop exec_stop_post exec_ready", NOT_WITH, "warm",
	  .because = "its commands run around the instance of each client", .hint = ONE },
	{ "condition", NOT_WITH, "warm", .because = "it depends on each client", .hint = ONE },
	{ "remain_after_exit", NOT_WITH, "warm", .because = "an instance ends with its client", .hint = ONE },
	{ "non_blocking", NOT_WITH, "warm", .because = "a program could not wait for its connection", .hint = ONE },
	{ "optional", NOT_WITH, "warm", .because = "superd checks optional sockets at each start", .hint = ONE },
};

static const struct rule_row age[] = {
	{ "warm_max_age", NEEDS, "warm", .says = "warm_max_age does nothing without warm", .said = true,
	  .warns = true },
};

static const struct rule_row needs[] = {
	{ "warm", NEEDS, "accept = yes", .because = "otherwise one program serves all clients",
	  .hint = "set accept = yes, or remove warm" },
	{ "warm", NEEDS, "exec", .because = "superd's own programs start quickly", .hint = "remove warm",
	  .otherwise = true },
};

static void check_sockets_of(const struct service *service, struct diags *diags)
{
	sockets_refuse(service, ~(unsigned)KINDS_ACCEPTING, "warm: %s has datagrams, and no connections to wait for",
		       "remove warm, or move the socket to a separate service", diags);
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (service->exec->pass == PASS_SYSTEMD && strcmp(listen->name, service->sockets[0].name) != 0) {
			diag_error(diags, listen->at,
				   "%s: warm: LISTEN_FDNAMES would name the socket of the client, which is not known "
				   "yet", service->name);
			service_hint(service, diags, "use the same name for all sockets, or set pass = inetd");
		}
	}
}

void rule_warm(const struct service *service, struct diags *diags)
{
	const struct access_options *access = service->groups->access;

	check_rows(service, age, diags);
	if (!access->warm || service_is_unclear(service, "accept") || service_is_unclear(service, "warm"))
		return;
	if (check_rows(service, needs, diags))
		return;
	if (access->instances != UNLIMITED && access->warm > access->instances &&
	    !service_is_unclear(service, "instances")) {
		service_refuse(service, service_mark(service, "instances") ? "instances" : "warm", diags,
			       "warm = %lld is more than instances = %lld, which may serve", (long long)access->warm,
			       (long long)access->instances);
		service_hint(service, diags, "make warm smaller, or instances larger");
	}
	check_rows(service, starts, diags);
	if (service_notify_access(service) != NOTIFY_NONE)
		refuse(service, service_has_watchdog(service) ? "watchdog" : "notify_access", diags,
		       "a program that waits for its client sends no messages");
	check_templates_of(service, diags);
	if (!service_is_unclear(service, "listen"))
		check_sockets_of(service, diags);
}
