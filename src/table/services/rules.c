/* Rules between options, and between an option and kinds of sockets, as rows of a table; and the diagnostics of all
 * rules. */
#include "table/services/internal.h"

#include <assert.h>

void service_refuse(const struct service *service, const char *option, struct diags *diags, const char *format, ...)
{
	struct origin at = option ? service_origin(service, option) : service->at;
	char message[DIAGS_MESSAGE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	diag_error(diags, at, "%s: %s", service->name, message);
}

const char *accept_reason(const struct service *service)
{
	return service->is_foreign ? "has no effect here: with wait the program accepts the connections itself"
				   : "has no effect here: with accept = no the program accepts the connections";
}

void service_hint(const struct service *service, struct diags *diags, const char *hint)
{
	if (!service->is_foreign)
		diags_hint(diags, "%s", hint);
}

/* A rule, which reads as its message: "type = forking needs accept = no: each connection has an instance of its own".
 * An option is written "OPTION", which is set, or "OPTION = WORD or WORD". */
struct rule_row {
	const char *option;  /* whose place the message has; "OPTION OPTION" is a rule for each of them */
	const char *verb;    /* NEEDS, or NOT_WITH: the two exclude each other */
	const char *other;   /* an option; "listen": a socket; NULL: */
	unsigned kinds;	     /* of sockets: it needs one of them, or none */
	const char *because; /* the end of the message */
	const char *hint;    /* for service_hint */
	const char *says;    /* the whole message, where it reads otherwise; %s: the socket */
	bool is_set;	     /* only if the service's own text sets the option: a default contradicts nothing */
	bool warns;
	bool otherwise;				/* only if the row before is kept */
	enum { ANY, RELAYED, NOT_RELAYED } way; /* RELAYED: exec beside redirect, whose program gets no socket */
	bool not_units; /* a unit's rules hold for its Internet sockets alone (systemd.resource-control(5)) */
	bool native;	/* in another system's table, that system's rules decide */
	bool has_node;	/* of kinds: of unix sockets those with a node */
	bool not_ipv4;	/* of kinds: not of IPv4 alone */
	bool sees_senders; /* not if all are datagrams, whose sender superd sees before it starts anything for it */
	bool sees_relayed; /* not of a redirect, whose relay counts its connections by source */
};

static const char NEEDS[] = "needs", NOT_WITH[] = "does not go with";

#define TCP_KINDS (KIND(TCP) | KIND(RPC_TCP))
#define STREAM_KINDS (TCP_KINDS | KIND(SCTP))
#define UDP_KINDS (KIND(UDP) | KIND(RPC_UDP))
#define MESSAGE_KINDS (KINDS_UNIX | KIND(NETLINK))
#define PEER_KINDS ((KINDS_INET & KINDS_ACCEPTING) | KIND(TCPMUX))
#define NAMELESS (~(unsigned)(KINDS_INET | KIND(TCPMUX))) /* their clients have no address */

/* Options that tune what a socket does not have. */
#define TUNES(list, of, text) \
	.option = (list), .verb = NEEDS, .kinds = (of), .because = (text), .is_set = true, .warns = true, .native = true

static const char no_connections[] = ""; /* accept_reason tells */
static const char accept_hint[] = "set accept = yes, or remove it";
static const char ways[] =
	"socket_user, socket_group and socket_mode control access there; set it in a socket { } that "
	"has the other sockets";
static const char one_of_them[] = "remove one of the two";
static const char on_relay[] = "remove it, or set root_directory = \"\"";

/* If systemd accepts a combination, superd does, too. An option that restricts or protects but has no effect is an
 * error, because its author relies on it; one that protects nothing is a warning. Builtins and redirect run
 * superd-builtin, which is not inside of root_directory. */
static const struct rule_row rows[] = {
	{ "builtin", NOT_WITH, "exec", .hint = one_of_them,
	  .says = "exec and builtin exclude each other: a service has exec, builtin or redirect, or exec and "
		  "redirect" },
	{ "redirect", NOT_WITH, "builtin", .hint = one_of_them,
	  .says = "builtin and redirect exclude each other: a service has exec, builtin or redirect, or exec and "
		  "redirect" },
	{ "proxy_protocol redirect_timeout", NEEDS, "redirect", .is_set = true },
	{ "root_directory", NOT_WITH, "builtin", .hint = on_relay },
	{ "root_directory", NOT_WITH, "redirect", .hint = on_relay, .way = NOT_RELAYED },
	{ "exec_prefix", NEEDS, .other = "exec" },
	{ "remain_after_exit", NOT_WITH, "accept = yes", .warns = true,
	  .says = "remain_after_exit: with accept = yes a connection whose instance has ended is still counted" },
	{ "remain_after_exit", NOT_WITH, "listen", .warns = true, .otherwise = true, .way = NOT_RELAYED,
	  .says = "remain_after_exit: once the program has ended, clients wait in vain: none of them starts it again" },
	{ "socket_exec_start_pre socket_exec_start_post socket_exec_stop_post", NEEDS, .other = "listen" },
	{ "restart = on-success or on-failure or on-abnormal or on-watchdog or on-abort or always", NOT_WITH,
	  "accept = yes", .is_set = true, .warns = true,
	  .says = "restart has no effect with accept = yes: the connection of an ended instance is closed" },
	{ "start = boot", NEEDS, "accept = no", .because = "nothing can start before a client connects" },
	{ "start = manual or wanted", NOT_WITH, .kinds = ~0u,
	  .says = "start is manual or wanted for a service without sockets: a client of %s would start it",
	  .hint = "remove listen; superctl hold keeps one with sockets from being started" },
	{ "on_change = drain", NOT_WITH, "on_change = drain", .warns = true,
	  .says = "on_change = drain is read as overlap: the old instance gets its signal when the next one is ready",
	  .hint = "write on_change = overlap" },
	{ "type = forking", NEEDS, "accept = no", .because = "each connection has an instance of its own" },
	{ "type = forking", NEEDS, "exec", .because = "a builtin stays in the foreground" },
	{ "type = notify or notify-reload", NEEDS, "exec",
	  .says = "type = notify needs exec: a builtin is ready at once" },
	{ "pid_file", NEEDS, "accept = no", .because = "each connection has an instance of its own", .is_set = true },
	{ "mount_api_vfs", NEEDS, "root_directory", .is_set = true, .warns = true },
	{ "exec_paths", NEEDS, "no_exec_paths", .is_set = true, .warns = true },
	{ "system_call_error_number", NEEDS, "system_call_filter", .is_set = true, .warns = true },
	{ "filter_every_packet", NOT_WITH, "accept = yes", .is_set = true, .warns = true,
	  .says = "filter_every_packet has no effect here: superd checks every client anyway" },
	{ "load_credential set_credential", NEEDS, "exec", .because = "a builtin has no secrets" },
	{ "ip_address_allow", NEEDS, "ip_address_deny", .warns = true,
	  .says = "ip_address_allow has no effect: without ip_address_deny all addresses are allowed" },

	/* Kinds of sockets. */
	{ "accept = no", NOT_WITH, .kinds = KIND(TCPMUX), .hint = "set accept = yes",
	  .says = "%s needs accept = yes: its clients connect to another service's socket" },
	{ "accept = yes", NOT_WITH, .kinds = ~(unsigned)(KINDS_ACCEPTING | KINDS_DATAGRAM),
	  .says = "accept = yes: there are no connections to accept on %s",
	  .hint = "set accept = no: the program receives it unchanged" },
	{ "proxy_protocol", NOT_WITH, .kinds = KIND(UDP), .says = "proxy_protocol is for connections, not for UDP" },
	{ TUNES("socket_user socket_group socket_mode remove_on_stop", KINDS_UNIX | KIND(FIFO) | KIND(MQUEUE),
		"a node in the file system, or a message queue"),
	  .has_node = true },
	{ TUNES("directory_mode symlinks", KINDS_UNIX | KIND(FIFO), "a node in the file system"), .has_node = true },
	{ TUNES("bind_to_device free_bind transparent", KINDS_INET, "an Internet address") },
	{ TUNES("ipv6_only", KINDS_INET, "an IPv6 address"), .not_ipv4 = true },
	{ TUNES("keep_alive no_delay", STREAM_KINDS, "TCP connections") },
	{ TUNES("keep_alive_time keep_alive_interval keep_alive_probes defer_accept", TCP_KINDS, "TCP connections") },
	{ TUNES("broadcast multicast_group", UDP_KINDS, "UDP datagrams") },
	{ TUNES("pass_credentials", MESSAGE_KINDS, "unix or netlink messages") },
	{ TUNES("pass_packet_info", UDP_KINDS | KIND(NETLINK), "UDP or netlink datagrams") },
	{ TUNES("writable", KIND(SPECIAL), "a special: file") },
	{ TUNES("probe_from", PEER_KINDS, "connections of TCP") },

	/* Who may connect. superd sees the sender of a datagram before it starts anything for it. */
	{ "instances overload deny_time", NEEDS, "accept = yes", .because = no_connections, .hint = accept_hint,
	  .is_set = true },
	{ "banner banner_success banner_fail", NEEDS, "accept = yes", .because = no_connections, .hint = accept_hint,
	  .is_set = true, .warns = true },
	{ "id_only", NEEDS, "accept = yes", .because = no_connections, .hint = "set accept = yes, or id_only = no" },
	{ "only_from", NOT_WITH, .kinds = NAMELESS, .hint = ways, .not_units = true,
	  .says = "only_from: clients of %s have no address, so no client is allowed" },
	{ "no_access", NOT_WITH, .kinds = NAMELESS, .hint = ways, .not_units = true, .is_set = true,
	  .says = "no_access: clients of %s have no address, so no client is refused" },
	{ "libwrap", NEEDS, "accept = yes", .because = no_connections, .sees_senders = true,
	  .hint = "set accept = yes, or libwrap = \"\"" },
	{ "libwrap", NOT_WITH, .kinds = NAMELESS, .hint = "remove it here: set libwrap = \"\"",
	  .says = "libwrap: clients of %s have no address, so superd cannot check hosts.allow and hosts.deny" },
	{ "id_only", NOT_WITH, .kinds = NAMELESS, .hint = "remove it here: set id_only = no",
	  .says = "id_only: clients of %s have no address, so no ident server names them" },
	{ "per_source", NOT_WITH, .kinds = KIND(UNIX_DGRAM), .is_set = true,
	  .hint = "set instances, for all of them together, or remove it",
	  .says = "per_source: clients of %s have no address, so none of them are counted" },
	{ "per_source", NEEDS, "accept = yes", .because = no_connections, .hint = accept_hint, .is_set = true,
	  .otherwise = true, .sees_relayed = true },
	{ "per_source_prefix", NEEDS, "accept = yes", .because = no_connections, .hint = accept_hint, .is_set = true,
	  .sees_senders = true, .sees_relayed = true },
	{ "per_source_rate", NOT_WITH, .kinds = KIND(UNIX_DGRAM), .is_set = true,
	  .hint = "set trigger_limit, for all of them together, or remove it",
	  .says = "per_source_rate: clients of %s have no address, so none of them are counted" },
	{ "per_source_rate", NEEDS, "accept = yes", .because = no_connections, .hint = accept_hint, .is_set = true,
	  .otherwise = true, .sees_senders = true },

	/* exec beside redirect. */
	{ "redirect", NOT_WITH, "accept = yes", .says = "redirect beside exec needs accept = no", .way = RELAYED,
	  .hint = "remove accept: one program serves all clients" },
	{ "pass = inetd", NOT_WITH, "redirect", .is_set = true, .way = RELAYED,
	  .says = "pass = inetd and redirect exclude each other: exec receives no socket" },

	{ "redirect", NEEDS, "listen", .because = "without it there is nothing to relay", .way = RELAYED },
	{ "input output error = socket", NOT_WITH, "redirect", .way = RELAYED,
	  .says = "redirect beside exec: input, output and error cannot be the socket" },

	/* When it is ready. */
	{ "ready exec_ready", NOT_WITH, "pass = bind", .is_set = true, .warns = true,
	  .says = "with pass = bind clients do not wait until it is ready: the program accepts them itself, as soon as "
		  "it listens",
	  .hint = "clients wait with redirect in place of pass = bind" },
	{ "exec_ready", NOT_WITH, "ready", .says = "exec_ready and ready are two answers to one question",
	  .hint = "remove one of them", .is_set = true },
	{ "ready exec_ready", NEEDS, "exec", .because = "a builtin is ready at once", .is_set = true },
	{ "ready exec_ready", NEEDS, "accept = no", .because = "no client waits for another's process",
	  .is_set = true },
	{ "ready exec_ready", NEEDS, "type = simple or exec", .because = "other types report readiness themselves",
	  .hint = "leave it out, or type", .is_set = true },

	/* When it is idle. superd must be able to see whether a client is connected; it knows the clients of all
	 * sockets from the process that relays them. */
	{ "idle_action min_awake idle_unless idle_when other_ports", NEEDS, "idle_timeout",
	  .hint = "set the time without clients, as in idle_timeout = 5min", .is_set = true },
	{ "idle_when = quiet", NEEDS, "idle_action = freeze", .because = "a stop would cut the connections off",
	  .hint = "write idle_action = freeze, or remove idle_when", .is_set = true, .otherwise = true },
	{ "idle_when = quiet", NEEDS, .kinds = KIND(TCP), .is_set = true, .otherwise = true,
	  .because = "connections of TCP: of others the kernel reports no times of traffic" },
	{ "idle_timeout", NEEDS, "accept = no", .because = "otherwise an instance ends with its one connection",
	  .hint = "remove idle_timeout; runtime_max limits a connection", .is_set = true },
	{ "idle_timeout", NEEDS, "listen", .is_set = true, .otherwise = true,
	  .says = "idle_timeout needs a socket: without one it has no clients",
	  .hint = "remove idle_timeout; runtime_max limits how long it runs" },
	{ "idle_action = freeze", NOT_WITH, "type = oneshot", .hint = "set idle_action = stop, and exec_stop",
	  .says = "idle_action = freeze needs a program that continues to run: a oneshot cannot be frozen",
	  .way = RELAYED },
	{ "idle_timeout", NOT_WITH, "type = oneshot", .is_set = true, .way = NOT_RELAYED,
	  .says = "idle_timeout needs a program that continues to run: a oneshot ends with its work" },
	{ "idle_timeout", NOT_WITH, .kinds = ~(unsigned)KINDS_SHOWN, .is_set = true, .otherwise = true,
	  .way = NOT_RELAYED, .says = "idle_timeout: the clients of %s cannot be counted",
	  .hint = "remove idle_timeout, or move the socket to a separate service" },

	/* pass = bind. */
	{ "pass = bind", NEEDS, "listen", .hint = "write the address that the program binds in listen, or remove pass",
	  .says = "pass = bind needs a socket in listen: superd answers the binds of its own sockets alone" },
	{ "binds", NEEDS, "pass = bind", .hint = "set pass = bind, or remove binds" },
	{ "pass = bind", NOT_WITH, "accept = yes", .hint = "set accept = no, or remove it",
	  .says = "pass = bind: a program that binds its own address accepts its clients itself" },
	{ "pass = bind", NOT_WITH, "redirect", .hint = "remove one of them",
	  .says = "pass = bind and redirect exclude each other: a program receives its sockets, or a relay connects "
		  "clients to it" },
	{ "pass = bind", NOT_WITH, "builtin", .otherwise = true, .hint = "set pass = inetd here, which is for builtins",
	  .says = "pass = bind is for a program in exec, and this is a builtin" },
	{ "type = oneshot", NOT_WITH, "pass = bind",
	  .says = "type = oneshot: with pass = bind a service is a server that stays" },
	{ "pass = bind", NOT_WITH, .kinds = ~(unsigned)(KIND(TCP) | KIND(UDP) | KIND(SCTP) | KINDS_UNIX),
	  .says = "pass = bind: %s: superd answers a bind(2) of TCP, UDP, SCTP and unix sockets only" },
};

#define ROWS (sizeof(rows) / sizeof(*rows))
#define OPTIONS 6 /* most that a row has for its message */

/* What each row names. Ten thousand services are checked against each row, so its options are looked up once. */
static struct found {
	const struct option_def *options[OPTIONS + 1], *other;
	const char *value; /* " = WORD or WORD" of the option; NULL: none */
} found[ROWS];

/* Whether the word is one of those that blanks separate in the text. */
static bool text_has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		if ((at == text || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	}
	return false;
}

static const struct option_def *find_option(const char *text)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
	return option_find(NATIVE, name);
}

