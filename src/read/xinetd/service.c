/* From the values of an entry to a service; ids, defaults, and the reader itself.
 *
 * An entry with any error becomes no service at all, so that no service runs without one of its limits. Errors of a
 * disabled entry are warnings, because xinetd does not even read such an entry to its end. */
#include "read/xinetd/xinetd.h"

#include "read/xinetd/internal.h"

/* The place of an attribute; that of the entry where it is not set. */
static struct origin place_of(const struct xinetd_service *service, enum xinetd_attribute attribute)
{
	return service->value[attribute] ? service->value[attribute]->at : service->entry->at;
}

/* Add a mistake at an attribute, and set an option that has its place. */
#define refuse(service, attribute, ...) draft_refuse(&(service)->draft, place_of(service, attribute), __VA_ARGS__)
#define warn(service, attribute, ...) draft_warn(&(service)->draft, place_of(service, attribute), __VA_ARGS__)
#define set_text(service, attribute, option, text) \
	draft_set_text(&(service)->draft, option, text, place_of(service, attribute))

/* Whether an attribute is yes. A value that is neither yes nor no is refused. */
static bool is_yes(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *value = service->value[attribute];
	bool truth = false;

	if (value && scan_bool(value->words[0], &truth))
		draft_refuse(&service->draft, value->word_at[0], "%s: '%s': expected yes or no",
			     xinetd_rule(attribute)->name, value->words[0]);
	return truth;
}

/* Says that an attribute of the entry itself "means nothing" here, and why. */
static void say_useless(struct xinetd_service *service, enum xinetd_attribute attribute, enum severity severity,
			const char *why)
{
	const struct assignment *value = service->value[attribute];

	if (value && !xinetd_is_inherited(service, value))
		diags_add(&service->entry->diags, severity, value->at, "%s means nothing %s",
			  xinetd_rule(attribute)->name, why);
}

/* false: the attribute is not set; adds the error "SERVICE: ATTRIBUTE is missing". */
static bool needs(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	if (service->value[attribute])
		return true;
	if (!service->has_bad_line && !service->is_broken[attribute])
		draft_refuse(&service->draft, service->entry->at, "%s: %s is missing", service->entry->label,
			     xinetd_rule(attribute)->name);
	return false;
}

/* Sets the option of an attribute with its words, if it is set. A number with a zero in front would be octal in
 * superd.conf. */
static void set_as_is(struct xinetd_service *service, enum xinetd_attribute attribute)
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

/* Sets service->socket and ->protocol. Either of socket type and protocol may be missing: the first pair with the other
 * one is meant. false: refused, and both are set to TCP's. */
static bool find_socket(struct xinetd_service *service)
{
	static const struct {
		enum xinetd_socket socket;
		const char *protocol;
	} pairs[] = { { XINETD_STREAM, "tcp" }, { XINETD_STREAM, "sctp" }, { XINETD_DGRAM, "udp" } };
	const char *type = value_word(service, ATTR_SOCKET_TYPE);
	const char *protocol = plain_protocol(value_word(service, ATTR_PROTOCOL));
	int number = type ? xinetd_word_find(socket_types, type) : 0;

	service->socket = XINETD_STREAM;
	service->protocol = "tcp";
	if (number < 0) {
		refuse(service, ATTR_SOCKET_TYPE, "socket_type: '%s': expected stream, dgram, raw or seqpacket",
			      type);
		return false;
	}
	for (size_t n = 0; (type || protocol) && n < sizeof(pairs) / sizeof(*pairs); n++) {
		if ((type && (int)pairs[n].socket != number) ||
		    (protocol && strcmp(pairs[n].protocol, protocol) != 0))
			continue;
		service->socket = pairs[n].socket;
		service->protocol = pairs[n].protocol;
		return true;
	}
	if (!type || !protocol)
		return needs(service, type ? ATTR_PROTOCOL : ATTR_SOCKET_TYPE);
	if (number == XINETD_RAW) {
		service->socket = XINETD_RAW;
		service->protocol = protocol;
		return true;
	}
	refuse(service, ATTR_SOCKET_TYPE, "%s: socket_type = %s does not go with protocol = %s", service->entry->label,
	       socket_types[number], protocol);
	if (number == XINETD_SEQPACKET && !strcmp(protocol, "sctp"))
		draft_hint(&service->draft, "superd serves SCTP with socket_type = stream");
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
		warn(service, ATTR_BIND,
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
		refuse(service, ATTR_PORT, "port: '%s': expected a number from 0 to 65535", port);
	else if (!(service->type & IS_UNLISTED) || needs(service, ATTR_PORT))
		return service->entry->name;
	return NULL;
}

/* text: the endpoint. */
static void set_listen(struct xinetd_service *service, const char *text)
{
	set_text(service, service->value[ATTR_BIND] ? ATTR_BIND : ATTR_PORT, "listen", text);
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
			       pool_textf(pool, "%s6:%s", protocol, port), place_of(service, ATTR_PORT));
		return;
	}
	endpoint_add(&endpoint, protocol, family_suffix(service), bind, port);
	set_listen(service, buf_keep(&endpoint, pool));
}

