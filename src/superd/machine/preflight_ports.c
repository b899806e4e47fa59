/* Warns of ports that another process has, by the kernel's list. A socket of superd's own, opened to find out, could
 * take datagrams, or the port from a program that starts. */
#include "os/proc/port_owner.h"
#include "superd/machine/preflight_internal.h"
#include "table/rules/endpoint_conflict.h"

/* The programs that superd replaces, and what to do about them. */
static const struct {
	const char *program, *hint;
} replaced[] = {
	{ "inetd", "to replace inetd, stop it before superd starts" },
	{ "xinetd", "to replace xinetd, stop it before superd starts" },
	{ "systemd",
	  "systemctl list-sockets names the unit: stop it before superd starts, unless it passes superd the socket" },
};

/* A socket in the way; NULL: none. Those that this superd serves with are not. For --check those of any superd are not:
 * it may be the one that runs with this table. */
static const struct port_socket *find_taken(struct preflight *preflight, const struct endpoint *wanted)
{
	struct port_table *ports = &preflight->ports;

	for (size_t n = port_table_first(ports, wanted->port); n < ports->count && ports->list[n].port == wanted->port;
	     n++) {
		if (!ports->list[n].has_superd && port_socket_blocks(&ports->list[n], wanted))
			return &ports->list[n];
	}
	return NULL;
}

static void hint_at_replaced(struct preflight *preflight, pid_t holder)
{
	for (size_t n = 0; n < sizeof(replaced) / sizeof(*replaced); n++) {
		if (process_is_named(holder, replaced[n].program))
			diags_hint(preflight->diags, "%s", replaced[n].hint);
	}
}

static void check_port(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	const struct endpoint wanted = endpoint_claim_of(service, listen, 0).endpoint;
	const struct port_socket *taken = find_taken(preflight, &wanted);
	char text[ENDPOINT_TEXT];
	struct buf holder = { 0 };

	if (taken && !preflight->holders_read) {
		preflight->holders_read = true;
		port_table_find_holders(&preflight->ports, preflight->serves);
		taken = find_taken(preflight, &wanted);
	}
	if (!taken)
		return;
	if (taken->holder)
		process_describe(taken->holder, &holder);
	/* An ordinary user cannot see whether it is a superd that runs with this table. */
	diags_add(preflight->diags, taken->holder || preflight->root ? SEVERITY_WARNING : SEVERITY_NOTE, listen->at,
		  "%s: superd cannot listen on %s now: %s has it", service->name, endpoint_text(listen->endpoint, text),
		  taken->holder ? buf_string(&holder) : "another socket");
	if (taken->holder)
		hint_at_replaced(preflight, taken->holder);
	else if (!preflight->root)
		diags_hint(preflight->diags, "as root, superd names the process");
	buf_free(&holder);
}

void preflight_ports(struct preflight *preflight, const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		bool is_listed = listen->address->kind == ENDPOINT_TCP || listen->address->kind == ENDPOINT_UDP;

		if (is_listed && listen->address->port && !listen->address->port_name && !listen->options->reuse_port &&
		    !listen_is_other_family(service, listen))
			check_port(preflight, service, listen);
	}
}
