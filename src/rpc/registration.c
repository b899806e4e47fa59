/* Registers and withdraws RPC services at rpcbind over its unix socket, by libtirpc.
 *
 * rpcbind keeps one address for each program, version and transport: a mapping. Its owner or root may remove it. So
 * superd-rpc first looks at the present mapping. It reports one that it takes over from another program, and withdraws
 * only its own. */
#include "rpc/registration.h"

#include <errno.h>
#include <netconfig.h>
#include <rpc/rpc.h>
#include <rpc/rpcb_clnt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const transport_names[TRANSPORTS] = {
	[TRANSPORT_TCP] = "tcp", [TRANSPORT_UDP] = "udp", [TRANSPORT_TCP6] = "tcp6", [TRANSPORT_UDP6] = "udp6",
};

/* The mapping of one program, version and transport. */
struct rpc_mapping {
	rpcprog_t program;
	rpcvers_t version;
	const char *transport;          /* network id of netconfig(5) */
	char address[32];               /* universal address (RFC 5665): "0.0.0.0.31.64" */
};

static bool refused;                    /* rpcbind refused a call of this user; set by last_error */

static void report_mapping(const struct rpc_mapping *mapping, const char *what, const char *why)
{
	fprintf(stderr, "%s %lu/%lu at %s: %s\n", what, (unsigned long)mapping->program,
		(unsigned long)mapping->version, mapping->transport, why);
}

/* The reason why the last call failed. RPC_SUCCESS means that rpcbind refused it, and gave no reason. */
static const char *last_error(void)
{
	const char *text, *prefix = "superd: ";

	refused |= rpc_createerr.cf_stat == RPC_SUCCESS;
	if (rpc_createerr.cf_stat == RPC_SUCCESS)
		return "rpcbind refuses it";
	text = clnt_spcreateerror("superd");
	return text && !strncmp(text, prefix, strlen(prefix)) ? text + strlen(prefix) : "rpcbind cannot be reached";
}

/* Lists all mappings; free them by xdr_rpcblist_ptr. false: rpcbind does not answer. */
static bool list_all(rpcblist_ptr *list)
{
	struct netconfig *local = getnetconfigent("local");

	if (!local) {
		fprintf(stderr, "/etc/netconfig: %s\n", nc_sperror());
		return false;
	}
	memset(&rpc_createerr, 0, sizeof(rpc_createerr));
	*list = rpcb_getmaps(local, "localhost");
	freenetconfigent(local);
	if (*list || rpc_createerr.cf_stat == RPC_SUCCESS)
		return true;
	fprintf(stderr, "asking rpcbind: %s\n", last_error());
	return false;
}

/* The present mapping of this program, version and transport; NULL: none. */
static const struct rpcb *find_holder(rpcblist_ptr list, const struct rpc_mapping *mapping)
{
	for (; list; list = list->rpcb_next) {
		const struct rpcb *map = &list->rpcb_map;

		if (map->r_prog == mapping->program && map->r_vers == mapping->version &&
		    !strcmp(map->r_netid, mapping->transport))
			return map;
	}
	return NULL;
}

static bool unset_mapping(const struct rpc_mapping *mapping, struct netconfig *transport)
{
	memset(&rpc_createerr, 0, sizeof(rpc_createerr));
	if (rpcb_unset(mapping->program, mapping->version, transport))
		return true;
	report_mapping(mapping, "withdrawing", last_error());
	return false;
}

static bool set_mapping(const struct rpc_mapping *mapping, struct netconfig *transport)
{
	struct netbuf *address = uaddr2taddr(transport, (char *)(size_t)mapping->address);
	bool done;

	if (!address) {
		report_mapping(mapping, "registering", "out of memory");
		return false;
	}
	memset(&rpc_createerr, 0, sizeof(rpc_createerr));
	done = rpcb_set(mapping->program, mapping->version, transport, address);
	if (!done)
		report_mapping(mapping, "registering", last_error());
	free(address->buf);
	free(address);
	return done;
}

/* Copies the beginning of a text that any user of this machine may have registered: a newline or an escape sequence
 * in it would forge a message. */
static void copy_visible(char to[41], const char *from)
{
	size_t length = 0;

	for (; length < 40 && from[length]; length++)
		to[length] = from[length] >= ' ' && from[length] <= '~' ? from[length] : '?';
	to[length] = '\0';
}

static bool replace_mapping(const struct rpc_mapping *mapping, const struct rpcb *holder, struct netconfig *transport)
{
	char why[128], address[41], owner[41];

	copy_visible(address, holder->r_addr);
	copy_visible(owner, holder->r_owner);
	snprintf(why, sizeof(why), "it was registered for %s by %s", address, owner);
	if (!unset_mapping(mapping, transport))
		return false;
	report_mapping(mapping, "taken over", why);
	return set_mapping(mapping, transport);
}

/* A mapping to the right address stays: it is as good as a new one. */
static bool apply_mapping(bool wanted, const struct rpc_mapping *mapping, const struct rpcb *holder,
			  struct netconfig *transport)
{
	bool is_ours = holder && !strcmp(holder->r_addr, mapping->address);

	if (!wanted)
		return !is_ours || unset_mapping(mapping, transport);
	if (is_ours)
		return true;
	return holder ? replace_mapping(mapping, holder, transport) : set_mapping(mapping, transport);
}

static bool apply_transport(const struct rpc_request *request, enum transport transport, rpcblist_ptr list)
{
	struct rpc_mapping mapping = { .program = request->program, .transport = transport_names[transport] };
	struct netconfig *config = getnetconfigent(mapping.transport);
	bool v6 = transport == TRANSPORT_TCP6 || transport == TRANSPORT_UDP6;
	bool done = true;

	if (!config) {
		fprintf(stderr, "/etc/netconfig: %s: %s\n", mapping.transport, nc_sperror());
		return false;
	}
	snprintf(mapping.address, sizeof(mapping.address), "%s.%d.%d", v6 ? "::" : "0.0.0.0", request->port >> 8,
		 request->port & 0xff);
	for (uint32_t n = 0; n <= request->highest - request->lowest; n++) {
		mapping.version = request->lowest + n;
		done &= apply_mapping(request->set, &mapping, find_holder(list, &mapping), config);
	}
	freenetconfigent(config);
	return done;
}

/* Whether this user may write to rpcbind's socket. If not, libtirpc would connect over the loopback instead, where
 * rpcbind does not know the user. */
static bool may_write_socket(void)
{
	if (access(_PATH_RPCBINDSOCK, W_OK) == 0 || errno != EACCES)
		return true;
	fprintf(stderr, "%s: %s\n", _PATH_RPCBINDSOCK, strerror(errno));
	return false;
}

enum registration_result registration_apply(const struct rpc_request *request)
{
	rpcblist_ptr list = NULL;
	bool done = true;

	if (!may_write_socket())
		return REGISTRATION_REFUSED;
	if (!list_all(&list))
		return REGISTRATION_FAILED;
	for (int n = 0; n < TRANSPORTS; n++) {
		if (request->transports[n])
			done &= apply_transport(request, (enum transport)n, list);
	}
	xdr_free((xdrproc_t)(void (*)(void))xdr_rpcblist_ptr, (char *)&list);
	if (done)
		return REGISTRATION_DONE;
	return refused ? REGISTRATION_REFUSED : REGISTRATION_FAILED;
}
