/* From entries of inetd.conf to services: their names, which of them take effect, and their options. */
#include "read/inetd/internal.h"

#include "read/xinetd/xinetd.h"

void inetd_entries_free(void *state)
{
	struct inetd_entries *entries = state;

	free(entries->list);
	pool_free(entries->pool);
}

const struct inetd_transport_row inetd_transports[INETD_TRANSPORTS] = {
	[INETD_TCP] = { "tcp", 1u << INETD_STREAM },
	[INETD_UDP] = { "udp", 1u << INETD_DGRAM },
	[INETD_SCTP] = { "sctp", 1u << INETD_STREAM },
	[INETD_UNIX] = { "unix", 1u << INETD_STREAM | 1u << INETD_DGRAM | 1u << INETD_SEQPACKET },
	[INETD_RPC_TCP] = { "rpc/tcp", 1u << INETD_STREAM },
	[INETD_RPC_UDP] = { "rpc/udp", 1u << INETD_DGRAM },
	[INETD_IP] = { "", 1u << INETD_RAW },
	[INETD_MUX] = { "tcpmux", 1u << INETD_STREAM },
};

/* Names of services of inetd.conf: NAME for TCP, NAME-udp and the like for other protocols, with @HOST behind.
 *
 * A reload recognises a service by its name. So the name comes from the entry alone, not from its place in the file. An
 * entry gets its long name if another has its short one: a service foo-udp over TCP becomes foo-udp-tcp. */

/* What identifies an entry's socket besides its protocol, families and host. */
static const char *socket_of(const struct inetd_entry *entry)
{
	if (entry->transport == INETD_IP)
		return entry->protocol;
	return entry->address ? entry->address + (entry->address[0] == '+') : entry->service;
}

/* The kind of its socket, as endpoints of superd.conf begin with it; of a raw one the protocol. */
static const char *kind_of(const struct inetd_entry *entry)
{
	if (entry->transport == INETD_IP)
		return entry->protocol;
	if (entry->transport != INETD_UNIX || entry->type == INETD_STREAM)
		return inetd_transports[entry->transport].word;
	return entry->type == INETD_DGRAM ? "unix-dgram" : "seqpacket";
}

/* Adds the first part of the name: the service without its folder or version. In the long name of a unix socket a dash
 * stands for a slash, and two dashes for a dash. */
static void add_base(const struct inetd_entry *entry, bool is_long, struct buf *out)
{
	bool is_unix = entry->transport == INETD_UNIX;
	const char *text = is_unix ? scan_base_name(entry->service) :
		entry->transport == INETD_MUX ? socket_of(entry) : entry->service;

	if (!is_unix || !is_long) {
		service_name_add(out, text, inetd_is_rpc(entry) && !is_long ? strcspn(text, "/") : strlen(text), '.');
		return;
	}
	for (text = entry->service + (*entry->service == '/'); *text; text++) {
		if (*text == '-')
			buf_char(out, '-');
		service_name_add(out, text, 1, '.');
	}
}

/* tcp6 is IPv6's also where it takes IPv4 clients. An IPv6 address has brackets, and _ for its colons: [__1] is ::1. */
static const char *make_name(const struct inetd_entry *entry, bool is_long, struct pool *pool)
{
	bool is_six = entry->families == INETD_IPV6 || entry->yields == INETD_IPV4;
	const char *kind = kind_of(entry), *host = entry->host;
	struct buf out = { 0 };

	add_base(entry, is_long, &out);
	if (entry->transport != INETD_TCP || is_six || is_long) {
		buf_char(&out, '-');
		service_name_add(&out, kind, strlen(kind), '.');
		buf_text(&out, is_six ? "6" : "");
	}
	if (host) {
		buf_text(&out, strchr(host, ':') ? "@[" : "@");
		service_name_add(&out, host, strlen(host), '_');
		buf_text(&out, strchr(host, ':') ? "]" : "");
	}
	return buf_keep(&out, pool);
}

/* Decides which entries take effect, after all of them are known.
 *
 * Lines replace each other, also across files. An entry that names a family has it, in any order of the lines, because
 * the author of tcp and tcp6 meant one for each; else the last one counts, as in every inetd. */

/* 0: entries ask for the same socket, each for its families. */
static int compare_sockets(const struct inetd_entry *left, const struct inetd_entry *right)
{
	int order = (int)left->transport - (int)right->transport;

	if (!order)
		order = (int)left->type - (int)right->type;
	if (!order)
		order = strcmp(socket_of(left), socket_of(right));
	return order ? order : strcmp(left->host ? left->host : "", right->host ? right->host : "");
}

