/* Rules of exec, builtin and redirect, of which a service has one, or exec and redirect; and rules of TCPMUX
 * (RFC 1078).
 *
 * TCPMUX needs two services: a service that is reached through it has no socket of its own, so without a service that
 * answers on port 1 it never gets a client. */
#include <string.h>

#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/service/redirect_target.h"
#include "table/words/builtin.h"

static bool has_program(const struct service *service)
{
	return service->exec->exec && service->exec->exec[0];
}

/* Reports the second of exec, builtin and redirect. */
static void check_alone(const struct service *service, bool has, const char *option, const char **first,
			struct diags *diags)
{
	if (!has)
		return;
	if (*first) {
		service_refuse(service, option, diags,
			       "%s and %s exclude each other: a service has exec, builtin or redirect, or exec and "
			       "redirect",
			       *first, option);
		diags_hint(diags, "remove one of the two");
	}
	*first = option;
}

static bool is_sensor(const struct service *service)
{
	return service->groups->access->deny_time >= 0;
}

void rule_program(const struct service *service, struct diags *diags)
{
	words exec = service->exec->exec;
	const char *first = NULL;

	if (service_is_unclear(service, "exec") || service_is_unclear(service, "builtin") ||
	    service_is_unclear(service, "redirect") || service_is_unclear(service, "deny_time"))
		return;
	check_alone(service, has_program(service), "exec", &first, diags);
	check_alone(service, service->exec->builtin, "builtin", &first, diags);
	if (!service_is_relayed(service) || service->exec->builtin)
		check_alone(service, service->exec->redirect, "redirect", &first, diags);
	if (!first && !is_sensor(service)) {
		service_refuse(service, NULL, diags, "exec is missing");
		diags_hint(diags, "set the program, as in exec = \"/usr/sbin/%s\"", service->name);
	}
	if (!has_program(service) || exec[0][0] == '/' ||
	    (service->exec->exec_search_path && !strchr(exec[0], '/')))
		return;
	service_refuse(service, "exec", diags, "exec: '%s' is no absolute path", exec[0]);
	diags_hint(diags, "superd does not search PATH: write the absolute path of the program, or its directory in "
			  "exec_search_path");
}

/* Every socket must be a stream socket whose connections superd accepts. */
static void check_streams(const struct service *service, const char *option, const char *name, struct diags *diags)
{
	char says[128];

	if (!service->exec->accept && !service_is_unclear(service, "accept")) {
		service_refuse(service, option, diags, "%s%s needs accept = yes", option, name);
		service_hint(service, diags, "set accept = yes");
	}
	snprintf(says, sizeof(says), "%s%s is for connections, as of TCP; there are none on %%s", option, name);
	sockets_refuse(service, ~(unsigned)KINDS_STREAM, says, NULL, diags);
}

/* The page shows what programs print and how they are started at unix sockets, whose mode says who reads it, and with
 * { status, log } at ports: to show it to all users or all networks is a mistake. */
static void check_log_reach(const struct service *service, bool at_ports, struct diags *diags)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *endpoint = service->sockets[n].endpoint;
		const struct socket_options *options = service->sockets[n].options;
		const char *address = endpoint->address;
		bool is_local = address && (!strncmp(address, "127.", 4) || !strcmp(address, "::1") ||
					    !strcmp(address, "localhost"));

		if (endpoint_is_path(endpoint) && options->socket_mode & 0002) {
			diag_warning(diags, service_origin(service, "builtin"),
				     "%s: builtin: all users of the machine may read all logs, commands and "
				     "configuration: socket_mode is %04o", service->name,
				     (unsigned)options->socket_mode);
			diags_hint(diags, "set socket_mode = 0600, or 0660 with socket_group");
			return;
		}
		if (!at_ports || !endpoint_is(endpoint, KINDS_INET) || is_local || options->only_from)
			continue;
		diag_warning(diags, service_origin(service, "builtin"),
			     "%s: builtin: everybody who reaches this port reads all logs, commands and configuration",
			     service->name);
		diags_hint(diags, "listen on 127.0.0.1 or a unix socket, set only_from, or remove log");
		return;
	}
}

static void check_builtin(const struct service *service, struct diags *diags)
{
	words builtin = service->exec->builtin;
	struct builtin_options options;
	const char *bad = NULL, *reason = builtin_read_options(builtin, &options, &bad);
	char says[128];

	if (reason && bad)
		service_refuse(service, "builtin", diags, "builtin: '%s': %s", bad, reason);
	else if (reason)
		service_refuse(service, "builtin", diags, "builtin: %s", reason);
	if (!reason && !strcmp(builtin[0], "status"))
		check_log_reach(service, options.log, diags);
	if (builtin_is_plain(builtin[0])) {
		snprintf(says, sizeof(says), "builtin = %s is not possible on %%s, only on streams or datagrams",
			 builtin[0]);
		sockets_refuse(service, ~(unsigned)(KINDS_STREAM | KINDS_DATAGRAM), says, NULL, diags);
	} else {
		snprintf(says, sizeof(says), " = %s", builtin[0]);
		check_streams(service, "builtin", says, diags);
	}
}

