/* Turns an entry into a builder: every option that superd.conf would need, at the place of the field it comes from.
 *
 * superd.conf expands %{ } and has defaults of its own, and inetd.conf knows neither. So per cent signs are doubled,
 * and the persona of an inetd are set as options. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "base/shell_words.h"
#include "parse/inetd/entry.h"
#include "parse/xinetd/inetd_defaults.h"

struct drafting {
	struct reading *reading;
	const struct inetd_entry *entry;
	struct service_builder *builder;
};

static void set(const struct drafting *drafting, const char *option, const char *text, struct origin at)
{
	struct value value = { .words = &text, .count = 1, .at = at, .word_at = &at };

	if (text)
		builder_set(drafting->builder, NATIVE, option, &value, drafting->reading->diags);
}

static void set_number(const struct drafting *drafting, const char *option, int64_t number, struct origin at)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, number);
	set(drafting, option, number == UNLIMITED ? "unlimited" : text, at);
}

/* Takes the text over. */
static void set_made(const struct drafting *drafting, const char *option, struct buf *text, struct origin at)
{
	if (text->failed)
		diags_out_of_memory(drafting->reading->diags, drafting->entry->at);
	else
		set(drafting, option, buf_string(text), at);
	buf_free(text);
}

/* [HOST:]SERVICE[%IFACE] behind a kind; the interface of fe80::1%eth0 stands at the end. */
static void add_inet(const struct inetd_entry *entry, const char *kind, const char *family, struct buf *out)
{
	size_t length = entry->host ? strcspn(entry->host, "%") : 0;

	buf_addf(out, "%s%s:", kind, family);
	if (length)
		buf_addf(out, memchr(entry->host, ':', length) ? "[%.*s]:" : "%.*s:", (int)length, entry->host);
	buf_text(out, entry->service);
	if (length)
		buf_text(out, entry->host + length);
}

static void add_endpoint(const struct inetd_entry *entry, unsigned families, struct buf *out)
{
	const char *family = families == INETD_IPV4 ? "4" : families == INETD_IPV6 || entry->yields ? "6" : "";

	switch (entry->transport) {
	case INETD_TCP:
		add_inet(entry, "tcp", family, out);
		break;
	case INETD_UDP:
		add_inet(entry, "udp", family, out);
		break;
	case INETD_SCTP:
		add_inet(entry, "sctp", family, out);
		break;
	case INETD_RPC_TCP:
	case INETD_RPC_UDP:
		buf_addf(out, "rpc/%s%s:%s", entry->transport == INETD_RPC_TCP ? "tcp" : "udp", family, entry->address);
		break;
	case INETD_UNIX:
		buf_addf(out, "%s:%s",
			 entry->type == INETD_STREAM	      ? "unix"
				 : entry->type == INETD_DGRAM ? "unix-dgram"
							      : "seqpacket",
			 entry->service);
		break;
	case INETD_MUX:
		buf_addf(out, "tcpmux:%s", entry->address);
		break;
	default:
		buf_addf(out, "raw:%s", entry->protocol);
		if (entry->host)
			buf_addf(out, "@%s", entry->host);
	}
}

static void set_listen(const struct drafting *drafting, unsigned families)
{
	struct buf text = { 0 };

	add_endpoint(drafting->entry, families, &text);
	set_made(drafting, "listen", &text, drafting->entry->service_at);
}

/* Two sockets, so that a client of IPv4 comes as one; the one of IPv6 where there is IPv6. */
static void set_both(const struct drafting *drafting)
{
	bool udp = drafting->entry->transport == INETD_UDP;
	struct origin at = drafting->entry->service_at;

	builder_open_socket(drafting->builder, udp ? "udp4" : "tcp4", at);
	set_listen(drafting, INETD_IPV4);
	builder_close_socket(drafting->builder, drafting->reading->diags);
	builder_open_socket(drafting->builder, udp ? "udp6" : "tcp6", at);
	set_listen(drafting, INETD_IPV6);
	set(drafting, "ipv6_only", "yes", at);
	set(drafting, "optional", "yes", at);
	builder_close_socket(drafting->builder, drafting->reading->diags);
}