static int compare_by_socket(const void *a, const void *b)
{
	const struct inetd_entry *left = *(struct inetd_entry *const *)a, *right = *(struct inetd_entry *const *)b;
	int order = compare_sockets(left, right);

	return order ? order : left < right ? -1 : left > right;
}

static int compare_by_name(const void *a, const void *b)
{
	return strcmp((*(struct inetd_entry *const *)a)->name, (*(struct inetd_entry *const *)b)->name);
}

/* The entry of one socket that has a family; NULL: none. */
static struct inetd_entry *family_owner(struct inetd_entry **group, size_t length, unsigned family)
{
	struct inetd_entry *owner = NULL;

	for (size_t i = 0; i < length; i++) {
		if (group[i]->families & family && (!owner || !(group[i]->yields & family) || owner->yields & family))
			owner = group[i];
	}
	return owner;
}

/* Leaves to each entry of one socket the families that it has, and drops those that have none. */
static void share_families(struct inetd_entry **group, size_t length, struct diags *diags)
{
	const struct inetd_entry *four = family_owner(group, length, INETD_IPV4);
	const struct inetd_entry *six = family_owner(group, length, INETD_IPV6);

	for (size_t i = 0; i < length; i++) {
		struct inetd_entry *entry = group[i];
		unsigned kept = (entry == four ? INETD_IPV4 : 0) | (entry == six ? INETD_IPV6 : 0);
		struct buf place = { 0 };

		if (kept == entry->families)
			continue;
		entry->is_dropped = !kept;
		if (!kept && !entry->is_implied) {
			origin_describe(entry->families & INETD_IPV4 ? four->at : six->at, &place);
			diag_warning(diags, entry->at,
				     "%s: this entry is skipped: there is another for the same socket%s, which counts",
				     entry->service, buf_string(&place));
			buf_free(&place);
		}
		entry->families = kept;
		entry->is_implied |= entry->is_bare && kept == INETD_IPV6;
	}
}

/* Adds one note, at the first entry that serves IPv6 clients here and not with other inetds. */
static void note_families(const struct inetd_entries *entries, struct diags *diags)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct inetd_entry *entry = &entries->list[i];

		if (entry->is_dropped || !entry->is_bare || !(entry->families & INETD_IPV6) ||
		    !entry->dialect->tells_families)
			continue;
		diag_note(diags, entry->protocol_at,
			  "tcp and udp are IPv4 and IPv6 here, as with Debian's inetd; with FreeBSD, NetBSD, GNU and "
			  "busybox they are IPv4 (see --compat)");
		return;
	}
}

void inetd_apply_precedence(struct reading *reading, struct inetd_entries *entries)
{
	struct inetd_entry **sorted = pool_alloc(entries->pool, entries->count * sizeof(*sorted));
	size_t count = 0;

	for (size_t i = 0; i < entries->count; i++)
		sorted[i] = &entries->list[i];
	qsort(sorted, entries->count, sizeof(*sorted), compare_by_socket);
	for (size_t i = 0, end; i < entries->count; i = end) {
		for (end = i + 1; end < entries->count && !compare_sockets(sorted[i], sorted[end]);)
			end++;
		share_families(sorted + i, end - i, reading->diags);
	}
	for (size_t i = 0; i < entries->count; i++) {
		if (sorted[i]->is_dropped)
			continue;
		sorted[count++] = sorted[i];
		sorted[i]->name = make_name(sorted[i], false, entries->pool);
	}
	qsort(sorted, count, sizeof(*sorted), compare_by_name);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && !compare_by_name(&sorted[i], &sorted[end]);)
			end++;
		for (size_t k = i; end - i > 1 && k < end; k++)
			sorted[k]->name = make_name(sorted[k], true, entries->pool);
	}
	note_families(entries, reading->diags);
}

/* Makes a builder of an entry. Each option gets the place of the field that it comes from.
 *
 * superd.conf has templates %{ } and defaults of its own, and inetd.conf has neither. So percent signs are doubled, and
 * the behaviour of an inetd is set with options. */

#define TCPD_FOLDER "/usr/sbin" /* where it is, and its REAL_DAEMON_DIR, in every distribution */
#define TCPD TCPD_FOLDER "/tcpd"

static void set_number_option(const struct draft *draft, const char *option, int64_t number, struct origin at)
{
	draft_set_text(draft, option, number == UNLIMITED ? "unlimited" : pool_textf(draft->pool, "%" PRId64, number),
		       at);
}

