/* Rules of a service's sockets: number and kind, the options that apply to them, who may connect, and pass = bind.
 *
 * A service may mix kinds of sockets. An option has an effect if it applies to one of them. */
#include "table/services/internal.h"

void rule_listen(const struct service *service, struct diags *diags)
{
	bool alone = service->exec->start != START_DEMAND && !service->exec->accept;

	if (service->socket_count || alone || service_is_unclear(service, "listen") ||
	    service_setting(service, "socket"))
		return;
	service_refuse(service, NULL, diags, "listen is missing");
	diags_hint(diags,
		   "set its address, as in listen = \"80\"; only a service with start = boot, manual or wanted needs "
		   "none");
}

/* A mode that keeps clients out, which a name in the abstract namespace does not have (unix(7)): systemd accepts that.
 * If no socket of the service has one, rule_rows says so, of superd.conf. */
void rule_modes(const struct service *service, struct diags *diags)
{
	bool has_modes = service->is_foreign;

	for (size_t n = 0; n < service->socket_count && !has_modes; n++)
		has_modes = endpoint_is(service->sockets[n].endpoint, KIND(FIFO) | KIND(MQUEUE)) ||
			endpoint_is_path(service->sockets[n].endpoint);
	for (size_t n = 0; n < service->socket_count && has_modes; n++) {
		const struct listen *listen = &service->sockets[n];
		char name[ENDPOINT_TEXT];

		if (!endpoint_is(listen->endpoint, KINDS_UNIX) || endpoint_is_path(listen->endpoint) ||
		    (listen->options->socket_mode & 0222) == 0222)
			continue;
		diag_warning(diags, service_listen_origin(service, listen, "socket_mode"),
			     "%s: %s keeps nobody from connecting to %s, which is no file", service->name,
			     option_name_of(service, "socket_mode"), endpoint_text(listen->endpoint, name));
		service_hint(service, diags, "listen at a path");
	}
}

void rule_pass(const struct service *service, struct diags *diags)
{
	size_t count = service->socket_count;

	if (service->exec->pass != PASS_INETD || service->exec->accept || count == 1)
		return;
	if (service_is_unclear(service, "listen") || service_is_unclear(service, "accept"))
		return;
	if (!count && service->exec->start == START_DEMAND)
		return; /* rule_listen's */
	service_refuse(service, "pass", diags, "pass = inetd passes one socket as standard input; this service has %zu",
		       count);
	diags_hint(diags, count ? "write a service for each socket, or set accept = yes or pass = systemd"
				: "remove pass, or set listen");
}

/* Warns of "::", which is everybody in some places of xinetd's manual, and nobody in its code. */
static void warn_of_nobody(const struct service *service, const struct listen *listen, const char *option,
			   struct diags *diags)
{
	words list = *option == 'o' ? listen->options->only_from : listen->options->no_access;

	for (; list && *list && service_setting(service, option); list++) {
		if (!strcmp(*list, "::"))
			diag_warning(diags, service_listen_origin(service, listen, option),
				     "%s: %s: '::' matches no client; ::/0 matches all clients of IPv6", service->name,
				     option);
		else if (*option == 'n' && listen->options->only_from &&
			 (!strcmp(*list, "0.0.0.0/0") || !strcmp(*list, "::/0")))
			diag_warning(diags, service_listen_origin(service, listen, option),
				     "%s: no_access = %s lets no client of IPv%c in, whatever only_from says",
				     service->name, *list, **list == ':' ? '6' : '4');
	}
}

void rule_access(const struct service *service, struct diags *diags)
{
	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];

		if (i && listen->options == listen[-1].options)
			continue;
		warn_of_nobody(service, listen, "only_from", diags);
		warn_of_nobody(service, listen, "no_access", diags);
	}
	if (!service_is_unclear(service, "accept") && !service->exec->accept &&
	    service_setting(service, "log_on_success") && service->groups->logging->log_on_success & SUCCESS_USERID)
		diag_warning(diags, service_origin(service, "log_on_success"), "%s: USERID %s", service->name,
			     accept_reason(service));
}

/* Rules of pass = bind and binds. The addresses of `binds` are compared with what a program passes to bind(2), so
 * they are numbers, and of the kind that the socket has. */

/* What is wrong with an address of `binds`; NULL: nothing. */
static const char *address_refuse(const struct endpoint *endpoint, const struct endpoint *meant)
{
	const char *address = endpoint_is_inet(endpoint) ? endpoint->address : NULL;
	struct in6_addr room;

	if (endpoint->kind != meant->kind)
		return "it is of another kind than the socket";
	if (endpoint->interface)
		return "a program binds an address, not an interface";
	if (endpoint->port_name || (address && !scan_address(address, strlen(address), &room)))
		return "it needs numbers, as a program passes them to bind(2)";
	if (endpoint_has_port(endpoint) && !endpoint->port)
		return "it has no port";
	if (endpoint_is_below_runtime(endpoint))
		return "expected a path as the program has it";
	return NULL;
}

static void check_addresses(const struct service *service, const struct listen *listen, struct pool *pool,
			    struct diags *diags)
{
	for (words text = listen->options->binds; text && *text; text++) {
		struct origin at = service_listen_origin(service, listen, "binds");
		const struct endpoint *endpoint;
		const char *wrong = endpoint_parse(*text, pool, &endpoint);

		if (wrong) {
			diag_error(diags, at, "%s: binds: %s", service->name, wrong); /* it quotes the text */
			continue;
		}
		wrong = address_refuse(endpoint, listen->endpoint);
		if (wrong)
			diag_error(diags, at, "%s: binds: '%s': %s", service->name, *text, wrong);
	}
}

void rule_bind(const struct service *service, struct diags *diags)
{
	struct pool *pool;

	if (service->exec->pass != PASS_BIND || service_is_unclear(service, "pass") ||
	    service_is_unclear(service, "listen"))
		return;
	pool = pool_new();
	if (!pool)
		diags_out_of_memory(diags, service->at);
	for (size_t n = 0; pool && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		/* The socket that superd passes is not in the control group of these rules: a client that they keep
		 * from the program's own socket must not come in silently. */
		if (service->groups->cgroup_filters->ip_address_deny && !listen->options->only_from &&
		    !listen->options->no_access && endpoint_is_inet(listen->endpoint)) {
			service_refuse(service, "ip_address_deny", diags, "ip_address_deny: with pass = bind it is not "
				       "for clients: say which may connect");
			service_hint(service, diags, "set only_from or no_access");
		}
		check_addresses(service, listen, pool, diags);
	}
	pool_free(pool);
}
