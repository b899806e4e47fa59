/* Rules of warm: a program that is started before its client comes has nothing of that client: no address in its
 * environment, no command that runs for it, no plan of its own.
 *
 * Such an option is an error at its own place, as its author relies on it. */
#include <string.h>

#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/words/command_prefix.h"

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

/* Commands around each instance, and what else happens before its program. */
static void check_commands_of(const struct service *service, struct diags *diags)
{
	static const enum command_phase phases[] = {
		PHASE_CONDITION, PHASE_START_PRE, PHASE_START_POST, PHASE_STOP, PHASE_STOP_POST, PHASE_READY,
	};

	for (size_t n = 0; n < sizeof(phases) / sizeof(*phases); n++) {
		if (service_commands(service, phases[n]))
			refuse(service, command_option(phases[n]), diags,
			       "its commands run around the instance of each client");
	}
	if (service->groups->commands->condition)
		refuse(service, "condition", diags, "it depends on each client");
	if (service->groups->restart->remain_after_exit)
		refuse(service, "remain_after_exit", diags, "an instance ends with its client");
}

static void check_start_of(const struct service *service, struct diags *diags)
{
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;
	const struct environment_options *environment = service->groups->environment;

	if (service->exec->type != TYPE_SIMPLE && service->exec->type != TYPE_EXEC)
		refuse(service, "type", diags, "only a program of the type simple or exec can wait for its client");
	if (lifecycle->ready)
		refuse(service, "ready", diags, "a program that waits for its client has not printed anything");
	if (service_notify_access(service) != NOTIFY_NONE)
		refuse(service, service_has_watchdog(service) ? "watchdog" : "notify_access", diags,
		       "a program that waits for its client sends no messages");
	if (lifecycle->requires || lifecycle->wants)
		refuse(service, lifecycle->requires ? "requires" : "wants", diags,
		       "a program that waits for its client would run before them");
	if (environment->tcp_environment)
		refuse(service, "tcp_environment", diags, "the client's address is not known yet");
	if (environment->environment_file)
		refuse(service, "environment_file", diags, "superd reads it for each client");
	if (service->groups->access->deny_time >= 0)
		refuse(service, "deny_time", diags, "a sensor starts no program");
}

static void check_socket(const struct service *service, const struct listen *listen, struct diags *diags)
{
	char text[ENDPOINT_TEXT];

	if (endpoint_accepts(listen->endpoint))
		return;
	diag_error(diags, listen->at, "%s: warm: %s has datagrams, and no connections to wait for", service->name,
		   endpoint_text(listen->endpoint, text));
	service_hint(service, diags, "remove warm, or move the socket to a separate service");
}

static void check_sockets_of(const struct service *service, struct diags *diags)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		check_socket(service, listen, diags);
		if (listen->options->non_blocking)
			refuse(service, "non_blocking", diags, "a program could not wait for its connection");
		if (listen->options->optional)
			refuse(service, "optional", diags, "superd checks optional sockets at each start");
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

	if (!access->warm) {
		if (service_mark(service, "warm_max_age") && !service_is_unclear(service, "warm"))
			diag_warning(diags, service_origin(service, "warm_max_age"),
				     "%s: warm_max_age does nothing without warm", service->name);
		return;
	}
	if (service_is_unclear(service, "accept") || service_is_unclear(service, "warm"))
		return;
	if (!service->exec->accept) {
		service_refuse(service, "warm", diags,
			       "warm needs accept = yes: otherwise one program serves all clients");
		service_hint(service, diags, "set accept = yes, or remove warm");
		return;
	}
	if (!service->exec->exec) {
		service_refuse(service, "warm", diags, "warm needs exec: superd's own programs start quickly");
		service_hint(service, diags, "remove warm");
		return;
	}
	if (access->instances != UNLIMITED && access->warm > access->instances &&
	    !service_is_unclear(service, "instances")) {
		service_refuse(service, service_mark(service, "instances") ? "instances" : "warm", diags,
			       "warm = %lld is more than instances = %lld, which may serve", (long long)access->warm,
			       (long long)access->instances);
		service_hint(service, diags, "make warm smaller, or instances larger");
	}
	check_start_of(service, diags);
	check_commands_of(service, diags);
	check_templates_of(service, diags);
	if (!service_is_unclear(service, "listen"))
		check_sockets_of(service, diags);
}
