/* The attributes log_type, log_on_success and log_on_failure.
 *
 * Words of defaults may not fit every service and are then left out: TRAFFIC needs a redirect, and with USERID two
 * ident servers would ask each other for ever. */
#include <string.h>

#include "read/xinetd/service.h"

/* Whether the service is an ident server (RFC 1413). */
static bool is_ident_server(const struct xinetd_service *service)
{
	const struct xinetd_value *port = xinetd_value_of(service, ATTR_PORT);

	if (service->socket != XINETD_STREAM)
		return false;
	if (port)
		return !strcmp(port->words[0] + strspn(port->words[0], "0"), "113");
	return !strcmp(service->entry->name, "auth") || !strcmp(service->entry->name, "ident");
}

/* Whether a word stands in a line of the entry itself, and not in defaults. */
static bool is_own_line(const struct xinetd_entry *entry, struct origin at)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (entry->list[i].at.line == at.line && !strcmp(entry->list[i].at.file, at.file))
			return true;
	}
	return false;
}

/* Whether a word of log_on_success or log_on_failure has a meaning for this service. */
static bool is_logged(struct xinetd_service *service, const char *word, struct origin at)
{
	static const char *const special[] = { "USERID", "TRAFFIC", NULL };

	switch (xinetd_word_find(special, word)) {
	case 0:
		return !is_ident_server(service);
	case 1:
		if (xinetd_value_of(service, ATTR_REDIRECT))
			return true;
		if (is_own_line(service->entry, at))
			xinetd_entry_refuse(service->entry, at, "%s: TRAFFIC is logged of a redirect, and this is none",
					    service->entry->label);
		return false;
	default:
		return true;
	}
}

static void set_log_words(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);
	const char **list;
	size_t count = 0;

	if (!value)
		return;
	list = pool_alloc(service->xinetd->pool, (value->count + 1) * sizeof(*list));
	for (size_t i = 0; i < value->count; i++) {
		if (is_logged(service, value->words[i], value->word_at[i]))
			list[count++] = value->words[i];
	}
	xinetd_set_words(service, xinetd_rule(attribute)->name, list, count, value);
}

void xinetd_set_log(struct xinetd_service *service)
{
	xinetd_set_as_is(service, ATTR_LOG_TYPE);
	set_log_words(service, ATTR_LOG_ON_SUCCESS);
	set_log_words(service, ATTR_LOG_ON_FAILURE);
}