/* value: " = WORD or WORD"; NULL: any value but none, or the default. */
static bool field_holds(const struct option_def *option, const char *value, const void *field)
{
	const enum field_kind kind = option->type->kind;

	if (!value && (kind == FIELD_WORDS || kind == FIELD_TEXT))
		return *(const void *const *)field;
	if (!value)
		return !option_is_default(option, field, NULL);
	if (option->type == &type_stream)
		return text_has_word(value, "socket") && ((const struct stream *)field)->kind == STREAM_SOCKET;
	return text_has_word(value,
			     kind == FIELD_BOOL ? *(const bool *)field ? "yes" : "no"
						: option->words[*(const unsigned *)field]);
}

/* Whether a service has the value, or this socket of it; NULL: one of them. */
static bool holds(const struct service *service, const struct listen *listen, const struct option_def *option,
		  const char *value)
{
	bool any = false;

	if (option->group != GROUP_SOCKETS)
		return field_holds(option, value, option_field(option, service));
	for (size_t n = 0; n < service->socket_count && !any; n++) {
		if (!listen || listen == &service->sockets[n])
			any = field_holds(option, value,
					  (const char *)service->sockets[n].options + option->offset);
	}
	return any;
}

/* Reports a row, whose text has %s for the socket, if that is not NULL. */
static void report_row(const struct service *service, const struct rule_row *row, const struct listen *listen,
		       struct origin at, const char *text, struct diags *diags)
{
	const char *place = listen ? strstr(text, "%s") : NULL;
	char name[ENDPOINT_TEXT];