/* A raw socket has a protocol, no port, and one family: IPv4, if nothing names another. */
static void set_raw_socket(struct xinetd_service *service)
{
	const char *bind = value_word(service, ATTR_BIND), *family = family_suffix(service);

	if (!*family && (bind ? strchr(bind, ':') != NULL : (service->flags & FLAG_IPV6) != 0))
		family = "6";
	set_listen(service,
		   pool_textf(service->draft.pool, "raw%s:%s%s%s", family, service->protocol, bind ? "@" : "",
			      bind ? bind : ""));
}

static void set_tcpmux(struct xinetd_service *service)
{
	if (strcmp(service->protocol, "tcp") != 0)
		refuse(service, ATTR_PROTOCOL, "%s: a service of tcpmux has protocol = tcp",
			      service->entry->label);
	/* That of defaults is tcpmux's own, too. */
	if (service->value[ATTR_BIND] && !xinetd_is_inherited(service, service->value[ATTR_BIND]))
		refuse(service, ATTR_BIND,
		       "bind: a service of tcpmux has no address of its own: it is reached where tcpmux listens");
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
		refuse(service, ATTR_BIND, "bind: superd cannot bind a service of RPC to one address");
	if (service->value[ATTR_PORT])
		warn(service, ATTR_PORT, "port: a service of RPC listens where the system chooses");
	if ((has_number && !needs(service, ATTR_RPC_NUMBER)) || !needs(service, ATTR_RPC_VERSION))
		return;
	if (has_number && number[strspn(number, "0123456789")])
		refuse(service, ATTR_RPC_NUMBER, "rpc_number: '%s' is no number", number);
	set_listen(service,
		   pool_textf(service->draft.pool, "%s%s:%s/%s",
			      service->socket == XINETD_DGRAM ? "rpc/udp" : "rpc/tcp",
			      service->flags & FLAG_IPV6 ? family_suffix(service) : "4",
			      has_number ? number : service->entry->name, value_word(service, ATTR_RPC_VERSION)));
}

/* Flags for TCP alone. Elsewhere they mean nothing, see xinetd.conf(5). */
static void set_tcp_options(struct xinetd_service *service)
{
	struct origin at = place_of(service, ATTR_FLAGS);

	if (strcmp(service->protocol, "tcp") != 0 || service->type & (IS_TCPMUX | IS_TCPMUXPLUS))
		return;
	if (service->flags & FLAG_NODELAY)
		draft_set_text(&service->draft, "no_delay", "yes", at);
	if (service->flags & FLAG_KEEPALIVE)
		draft_set_text(&service->draft, "keep_alive", "yes", at);
}

static void set_sockets(struct xinetd_service *service)
{
	/* Versions of xinetd that know v6only take any value of it for yes. */
	service->v6only = is_yes(service, ATTR_V6ONLY) ||
		(service->value[ATTR_V6ONLY] && service->draft.reading->compat == COMPAT_XINETD);
	if (!(service->type & IS_RPC)) {
		say_useless(service, ATTR_RPC_VERSION, SEVERITY_WARNING, "without type = RPC");
		say_useless(service, ATTR_RPC_NUMBER, SEVERITY_WARNING, "without type = RPC");
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
		set_as_is(service, ATTR_ONLY_FROM);
	} else {
		draft_set_text(&service->draft, "only_from", "none", only_from->at);
		draft_warn(&service->draft, only_from->at, "only_from is empty: no client is allowed");
	}
	set_as_is(service, ATTR_NO_ACCESS);
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
		say_useless(service, ATTR_INSTANCES, SEVERITY_NOTE, one_server);
		return;
	}
	if (instances)
		set_as_is(service, ATTR_INSTANCES);
	else if (!own)
		draft_set_text(&service->draft, "instances", "unlimited", service->entry->at);
	set_text(service, ATTR_INSTANCES, "overload", "refuse");
}

/* per_source counts single addresses, also for IPv6, where superd's default is a prefix. */
static void set_per_source(struct xinetd_service *service)
{
	const struct assignment *per_source = service->value[ATTR_PER_SOURCE];

	if (is_disabled_by_zero(service, ATTR_PER_SOURCE) || !per_source)
		return;
	if (!service->accepts) {
		say_useless(service, ATTR_PER_SOURCE, SEVERITY_NOTE, one_server);
		return;
	}
	set_as_is(service, ATTR_PER_SOURCE);
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
		set_as_is(service, ATTR_CPS);
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
		say_useless(service, ATTR_DENY_TIME, SEVERITY_WARNING, "without flags = SENSOR");
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
	set_text(service, value ? ATTR_DENY_TIME : ATTR_FLAGS, "deny_time", text);
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

	if (service->flags & (FLAG_NOLIBWRAP | FLAG_SENSOR) || (by_rpc && !given))
		return;
	if (is_seen && given)
		set_as_is(service, ATTR_LIBWRAP);
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
			set_as_is(service, i);
		else
			say_useless(service, i, SEVERITY_WARNING, "here: there is no connection to send it on");
	}
}