/* Without accept, each socket is a stream socket, or one of UDP. */
static void check_relay_sockets(const struct service *service, struct diags *diags)
{
	if (!service->exec->redirect[1])
		sockets_refuse(service, KIND(UDP), "redirect to a unix socket is for connections; there are none on %s",
			       NULL, diags);
	sockets_refuse(service, ~(unsigned)(KINDS_STREAM | KIND(UDP)),
		       "redirect is for connections and UDP, not for %s", NULL, diags);
}

/* exec beside redirect: the program gets no socket. */
static const struct rule_row relayed[] = {
	{ "redirect", NOT_WITH, "accept = yes", .says = "redirect beside exec needs accept = no",
	  .hint = "remove accept: one program serves all clients" },
	{ "pass = inetd", NOT_WITH, "redirect", .said = true,
	  .says = "pass = inetd and redirect exclude each other: exec receives no socket" },
};

static void check_relayed(const struct service *service, struct diags *diags)
{
	const struct stream_options *streams = service->groups->streams;

	check_rows(service, relayed, diags);
	if (streams->input.kind == STREAM_SOCKET || streams->output.kind == STREAM_SOCKET ||
	    streams->error.kind == STREAM_SOCKET)
		service_refuse(service, "redirect", diags,
			       "redirect beside exec: input, output and error cannot be the socket");
	if (!service->socket_count)
		service_refuse(service, "redirect", diags,
			       "redirect needs listen: without it there is nothing to relay");
}

static void check_loop(const struct service *service, struct diags *diags)
{
	for (size_t i = 0; i < service->socket_count; i++) {
		char text[ENDPOINT_TEXT];

		if (!service_redirects_to(service, &service->sockets[i]))
			continue;
		service_refuse(service, "redirect", diags,
			       "redirect leads back to its own socket %s: each client would be relayed again, without "
			       "end", endpoint_text(service->sockets[i].endpoint, text));
		diags_hint(diags, "name the address of the server that clients are relayed to");
		return;
	}
}

/* Builtins and redirect run superd-builtin, which is not inside of root_directory. */
static const struct rule_row rows[] = {
	{ "proxy_protocol redirect_timeout", NEEDS, "redirect", .said = true },
	{ "root_directory", NOT_WITH, "builtin", .hint = "remove it, or set root_directory = \"\"" },
};

static const struct rule_row plain_redirect[] = {
	{ "root_directory", NOT_WITH, "redirect", .hint = "remove it, or set root_directory = \"\"" },
};

static void check_redirect(const struct service *service, struct diags *diags)
{
	if (service_is_relayed(service))
		check_relayed(service, diags);
	else
		check_rows(service, plain_redirect, diags);
	if (service->exec->accept)
		check_streams(service, "redirect", "", diags);
	else
		check_relay_sockets(service, diags);
	if (service->exec->proxy_protocol != PROXY_NO && service_find_socket(service, KIND(UDP)))
		service_refuse(service, "proxy_protocol", diags, "proxy_protocol is for connections, not for UDP");
	if (!service_is_unclear(service, "redirect") && !service_is_unclear(service, "listen"))
		check_loop(service, diags);
}

void rule_builtin(const struct service *service, struct diags *diags)
{
	check_rows(service, rows, diags);
	if (service->exec->builtin)
		check_builtin(service, diags);
	if (service->exec->redirect)
		check_redirect(service, diags);
}

static bool answers_tcpmux(const struct service *service)
{
	return !service->exec->disable && service->exec->builtin && !strcmp(service->exec->builtin[0], "tcpmux");
}

static void warn_unreached(const struct service *service, struct diags *diags)
{
	const struct listen *listen = service_find_socket(service, KIND(TCPMUX));

	if (!listen)
		return;
	diag_warning(diags, listen->at, "%s: no client reaches tcpmux:%s: no service answers for tcpmux", service->name,
		     listen->endpoint->address);
	diags_hint(diags, service->is_foreign ? "add an entry for the internal service tcpmux"
		   : "add service tcpmux { listen = \"tcpmux\"  accept = yes  builtin = tcpmux }");
}

void check_tcpmux(const struct table *table, struct diags *diags)
{
	for (size_t i = 0; i < table->count; i++) {
		if (answers_tcpmux(&table->services[i]))
			return;
	}
	for (size_t i = 0; i < table->count; i++) {
		if (!table->services[i].exec->disable)
			warn_unreached(&table->services[i], diags);
	}
}