	diags_add(diags, row->warns ? SEVERITY_WARNING : SEVERITY_ERROR, at, "%s: %.*s%s%s", service->name,
		  place ? (int)(place - text) : (int)strlen(text), text,
		  place ? endpoint_text(listen->endpoint, name) : "", place ? place + 2 : "");
	if (row->hint)
		service_hint(service, diags, row->hint);
}

void sockets_refuse(const struct service *service, unsigned kinds, const char *says, struct diags *diags)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (endpoint_is(listen->endpoint, kinds))
			report_row(service, &(struct rule_row){ 0 }, listen, listen->at, says, diags);
	}
}

/* The same as check_row, of a row of kinds of sockets, whose first that is wrong is reported. */
static bool check_kinds(const struct service *service, const struct rule_row *row, const struct found *named,
			const struct option_def *option, struct diags *diags)
{
	const char *name = option->name[NATIVE];
	struct buf text = { 0 };

	if (service_is_unclear(service, "listen") || !service->socket_count)
		return false;
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		const struct endpoint *endpoint = listen->endpoint;

		if (!endpoint_is(endpoint, row->kinds) || (row->not_ipv4 && endpoint->family == FAMILY_IPV4) ||
		    (row->has_node && endpoint_is(endpoint, KINDS_UNIX) && !endpoint_is_path(endpoint)))
			continue;
		if (row->verb == NEEDS)
			return false;
		if (!holds(service, listen, option, named->value))
			continue;
		report_row(service, row, listen,
			   option->group == GROUP_SOCKETS ? service_listen_origin(service, listen, name)
				   : named->value	     ? listen->at
							     : service_origin(service, name),
			   row->says, diags);
		return true;
	}
	if (row->verb != NEEDS || (named->value && !holds(service, NULL, option, named->value)))
		return false;
	buf_addf(&text, "%s has no effect here: none of its sockets has %s", name, row->because);
	report_row(service, row, NULL, service_origin(service, name), buf_string(&text), diags);
	buf_free(&text);
	return true;
}

