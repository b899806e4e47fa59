/* The keys about who may connect, and limits: MaxConnections, TriggerLimit, PollLimit, IPAddressAllow, IPAddressDeny.
 *
 * With systemd the kernel checks every packet that a service sends and receives, and IPAddressAllow takes precedence.
 * superd checks the client's address where it accepts, and in superd.conf no_access takes precedence. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "config/access/access.h"
#include "config/words/resource_words.h"
#include "parse/systemd/build.h"

#define CONNECTIONS "64" /* systemd's MaxConnections */

/* systemd's names of networks. */
static const struct {
	const char *word;
	const char *networks[3];
} networks[] = {
	{ "any", { "0.0.0.0/0", "::/0" } },
	{ "localhost", { "127.0.0.0/8", "::1/128" } },
	{ "link-local", { "169.254.0.0/16", "fe80::/64" } },
	{ "multicast", { "224.0.0.0/4", "ff00::/8" } },
};

static struct origin key_place(const struct unit_builder *builder, const struct unit_assignment *said)
{
	return said ? unit_place(said, 0) : unit_start(builder->unit);
}

static bool read_count(struct unit_builder *builder, const struct unit_assignment *said, int64_t *out)
{
	if (scan_count(said->value, out) || *out < 0 || *out > UINT32_MAX)
		return unit_refuse(builder, unit_place(said, 0), "%s: '%s': expected a number from 0 to 4294967295",
				   said->key, said->value);
	return true;
}

static void set_count(struct unit_builder *builder, const char *option, int64_t count,
		      const struct unit_assignment *said)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, count);
	unit_set(builder, option, text, unit_place(said, 0));
}

/* As with systemd, a connection beyond the limit is accepted and closed. */
static void set_connection_limits(struct unit_builder *builder)
{
	const struct unit_assignment *most = unit_assigned(builder, "Socket", "MaxConnections");
	const struct unit_assignment *source = unit_assigned(builder, "Socket", "MaxConnectionsPerSource");
	int64_t count = 0;

	if (!most)
		unit_set(builder, "instances", CONNECTIONS, key_place(builder, NULL));
	else if (read_count(builder, most, &count) && !count)
		unit_refuse(builder, unit_place(most, 0),
			    "MaxConnections: 0 would refuse all clients: expected a number of at least 1");
	else if (count)
		set_count(builder, "instances", count, most);
	unit_set(builder, "overload", "refuse", key_place(builder, most));
	if (source && read_count(builder, source, &count) && count)
		set_count(builder, "per_source", count, source);
}

/* Without Accept=yes superd sees no connections, and systemd ignores the keys. */
static void warn_of_connection_limits(struct unit_builder *builder)
{
	const struct unit_assignment *most = unit_assigned(builder, "Socket", "MaxConnections");
	int64_t count;

	if (most && read_count(builder, most, &count) && !count)
		unit_warn(builder, unit_place(most, 0),
			  "MaxConnections=0 is left out: without Accept=yes the service has all connections");
}

/* TriggerLimit or PollLimit: a number of activations in an interval. */
struct trigger_limit {
	const struct unit_assignment *burst_said, *interval_said;
	int64_t burst, interval; /* activations and microseconds; 0: no limit */
};

static bool read_trigger_limit(struct unit_builder *builder, const char *burst, const char *interval, int64_t usual,
			       struct trigger_limit *limit)
{
	const char *wrong;

	limit->burst_said = unit_assigned(builder, "Socket", burst);
	limit->interval_said = unit_assigned(builder, "Socket", interval);
	limit->burst = usual;
	limit->interval = 2000000;
	if (!limit->burst_said && !limit->interval_said)
		return false;
	if (limit->burst_said && !read_count(builder, limit->burst_said, &limit->burst))
		return false;
	wrong = limit->interval_said ? unit_scan_timespan(limit->interval_said->value, &limit->interval) : NULL;
	if (wrong)
		return unit_refuse(builder, unit_place(limit->interval_said, 0), "%s: '%s': %s", interval,
				   limit->interval_said->value, wrong);
	return limit->burst && limit->interval;
}

static void set_trigger_limit(struct unit_builder *builder, const struct trigger_limit *limit)
{
	static const int64_t day = INT64_C(86400) * 1000000;
	const struct unit_assignment *said = limit->burst_said ? limit->burst_said : limit->interval_said;
	const struct unit_assignment *interval = limit->interval_said ? limit->interval_said : said;
	char text[32];

	set_count(builder, "trigger_limit_burst", limit->burst, said);
	scan_duration_format(limit->interval < day ? limit->interval : day, text);
	unit_set(builder, "trigger_limit_interval", text, unit_place(interval, 0));
	unit_set(builder, "trigger_limit_pause", text, unit_place(interval, 0));
}

/* Finds the limit that a unit sets. systemd's defaults are not used, because superd has pauses between starts instead.
 * At TriggerLimit systemd stops the socket, at PollLimit it pauses until the interval is over; superd pauses at both.
 * false: the unit sets none. */
static bool find_trigger_limit(struct unit_builder *builder, struct trigger_limit *limit)
{
	struct trigger_limit poll;
	bool has_trigger = read_trigger_limit(builder, "TriggerLimitBurst", "TriggerLimitIntervalSec",
					      builder->accepts ? 200 : 20, limit);
	bool has_poll = read_trigger_limit(builder, "PollLimitBurst", "PollLimitIntervalSec",
					   builder->accepts ? 150 : 15, &poll);

	if (has_poll && (!has_trigger || poll.burst <= limit->burst))
		*limit = poll;
	return has_poll || has_trigger;
}