static void set_flags(struct xinetd_service *service)
{
	struct origin at = place_of(service, ATTR_FLAGS);

	if (service->flags & FLAG_INTERCEPT && !service->accepts && !(service->type & IS_INTERNAL))
		draft_set_text(&service->draft, "filter_every_packet", "yes", at);
	if (!(service->flags & FLAG_IDONLY))
		return;
	if (!service->accepts || service->socket != XINETD_STREAM) {
		draft_refuse(&service->draft, at, "flags: IDONLY needs socket_type = stream and wait = no");
		return;
	}
	draft_set_text(&service->draft, "id_only", "yes", at);
}

static void set_access(struct xinetd_service *service)
{
	set_address_lists(service);
	set_as_is(service, ATTR_ACCESS_TIMES);
	set_as_is(service, ATTR_MAX_LOAD);
	set_instances(service);
	set_per_source(service);
	set_rate(service);
	set_deny_time(service);
	set_libwrap(service);
	set_banners(service);
	set_flags(service);
}

/* Sets log_on_success or log_on_failure. Words of defaults that do not fit a service are skipped: TRAFFIC is of a
 * redirect, and with USERID two ident servers (RFC 1413) would ask each other for ever. */
static void set_log_words(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *value = service->value[attribute], *port = service->value[ATTR_PORT];
	const char *name = port ? port->words[0] : service->entry->name, **list;
	bool is_ident = service->socket == XINETD_STREAM &&
		(!strcmp(name, "113") || !strcmp(name, "auth") || !strcmp(name, "ident"));
	size_t count = 0;

	if (!value)
		return;
	list = pool_alloc(service->draft.pool, (value->count + 1) * sizeof(*list));
	for (size_t i = 0; i < value->count; i++) {
		if ((service->value[ATTR_REDIRECT] || strcasecmp(value->words[i], "TRAFFIC") != 0) &&
		    (!is_ident || strcasecmp(value->words[i], "USERID") != 0))
			list[count++] = value->words[i];
	}
	draft_set_words(&service->draft, xinetd_rule(attribute)->name, list, count, value);
}

static void set_log(struct xinetd_service *service)
{
	set_as_is(service, ATTR_LOG_TYPE);
	set_log_words(service, ATTR_LOG_ON_SUCCESS);
	set_log_words(service, ATTR_LOG_ON_FAILURE);
}

/* The program of a service, its user, limits and environment.
 *
 * xinetd has neither quotes nor templates: each word reaches the server unchanged. So superd escapes characters that
 * mean something in superd.conf. argv[0] is the last component of the server's path or, with NAMEINARGS, the first word
 * of server_args. */

/* The words of a value, escaped, behind `extra` unused elements. */
static const char **escape_words(struct xinetd_service *service, const struct assignment *value, size_t extra)
{
	size_t count = value ? value->count : 0;
	const char **list = pool_alloc(service->draft.pool, (count + extra + 1) * sizeof(*list));

	for (size_t i = 0; i < count; i++)
		list[extra + i] = template_escaped(service->draft.pool, value->words[i]);
	return list;
}

/* Warns of the first quote in a value, because the program gets it as a part of its arguments. */
static void warn_of_quotes(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct assignment *value = service->value[attribute];

	for (size_t i = 0; value && i < value->count; i++) {
		const char *word = value->words[i], *equals = attribute == ATTR_ENV ? strchr(word, '=') : NULL;

		if (!strchr("\"'", equals ? equals[1] : *word) || !(equals ? equals[1] : *word))
			continue;
		draft_warn(&service->draft, value->word_at[i],
			   "%s: quotes mean nothing here: they are part of the word %s", xinetd_rule(attribute)->name,
			   word);
		draft_hint(&service->draft, "blanks alone separate words");
		return;
	}
}