static void set_sockets(const struct drafting *drafting)
{
	const struct inetd_entry *entry = drafting->entry;
	const struct inetd_defaults *said = drafting->reading->inetd;
	bool both = entry->families == (INETD_IPV4 | INETD_IPV6);
	bool inet = entry->transport == INETD_TCP || entry->transport == INETD_UDP || entry->transport == INETD_SCTP;

	if (inet && both && !entry->is_dual)
		set_both(drafting);
	else
		set_listen(drafting, entry->families);
	if (inet && entry->families == INETD_IPV6)
		set(drafting, "ipv6_only", "yes", entry->protocol_at);
	else if (inet && entry->is_dual)
		set(drafting, "ipv6_only", "no", entry->protocol_at);
	if (entry->is_implied)
		set(drafting, "optional", "yes", entry->protocol_at);
	set(drafting, "send_buffer", entry->send_buffer, entry->protocol_at);
	set(drafting, "receive_buffer", entry->receive_buffer, entry->protocol_at);
	set(drafting, "socket_user", entry->socket_user, entry->at);
	set(drafting, "socket_group", entry->socket_group, entry->at);
	set(drafting, "socket_mode", entry->socket_mode, entry->at);
	/* The BSDs' inetds unlink a node that they made, at their end and when its line is removed. */
	if (entry->transport == INETD_UNIX)
		set(drafting, "remove_on_stop", "yes", entry->at);
	if (said && said->backlog > 0 && (entry->type == INETD_STREAM || entry->type == INETD_SEQPACKET) &&
	    entry->transport != INETD_MUX)
		set_number(drafting, "backlog", said->backlog, entry->at);
}

/* A template of superd.conf begins with %{, and %% is a per cent sign. */
static void add_escaped(struct buf *out, const char *text)
{
	bool doubles = strstr(text, "%{") || strstr(text, "%%");

	for (; *text; text++) {
		if (doubles && *text == '%')
			buf_char(out, '%');
		buf_char(out, *text);
	}
}

static void add_argument(struct buf *out, const char *text, struct buf *room)
{
	buf_char(out, ' ');
	buf_clear(room);
	add_escaped(room, text);
	shell_words_quote(out, buf_string(room));
	out->failed |= room->failed;
}

/* Sets argv[0], if it is not the program's path. */
static void set_name(const struct drafting *drafting)
{
	const struct inetd_entry *entry = drafting->entry;
	const char *name = entry->arguments[0] ? entry->arguments[0] : scan_base_name(entry->program);
	struct buf text = { 0 };

	if (!strcmp(name, entry->program))
		return;
	add_escaped(&text, name);
	set_made(drafting, "argv0", &text, entry->program_at);
}

/* Sets the working directory. The "-" lets a program start in / if its user may not enter the folder. */
static void set_folder(const struct drafting *drafting)
{
	const struct inetd_defaults *said = drafting->reading->inetd;
	struct buf text = { 0 };

	if (!said || !said->folder)
		return;
	buf_addf(&text, "-%s", said->folder);
	set_made(drafting, "working_directory", &text, drafting->entry->at);
}

static void set_program(const struct drafting *drafting)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin",	  "/sbin",	    "/bin" };
	const struct inetd_entry *entry = drafting->entry;
	const struct value search_path = {
		.words = folders,
		.count = sizeof(folders) / sizeof(folders[0]),
		.is_list = true,
		.at = entry->program_at,
	};
	struct buf text = { 0 }, room = { 0 };

	shell_words_quote(&text, entry->program);
	for (words word = entry->arguments; *word && word[1]; word++)
		add_argument(&text, word[1], &room);
	set_made(drafting, "exec", &text, entry->program_at);
	buf_free(&room);
	if (entry->dialect->searches_path && !strchr(entry->program, '/'))
		builder_set(drafting->builder, NATIVE, "exec_search_path", &search_path, drafting->reading->diags);
	set_name(drafting);
	set_folder(drafting);
}

/* auth's options stand behind its own name, the first of the arguments. */
static void set_builtin(const struct drafting *drafting)
{
	const struct inetd_entry *entry = drafting->entry;
	struct buf text = { 0 };

	buf_text(&text, entry->builtin);
	if (!strcmp(entry->builtin, "daytime"))
		buf_text(&text, " bsd");
	for (words word = entry->arguments; word && *word && word[1]; word++) {
		buf_char(&text, ' ');
		shell_words_quote(&text, word[1]);
	}
	set_made(drafting, "builtin", &text, entry->program_at);
}