static const char *listen_text(const struct draft *draft, const struct inetd_entry *entry, unsigned families)
{
	bool has_family = entry->transport != INETD_UNIX && entry->transport != INETD_MUX;
	const char *family = families == INETD_IPV4 ? "4" : families == INETD_IPV6 || entry->yields ? "6" : "";
	struct buf text = { 0 };

	if (entry->transport == INETD_IP)
		buf_addf(&text, "raw:%s%s%s", entry->protocol, entry->host ? "@" : "", entry->host ? entry->host : "");
	else
		endpoint_add(&text, kind_of(entry), has_family ? family : "", entry->host,
			     entry->address ? entry->address : entry->service);
	return buf_keep(&text, draft->pool);
}

static void set_socket_options(const struct draft *draft, const struct inetd_entry *entry)
{
	const struct inetd_defaults *defaults = draft->reading->inetd;
	bool both = entry->families == (INETD_IPV4 | INETD_IPV6);
	bool inet = entry->transport == INETD_TCP || entry->transport == INETD_UDP || entry->transport == INETD_SCTP;

	/* One socket for each family, so that IPv4 clients have no mapped addresses. */
	if (inet && both && entry->yields == entry->families) {
		draft_set_pair(draft, "listen", listen_text(draft, entry, INETD_IPV4),
			       listen_text(draft, entry, INETD_IPV6), entry->service_at);
	} else {
		draft_set_text(draft, "listen", listen_text(draft, entry, entry->families), entry->service_at);
	}
	if (inet && both && entry->yields == INETD_IPV4)
		draft_set_text(draft, "ipv6_only", "no", entry->protocol_at);
	if (entry->is_implied)
		draft_set_text(draft, "optional", "yes", entry->protocol_at);
	draft_set_text(draft, "socket_user", entry->socket_user, entry->at);
	draft_set_text(draft, "socket_group", entry->socket_group, entry->at);
	draft_set_text(draft, "socket_mode", entry->socket_mode, entry->at);
	/* The BSDs' inetds unlink the socket's path when they end and when its line is removed. */
	if (entry->transport == INETD_UNIX)
		draft_set_text(draft, "remove_on_stop", "yes", entry->at);
	if (defaults->backlog > 0 && (entry->type == INETD_STREAM || entry->type == INETD_SEQPACKET) &&
	    entry->transport != INETD_MUX)
		set_number_option(draft, "backlog", defaults->backlog, entry->at);
}

static void set_program(const struct draft *draft, const struct inetd_entry *entry)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin",	  "/sbin",	    "/bin" };
	const struct value search_path = {
		.words = folders,
		.count = sizeof(folders) / sizeof(folders[0]),
		.is_list = true,
		.at = entry->program_at,
	};
	const struct inetd_defaults *defaults = draft->reading->inetd;
	const char *name = entry->arguments[0] ? entry->arguments[0] : scan_base_name(entry->program);
	struct buf text = { 0 };

	shell_words_quote(&text, entry->program);
	for (words word = entry->arguments; *word && word[1]; word++) {
		buf_char(&text, ' ');
		shell_words_quote(&text, template_escaped(draft->pool, word[1]));
	}
	draft_set_text(draft, "exec", buf_keep(&text, draft->pool), entry->program_at);
	if (entry->dialect->searches_path && !strchr(entry->program, '/'))
		draft_set(draft, "exec_search_path", &search_path);
	if (strcmp(name, entry->program) != 0)
		draft_set_text(draft, "argv0", template_escaped(draft->pool, name), entry->program_at);
	/* The "-" lets a program start in / if its user may not enter the folder. */
	if (defaults->folder)
		draft_set_textf(draft, "working_directory", entry->at, "-%s", defaults->folder);
}

static void set_limit_options(const struct draft *draft, const struct inetd_entry *entry)
{
	struct origin at = entry->wait_at;

	if (entry->accepts && (entry->instances != UNLIMITED || !xinetd_shared_defaults_exist(draft->reading)))
		set_number_option(draft, "instances", entry->instances, at);
	if (entry->per_source != UNLIMITED)
		set_number_option(draft, "per_source", entry->per_source, at);
	if (entry->per_source_rate != UNLIMITED)
		set_number_option(draft, "per_source_rate", entry->per_source_rate, at);
	if (entry->burst == UNLIMITED)
		return;
	set_number_option(draft, "trigger_limit_burst", entry->burst, at);
	draft_set_text(draft, "trigger_limit_interval", "60s", at);
	draft_set_text(draft, "trigger_limit_pause", entry->dialect->pause, at);
}

static bool is_tcp(const struct inetd_entry *entry)
{
	return entry->transport == INETD_TCP || entry->transport == INETD_RPC_TCP || entry->transport == INETD_MUX;
}

