/* The sockets of a service of xinetd.conf, who may connect to them, and limits; and how values become options, which
 * service.c needs too. */
#include "read/xinetd/internal.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"
#include "table/access/access.h"
#include "table/reading/word_list.h"

struct origin xinetd_place(const struct xinetd_service *service, enum xinetd_attribute attribute)
{
	return service->value[attribute] ? service->value[attribute]->at : service->entry->at;
}

bool xinetd_is_yes(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *value = service->value[attribute];
	bool truth = false;

	if (value && scan_bool(value->words[0], &truth))
		draft_refuse(&service->draft, value->word_at[0], "%s: '%s': expected yes or no",
			     xinetd_rule(attribute)->name, value->words[0]);
	return truth;
}

void xinetd_say_useless(struct xinetd_service *service, enum xinetd_attribute attribute, enum severity severity,
			const char *why)
{
	const struct assignment *value = service->value[attribute];

	if (value && !xinetd_is_inherited(service, value))
		diags_add(&service->entry->diags, severity, value->at, "%s means nothing %s",
			  xinetd_rule(attribute)->name, why);
}

bool xinetd_needs(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	if (service->value[attribute])
		return true;
	if (!service->has_bad_line && !service->is_broken[attribute])
		draft_refuse(&service->draft, service->entry->at, "%s: %s is missing", service->entry->label,
			     xinetd_rule(attribute)->name);
	return false;
}