static void set_server(struct xinetd_service *service)
{
	const struct assignment *server = service->value[ATTR_SERVER], *args = service->value[ATTR_SERVER_ARGS];
	bool named = service->flags & FLAG_NAMEINARGS;
	const char **list, *name;
	struct assignment rest = { 0 };

	if (server->words[0][0] != '/')
		draft_refuse(&service->draft, server->word_at[0], "server: '%s' is no absolute path", server->words[0]);
	if (named && !args) {
		refuse(service, ATTR_FLAGS, "%s: NAMEINARGS needs server_args, whose first word is the name",
			      service->entry->label);
		return;
	}
	name = template_escaped(service->draft.pool, args && named ? args->words[0] : scan_base_name(server->words[0]));
	if (args)
		rest = (struct assignment){ args->name, .words = args->words + named, .count = args->count - named };
	list = escape_words(service, &rest, 1);
	warn_of_quotes(service, ATTR_SERVER_ARGS);
	list[0] = server->words[0];
	draft_set_words(&service->draft, "exec", list, rest.count + 1, server);
	draft_set_text(&service->draft, "argv0", name, named ? args->at : server->at);
	draft_set_text(&service->draft, "error", "socket", server->at);
}

static void set_builtin_program(struct xinetd_service *service)
{
	static const char *const builtins[] = { "echo",	  "discard", "chargen",	 "daytime", "time",
						"tcpmux", "servers", "services", NULL };
	int number = xinetd_word_find(builtins, service->entry->name);
	const struct assignment from = { .at = place_of(service, ATTR_TYPE) };
	const char *list[] = { service->entry->name, "xinetd" };
	bool has_form;

	if (number < 0) {
		draft_refuse(&service->draft, from.at, "type = INTERNAL: superd itself has no service '%s'", list[0]);
		draft_hint(&service->draft,
			   "it has echo, discard, chargen, daytime, time, tcpmux, servers and services");
		return;
	}
	list[0] = builtins[number];
	has_form = !strcmp(list[0], "daytime") || !strcmp(list[0], "chargen");
	draft_set_words(&service->draft, "builtin", list, 1 + has_form, &from);
}

static void set_program(struct xinetd_service *service)
{
	struct origin at = place_of(service, ATTR_WAIT);

	draft_set_text(&service->draft, "accept", service->accepts ? "yes" : "no", at);
	draft_set_text(&service->draft, "pass", "inetd", at);
	if (service->flags & FLAG_SENSOR)
		return;
	if (service->value[ATTR_REDIRECT]) {
		set_as_is(service, ATTR_REDIRECT);
	} else if (service->type & IS_INTERNAL) {
		set_builtin_program(service);
	} else {
		needs(service, ATTR_USER);
		if (needs(service, ATTR_SERVER))
			set_server(service);
	}
}

/* A builtin never runs as root, as it needs no rights. A number as `user` is also the number of the group. */
static void set_user_and_groups(struct xinetd_service *service)
{
	const struct assignment *user = service->value[ATTR_USER];
	bool own = service->type & IS_INTERNAL;

	if (!service->value[ATTR_GROUPS])
		draft_set_text(&service->draft, "groups", "no", service->entry->at);
	if (own && user && (!strcmp(user->words[0], "root") || !user->words[0][strspn(user->words[0], "0")]))
		return;
	set_as_is(service, ATTR_USER);
	set_as_is(service, ATTR_GROUP);
	if (!service->value[ATTR_GROUP] && user && *user->words[0] &&
	    !user->words[0][strspn(user->words[0], "0123456789")])
		draft_set_text(&service->draft, "group", user->words[0], user->at);
	set_as_is(service, ATTR_GROUPS);
}

static void set_environment(struct xinetd_service *service)
{
	const struct assignment *env = service->value[ATTR_ENV];

	if (service->flags & FLAG_SENSOR)
		return;
	set_user_and_groups(service);
	for (enum xinetd_attribute i = ATTR_RLIMIT_AS; i <= ATTR_RLIMIT_STACK; i++) {
		const struct assignment *value = service->value[i];

		if (!value || value->words[0][strspn(value->words[0], "0")])
			set_as_is(service, i);
		else
			warn(service, i, "%s: 0 means no limit, as with xinetd", xinetd_rule(i)->name);
	}
	if (env) {
		draft_set_words(&service->draft, "env", escape_words(service, env, 0), env->count, env);
		warn_of_quotes(service, ATTR_ENV);
	}
	set_as_is(service, ATTR_PASSENV);
	/* Without passenv a server gets xinetd's whole environment. */
	if (!service->value[ATTR_PASSENV] && service->draft.reading->compat == COMPAT_XINETD)
		draft_set_text(&service->draft, "passenv", "*", service->entry->at);
	set_as_is(service, ATTR_UMASK);
	set_as_is(service, ATTR_NICE);
}

static const char *const type_words[] = { "RPC", "INTERNAL", "UNLISTED", "SPECIAL", "TCPMUX", "TCPMUXPLUS", NULL };
static const char *const flag_words[] = { "INTERCEPT", "NORETRY",   "IDONLY", "NAMEINARGS", "NODELAY",
					  "KEEPALIVE", "NOLIBWRAP", "SENSOR", "IPv4",	    "IPv6",
					  "LABELED",   "REUSE",	    NULL };

