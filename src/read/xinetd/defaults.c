/* Checks the values of defaults.
 *
 * Only a builder can check the value of an option, and ten thousand services would repeat the same message. So the
 * values are first set in the builder of a made-up service, which is then freed. */
#include "read/xinetd/value.h"

#include <string.h>

#include "read/xinetd/service.h"

/* Whether a line that sets this attribute has an error. */
static bool is_refused(const struct xinetd_entry *entry, enum xinetd_attribute attribute)
{
	for (size_t i = 0; i < entry->count; i++) {
		const struct origin *at = &entry->list[i].at;

		if (entry->list[i].attribute != (int)attribute)
			continue;
		for (size_t k = 0; k < entry->diags.count; k++) {
			const struct diag *diag = &entry->diags.list[k];

			if (diag->severity == SEVERITY_ERROR && diag->line == at->line && !strcmp(diag->file, at->file))
				return true;
		}
	}
	return false;
}

/* Sets all values in the made-up service. It has a redirect over TCP, so that all words of log_on_success and bind mean
 * something. deny_time needs a sensor. */
static void check_all_values(struct xinetd_service *service, struct xinetd_value *values)
{
	static const char *const port[] = { "1" };
	bool denies = values[ATTR_DENY_TIME].is_set;

	values[ATTR_PORT] =
		(struct xinetd_value){ .words = port, .count = 1, .at = service->entry->at, .is_set = true };
	values[ATTR_REDIRECT].is_set = true;
	xinetd_set_sockets(service);
	xinetd_set_environment(service);
	xinetd_set_log(service);
	xinetd_check_mdns(service);
	values[ATTR_DENY_TIME].is_set = false;
	xinetd_set_access(service);
	values[ATTR_DENY_TIME].is_set = denies;
	service->flags = FLAG_SENSOR;
	if (denies)
		xinetd_set_deny_time(service);
}

void xinetd_merge_defaults(struct xinetd *xinetd, struct reading *reading, struct xinetd_value *values)
{
	struct xinetd_value tried[ATTRIBUTES];
	struct xinetd_entry *entry = &xinetd->defaults;
	struct xinetd_service service = {
		.xinetd = xinetd, .reading = reading, .entry = entry, .values = tried, .protocol = "tcp",
		.type = IS_UNLISTED, .accepts = true, .builder = builder_new(reading->table, "defaults", entry->at),
	};

	entry->name = entry->id = entry->label = "defaults";
	xinetd_merge(xinetd, entry, NULL, values);
	memcpy(tried, values, sizeof(tried));
	check_all_values(&service, tried);
	for (int i = 0; i < ATTRIBUTES; i++) {
		values[i].is_broken |= is_refused(entry, (enum xinetd_attribute)i);
		values[i].is_set &= !values[i].is_broken;
	}
	builder_free(service.builder);
	xinetd_entry_report(entry, reading->diags, false);
}
