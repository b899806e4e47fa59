/* Registers and withdraws RPC services at rpcbind over its unix socket, by libtirpc.
 *
 * rpcbind keeps one address for each program, version and transport, and lets the owner or root remove it. So
 * superd-rpc first looks at the current registration: it reports one that it takes over from another program, and
 * withdraws only its own. */
#include "helper/rpc/registration.h"

#include <errno.h>
#include <netconfig.h>
#include <rpc/rpc.h>
#include <rpc/rpcb_clnt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One program, version and transport. */
struct subject {
	rpcprog_t program;
	rpcvers_t version;
	const char *transport;
	char address[32];               /* as rpcbind writes it: "0.0.0.0.31.64" */
};

static bool refused;                    /* rpcbind has refused a call of this user */

static void say(const struct subject *subject, const char *what, const char *why)
{
	fprintf(stderr, "%s %lu/%lu at %s: %s\n", what, (unsigned long)subject->program,
		(unsigned long)subject->version, subject->transport, why);
}

/* Why the last call failed. If rpcbind refused it, it gave no reason. */
static const char *last_error(void)
{
	const char *text, *prefix = "superd: ";

	refused |= rpc_createerr.cf_stat == RPC_SUCCESS;
	if (rpc_createerr.cf_stat == RPC_SUCCESS)
		return "rpcbind refuses it";
	text = clnt_spcreateerror("superd");
	return text && !strncmp(text, prefix, strlen(prefix)) ? text + strlen(prefix) : "rpcbind can't be asked";
}

/* Lists all registrations. false: rpcbind cannot be asked. */
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

/* The current registration; NULL: there is none. */
static const struct rpcb *find_holder(rpcblist_ptr list, const struct subject *subject)
{
	for (; list; list = list->rpcb_next) {
		const struct rpcb *map = &list->rpcb_map;

		if (map->r_prog == subject->program && map->r_vers == subject->version &&
		    !strcmp(map->r_netid, subject->transport))
			return map;
	}
	return NULL;
}

static bool unset(const struct subject *subject, struct netconfig *transport)
{
	memset(&rpc_createerr, 0, sizeof(rpc_createerr));
	if (rpcb_unset(subject->program, subject->version, transport))
		return true;
	say(subject, "withdrawing", last_error());
	return false;
}

static bool set(const struct subject *subject, struct netconfig *transport)
{
	struct netbuf *address = uaddr2taddr(transport, (char *)(size_t)subject->address);
	bool done;

	if (!address) {
		say(subject, "registering", "out of memory");
		return false;
	}
	memset(&rpc_createerr, 0, sizeof(rpc_createerr));
	done = rpcb_set(subject->program, subject->version, transport, address);
	if (!done)
		say(subject, "registering", last_error());
	free(address->buf);
	free(address);
	return done;
}

static bool take_over(const struct subject *subject, const struct rpcb *holder, struct netconfig *transport)
{
	char why[128];

	snprintf(why, sizeof(why), "it was registered for %.40s by %.40s", holder->r_addr, holder->r_owner);
	if (!unset(subject, transport))
		return false;
	say(subject, "taken over", why);
	return set(subject, transport);
}

/* An old registration of this very address is as good as a new one. */
static bool obey_for(bool wanted, const struct subject *subject, const struct rpcb *holder,
		     struct netconfig *transport)
{
	bool is_ours = holder && !strcmp(holder->r_addr, subject->address);

	if (!wanted)
		return !is_ours || unset(subject, transport);
	if (is_ours)
		return true;
	return holder ? take_over(subject, holder, transport) : set(subject, transport);
}

static bool obey_transport(const struct rpc_request *request, enum transport transport, rpcblist_ptr list)
{
	struct subject subject = { .program = request->program, .transport = transport_names[transport] };
	struct netconfig *config = getnetconfigent(subject.transport);
	bool v6 = transport == TRANSPORT_TCP6 || transport == TRANSPORT_UDP6;
	bool done = true;

	if (!config) {
		fprintf(stderr, "/etc/netconfig: %s: %s\n", subject.transport, nc_sperror());
		return false;
	}
	snprintf(subject.address, sizeof(subject.address), "%s.%d.%d", v6 ? "::" : "0.0.0.0", request->port >> 8,
		 request->port & 0xff);
	for (uint32_t n = 0; n <= request->highest - request->lowest; n++) {
		subject.version = request->lowest + n;
		done &= obey_for(request->set, &subject, find_holder(list, &subject), config);
	}
	freenetconfigent(config);
	return done;
}

/* Whether this user may write to rpcbind's socket. If not, libtirpc would connect over the loopback instead, where
 * rpcbind does not know the user. */
static bool may_reach(void)
{
	if (access(_PATH_RPCBINDSOCK, W_OK) == 0 || errno != EACCES)
		return true;
	fprintf(stderr, "%s: %s\n", _PATH_RPCBINDSOCK, strerror(errno));
	return false;
}

enum registration_end registration_obey(const struct rpc_request *request)
{
	rpcblist_ptr list = NULL;
	bool done = true;

	if (!may_reach())
		return REGISTRATION_REFUSED;
	if (!list_all(&list))
		return REGISTRATION_FAILED;
	for (int n = 0; n < TRANSPORTS; n++) {
		if (request->transports[n])
			done &= obey_transport(request, (enum transport)n, list);
	}
	xdr_free((xdrproc_t)(void (*)(void))xdr_rpcblist_ptr, (char *)&list);
	if (done)
		return REGISTRATION_DONE;
	return refused ? REGISTRATION_REFUSED : REGISTRATION_FAILED;
}