/* Whether superd itself asks hosts.allow and hosts.deny about the clients of the program. */
static bool wraps_program(const struct draft *draft, const struct inetd_entry *entry)
{
	return draft->reading->inetd->wrap_external && !entry->builtin && is_tcp(entry);
}

/* inetd -l does not run tcpd, but the program that tcpd would start. */
static void pass_by_tcpd(const struct draft *draft, struct inetd_entry *entry)
{
	struct pool *pool = draft->pool;
	const char *name = entry->arguments ? entry->arguments[0] : NULL;
	const char **arguments;

	if (!wraps_program(draft, entry) || !entry->accepts || entry->dialect->wraps_program || !name ||
	    strcmp(entry->program, TCPD) != 0)
		return;
	entry->program = strchr(name, '/') ? name : pool_textf(pool, TCPD_FOLDER "/%s", name);
	arguments = pool_copy(pool, entry->arguments, (words_count(entry->arguments) + 1) * sizeof(*arguments));
	arguments[0] = scan_base_name(name);
	entry->arguments = arguments;
}

/* Sets the name of the daemon in hosts.allow and hosts.deny. superd checks them only where it accepts connections. */
static void set_libwrap(const struct draft *draft, const struct inetd_entry *entry)
{
	const char *name = entry->builtin ? entry->builtin : entry->arguments[0];

	if (entry->builtin ? !draft->reading->inetd->wrap_internal || !is_tcp(entry) : !wraps_program(draft, entry))
		return;
	if (!entry->builtin && (!name || entry->dialect->wraps_program))
		name = scan_base_name(entry->program);
	if (!entry->accepts && reading_has_host_rules(draft->reading))
		draft_warn(draft, entry->wait_at,
			   "%s: hosts.allow or hosts.deny has rules, but with wait superd does not see the clients "
			   "of %s, so the rules have no effect",
			   entry->name, name);
	if (entry->accepts)
		draft_set_text(draft, "libwrap", name, entry->program_at);
}

/* The group behind a dot may not have been split off yet. */
static bool is_root(const char *user)
{
	size_t length = strcspn(user, ".");

	return scan_is_word(user, length, "root") || strspn(user, "0") == length;
}

void inetd_build(struct reading *reading, const struct inetd_entry *entry)
{
	const struct inetd_defaults *defaults = reading->inetd;
	const struct draft draft = { reading, inetd_entries(reading)->pool, reading->diags,
				     builder_new(reading->table, (struct service){ .name = entry->name, .at = entry->at,
										   .is_foreign = true }),
				     false };
	struct inetd_service service = {
		.builder = draft.builder,
		.at = entry->at,
		.accepts = entry->accepts,
		.has_connections = entry->transport != INETD_UDP && entry->transport != INETD_RPC_UDP,
		.is_internal = entry->builtin && entry->transport != INETD_UNIX,
	};
	size_t errors = reading->diags->errors;
	struct inetd_entry own = *entry;
	struct buf id = { 0 };

	add_base(entry, false, &id);
	service.id = buf_keep(&id, draft.pool);
	pass_by_tcpd(&draft, &own);
	entry = &own;
	set_socket_options(&draft, entry);
	if (entry->builtin)
		draft_set_text(&draft, "builtin", strcmp(entry->builtin, "daytime") ? entry->builtin : "daytime bsd",
			       entry->program_at);
	else
		set_program(&draft, entry);
	draft_set_text(&draft, "accept", entry->accepts ? "yes" : "no", entry->wait_at);
	draft_set_text(&draft, "pass", "inetd", entry->at);
	if (!entry->builtin)
		draft_set_text(&draft, "error", "socket", entry->at);
	/* A builtin does not run as root. */
	if (!entry->builtin || !is_root(entry->user)) {
		draft_set_text(&draft, "user", entry->user, entry->user_at);
		draft_set_text(&draft, "group", entry->group, entry->user_at);
	}
	set_limit_options(&draft, entry);
	set_libwrap(&draft, entry);
	if (defaults->tells_addresses)
		draft_set_text(&draft, "tcp_environment", "yes", entry->at);
	if (defaults->passes_environment)
		draft_set_text(&draft, "passenv", "*", entry->at);
	if (entry->never)
		draft_set_text(&draft, "disable", "yes", entry->wait_at);
	if (xinetd_shared_defaults_apply(reading, &service) && reading->diags->errors == errors) {
		reading_add(reading, draft.builder);
		return;
	}
	builder_free(draft.builder);
	reading_skip(reading, entry->at, entry->name);
}
