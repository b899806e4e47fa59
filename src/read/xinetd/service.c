/* Makes a builder of an entry.
 *
 * An entry with any error becomes no service at all, so that no service runs without one of its limits. Errors of a
 * disabled entry are warnings, because xinetd does not even read such an entry to its end. */
#include "read/xinetd/service.h"

#include <string.h>


static const char *const type_words[] = { "RPC", "INTERNAL", "UNLISTED", "SPECIAL", "TCPMUX", "TCPMUXPLUS", NULL };
static const char *const flag_words[] = {
	"INTERCEPT", "NORETRY", "IDONLY", "NAMEINARGS", "NODELAY", "KEEPALIVE", "NOLIBWRAP", "SENSOR", "IPv4", "IPv6",
	"LABELED", "REUSE", NULL
};

/* The bits of a value's words, by their index in known[]. */
static unsigned read_bits(struct xinetd_service *service, enum xinetd_attribute attribute, const char *const *known)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);
	unsigned bits = 0;

	for (size_t i = 0; value && i < value->count; i++) {
		int number = xinetd_word_find(known, value->words[i]);
		const char *nearest;

		if (number >= 0) {
			bits |= 1u << number;
			continue;
		}
		nearest = xinetd_word_suggest(known, value->words[i]);
		xinetd_entry_refuse(service->entry, value->word_at[i], "%s: there is no '%s'",
				    xinetd_rule(attribute)->name, value->words[i]);
		if (strchr(value->words[i], ','))
			diags_hint(&service->entry->diags, "separate words by blanks, not commas");
		else if (nearest)
			diags_hint(&service->entry->diags, "did you mean '%s'?", nearest);
	}
	return bits;
}

static void check_type(struct xinetd_service *service)
{
	unsigned kinds = service->type & (IS_RPC | IS_INTERNAL | IS_TCPMUX | IS_TCPMUXPLUS);

	if (kinds & (kinds - 1))
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_TYPE),
				    "%s: a service is one of RPC, INTERNAL, TCPMUX and TCPMUXPLUS",
				    service->entry->label);
	if (service->flags & FLAG_LABELED)
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_FLAGS),
				    "flags: LABELED: superd sets no SELinux context of a connection");
}

/* Decides whether superd accepts connections itself. It always does for stream builtins; xinetd does not with wait =
 * yes. */
static void find_accepts(struct xinetd_service *service)
{
	struct origin at = xinetd_place(service, ATTR_WAIT);
	bool waits = xinetd_needs(service, ATTR_WAIT) && xinetd_is_yes(service, ATTR_WAIT);

	if (waits && (xinetd_value_of(service, ATTR_REDIRECT) || service->type & (IS_TCPMUX | IS_TCPMUXPLUS))) {
		xinetd_entry_refuse(service->entry, at, "%s: %s needs wait = no", service->entry->label,
				    xinetd_value_of(service, ATTR_REDIRECT) ? "redirect" : "tcpmux");
	} else if (waits && service->type & IS_INTERNAL && service->socket == XINETD_STREAM) {
		diag_warning(&service->entry->diags, at,
			     "%s: superd answers each client itself, as with wait = no", service->entry->label);
		waits = false;
	}
	service->accepts = !waits || service->flags & FLAG_SENSOR;
	if (xinetd_value_of(service, ATTR_REDIRECT) && service->socket != XINETD_STREAM)
		xinetd_entry_refuse(service->entry, xinetd_place(service, ATTR_REDIRECT),
				    "%s: redirect needs socket_type = stream", service->entry->label);
}

void xinetd_check_mdns(struct xinetd_service *service)
{
	const struct xinetd_value *value = xinetd_value_of(service, ATTR_MDNS);

	if (value && !value->is_inherited && xinetd_is_yes(service, ATTR_MDNS))
		diag_warning(&service->entry->diags, value->at, "mdns: superd announces no services");
}

static void set_disable(struct xinetd_service *service)
{
	xinetd_is_yes(service, ATTR_DISABLE);
	if (service->entry->is_disabled)
		xinetd_set_text(service, "disable", "yes", service->entry->disabled_at);
}

static void set_all_options(struct xinetd_service *service)
{
	bool has_socket;

	service->type = read_bits(service, ATTR_TYPE, type_words);
	service->flags = read_bits(service, ATTR_FLAGS, flag_words);
	if (service->flags & FLAG_SENSOR)
		service->type |= IS_INTERNAL;
	check_type(service);
	has_socket = xinetd_find_socket(service);
	find_accepts(service);
	if (has_socket)
		xinetd_set_sockets(service);
	xinetd_set_program(service);
	xinetd_set_environment(service);
	xinetd_set_access(service);
	xinetd_set_log(service);
	xinetd_check_mdns(service);
	set_disable(service);
}

static void finish_service(struct xinetd_service *service)
{
	struct xinetd_entry *entry = service->entry;
	struct reading *reading = service->reading;

	xinetd_entry_report(entry, reading->diags, entry->is_disabled);
	if (!entry->is_broken && !xinetd_any_broken(service->values)) {
		reading_add(reading, service->builder);
		return;
	}
	builder_free(service->builder);
	if (entry->is_disabled)
		diag_warning(reading->diags, entry->at,
			     "%s: it is disabled, and left out because of its errors", entry->label);
	else
		table_leave_out(reading->table, entry->at, entry->label)->is_doubtful = entry->is_doubtful;
}

void xinetd_make_service(struct xinetd *xinetd, struct reading *reading, struct xinetd_entry *entry,
			 const struct xinetd_value *defaults)
{
	struct xinetd_value values[ATTRIBUTES];
	struct xinetd_service service = {
		.xinetd = xinetd,
		.reading = reading,
		.entry = entry,
		.values = values,
		.has_bad_line = entry->is_broken,
		.builder = builder_new(reading->table, entry->label, entry->at),
	};

	builder_set_foreign(service.builder, XINETD);
	xinetd_merge(xinetd, entry, defaults, values);
	set_all_options(&service);
	finish_service(&service);
}