/* The bits of a value's words, by their index in known[]. */
static unsigned read_bits(struct xinetd_service *service, enum xinetd_attribute attribute, const char *const *known)
{
	const struct assignment *value = service->value[attribute];
	unsigned bits = 0;

	for (size_t i = 0; value && i < value->count; i++) {
		int number = xinetd_word_find(known, value->words[i]);
		const char *nearest;

		if (number >= 0) {
			bits |= 1u << number;
			continue;
		}
		nearest = xinetd_word_suggest(known, value->words[i]);
		draft_refuse(&service->draft, value->word_at[i], "%s: there is no '%s'", xinetd_rule(attribute)->name,
			     value->words[i]);
		if (strchr(value->words[i], ','))
			draft_hint(&service->draft, "separate words by blanks, not commas");
		else if (nearest)
			draft_hint(&service->draft, "did you mean '%s'?", nearest);
	}
	return bits;
}

static void check_type(struct xinetd_service *service)
{
	unsigned kinds = service->type & (IS_RPC | IS_INTERNAL | IS_TCPMUX | IS_TCPMUXPLUS);

	if (kinds & (kinds - 1))
		refuse(service, ATTR_TYPE, "%s: a service is one of RPC, INTERNAL, TCPMUX and TCPMUXPLUS",
			      service->entry->label);
	if (service->flags & FLAG_LABELED)
		refuse(service, ATTR_FLAGS, "flags: LABELED: superd sets no SELinux context of a connection");
}

/* Decides whether superd accepts connections itself. It always does for stream builtins; xinetd does not with wait =
 * yes. */
static void find_accepts(struct xinetd_service *service)
{
	struct origin at = place_of(service, ATTR_WAIT);
	bool waits = needs(service, ATTR_WAIT) && is_yes(service, ATTR_WAIT);

	if (waits && (service->value[ATTR_REDIRECT] || service->type & (IS_TCPMUX | IS_TCPMUXPLUS))) {
		draft_refuse(&service->draft, at, "%s: %s needs wait = no", service->entry->label,
			     service->value[ATTR_REDIRECT] ? "redirect" : "tcpmux");
	} else if (waits && service->type & IS_INTERNAL && service->socket == XINETD_STREAM) {
		draft_warn(&service->draft, at, "%s: superd answers each client itself, as with wait = no",
			   service->entry->label);
		waits = false;
	}
	service->accepts = !waits || service->flags & FLAG_SENSOR;
	if (service->value[ATTR_REDIRECT] && service->socket != XINETD_STREAM)
		refuse(service, ATTR_REDIRECT, "%s: redirect needs socket_type = stream", service->entry->label);
}

static void set_all_options(struct xinetd_service *service)
{
	bool has_socket;

	service->type = read_bits(service, ATTR_TYPE, type_words);
	service->flags = read_bits(service, ATTR_FLAGS, flag_words);
	if (service->flags & FLAG_SENSOR)
		service->type |= IS_INTERNAL;
	check_type(service);
	has_socket = find_socket(service);
	find_accepts(service);
	if (has_socket)
		set_sockets(service);
	set_program(service);
	set_environment(service);
	set_access(service);
	set_log(service);
	if (is_yes(service, ATTR_MDNS))
		warn(service, ATTR_MDNS, "mdns: superd announces no services");
	is_yes(service, ATTR_DISABLE);
	if (service->entry->is_disabled)
		draft_set_text(&service->draft, "disable", "yes", service->entry->disabled_at);
}

/* false: the entry has an error, or a value was wrong, in the entry or in defaults: it would run without it. */
static bool is_sound(const struct xinetd_service *service)
{
	return !service->entry->diags.errors && !service->defaults->has_bad_line &&
		!memchr(service->is_broken, 1, sizeof(service->is_broken));
}

/* Makes a builder of the entry and adds it to the reading. Otherwise the reason is reported. */
static void make_service(struct reading *reading, struct xinetd_entry *entry, const struct xinetd_service *defaults)
{
	struct xinetd_service service = {
		.draft = { reading, defaults->draft.pool, &entry->diags,
			   builder_new(reading->table, (struct service){ .name = entry->label, .at = entry->at,
									 .is_foreign = true, .dialect = XINETD }),
			   false },
		.entry = entry,
		.defaults = defaults,
		.has_bad_line = entry->diags.errors,
	};

	xinetd_merge(&service);
	set_all_options(&service);
	xinetd_entry_report(entry, defaults->entry, reading->diags);
	if (is_sound(&service)) {
		reading_add(reading, service.draft.builder);
		return;
	}
	builder_free(service.draft.builder);
	if (entry->is_disabled)
		diag_warning(reading->diags, entry->at, "%s: it is disabled, and skipped because of its errors",
			     entry->label);
	else
		table_skip(reading->table, entry->at, entry->label)->is_doubtful = entry->is_doubtful;
}