/* A service has one limit for all its sockets, that of the first socket which sets one. taken->burst 0: none yet. */
static void collect_trigger_limit(struct unit_builder *builder, struct trigger_limit *taken)
{
	struct trigger_limit limit;
	const struct unit_assignment *said;

	if (!find_trigger_limit(builder, &limit))
		return;
	said = limit.burst_said ? limit.burst_said : limit.interval_said;
	if (!taken->burst) {
		set_trigger_limit(builder, &limit);
		*taken = limit;
	} else if (limit.burst != taken->burst || limit.interval != taken->interval) {
		unit_unsupported(
			builder, unit_place(said, 0),
			"%s: superd counts the starts of a service for all of its sockets together, and another of "
			"them has a limit that is not this one",
			said->key);
	}
}

/* Adds an address or network. An address that ends in .0 gets its prefix length, because in only_from and no_access the
 * zero would match anything. Any other word is refused or left out, because superd would read it as a host name. */
static bool add_plain_network(struct unit_builder *builder, struct unit_list *list, const char *key, const char *word,
			      struct origin at)
{
	static const char wrong[] = "expected an address, a network as 192.0.2.0/24, or any, localhost, link-local or "
				    "multicast";
	struct network read[NETWORKS_MOST];
	size_t length = strlen(word);

	if (!networks_read(word, read)) {
		if (strcmp(key, "IPAddressAllow") != 0)
			return unit_refuse(builder, at, "%s: '%s': %s", key, word, wrong);
		unit_leave_out(builder, at, key, word, wrong);
		return true;
	}
	if (length >= 2 && !strcmp(word + length - 2, ".0"))
		word = pool_textf(builder->pool, "%s/%d", word, network_is_v4(read) ? 32 : 128);
	return word && unit_list_add(builder, list, word, at);
}

static bool add_network(struct unit_builder *builder, struct unit_list *list, const char *key, const char *word,
			struct origin at)
{
	for (size_t n = 0; n < sizeof(networks) / sizeof(*networks); n++) {
		if (strcmp(networks[n].word, word) != 0)
			continue;
		return unit_list_add(builder, list, networks[n].networks[0], at) &&
			unit_list_add(builder, list, networks[n].networks[1], at);
	}
	return add_plain_network(builder, list, key, word, at);
}

static void add_addresses(struct unit_builder *builder, const char *section, const char *key, struct unit_list *list)
{
	struct unit_list said = unit_collect(builder, section, key, COLLECT_WORDS);

	for (size_t n = 0; n < said.count; n++)
		list->failed |= !add_network(builder, list, key, said.words[n], said.places[n]);
	list->failed |= said.failed;
	if (said.count)
		list->at = said.at;
	unit_list_free(&said);
}

/* Collects the addresses of the service and of its socket. */
static struct unit_list collect_addresses(struct unit_builder *builder, const char *key)
{
	struct unit_list list = { 0 };

	unit_builder_turn(builder, builder->service);
	add_addresses(builder, "Service", key, &list);
	for (size_t n = 0; n < builder->socket_count; n++) {
		unit_builder_turn(builder, builder->sockets[n]);
		add_addresses(builder, "Socket", key, &list);
	}
	return list;
}

static bool list_has_everybody(const struct unit_list *list)
{
	bool four = false, six = false;

	for (size_t n = 0; n < list->count; n++) {
		four |= !strcmp(list->words[n], "0.0.0.0/0");
		six |= !strcmp(list->words[n], "::/0");
	}
	return four && six;
}

/* Whether superd accepts connections from clients with an address. */
static bool meets_clients(const struct unit_builder *builder)
{
	const struct unit *unit = builder->socket_count ? builder->sockets[0] : NULL;

	for (size_t n = 0; unit && builder->accepts && n < unit->count; n++) {
		const struct unit_assignment *assignment = &unit->list[n];

		if (!strcmp(assignment->section, "Socket") && !strcmp(assignment->key, "ListenStream") &&
		    !strchr("/@v", *assignment->value))
			return true;
	}
	return false;
}

static void set_address_list(struct unit_builder *builder, const char *option, const char *key,
			     const struct unit_list *list)
{
	if (!list->count || list->failed)
		return;
	if (unit_has_option(option))
		unit_set_list(builder, option, list);
	else
		unit_unsupported(builder, list->at,
				 "%s: not yet: superd does not check packets that a service sends and receives "
				 "itself", key);
}

static void set_access_rules(struct unit_builder *builder)
{
	struct unit_list deny = collect_addresses(builder, "IPAddressDeny");
	struct unit_list allow = collect_addresses(builder, "IPAddressAllow");

	if (!deny.count || list_has_everybody(&allow))
		; /* nobody is denied anything */
	else if (!meets_clients(builder)) {
		set_address_list(builder, "ip_address_deny", "IPAddressDeny", &deny);
		set_address_list(builder, "ip_address_allow", "IPAddressAllow", &allow);
	} else if (list_has_everybody(&deny) && allow.count) {
		set_address_list(builder, "only_from", "IPAddressAllow", &allow);
	} else if (allow.count) {
		unit_unsupported(builder, allow.at,
				 "IPAddressAllow: superd supports exceptions only from IPAddressDeny=any");
	} else {
		set_address_list(builder, "no_access", "IPAddressDeny", &deny);
	}
	unit_list_free(&deny);
	unit_list_free(&allow);
}

void unit_build_access(struct unit_builder *builder)
{
	struct trigger_limit taken = { 0 };

	set_access_rules(builder);
	for (size_t n = 0; n < builder->socket_count; n++) {
		unit_builder_turn(builder, builder->sockets[n]);
		if (builder->accepts)
			set_connection_limits(builder);
		else
			warn_of_connection_limits(builder);
		collect_trigger_limit(builder, &taken);
	}
}
