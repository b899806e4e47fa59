/* The attributes about who may connect, and limits.
 *
 * A value of defaults that means nothing for a service is left out. A restriction of the service itself that superd
 * cannot enforce is refused. */
#include <string.h>
#include <strings.h>

#include "lib/scan.h"
#include "read/xinetd/service.h"
#include "table/access/access.h"

/* xinetd's default of cps: over 50 connections a second the service is closed for 10 seconds. */
static const char *const usual_cps[] = { "50", "10" };

static bool is_zero(const char *word)
{
	return *word && !word[strspn(word, "0")];
}

/* Warns of words that superd reads as host names and that were probably not meant so. */
static void warn_of_names(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);
	struct diags *diags = &service->entry->diags;

	for (size_t i = 0; value && !value->is_inherited && i < value->count; i++) {
		const char *word = value->words[i];
		bool is_all = !strcasecmp(word, "ALL");

		if (!access_is_name(word) || (!is_all && !strchr("0123456789", *word)))
			continue;
		diag_warning(diags, value->word_at[i], "%s: '%s' is taken for the name of a host",
			     xinetd_rule(attribute)->name, word);
		if (is_all && attribute == ATTR_ONLY_FROM)
			diags_hint(diags, "for all clients, remove only_from, or write 0.0.0.0/0 ::/0");
		else
			diags_hint(diags, is_all ? "all clients are 0.0.0.0/0 ::/0"
						: "an address has four decimal numbers, as 127.0.0.1");
	}
}

static void set_nobody(struct xinetd_service *service, const struct xinetd_value *only_from)
{
	xinetd_set_text(service, "only_from", "none", only_from->at);
	if (!only_from->is_inherited)
		diag_warning(&service->entry->diags, only_from->at, "only_from is empty: no client is allowed");
}

/* An empty only_from lets nobody connect. For a sensor the lists do not hold: it is there for everybody. */
static void set_address_lists(struct xinetd_service *service)
{
	const struct xinetd_value *only_from = xinetd_value_of(service, ATTR_ONLY_FROM);

	if (service->flags & FLAG_SENSOR)
		return;
	if (only_from && !only_from->count)
		set_nobody(service, only_from);
	else if (only_from)
		xinetd_set_as_is(service, ATTR_ONLY_FROM);
	xinetd_set_as_is(service, ATTR_NO_ACCESS);
	warn_of_names(service, ATTR_ONLY_FROM);
	warn_of_names(service, ATTR_NO_ACCESS);
}

/* A limit of 0 disables the service. */
static bool is_disabled_by_zero(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);

	if (!value || !is_zero(value->words[0]))
		return false;
	if (!value->is_inherited)
		diag_warning(&service->entry->diags, value->at, "%s = 0 would serve no client: the service is disabled",
			     xinetd_rule(attribute)->name);
	service->entry->is_disabled = true;
	service->entry->disabled_at = value->at;
	return true;
}

static const char one_server[] = "with wait = yes: one server runs";

/* At the limit xinetd accepts a connection and closes it, which is overload = refuse. */
static void set_instances(struct xinetd_service *service)
{
	const struct xinetd_value *instances = xinetd_value_of(service, ATTR_INSTANCES);
	bool own = service->type & IS_INTERNAL && !(service->flags & FLAG_SENSOR);

	if (is_disabled_by_zero(service, ATTR_INSTANCES))
		return;
	if (!service->accepts) {
		xinetd_say_useless(service, ATTR_INSTANCES, SEVERITY_NOTE, one_server);
		return;
	}
	if (instances)
		xinetd_set_as_is(service, ATTR_INSTANCES);
	else if (!own)
		xinetd_set_text(service, "instances", "unlimited", service->entry->at);
	xinetd_set_text(service, "overload", "refuse", xinetd_place(service, ATTR_INSTANCES));
}

/* per_source counts single addresses, also for IPv6, where superd's default is a prefix. */
static void set_per_source(struct xinetd_service *service)
{
	const struct xinetd_value *per_source = xinetd_value_of(service, ATTR_PER_SOURCE);

	if (is_disabled_by_zero(service, ATTR_PER_SOURCE) || !per_source)
		return;
	if (!service->accepts) {
		xinetd_say_useless(service, ATTR_PER_SOURCE, SEVERITY_NOTE, one_server);
		return;
	}
	xinetd_set_as_is(service, ATTR_PER_SOURCE);
	xinetd_set_text(service, "per_source_prefix", "128", per_source->at);
}

/* For xinetd 0 connections a second are no limit. A pause of 0 seconds becomes 1us, as superd knows no pause of 0. */
static void set_rate(struct xinetd_service *service)
{
	const struct xinetd_value *cps = xinetd_value_of(service, ATTR_CPS);
	const struct xinetd_value usual = { .at = service->entry->at };
	const char *list[2];

	if (!cps) {
		xinetd_set_words(service, "cps", usual_cps, 2, &usual);
	} else if (is_zero(cps->words[0])) {
		xinetd_set_text(service, "cps", "unlimited", cps->at);
	} else if (is_zero(cps->words[1])) {
		list[0] = cps->words[0];
		list[1] = "1us";
		xinetd_set_words(service, "cps", list, 2, cps);
	} else {
		xinetd_set_as_is(service, ATTR_CPS);
	}
}