/* The attributes id, enabled, disabled and disable.
 *
 * xinetd asks for unique ids. But it runs two services with one id if their ports or protocols differ (`time` over TCP
 * and UDP), and it ignores disabled services with the same id. superd needs a unique name for each service, so the
 * first one that is enabled keeps the id as its label, and the others get other labels. */

/* The first line of an entry that sets this attribute to one word with =; NULL: none. */
static const struct assignment *find_assignment(const struct xinetd_entry *entry, enum xinetd_attribute attribute)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (entry->list[i].key == xinetd_rule(attribute) && entry->list[i].sign == ASSIGN &&
		    entry->list[i].count == 1)
			return &entry->list[i];
	}
	return NULL;
}

/* Whether the list has this id, which then has no place any more: check_ids has nothing to say of it. */
static bool take_id(const struct assignment *ids, const char *id)
{
	bool found = false;

	for (size_t i = 0; ids && i < ids->count; i++) {
		if (strcasecmp(ids->words[i], id) != 0)
			continue;
		ids->word_at[i].file = NULL;
		found = true;
	}
	return found;
}

/* Sets is_disabled and the place of the line that disables the entry. */
static void find_disabled(struct xinetd_entry *entry, const struct xinetd_service *defaults)
{
	const struct assignment *enabled = defaults->value[ATTR_ENABLED], *disabled = defaults->value[ATTR_DISABLED];
	const struct assignment *line = find_assignment(entry, ATTR_DISABLE);
	bool value = false, is_enabled = take_id(enabled, entry->id), is_listed = take_id(disabled, entry->id);

	if (line && !scan_bool(line->words[0], &value) && value)
		entry->disabled_at = line->at;
	else if (enabled && !defaults->is_broken[ATTR_ENABLED] && !is_enabled)
		entry->disabled_at = enabled->at;
	else if (is_listed && !defaults->is_broken[ATTR_DISABLED])
		entry->disabled_at = disabled->at;
	else
		return;
	entry->is_disabled = true;
}

/* Sorts by id; of one id enabled entries come first, then those that are written so, then the order of the files
 * decides. */
static int compare_by_id(const void *a, const void *b)
{
	const struct xinetd_entry *first = *(struct xinetd_entry *const *)a, *second = *(struct xinetd_entry *const *)b;
	bool is_first_plain = !strcmp(first->id, first->plain), is_second_plain = !strcmp(second->id, second->plain);
	int order = strcmp(first->plain, second->plain);

	if (order)
		return order;
	if (first->is_disabled != second->is_disabled)
		return first->is_disabled ? 1 : -1;
	if (is_first_plain != is_second_plain)
		return is_first_plain ? -1 : 1;
	return first < second ? -1 : first > second;
}

static int compare_id(const void *id, const void *entry)
{
	return strcmp(id, (*(struct xinetd_entry *const *)entry)->plain);
}

/* A label that is no entry's id: the id with the socket type behind it, or else with a number. */
static const char *make_label(struct xinetd *xinetd, struct xinetd_entry **sorted, const struct xinetd_entry *entry,
			      unsigned *number)
{
	const struct assignment *type = find_assignment(entry, ATTR_SOCKET_TYPE);
	bool by_type = type && *number == 2 && !scan_ends_with(entry->plain, type->words[0]);
	const char *label = by_type ? pool_textf(xinetd->pool, "%s-%s", entry->plain, type->words[0])
				    : pool_textf(xinetd->pool, "%s-%u", entry->plain, (*number)++);

	while (bsearch(label, sorted, xinetd->count, sizeof(*sorted), compare_id))
		label = pool_textf(xinetd->pool, "%s-%u", entry->plain, (*number)++);
	*number += *number == 2;
	return label;
}

static void relabel_entry(struct xinetd *xinetd, struct xinetd_entry **sorted, struct xinetd_entry *entry,
			  const struct xinetd_entry *first, unsigned *number)
{
	struct buf place = { 0 };

	entry->label = make_label(xinetd, sorted, entry, number);
	origin_describe(first->at, &place);
	diags_add(&entry->diags, entry->is_disabled ? SEVERITY_NOTE : SEVERITY_WARNING, entry->at,
		  "the id %s is taken already%s: this service is called %s", entry->id, buf_string(&place),
		  entry->label);
	if (!entry->is_disabled)
		diags_hint(&entry->diags, "set an id of its own: id = %s", entry->label);
	buf_free(&place);
}

