/* What a service needs of libraries that superd can be built without. The hard thing is to say so in time: without them
 * all its clients would be refused, or never find it. */
#include <string.h>

#include "sys/built_with.h"
#include "sys/preflight_parts.h"

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

void preflight_libraries(struct preflight *preflight, const struct service *service)
{
	const char *libwrap = service->gate->libwrap;

	if (libwrap && !has_library("libwrap"))
		preflight_say(preflight, SEVERITY_ERROR, service, "libwrap", libwrap,
			      "this superd was built without libwrap, so hosts.allow and hosts.deny can't be asked");
	for (size_t i = 0; i < service->socket_count && !has_library("libtirpc"); i++)
		check_rpc(preflight, service, &service->sockets[i]);
}