/* Reports the row for one of its options, if it is broken. A wrong value is reported already. */
static bool check_row(const struct service *service, const struct rule_row *row, const struct found *named,
		      const struct option_def *option, struct diags *diags)
{
	const char *name = option->name[NATIVE], *verb = row->warns ? "has no effect without" : row->verb;
	struct buf text = { 0 };
	bool has_other;

	if (service_is_unclear(service, name) ||
	    (row->way && (row->way == RELAYED) != service_is_relayed(service)) ||
	    (row->not_units && service->dialect == UNIT) || (row->native && service->is_foreign) ||
	    (row->sees_senders && !service_find_socket(service, ~(unsigned)KINDS_DATAGRAM)) ||
	    (row->sees_relayed && service->exec->redirect && !service_find_socket(service, KINDS_DATAGRAM)))
		return false;
	if (row->kinds)
		return check_kinds(service, row, named, option, diags);
	if (!holds(service, NULL, option, named->value)) /* most rows end here */
		return false;
	/* That exec or listen is missing is another rule's. */
	if (!strcmp(row->other, "exec"))
		has_other = !service_is_builtin(service);
	else if (named->other->flags & STRUCTURE)
		has_other = service->socket_count ||
			    (row->verb == NEEDS && (service->exec->start == START_DEMAND || service->exec->accept ||
						    service_setting(service, "socket")));
	else
		has_other = holds(service, NULL, named->other, strstr(row->other, " = "));
	if (has_other == (row->verb == NEEDS) ||
	    (row->verb == NEEDS && service_setting(service, row->other)) ||
	    service_is_unclear(service, named->other->name[NATIVE]))
		return false;
	if (row->because == no_connections)
		buf_addf(&text, "%s %s", name, accept_reason(service));
	else
		buf_addf(&text, "%s %s %s%s%s", named->value ? row->option : name, verb, row->other,
			 row->because ? ": " : "", row->because ? row->because : "");
	if (row->verb == NOT_WITH && !service_setting_of(service, option))
		name = named->other->name[NATIVE];
	report_row(service, row, NULL, service_origin(service, name), row->says ? row->says : buf_string(&text),
		   diags);
	buf_free(&text);
	return true;
}

static void find_options(const struct rule_row *row, struct found *named)
{
	const char *name = row->option;

	named->other = row->other ? find_option(row->other) : NULL;
	named->value = strstr(row->option, " = ");
	for (size_t n = 0; *name && *name != '='; n++) {
		assert(n < OPTIONS);
		named->options[n] = find_option(name);
		name += strcspn(name, " ");
		name += *name == ' ';
	}
	assert(named->options[0] && (named->other || row->kinds));
}

void rule_rows(const struct service *service, struct diags *diags)
{
	bool broken = false, is_set[SETTING_OPTION + 1] = { false };

	for (size_t n = 0; n < settings_count(service->settings); n++)
		is_set[service->settings->list[n].option] = true;
	for (size_t row = 0; row < ROWS; row++) {
		if (!found[row].options[0])
			find_options(&rows[row], &found[row]);
		if (rows[row].otherwise && broken)
			continue;
		broken = false;
		for (size_t n = 0; found[row].options[n]; n++) {
			if (!rows[row].is_set || is_set[option_index(found[row].options[n])])
				broken |= check_row(service, &rows[row], &found[row], found[row].options[n], diags);
		}
	}
}