static void label_entries(struct xinetd *xinetd)
{
	struct xinetd_entry **sorted = pool_alloc(xinetd->pool, xinetd->count * sizeof(struct xinetd_entry *));
	unsigned number = 2;
	size_t first = 0;

	for (size_t i = 0; i < xinetd->count; i++)
		sorted[i] = &xinetd->services[i];
	qsort(sorted, xinetd->count, sizeof(struct xinetd_entry *), compare_by_id);
	for (size_t i = 1; i < xinetd->count; i++) {
		if (!strcmp(sorted[first]->plain, sorted[i]->plain)) {
			relabel_entry(xinetd, sorted, sorted[i], sorted[first], &number);
		} else {
			first = i;
			number = 2;
		}
	}
}

/* Warns of ids that no service has: a misspelt one would leave the wrong services enabled. */
static void check_ids(const struct xinetd_service *defaults, struct diags *diags)
{
	for (enum xinetd_attribute i = ATTR_DISABLED; i <= ATTR_ENABLED; i++) {
		const struct assignment *ids = defaults->value[i];

		for (size_t n = 0; ids && n < ids->count; n++) {
			if (ids->word_at[n].file)
				diag_warning(diags, ids->word_at[n], "%s: no service has the id '%s'",
					     xinetd_rule(i)->name, ids->words[n]);
		}
	}
}

/* Whether a wrong line may have been meant to set the id. */
static bool may_hide_id(const struct xinetd_entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (!entry->list[i].key || entry->list[i].key == xinetd_rule(ATTR_ID))
			return true;
	}
	return entry->diags.errors;
}

/* Sets id, plain, label, is_doubtful and is_disabled of every entry. defaults: for `enabled` and `disabled`. Shared ids
 * are reported with the entries. */
static void assign_ids(struct xinetd *xinetd, const struct xinetd_service *defaults)
{
	for (size_t i = 0; i < xinetd->count; i++) {
		struct xinetd_entry *entry = &xinetd->services[i];
		const struct assignment *id = find_assignment(entry, ATTR_ID);
		struct buf plain = { 0 };

		entry->id = id ? id->words[0] : entry->name;
		service_name_add(&plain, entry->id, strlen(entry->id), '.');
		entry->plain = entry->label = buf_keep(&plain, xinetd->pool);
		entry->is_doubtful = !id && may_hide_id(entry);
		find_disabled(entry, defaults);
	}
	label_entries(xinetd);
}

/* The defaults of a source, those of all its files together, in the source's pool. Their values are checked where a
 * service gets them. */
static struct xinetd_service *make_defaults(struct xinetd *xinetd, struct reading *reading)
{
	struct xinetd_entry *entry = &xinetd->defaults;
	const struct xinetd_service defaults = {
		.draft = { reading, xinetd->pool, &entry->diags, NULL, false },
		.entry = entry,
		.has_bad_line = entry->diags.errors,
	};
	struct xinetd_service *made = pool_copy(xinetd->pool, &defaults, sizeof(defaults));

	entry->name = entry->id = entry->label = "defaults";
	xinetd_merge(made);
	xinetd_entry_report(entry, NULL, reading->diags);
	return made;
}

/* xinetd's defaults for services of inetd.conf. They apply after all options of the entry itself are set, which take
 * precedence. Entries of inetd.conf become builders when all sources are read and xinetd's entries are freed, so the
 * defaults are kept here, with the source whose pool has them. */
struct xinetd_shared {
	struct xinetd *xinetd;
	const struct xinetd_service *defaults;
};

static void free_shared(void *state)
{
	xinetd_free(((struct xinetd_shared *)state)->xinetd);
}

bool xinetd_shared_defaults_exist(struct reading *reading)
{
	return *reading_state(reading, free_shared);
}

const char *xinetd_shared_address(struct reading *reading)
{
	const struct xinetd_shared *shared = *reading_state(reading, free_shared);

	return shared ? value_word(shared->defaults, ATTR_BIND) : NULL;
}

/* As in xinetd hosts.allow and hosts.deny hold for internal services alone: of the others many have tcpd for that. */
bool xinetd_shared_defaults_apply(struct reading *reading, const struct inetd_service *inetd)
{
	const struct xinetd_shared *shared = *reading_state(reading, free_shared);
	const char *name = builder_name(inetd->builder);
	struct xinetd_entry entry = { .name = inetd->id, .at = inetd->at, .id = inetd->id, .label = name };
	struct xinetd_service service = {
		.draft = { reading, NULL, &entry.diags, inetd->builder, true },
		.entry = &entry,
		.flags = inetd->is_internal ? 0 : FLAG_NOLIBWRAP,
		.socket = inetd->has_connections ? XINETD_STREAM : XINETD_DGRAM,
		.protocol = inetd->has_connections ? "tcp" : "udp",
		.accepts = inetd->accepts,
	};

	if (!shared)
		return true;
	service.draft.pool = shared->xinetd->pool;
	service.defaults = shared->defaults;
	xinetd_merge(&service);
	find_disabled(&entry, shared->defaults);
	set_access(&service);
	set_log(&service);
	set_as_is(&service, ATTR_PASSENV);
	set_as_is(&service, ATTR_UMASK);
	if (entry.is_disabled)
		draft_set_text(&service.draft, "disable", "yes", entry.disabled_at);
	xinetd_entry_report(&entry, shared->defaults->entry, reading->diags);
	diags_free(&entry.diags);
	return is_sound(&service);
}

