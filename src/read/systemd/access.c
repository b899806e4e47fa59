/* The keys about who may connect, and limits: MaxConnections, TriggerLimit, PollLimit, IPAddressAllow, IPAddressDeny.
 *
 * The rules of a .socket hold for its clients, those of a .service for the packets of the sockets that it opens itself
 * (systemd.resource-control(5)). So each socket has its own. */
#include <inttypes.h>
#include <string.h>

#include "lib/scan.h"
#include "read/systemd/internal.h"
#include "table/type/networks_without.h"

#define CONNECTIONS "64" /* systemd's MaxConnections */

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
	unit_setf(builder, option, unit_place(said, 0), "%" PRId64, count);
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
	limit->burst_said = unit_assigned(builder, "Socket", burst);
	limit->interval_said = unit_assigned(builder, "Socket", interval);
	limit->burst = usual;
	limit->interval = 2000000;
	if (!limit->burst_said && !limit->interval_said)
		return false;
	if (limit->burst_said && !read_count(builder, limit->burst_said, &limit->burst))
		return false;
	if (limit->interval_said && !unit_timespan(builder, limit->interval_said, &limit->interval))
		return false;
	return limit->burst && limit->interval;
}

static void set_trigger_limit(struct unit_builder *builder, const struct trigger_limit *limit)
{
	static const int64_t day = INT64_C(86400) * 1000000;
	const struct unit_assignment *said = limit->burst_said ? limit->burst_said : limit->interval_said;
	const struct unit_assignment *interval = limit->interval_said ? limit->interval_said : said;
	const char *text = unit_span_text(builder, limit->interval < day ? limit->interval : day);

	set_count(builder, "trigger_limit_burst", limit->burst, said);
	unit_set(builder, "trigger_limit_interval", text, unit_place(interval, 0));
	unit_set(builder, "trigger_limit_pause", text, unit_place(interval, 0));
}

/* Sets the limit of the unit. systemd's defaults are not used, because superd has pauses between starts instead. At
 * TriggerLimit systemd stops the socket, at PollLimit it pauses until the interval is over; superd pauses at both. */
static void build_trigger_limit(struct unit_builder *builder)
{
	struct trigger_limit trigger, poll;
	bool has_trigger = read_trigger_limit(builder, "TriggerLimitBurst", "TriggerLimitIntervalSec",
					      builder->accepts ? 200 : 20, &trigger);
	bool has_poll = read_trigger_limit(builder, "PollLimitBurst", "PollLimitIntervalSec",
					   builder->accepts ? 150 : 15, &poll);

	if (has_poll && (!has_trigger || poll.burst <= trigger.burst))
		set_trigger_limit(builder, &poll);
	else if (has_trigger)
		set_trigger_limit(builder, &trigger);
}

/* Those of a service are for the packets of the sockets that it opens itself. */
static void set_service_rules(struct unit_builder *builder)
{
	struct word_list deny = unit_collect(builder, "Service", "IPAddressDeny", COLLECT_NETWORKS);
	struct word_list allow = unit_collect(builder, "Service", "IPAddressAllow", COLLECT_NETWORKS);

	if (deny.count && !deny.failed && !allow.failed)
		unit_set_list(builder, "ip_address_deny", &deny);
	if (deny.count && allow.count && !deny.failed && !allow.failed)
		unit_set_list(builder, "ip_address_allow", &allow);
	word_list_free(&deny);
	word_list_free(&allow);
}

static bool list_has_everybody(const struct word_list *list)
{
	bool four = false, six = false;

	for (size_t n = 0; n < list->count; n++) {
		bool any = !strcmp(list->words[n], "any");

		four |= any || !strcmp(list->words[n], "0.0.0.0/0");
		six |= any || !strcmp(list->words[n], "::/0");
	}
	return four && six;
}

/* Sets a list of networks; NULL: nothing. failed: they are too many. */
static void set_networks(struct unit_builder *builder, const char *option, words networks, struct origin at,
			 bool failed)
{
	struct word_list list = { .at = at };

	if (failed)
		unit_refuse(builder, at, "IPAddressDeny: more networks than superd can check");
	for (; !failed && networks && *networks; networks++)
		word_list_add(&list, *networks, at);
	if (list.count)
		unit_set_list(builder, option, &list);
	word_list_free(&list);
}

/* Those of a socket are for its clients that have addresses. An allowed address wins over a denied one, and in
 * superd.conf no_access wins: so the denied networks are what is left of them without the allowed ones. */
static void set_socket_rules(struct unit_builder *builder)
{
	static const char *const everybody[] = { "0.0.0.0/0", "::/0", NULL };
	struct word_list deny = unit_collect(builder, "Socket", "IPAddressDeny", COLLECT_NETWORKS);
	struct word_list allow = unit_collect(builder, "Socket", "IPAddressAllow", COLLECT_NETWORKS);
	words allowed = allow.count ? pool_list(builder->pool, allow.words, allow.count) : NULL;
	words denied = deny.count ? pool_list(builder->pool, deny.words, deny.count) : NULL;
	bool failed = false;

	if (!deny.count || deny.failed || allow.failed || list_has_everybody(&allow) || !builder->has_addresses)
		; /* nobody is denied anything, or a mistake is reported */
	else if (list_has_everybody(&deny) && !allowed)
		set_networks(builder, "no_access", everybody, deny.at, false);
	else if (list_has_everybody(&deny)) {
		denied = networks_without(allowed, NULL, builder->pool, &failed);
		set_networks(builder, "only_from", denied, allow.at, failed);
	} else {
		denied = networks_without(denied, allowed, builder->pool, &failed);
		set_networks(builder, "no_access", denied, deny.at, failed);
	}
	word_list_free(&deny);
	word_list_free(&allow);
}

void unit_build_socket_access(struct unit_builder *builder)
{
	set_socket_rules(builder);
	build_trigger_limit(builder);
}

void unit_build_access(struct unit_builder *builder)
{
	if (builder->service) {
		unit_builder_turn(builder, builder->service);
		set_service_rules(builder);
	}
	for (size_t n = 0; n < builder->socket_count; n++) {
		unit_builder_turn(builder, builder->sockets[n]);
		if (builder->accepts)
			set_connection_limits(builder);
		else
			warn_of_connection_limits(builder);
	}
}