/* A number with a zero in front would be octal in superd.conf. */
void xinetd_set_as_is(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *given = service->value[attribute];
	bool is_decimal = xinetd_rule(attribute)->flags & ATTR_IS_DECIMAL;

	for (size_t i = 0; given && i < given->count; i++) {
		const char *digits = given->words[i] + (given->words[i][0] == '-');

		if (is_decimal && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
			draft_refuse(&service->draft, given->word_at[i], "%s: '%s': write it without a zero in front",
				     xinetd_rule(attribute)->name, given->words[i]);
	}
	if (given)
		draft_set(&service->draft, key_option(&xinetd_keys, xinetd_rule(attribute)),
			  &(struct value){ given->words, given->count, given->count != 1, false, given->at,
					   given->word_at });
}

/* The attributes socket_type, protocol, port, bind, v6only and the families in flags, as endpoints.
 *
 * If an entry names no family, some versions of xinetd listen on IPv4 alone. Others have one socket for both families,
 * where IPv4 clients get mapped addresses that old servers do not understand. Where superd accepts, it opens one socket
 * for each family, so that each client has its own address. A server that accepts itself can have only one socket. */

static const char *const socket_types[] = { "stream", "dgram", "raw", "seqpacket", NULL };

/* The first word of an attribute's value; NULL: not set. */
static const char *value_word(const struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *value = service->value[attribute];

	return value ? value->words[0] : NULL;
}

/* Names of protocols(5). tcp, udp and sctp are known case-insensitively and become lower case. */
static const char *plain_protocol(const char *word)
{
	static const char *const known[] = { "tcp", "udp", "sctp", NULL };
	int number = word ? xinetd_word_find(known, word) : -1;

	return number < 0 ? word : known[number];
}

/* Either of socket type and protocol may be missing: the first pair with the other one is meant. */
static bool find_type_and_protocol(struct xinetd_service *service)
{
	static const struct {
		enum xinetd_socket socket;
		const char *protocol;
	} pairs[] = { { XINETD_STREAM, "tcp" }, { XINETD_STREAM, "sctp" }, { XINETD_DGRAM, "udp" } };
	const char *type = value_word(service, ATTR_SOCKET_TYPE);
	const char *protocol = plain_protocol(value_word(service, ATTR_PROTOCOL));
	int number = type ? xinetd_word_find(socket_types, type) : 0;

	if (number < 0) {
		xinetd_refuse(service, ATTR_SOCKET_TYPE, "socket_type: '%s': expected stream, dgram, raw or seqpacket",
			      type);
		return false;
	}
	service->socket = (enum xinetd_socket)number;
	service->protocol = protocol;
	for (size_t n = 0; (type || protocol) && n < sizeof(pairs) / sizeof(*pairs); n++) {
		if ((type && pairs[n].socket != service->socket) ||
		    (protocol && strcmp(pairs[n].protocol, protocol) != 0))
			continue;
		service->socket = pairs[n].socket;
		service->protocol = pairs[n].protocol;
		return true;
	}
	if (!type || !protocol)
		return xinetd_needs(service, type ? ATTR_PROTOCOL : ATTR_SOCKET_TYPE);
	if (service->socket == XINETD_RAW)
		return true;
	draft_refuse(&service->draft, xinetd_place(service, type ? ATTR_SOCKET_TYPE : ATTR_PROTOCOL),
		     "%s: socket_type = %s does not go with protocol = %s", service->entry->label,
		     socket_types[service->socket], service->protocol);
	if (service->socket == XINETD_SEQPACKET && !strcmp(service->protocol, "sctp"))
		draft_hint(&service->draft, "superd serves SCTP with socket_type = stream");
	return false;
}

bool xinetd_find_socket(struct xinetd_service *service)
{
	if (find_type_and_protocol(service))
		return true;
	service->socket = XINETD_STREAM;
	service->protocol = "tcp";
	return false;
}

/* The family in an endpoint: "4", "6" or "". IPv4 and IPv6 together mean "": a socket for both families, or for IPv4
 * on a machine without IPv6. A host name may have addresses of both families, and the flag picks one. The family of an
 * address holds, whatever the flags say. */
static const char *family_suffix(struct xinetd_service *service)
{
	unsigned families = service->flags & (FLAG_IPV4 | FLAG_IPV6);
	const char *suffix = families == FLAG_IPV4 ? "4" : service->v6only ? "6" : "";
	const char *bind = value_word(service, ATTR_BIND);
	bool is_ipv6 = bind && strchr(bind, ':'), is_ipv4 = bind && !bind[strspn(bind, "0123456789.")];

	if (!is_ipv4 && !is_ipv6)
		return bind && families == FLAG_IPV6 ? "6" : suffix;
	if (is_ipv4 ? service->v6only || families == FLAG_IPV6 : families == FLAG_IPV4)
		xinetd_warn(service, ATTR_BIND,
			    "bind: %s is not of the family that flags or v6only name: the address counts", bind);
	return is_ipv6 && service->v6only ? "6" : "";
}

/* The port as a number, or the name of the service. NULL: refused. */
static const char *find_port(struct xinetd_service *service)
{
	const char *port = value_word(service, ATTR_PORT);
	uint32_t number;

	if (port && scan_unsigned(port, strlen(port), UINT16_MAX, &number))
		return pool_textf(service->draft.pool, "%" PRIu32, number);
	if (port)
		xinetd_refuse(service, ATTR_PORT, "port: '%s': expected a number from 0 to 65535", port);
	else if (!(service->type & IS_UNLISTED) || xinetd_needs(service, ATTR_PORT))
		return service->entry->name;
	return NULL;
}

/* text: the endpoint. */
static void set_listen(struct xinetd_service *service, const char *text)
{
	xinetd_set(service, service->value[ATTR_BIND] ? ATTR_BIND : ATTR_PORT, "listen", text);
}

static void set_inet_sockets(struct xinetd_service *service)
{
	const char *bind = value_word(service, ATTR_BIND), *port = find_port(service), *protocol = service->protocol;
	bool says_family = service->flags & (FLAG_IPV4 | FLAG_IPV6) || bind || service->v6only;
	struct pool *pool = service->draft.pool;
	struct buf endpoint = { 0 };

	if (!port)
		return;
	if (!says_family && service->accepts && service->draft.reading->compat != COMPAT_XINETD) {
		draft_set_pair(&service->draft, "listen", pool_textf(pool, "%s4:%s", protocol, port),
			       pool_textf(pool, "%s6:%s", protocol, port), xinetd_place(service, ATTR_PORT));
		return;
	}
	endpoint_add(&endpoint, protocol, family_suffix(service), bind, port);
	set_listen(service, buf_keep(&endpoint, pool));
}

/* A raw socket has a protocol and no port. */
static void set_raw_socket(struct xinetd_service *service)
{
	const char *bind = value_word(service, ATTR_BIND);

	set_listen(service,
		   pool_textf(service->draft.pool, "raw%s:%s%s%s", family_suffix(service), service->protocol,
			      bind ? "@" : "", bind ? bind : ""));
}

static void set_tcpmux(struct xinetd_service *service)
{
	if (strcmp(service->protocol, "tcp") != 0)
		xinetd_refuse(service, ATTR_PROTOCOL, "%s: a service of tcpmux has protocol = tcp",
			      service->entry->label);
	if (!(service->type & IS_UNLISTED))
		xinetd_note(service, ATTR_TYPE, "xinetd accepts a service of tcpmux only with UNLISTED");
	set_listen(service,
		   pool_textf(service->draft.pool, "tcpmux:%s%s", service->type & IS_TCPMUXPLUS ? "+" : "",
			      service->entry->name));
}

/* Its program is a number with UNLISTED, else its name in rpc(5). */
static void set_rpc_socket(struct xinetd_service *service)
{
	const char *number = value_word(service, ATTR_RPC_NUMBER);
	bool has_number = service->type & IS_UNLISTED;

	if (service->value[ATTR_BIND])
		xinetd_refuse(service, ATTR_BIND, "bind: superd cannot bind a service of RPC to one address");
	if (service->value[ATTR_PORT])
		xinetd_warn(service, ATTR_PORT, "port: a service of RPC listens where the system chooses");
	if ((has_number && !xinetd_needs(service, ATTR_RPC_NUMBER)) || !xinetd_needs(service, ATTR_RPC_VERSION))
		return;
	if (has_number && number[strspn(number, "0123456789")])
		xinetd_refuse(service, ATTR_RPC_NUMBER, "rpc_number: '%s' is no number", number);
	set_listen(service,
		   pool_textf(service->draft.pool, "%s%s:%s/%s",
			      service->socket == XINETD_DGRAM ? "rpc/udp" : "rpc/tcp",
			      service->flags & FLAG_IPV6 ? family_suffix(service) : "4",
			      has_number ? number : service->entry->name, value_word(service, ATTR_RPC_VERSION)));
}

/* Flags for TCP alone. Elsewhere they mean nothing, see xinetd.conf(5). */
static void set_tcp_options(struct xinetd_service *service)
{
	struct origin at = xinetd_place(service, ATTR_FLAGS);

	if (strcmp(service->protocol, "tcp") != 0 || service->type & (IS_TCPMUX | IS_TCPMUXPLUS))
		return;
	if (service->flags & FLAG_NODELAY)
		draft_set_text(&service->draft, "no_delay", "yes", at);
	if (service->flags & FLAG_KEEPALIVE)
		draft_set_text(&service->draft, "keep_alive", "yes", at);
}

void xinetd_set_sockets(struct xinetd_service *service)
{
	/* Versions of xinetd that know v6only take any value of it for yes. */
	service->v6only = xinetd_is_yes(service, ATTR_V6ONLY) ||
		(service->value[ATTR_V6ONLY] && service->draft.reading->compat == COMPAT_XINETD);
	if (!(service->type & IS_RPC)) {
		xinetd_say_useless(service, ATTR_RPC_VERSION, SEVERITY_WARNING, "without type = RPC");
		xinetd_say_useless(service, ATTR_RPC_NUMBER, SEVERITY_WARNING, "without type = RPC");
	}
	if (service->type & IS_RPC)
		set_rpc_socket(service);
	else if (service->type & (IS_TCPMUX | IS_TCPMUXPLUS))
		set_tcpmux(service);
	else if (service->socket == XINETD_RAW)
		set_raw_socket(service);
	else
		set_inet_sockets(service);
	set_tcp_options(service);
}

/* The attributes about who may connect, and limits.
 *
 * A value of defaults that means nothing for a service is skipped. A restriction of the service itself that superd
 * cannot enforce is refused. */

/* xinetd's default of cps: over 50 connections a second the service is closed for 10 seconds. */
static const char *const usual_cps[] = { "50", "10" };

static bool is_zero(const char *word)
{
	return *word && !word[strspn(word, "0")];
}

/* Warns of words that superd reads as host names and that were probably not meant so. */
static void warn_of_names(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *value = service->value[attribute];
	struct diags *diags = &service->entry->diags;

	for (size_t i = 0; value && i < value->count; i++) {
		const char *word = value->words[i];
		bool is_all = !strcasecmp(word, "ALL");

		if (!access_is_name(word) || (!is_all && !strchr("0123456789", *word)))
			continue;
		diag_warning(diags, value->word_at[i], "%s: '%s' is taken for the name of a host",
			     xinetd_rule(attribute)->name, word);
		if (is_all && attribute == ATTR_ONLY_FROM)
			diags_hint(diags, "for all clients, remove only_from, or write 0.0.0.0/0 ::/0");
		else
			diags_hint(diags,
				   is_all ? "all clients are 0.0.0.0/0 ::/0"
					  : "an address has four decimal numbers, as 127.0.0.1");
	}
}

/* An empty only_from lets nobody connect. For a sensor the lists do not hold: it is there for everybody. */
static void set_address_lists(struct xinetd_service *service)
{
	const struct assignment *only_from = service->value[ATTR_ONLY_FROM];

	if (service->flags & FLAG_SENSOR)
		return;
	if (!only_from || only_from->count) {
		xinetd_set_as_is(service, ATTR_ONLY_FROM);
	} else {
		draft_set_text(&service->draft, "only_from", "none", only_from->at);
		draft_warn(&service->draft, only_from->at, "only_from is empty: no client is allowed");
	}
	xinetd_set_as_is(service, ATTR_NO_ACCESS);
	warn_of_names(service, ATTR_ONLY_FROM);
	warn_of_names(service, ATTR_NO_ACCESS);
}

/* A limit of 0 disables the service. */
static bool is_disabled_by_zero(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *value = service->value[attribute];

	if (!value || !is_zero(value->words[0]))
		return false;
	draft_warn(&service->draft, value->at, "%s = 0 would serve no client: the service is disabled",
		   xinetd_rule(attribute)->name);
	service->entry->is_disabled = true;
	service->entry->disabled_at = value->at;
	return true;
}

static const char one_server[] = "with wait = yes: one server runs";

/* At the limit xinetd accepts a connection and closes it, which is overload = refuse. */
static void set_instances(struct xinetd_service *service)
{
	const struct assignment *instances = service->value[ATTR_INSTANCES];
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
		draft_set_text(&service->draft, "instances", "unlimited", service->entry->at);
	xinetd_set(service, ATTR_INSTANCES, "overload", "refuse");
}

/* per_source counts single addresses, also for IPv6, where superd's default is a prefix. */
static void set_per_source(struct xinetd_service *service)
{
	const struct assignment *per_source = service->value[ATTR_PER_SOURCE];

	if (is_disabled_by_zero(service, ATTR_PER_SOURCE) || !per_source)
		return;
	if (!service->accepts) {
		xinetd_say_useless(service, ATTR_PER_SOURCE, SEVERITY_NOTE, one_server);
		return;
	}
	xinetd_set_as_is(service, ATTR_PER_SOURCE);
	draft_set_text(&service->draft, "per_source_prefix", "128", per_source->at);
}

/* For xinetd 0 connections a second are no limit. With a pause of 0 it closes connections above the limit, and
 * continues at once to accept and count. superd counts from 0 after a pause: one that is shorter than the second for
 * which it counts would be no limit at all. */
static void set_rate(struct xinetd_service *service)
{
	const struct assignment *cps = service->value[ATTR_CPS];
	const struct assignment usual = { .at = service->entry->at };

	if (!cps) {
		draft_set_words(&service->draft, "cps", usual_cps, 2, &usual);
	} else if (is_zero(cps->words[0])) {
		draft_set_text(&service->draft, "cps", "unlimited", cps->at);
	} else if (is_zero(cps->words[1])) {
		draft_warn(&service->draft, cps->word_at[1],
			   "cps: the service pauses for a second, and clients wait; xinetd would close them");
		draft_set_words(&service->draft, "cps", (const char *const[]){ cps->words[0], "1s" }, 2, cps);
	} else {
		xinetd_set_as_is(service, ATTR_CPS);
	}
}

/* deny_time is a number of minutes, FOREVER or NEVER. */
static void set_deny_time(struct xinetd_service *service)
{
	static const char *const list[] = { "FOREVER", "NEVER", NULL };
	const struct assignment *value = service->value[ATTR_DENY_TIME];
	int word = value ? xinetd_word_find(list, value->words[0]) : -1;
	const char *text = word == 0 ? "infinity" : "0";

	if (!(service->flags & FLAG_SENSOR)) {
		xinetd_say_useless(service, ATTR_DENY_TIME, SEVERITY_WARNING, "without flags = SENSOR");
		return;
	}
	if (value && word < 0) {
		if (value->words[0][strspn(value->words[0], "0123456789")] || strlen(value->words[0]) > 9) {
			draft_refuse(&service->draft, value->word_at[0],
				     "deny_time: '%s': expected a number of minutes, FOREVER or NEVER",
				     value->words[0]);
			return;
		}
		text = pool_textf(service->draft.pool, "%smin", value->words[0]);
	}
	xinetd_set(service, value ? ATTR_DENY_TIME : ATTR_FLAGS, "deny_time", text);
}

/* The name of the daemon in hosts.allow and hosts.deny. */
static const char *libwrap_name(const struct xinetd_service *service)
{
	const struct assignment *server = service->value[ATTR_SERVER], *args = service->value[ATTR_SERVER_ARGS];

	if (service->type & IS_INTERNAL || service->value[ATTR_REDIRECT] || !server)
		return service->entry->name;
	if (service->flags & FLAG_NAMEINARGS && args)
		return scan_base_name(args->words[0]);
	return scan_base_name(server->words[0]);
}

/* superd checks hosts.allow and hosts.deny for a connection that it accepts and for the sender of a datagram. */
static void set_libwrap(struct xinetd_service *service)
{
	const struct assignment *given = service->value[ATTR_LIBWRAP];
	bool by_rpc = service->type & IS_RPC && service->socket == XINETD_STREAM;
	bool is_seen = service->accepts || service->socket == XINETD_DGRAM;

	if (service->flags & (FLAG_NOLIBWRAP | FLAG_SENSOR) || by_rpc)
		return;
	if (is_seen && given)
		xinetd_set_as_is(service, ATTR_LIBWRAP);
	else if (is_seen)
		draft_set_text(&service->draft, "libwrap", libwrap_name(service), service->entry->at);
	else if (given)
		draft_refuse(&service->draft, given->at,
			     "libwrap: with wait = yes superd does not see the clients, so it cannot "
			     "check hosts.allow and hosts.deny");
	else if (reading_has_host_rules(service->draft.reading))
		draft_refuse(&service->draft, service->entry->at,
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
	const struct assignment *log = service->value[ATTR_LOG_ON_SUCCESS];
	bool asks = false;

	for (size_t i = 0; log && i < log->count; i++)
		asks |= xinetd_word_find((const char *const[]){ "USERID", NULL }, log->words[i]) >= 0;
	if (service->flags & FLAG_INTERCEPT && !service->accepts && !(service->type & IS_INTERNAL))
		draft_set_text(&service->draft, "filter_every_packet", "yes", at);
	if (!(service->flags & FLAG_IDONLY))
		return;
	if (!service->accepts || service->socket != XINETD_STREAM) {
		draft_refuse(&service->draft, at, "flags: IDONLY needs socket_type = stream and wait = no");
		return;
	}
	draft_set_text(&service->draft, "id_only", "yes", at);
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
	set_deny_time(service);
	set_libwrap(service);
	set_banners(service);
	set_flags(service);
}