void xinetd_shared_defaults_end(struct reading *reading)
{
	const struct xinetd_shared *shared = *reading_state(reading, free_shared);

	if (shared)
		check_ids(shared->defaults, reading->diags);
}

/* Reads a source of xinetd.conf.
 *
 * defaults also apply to services that stand before them, in any file of the source. So builders are made when the last
 * file is read; otherwise a service before defaults would run without their restrictions. */

/* The language of a line: 1 xinetd.conf, -1 another, 0 unknown. */
static int line_language(const struct xinetd_line *line, bool inside)
{
	static const char *const native[] = { "listen", "exec", "accept", "pass", "builtin", "socket", NULL };
	const char *value = line->words.count ? line->words.words[0] : "";

	if (line->kind == XINETD_ATTRIBUTE) {
		if (!inside || (*value && strchr("\"'{", *value)) || xinetd_word_find(native, line->name) >= 0)
			return -1;
		return xinetd_attribute_find(line->name) && !option_find(NATIVE, line->name);
	}
	if (line->kind != XINETD_STATEMENT || inside)
		return 0;
	if (xinetd_line_is(line, "include") || xinetd_line_is(line, "includedir"))
		return line->words.count == 2 && line->words.words[1][0] != '(' ? 1 : -1;
	if (xinetd_line_is(line, "service"))
		return line->words.count >= 2 ? 0 : -1;
	return xinetd_line_is(line, "defaults") ? 0 : -1;
}

/* The first line that fits only one language decides. If all lines fit both, an opening brace on a line of its own
 * means xinetd.conf. */
static bool xinetd_recognises(const struct source_file *source)
{
	struct source_file copy = { .file = source->file, .text = source->text, .length = source->length };
	struct xinetd_line line = { .source = &copy, .pool = pool_new() };
	bool inside = false, alone = false;
	int verdict = 0;

	source_find_lines(&copy);
	while (!verdict && xinetd_line_next(&line)) {
		verdict = line_language(&line, inside);
		alone |= line.kind == XINETD_OPEN;
		inside = line.kind != XINETD_CLOSE && (inside || line.kind != XINETD_ATTRIBUTE);
	}
	word_list_free(&line.words);
	pool_free(line.pool);
	free(copy.lines);
	return verdict > 0 || (!verdict && alone);
}

/* xinetd silently skips files with a dot in their name or a tilde at its end, and reports an error for each line of a
 * README. */
static bool xinetd_takes(struct reading *reading, const char *path, const char *name)
{
	const char *why = strchr(name, '.')	  ? "xinetd reads no files with a dot in their names from a directory"
		: !strncasecmp(name, "README", 6) ? "by its name it is no configuration"
						  : NULL;

	if (!reading_may_be_table(name))
		return false;
	if (why)
		diag_warning(reading->diags, ((struct origin){ .file = path }), "skipped: %s", why);
	return !why;
}

bool xinetd_read_source(struct reading *reading, const struct source_file *source)
{
	void **state = reading_state(reading, xinetd_free);

	if (!*state) {
		struct xinetd new = { .pool = pool_new(), .reader = &reader_xinetd };

		*state = pool_copy(new.pool, &new, sizeof(new));
	}
	xinetd_collect(*state, reading, source);
	return true;
}

void xinetd_end_source(struct reading *reading)
{
	void **state = reading_state(reading, xinetd_free), **shared = reading_state(reading, free_shared);
	struct xinetd *xinetd = *state;
	struct xinetd_service *defaults;

	if (!xinetd)
		return;
	defaults = make_defaults(xinetd, reading);
	assign_ids(xinetd, defaults);
	for (size_t i = 0; i < xinetd->count; i++)
		make_service(reading, &xinetd->services[i], defaults);
	if (reading->request && reading->request->shares_defaults && !*shared) {
		*shared = pool_alloc(xinetd->pool, sizeof(struct xinetd_shared));
		*(struct xinetd_shared *)*shared = (struct xinetd_shared){ xinetd, defaults };
	} else {
		check_ids(defaults, reading->diags);
		xinetd_free(xinetd);
	}
	*state = NULL;
}

const struct reader reader_xinetd = {
	.recognises = xinetd_recognises,
	.takes = xinetd_takes,
	.passes_over = true,
	.load = source_load_in_parts,
	.read_source = xinetd_read_source,
	.end_source = xinetd_end_source,
};
