/* What a service needs of libraries that superd can be built without. The hard thing is to say so in time: without them
 * all its clients would be refused, or never find it. */
#include <string.h>

#include "sys/built_with.h"
#include "sys/preflight_parts.h"
#include "sys/wraps.h"

static bool has_library(const char *name)
{
	for (const char *const *library = built_with; *library; library++) {
		if (!strcmp(*library, name))
			return true;
	}
	return false;
}

static void check_rpc(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	struct buf text = { 0 };

	if (!endpoint_is_rpc(listen->endpoint))
		return;
	endpoint_format(listen->endpoint, &text);
	diag_error(preflight->diags, listen->at,
		   "%s: %s: this superd was built without libtirpc, so rpcbind can't be told", service->name,
		   buf_string(&text));
	diags_hint(preflight->diags, "with a port of its own, as tcp:PORT, it is served without rpcbind");
	buf_free(&text);
}

/* Tables of xinetd imply libwrap for most services; while there is no rule nobody is kept out by it. */
static void check_libwrap(struct preflight *preflight, const struct service *service)
{
	const char *libwrap = service->gate->libwrap;
	struct wraps wraps = { 0 };

	if (!libwrap || has_library("libwrap"))
		return;
	preflight_say(preflight, wraps_any(&wraps) ? SEVERITY_ERROR : SEVERITY_WARNING, service, "libwrap", libwrap,
		      "this superd was built without libwrap: with a rule in hosts.allow or hosts.deny it refuses all "
		      "clients");
}

void preflight_libraries(struct preflight *preflight, const struct service *service)
{
	check_libwrap(preflight, service);
	for (size_t i = 0; i < service->socket_count && !has_library("libtirpc"); i++)
		check_rpc(preflight, service, &service->sockets[i]);
}