static void set_limits(const struct drafting *drafting)
{
	const struct inetd_entry *entry = drafting->entry;
	struct origin at = entry->wait_at;

	if (entry->accepts && (entry->instances != UNLIMITED || !xinetd_shared_defaults_exist(drafting->reading)))
		set_number(drafting, "instances", entry->instances, at);
	if (entry->per_source != UNLIMITED)
		set_number(drafting, "per_source", entry->per_source, at);
	if (entry->per_source_cpm != UNLIMITED)
		set_number(drafting, "per_source_cpm", entry->per_source_cpm, at);
	if (entry->nobody)
		set(drafting, "only_from", "none", at);
	if (entry->burst == UNLIMITED)
		return;
	set_number(drafting, "trigger_limit_burst", entry->burst, at);
	set(drafting, "trigger_limit_interval", "60s", at);
	set(drafting, "trigger_limit_pause", entry->pause, at);
	set(drafting, "trigger_limit_action", entry->dialect->limit_action, at);
}

/* The name under which hosts.allow and hosts.deny know it; they are asked only where superd meets the client. */
static void set_wrapper(const struct drafting *drafting)
{
	const struct inetd_entry *entry = drafting->entry;
	const struct inetd_defaults *said = drafting->reading->inetd;
	bool tcp = entry->transport == INETD_TCP || entry->transport == INETD_RPC_TCP || entry->transport == INETD_MUX;
	const char *name = entry->builtin ? entry->builtin : entry->arguments[0];

	if (!said || !tcp || !(entry->builtin ? said->wrap_internal : said->wrap_external))
		return;
	if (!entry->builtin && (!name || entry->dialect->wraps_program))
		name = scan_base_name(entry->program);
	if (!entry->accepts && reading_may_be_denied(drafting->reading, name))
		diag_warning(drafting->reading->diags, entry->wait_at,
			     "%s: hosts.allow and hosts.deny turn away clients of %s, but with wait superd does not "
			     "see who connects, so they are not asked", entry->name, name);
	if (entry->accepts)
		set(drafting, "libwrap", name, entry->program_at);
}

/* Sets the command line's choices for the environment of every program. */
static void set_environment(const struct drafting *drafting)
{
	const struct inetd_defaults *said = drafting->reading->inetd;
	struct origin at = drafting->entry->at;

	if (said && said->tells_addresses)
		set(drafting, "tcp_environment", "yes", at);
	if (said && said->passes_environment)
		set(drafting, "passenv", "*", at);
}

/* Where xinetd has a table of its own beside this one. */
static bool lay_defaults(const struct drafting *drafting)
{
	const struct inetd_entry *entry = drafting->entry;
	bool has_datagrams = entry->transport == INETD_UDP || entry->transport == INETD_RPC_UDP;
	const struct inetd_service guest = {
		.builder = drafting->builder,
		.at = entry->at,
		.accepts = entry->accepts,
		.has_connections = !has_datagrams,
	};

	return xinetd_shared_defaults_apply(drafting->reading, &guest);
}

static bool is_root(const char *user)
{
	return !strcmp(user, "root") || !user[strspn(user, "0")];
}

/* Builtins need no rights, so they do not run as root; auth may, because it reads files of users. */
static void set_user(const struct drafting *drafting)
{
	const struct inetd_entry *entry = drafting->entry;

	if (entry->builtin && strcmp(entry->builtin, "auth") != 0 && entry->user && is_root(entry->user))
		return;
	set(drafting, "user", entry->user, entry->user_at);
	set(drafting, "group", entry->group, entry->user_at);
}

void inetd_build(struct reading *reading, const struct inetd_entry *entry)
{
	struct drafting drafting = { .reading = reading, .entry = entry };

	drafting.builder = builder_new(reading->table, entry->name, entry->at);
	if (!drafting.builder) {
		diags_out_of_memory(drafting.reading->diags, drafting.entry->at);
		return;
	}
	builder_set_foreign(drafting.builder, NATIVE);
	set_sockets(&drafting);
	if (entry->builtin)
		set_builtin(&drafting);
	else
		set_program(&drafting);
	set(&drafting, "accept", entry->accepts ? "yes" : "no", entry->wait_at);
	set(&drafting, "pass", "inetd", entry->at);
	set(&drafting, "error", "socket", entry->at);
	set_user(&drafting);
	set_limits(&drafting);
	set_wrapper(&drafting);
	set_environment(&drafting);
	if (entry->never || entry->disabled)
		set(&drafting, "disable", "yes", entry->never ? entry->wait_at : entry->at);
	if (lay_defaults(&drafting)) {
		reading_add(reading, drafting.builder);
		return;
	}
	builder_free(drafting.builder);
	reading_leave_out(reading, entry->at, entry->name);
}
