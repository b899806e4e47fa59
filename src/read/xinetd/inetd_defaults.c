/* xinetd's defaults for services of inetd.conf. They apply after all options of the entry itself are set, which take
 * precedence. Entries of inetd.conf become builders when all sources are read and xinetd's entries are freed, so the
 * defaults are kept here. */
#include "read/xinetd/inetd_defaults.h"

#include <stdlib.h>
#include <string.h>

#include "read/xinetd/service.h"

struct xinetd_shared_defaults {
	struct xinetd *xinetd;          /* owned; the values are in its pool */
	struct xinetd_value values[ATTRIBUTES];
};

static void free_shared_defaults(void *state)
{
	xinetd_free(((struct xinetd_shared_defaults *)state)->xinetd);
}

bool xinetd_shared_defaults_exist(struct reading *reading)
{
	return *reading_state(reading, free_shared_defaults);
}

bool xinetd_shared_defaults_keep(struct reading *reading, struct xinetd *xinetd, const struct xinetd_value *defaults)
{
	struct xinetd_shared_defaults *shared;

	if (!reading->request || !reading->request->shares_defaults || xinetd_shared_defaults_exist(reading))
		return false;
	shared = pool_alloc(xinetd->pool, sizeof(*shared));
	shared->xinetd = xinetd;
	memcpy(shared->values, defaults, sizeof(shared->values));
	*reading_state(reading, free_shared_defaults) = shared;
	return true;
}

/* hosts.allow and hosts.deny stay the entry's own matter: many have tcpd for that. */
bool xinetd_shared_defaults_apply(struct reading *reading, const struct inetd_service *inetd_service)
{
	struct xinetd_shared_defaults *shared = *reading_state(reading, free_shared_defaults);
	struct xinetd_value values[ATTRIBUTES];
	const char *name = builder_name(inetd_service->builder);
	struct xinetd_entry entry = { .name = name, .at = inetd_service->at, .id = name, .label = name };
	struct xinetd_service service = {
		.reading = reading,
		.entry = &entry,
		.values = values,
		.builder = inetd_service->builder,
		.keeps_options = true,
		.flags = FLAG_NOLIBWRAP,
		.socket = inetd_service->has_connections ? XINETD_STREAM : XINETD_DGRAM,
		.protocol = inetd_service->has_connections ? "tcp" : "udp",
		.accepts = inetd_service->accepts,
	};

	if (!shared)
		return true;
	service.xinetd = shared->xinetd;
	xinetd_merge(shared->xinetd, &entry, shared->values, values);
	xinetd_set_access(&service);
	xinetd_set_log(&service);
	if (entry.is_disabled)
		xinetd_set_text(&service, "disable", "yes", entry.disabled_at);
	xinetd_entry_report(&entry, reading->diags, false);
	diags_free(&entry.diags);
	return !entry.is_broken && !xinetd_any_broken(values);
}
