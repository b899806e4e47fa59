/* xinetd's defaults for services of inetd.conf. They are laid over an entry after all of its own options are set,
 * which take precedence. Entries of inetd.conf are settled last, when the table of xinetd is gone, so this file
 * keeps its defaults. */
#include "parse/xinetd/inetd_defaults.h"

#include <stdlib.h>
#include <string.h>

#include "parse/xinetd/operators.h"
#include "parse/xinetd/service.h"

struct xinetd_shared_defaults {
	struct xinetd *xinetd;          /* whose pool the values lie in */
	struct xinetd_value values[ATTRIBUTES];
};

static void free_share(void *state)
{
	struct xinetd_shared_defaults *share = state;

	xinetd_free(share->xinetd);
	free(share);
}

bool xinetd_share_has(struct reading *reading)
{
	return *reading_state(reading, free_share);
}

bool xinetd_shared_defaults_keep(struct reading *reading, struct xinetd *xinetd, const struct xinetd_value *defaults)
{
	struct xinetd_shared_defaults *share;

	if (!reading->request || !reading->request->shares_defaults || xinetd_share_has(reading))
		return false;
	share = malloc(sizeof(*share));
	if (!share)
		return reading_refuse_memory(reading);
	share->xinetd = xinetd;
	memcpy(share->values, defaults, sizeof(share->values));
	*reading_state(reading, free_share) = share;
	return true;
}

/* hosts.allow and hosts.deny stay the entry's own matter: many have tcpd for that. */
bool xinetd_shared_defaults_apply(struct reading *reading, const struct inetd_service *guest)
{
	struct xinetd_shared_defaults *share = *reading_state(reading, free_share);
	struct xinetd_value values[ATTRIBUTES];
	const char *name = builder_name(guest->builder);
	struct xinetd_entry entry = { .name = name, .at = guest->at, .id = name, .label = name };
	struct xinetd_service service = {
		.reading = reading, .entry = &entry, .values = values, .builder = guest->builder, .is_laid = true,
		.flags = FLAG_NOLIBWRAP, .socket = guest->has_connections ? XINETD_STREAM : XINETD_DGRAM,
		.protocol = guest->has_connections ? "tcp" : "udp", .accepts = guest->accepts,
	};

	if (!share)
		return true;
	service.xinetd = share->xinetd;
	xinetd_merge(share->xinetd, &entry, share->values, values);
	xinetd_set_access(&service);
	xinetd_set_log(&service);
	if (entry.is_disabled)
		xinetd_set_text(&service, "disable", "yes", entry.disabled_at);
	xinetd_entry_say(&entry, reading->diags, false);
	diags_free(&entry.said);
	return !entry.is_broken && !share->xinetd->failed && !xinetd_any_broken(values);
}