/* deny_time is a number of minutes, FOREVER or NEVER. */
void xinetd_set_deny_time(struct xinetd_service *service)
{
	static const char *const list[] = { "FOREVER", "NEVER", NULL };
	const struct xinetd_value *value = xinetd_value_of(service, ATTR_DENY_TIME);
	int word = value ? xinetd_word_find(list, value->words[0]) : -1;
	const char *text = word == 0 ? "infinity" : "0";

	if (!(service->flags & FLAG_SENSOR)) {
		xinetd_say_useless(service, ATTR_DENY_TIME, SEVERITY_WARNING, "without flags = SENSOR");
		return;
	}
	if (value && word < 0) {
		if (value->words[0][strspn(value->words[0], "0123456789")] || strlen(value->words[0]) > 9) {
			xinetd_entry_refuse(service->entry, value->word_at[0],
					    "deny_time: '%s': expected a number of minutes, FOREVER or NEVER",
					    value->words[0]);
			return;
		}
		text = pool_textf(service->xinetd->pool, "%smin", value->words[0]);
	}
	xinetd_set_text(service, "deny_time", text, xinetd_place(service, value ? ATTR_DENY_TIME : ATTR_FLAGS));
}

/* The name of the daemon in hosts.allow and hosts.deny. */
static const char *libwrap_name(const struct xinetd_service *service)
{
	const struct xinetd_value *server = xinetd_value_of(service, ATTR_SERVER),
				  *args = xinetd_value_of(service, ATTR_SERVER_ARGS);

	if (service->type & IS_INTERNAL || xinetd_value_of(service, ATTR_REDIRECT) || !server)
		return service->entry->name;
	if (service->flags & FLAG_NAMEINARGS && args)
		return scan_base_name(args->words[0]);
	return scan_base_name(server->words[0]);
}

/* superd checks hosts.allow and hosts.deny for a connection that it accepts and for the sender of a datagram. */
static void set_libwrap(struct xinetd_service *service)
{
	const struct xinetd_value *given = xinetd_value_of(service, ATTR_LIBWRAP);
	bool by_rpc = service->type & IS_RPC && service->socket == XINETD_STREAM;
	bool is_seen = service->accepts || service->socket == XINETD_DGRAM;

	if (service->flags & (FLAG_NOLIBWRAP | FLAG_SENSOR) || by_rpc)
		return;
	if (is_seen && given)
		xinetd_set_as_is(service, ATTR_LIBWRAP);
	else if (is_seen)
		xinetd_set_text(service, "libwrap", libwrap_name(service), service->entry->at);
	else if (given)
		xinetd_entry_refuse(service->entry, given->at,
				    "libwrap: with wait = yes superd does not see the clients, so it cannot "
				    "check hosts.allow and hosts.deny");
	else if (reading_has_host_rules(service->reading))
		xinetd_entry_refuse(service->entry, service->entry->at,
				    "%s: hosts.allow or hosts.deny has rules, but with wait = yes superd does not see "
				    "the clients of %s: use only_from and no_access, and set NOLIBWRAP in flags",
				    service->entry->label, libwrap_name(service));
}

/* superd can write a banner only on connections that it accepts. */
static void set_banners(struct xinetd_service *service)
{
	for (enum xinetd_attribute i = ATTR_BANNER; i <= ATTR_BANNER_SUCCESS; i++) {
		if (service->accepts && service->socket == XINETD_STREAM)
			xinetd_set_as_is(service, i);
		else
			xinetd_say_useless(service, i, SEVERITY_WARNING, "here: there is no connection to send it on");
	}
}

static void set_flags(struct xinetd_service *service)
{
	struct origin at = xinetd_place(service, ATTR_FLAGS);
	const struct xinetd_value *log = xinetd_value_of(service, ATTR_LOG_ON_SUCCESS);
	bool asks = false;

	for (size_t i = 0; log && i < log->count; i++)
		asks |= xinetd_word_find((const char *const[]){ "USERID", NULL }, log->words[i]) >= 0;
	if (service->flags & FLAG_INTERCEPT && !service->accepts && !(service->type & IS_INTERNAL))
		xinetd_set_text(service, "intercept", "yes", at);
	if (!(service->flags & FLAG_IDONLY))
		return;
	if (!service->accepts || service->socket != XINETD_STREAM) {
		xinetd_entry_refuse(service->entry, at, "flags: IDONLY needs socket_type = stream and wait = no");
		return;
	}
	xinetd_set_text(service, "id_only", "yes", at);
	if (!asks)
		diag_note(&service->entry->diags, at,
			  "%s: xinetd heeds IDONLY only with USERID in log_on_success; superd always",
			  service->entry->label);
}

void xinetd_set_access(struct xinetd_service *service)
{
	set_address_lists(service);
	xinetd_set_as_is(service, ATTR_ACCESS_TIMES);
	xinetd_set_as_is(service, ATTR_MAX_LOAD);
	set_instances(service);
	set_per_source(service);
	set_rate(service);
	xinetd_set_deny_time(service);
	set_libwrap(service);
	set_banners(service);
	set_flags(service);
}
