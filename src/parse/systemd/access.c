/* The keys that admit and limit clients: MaxConnections, the limits of triggers, IPAddressAllow and IPAddressDeny.
 *
 * With systemd the kernel checks every packet that a service sends and receives, and an allowed address wins over a
 * denied one. Where superd accepts, it checks the client's address, and in superd.conf a denied address wins. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "config/access/access.h"
#include "config/words/resource_words.h"
#include "parse/systemd/build.h"

#define CONNECTIONS "64" /* systemd's MaxConnections */

/* Words for networks. */
static const struct {
	const char *word;
	const char *networks[3];
} networks[] = {
	{ "any", { "0.0.0.0/0", "::/0" } },
	{ "localhost", { "127.0.0.0/8", "::1/128" } },
	{ "link-local", { "169.254.0.0/16", "fe80::/64" } },
	{ "multicast", { "224.0.0.0/4", "ff00::/8" } },
};

static struct origin place(const struct unit_builder *builder, const struct unit_assignment *said)
{
	return said ? unit_place(said, 0) : unit_start(builder->unit);
}

static bool read_count(struct unit_builder *builder, const struct unit_assignment *said, int64_t *out)
{
	if (scan_count(said->value, out) || *out < 0 || *out > UINT32_MAX)
		return unit_refuse(builder, unit_place(said, 0), "%s: '%s': it is a number from 0 to 4294967295",
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

/* A client beyond the limit is accepted and closed, as by systemd. */
static void take_connections(struct unit_builder *builder)
{
	const struct unit_assignment *most = unit_assigned(builder, "Socket", "MaxConnections");
	const struct unit_assignment *source = unit_assigned(builder, "Socket", "MaxConnectionsPerSource");
	int64_t count = 0;

	if (!most)
		unit_set(builder, "instances", CONNECTIONS, place(builder, NULL));
	else if (read_count(builder, most, &count) && !count)
		unit_refuse(builder, unit_place(most, 0),
			    "MaxConnections: 0 would let nobody in: it is a number from 1 on");
	else if (count)
		set_count(builder, "instances", count, most);
	unit_set(builder, "overload", "refuse", place(builder, most));
	if (source && read_count(builder, source, &count) && count)
		set_count(builder, "per_source", count, source);
}

/* Without Accept=yes superd sees no connections, and systemd passes over the key. */
static void check_connections(struct unit_builder *builder)
{
	const struct unit_assignment *most = unit_assigned(builder, "Socket", "MaxConnections");
	int64_t count;

	if (most && read_count(builder, most, &count) && !count)
		unit_warn(builder, unit_place(most, 0),
			  "MaxConnections=0 is left out: without Accept=yes the service has all connections");
}

/* A limit of systemd's for triggers: a number of activations in an interval. */
struct trigger_limit {
	const struct unit_assignment *burst_said, *interval_said;
	int64_t burst, interval; /* activations and microseconds; 0: no limit */
};

static bool read_limit(struct unit_builder *builder, const char *burst, const char *interval, int64_t usual,
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

static void set_limit(struct unit_builder *builder, const struct trigger_limit *limit)
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

/* The limits systemd has by itself keep a service from spinning, for which superd has its pauses; those that are said
 * are meant. At the one systemd shuts the socket, at the other it rests until its time is over; superd does at both.
 * false: the unit sets none. */
static bool choose_limit(struct unit_builder *builder, struct trigger_limit *limit)
{
	struct trigger_limit poll;
	bool has_trigger =
		read_limit(builder, "TriggerLimitBurst", "TriggerLimitIntervalSec", builder->accepts ? 200 : 20, limit);
	bool has_poll =
		read_limit(builder, "PollLimitBurst", "PollLimitIntervalSec", builder->accepts ? 150 : 15, &poll);

	if (has_poll && (!has_trigger || poll.burst <= limit->burst))
		*limit = poll;
	return has_poll || has_trigger;
}

/* A service has one limit for all of its sockets: taken, that of the first which says one; its burst 0: none yet. */
static void take_limits(struct unit_builder *builder, struct trigger_limit *taken)
{
	struct trigger_limit limit;
	const struct unit_assignment *said;

	if (!choose_limit(builder, &limit))
		return;
	said = limit.burst_said ? limit.burst_said : limit.interval_said;
	if (!taken->burst) {
		set_limit(builder, &limit);
		*taken = limit;
	} else if (limit.burst != taken->burst || limit.interval != taken->interval) {
		unit_unsupported(
			builder, unit_place(said, 0),
			"%s: superd counts the starts of a service for all of its sockets together, and another of "
			"them has a limit that is not this one",
			said->key);
	}
}

/* In only_from and no_access a zero at the end of an address stands for all there, and what is no number is a name. */
static bool add_plain_network(struct unit_builder *builder, struct unit_list *list, const char *key, const char *word,
			      struct origin at)
{
	static const char wrong[] = "it is an address, a network as 192.0.2.0/24, or any, localhost, link-local or "
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

static bool is_everybody(const struct unit_list *list)
{
	bool four = false, six = false;

	for (size_t n = 0; n < list->count; n++) {
		four |= !strcmp(list->words[n], "0.0.0.0/0");
		six |= !strcmp(list->words[n], "::/0");
	}
	return four && six;
}

/* Where superd accepts, and there is somebody with an address to accept. */
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

static void set_addresses(struct unit_builder *builder, const char *option, const char *key,
			  const struct unit_list *list)
{
	if (!list->count || list->failed)
		return;
	if (unit_has_option(option))
		unit_set_list(builder, option, list);
	else
		unit_unsupported(builder, list->at,
				 "%s: not yet: superd does not look at what a service sends and gets by itself", key);
}

static void take_addresses(struct unit_builder *builder)
{
	struct unit_list deny = collect_addresses(builder, "IPAddressDeny");
	struct unit_list allow = collect_addresses(builder, "IPAddressAllow");

	if (!deny.count || is_everybody(&allow))
		; /* nobody is denied anything */
	else if (!meets_clients(builder)) {
		set_addresses(builder, "ip_address_deny", "IPAddressDeny", &deny);
		set_addresses(builder, "ip_address_allow", "IPAddressAllow", &allow);
	} else if (is_everybody(&deny) && allow.count) {
		set_addresses(builder, "only_from", "IPAddressAllow", &allow);
	} else if (allow.count) {
		unit_unsupported(builder, allow.at,
				 "IPAddressAllow: besides IPAddressDeny=any superd cannot let some of those in "
				 "that are denied");
	} else {
		set_addresses(builder, "no_access", "IPAddressDeny", &deny);
	}
	unit_list_free(&deny);
	unit_list_free(&allow);
}

void unit_build_access(struct unit_builder *builder)
{
	struct trigger_limit taken = { 0 };

	take_addresses(builder);
	for (size_t n = 0; n < builder->socket_count; n++) {
		unit_builder_turn(builder, builder->sockets[n]);
		if (builder->accepts)
			take_connections(builder);
		else
			check_connections(builder);
		take_limits(builder, &taken);
	}
}
