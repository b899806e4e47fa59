/* From entries of inetd.conf to services: their names, which of them take effect, and their options. */
#include "read/inetd/internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/scan.h"
#include "lib/shell_words.h"
#include "read/xinetd/xinetd.h"
#include "table/reading/word_list.h"

/* Names of services of inetd.conf: NAME for TCP, NAME-udp and the like for other protocols, with @HOST behind.
 *
 * A reload recognises a service by its name. So the name comes from the entry alone, not from its place in the file,
 * and entries for the same socket have the same name. An entry gets its long name if another has its short one: a
 * service foo-udp over TCP becomes foo-udp-tcp. */

/* Adds text without blanks, colons and slashes, which a name of superd.conf cannot have. */
static void add_clean_text(struct buf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == ':')
			buf_char(out, '.');
		else if (c == '/')
			buf_char(out, '-');
		else
			buf_char(out, isgraph((unsigned char)c) ? c : '_');
	}
}

/* Adds a path. A dash stands for a slash, and two dashes for a dash. */
static void add_escaped_path(struct buf *out, const char *path)
{
	for (; *path; path++) {
		if (*path == '-')
			buf_char(out, '-');
		add_clean_text(out, path, 1);
	}
}

/* Adds a host. An IPv6 address has brackets and _ for its colons: [__1] is ::1. */
static void add_host(struct buf *out, const char *host)
{
	bool is_six = strchr(host, ':');

	if (is_six)
		buf_char(out, '[');
	for (; *host; host++) {
		if (*host == ':')
			buf_char(out, '_');
		else
			add_clean_text(out, host, 1);
	}
	if (is_six)
		buf_char(out, ']');
}

/* Adds the first part of the name: the service without its folder or version. */
static void add_base(const struct inetd_entry *entry, bool is_long, struct buf *out)
{
	const char *text = entry->service;
	size_t length = strlen(text);

	switch (entry->transport) {
	case INETD_UNIX:
		if (is_long) {
			add_escaped_path(out, text + (*text == '/'));
			return;
		}
		text = scan_base_name(text);
		length = strlen(text);
		break;
	case INETD_RPC_TCP:
	case INETD_RPC_UDP:
		length = is_long ? length : strcspn(text, "/");
		break;
	case INETD_MUX:
		text = entry->address + (entry->address[0] == '+');
		length = strlen(text);
		break;
	default:
		break;
	}
	add_clean_text(out, text, length);
}

static void add_kind(const struct inetd_entry *entry, bool is_long, bool six, struct buf *out)
{
	static const char *const kinds[] = {
		[INETD_TCP] = "-tcp",	      [INETD_UDP] = "-udp",	    [INETD_SCTP] = "-sctp",
		[INETD_RPC_TCP] = "-rpc-tcp", [INETD_RPC_UDP] = "-rpc-udp", [INETD_MUX] = "-tcpmux",
	};

	if (entry->transport == INETD_UNIX) {
		buf_text(out,
			 entry->type == INETD_STREAM	      ? "-unix"
				 : entry->type == INETD_DGRAM ? "-unix-dgram"
							      : "-seqpacket");
	} else if (entry->transport == INETD_IP) {
		buf_char(out, '-');
		add_clean_text(out, entry->protocol, strlen(entry->protocol));
	} else if (entry->transport != INETD_TCP || six || is_long) {
		buf_text(out, kinds[entry->transport]);
		if (six)
			buf_char(out, '6');
	}
}

static const char *make_name(const struct inetd_entry *entry, bool is_long, bool six, struct pool *pool)
{
	struct buf out = { 0 };

	add_base(entry, is_long, &out);
	add_kind(entry, is_long, six, &out);
	if (entry->host) {
		buf_char(&out, '@');
		add_host(&out, entry->host);
	}
	return buf_keep(&out, pool);
}

/* tcp6 is IPv6's also where it takes IPv4 clients. */
static bool is_of_ipv6(const struct inetd_entry *entry)
{
	bool has_families =
		entry->transport != INETD_UNIX && entry->transport != INETD_MUX && entry->transport != INETD_IP;

	return has_families && (entry->families == INETD_IPV6 || entry->yields == INETD_IPV4);
}

/* Sets name and rival. */
static void name_entry(struct inetd_entry *entry, struct pool *pool)
{
	bool six = is_of_ipv6(entry);

	entry->name = make_name(entry, false, six, pool);
	entry->rival = entry->yields ? make_name(entry, false, !six, pool) : entry->name;
}

/* Sets the long name, where another entry has this name, before any entry yields a family. */
static void lengthen_name(struct inetd_entry *entry, struct pool *pool)
{
	entry->name = make_name(entry, true, is_of_ipv6(entry), pool);
}

/* Decides which entries take effect, after all of them are known.
 *
 * Lines replace each other, also across files. As in every inetd, the last of two lines for one service counts. A line
 * for tcp means both families, but leaves IPv6 to a line for tcp6, because the author of both lines meant one for each
 * family. */

void inetd_add(struct reading *reading, const struct inetd_entry *entry)
{
	struct inetd_entries *entries = inetd_entries(reading);

	array_add(entries->list, entries->count, entries->capacity) = *entry;
	name_entry(&entries->list[entries->count - 1], entries->pool);
}

/* What identifies an entry's socket besides its protocol, families and host. */
static const char *socket_of(const struct inetd_entry *entry)
{
	if (entry->transport == INETD_IP)
		return entry->protocol;
	return entry->address ? entry->address + (entry->address[0] == '+') : entry->service;
}

/* 0: entries of one name ask for the same socket. */
static int compare_sockets(const struct inetd_entry *left, const struct inetd_entry *right)
{
	int order = (int)left->transport - (int)right->transport;

	if (!order)
		order = (int)left->type - (int)right->type;
	return order ? order : strcmp(socket_of(left), socket_of(right));
}

static int compare_by_name_and_socket(const void *a, const void *b)
{
	const struct inetd_entry *left = *(struct inetd_entry *const *)a, *right = *(struct inetd_entry *const *)b;
	int order = strcmp(left->name, right->name);

	if (!order)
		order = compare_sockets(left, right);
	return order ? order : left < right ? -1 : left > right;
}

/* The number of entries, from the first on, with the first one's name. */
static size_t count_same_name(struct inetd_entry **sorted, size_t left)
{
	size_t length = 1;

	while (length < left && !strcmp(sorted[length]->name, sorted[0]->name))
		length++;
	return length;
}

/* The number of entries, from the first on, with the first one's name and socket. */
static size_t count_same_socket(struct inetd_entry **sorted, size_t left)
{
	size_t length = 1, most = count_same_name(sorted, left);

	while (length < most && !compare_sockets(sorted[length], sorted[0]))
		length++;
	return length;
}

/* Entries for different sockets may have the same name: unix sockets in two folders, versions of one RPC program, a
 * service foo-udp over TCP. They get their long names. */
static bool use_long_names(struct inetd_entry **group, size_t length, struct pool *pool)
{
	bool differ = false;

	for (size_t i = 1; i < length; i++)
		differ |= compare_sockets(group[i], group[0]) != 0;
	for (size_t i = 0; differ && i < length; i++)
		lengthen_name(group[i], pool);
	return differ;
}

/* The entry that takes effect: the last one that is not implied, else the last one. */
static struct inetd_entry *group_winner(struct inetd_entry **group, size_t length)
{
	struct inetd_entry *winner = group[0];

	for (size_t i = 1; i < length; i++) {
		if (!group[i]->is_implied || winner->is_implied)
			winner = group[i];
	}
	return winner;
}

/* An entry that names the families which this entry yields, perhaps an implied one; NULL: none. */
static const struct inetd_entry *find_family_rival(struct inetd_entry **sorted, size_t count,
						   const struct inetd_entry *entry, bool implied)
{
	const char *name = entry->rival;
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(sorted[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && !strcmp(sorted[low]->name, name); low++) {
		if (!sorted[low]->is_dropped && !compare_sockets(sorted[low], entry) &&
		    (implied || !sorted[low]->is_implied))
			return sorted[low];
	}
	return NULL;
}

/* Whether the entry is for both families and the winner replaces it for IPv4 alone. */
static bool keeps_ipv6_half(const struct inetd_entry *entry, const struct inetd_entry *winner)
{
	return entry->yields == INETD_IPV6 && entry->families == (INETD_IPV4 | INETD_IPV6) && !entry->is_implied &&
		winner->families == INETD_IPV4 && !winner->yields && !winner->is_implied;
}

/* The last such entry of a group stays for IPv6, unless another entry has IPv6. In the same way tcp stays for IPv4
 * where there is a line for tcp6. */
static void keep_ipv6_half(struct inetd_entry **group, size_t length, struct inetd_entry **sorted, size_t count,
			   struct diags *diags)
{
	const struct inetd_entry *winner = group_winner(group, length);
	struct buf place = { 0 };

	origin_describe(winner->at, &place);
	for (size_t i = length; i-- > 0;) {
		if (!keeps_ipv6_half(group[i], winner) || find_family_rival(sorted, count, group[i], true))
			continue;
		group[i]->families = INETD_IPV6;
		group[i]->is_dual = false;
		group[i]->is_implied = true;
		diag_note(diags, group[i]->at, "%s: this entry is for IPv6: there is another for IPv4%s",
			  group[i]->name, buf_string(&place));
		break;
	}
	buf_free(&place);
}

/* Whether keep_ipv6_half has reduced the entry to IPv6. */
static bool is_ipv6_half(const struct inetd_entry *entry)
{
	return entry->is_implied && entry->families == INETD_IPV6 && entry->yields == INETD_IPV6;
}

static void drop_others(struct inetd_entry **group, size_t length, struct reading *reading)
{
	const struct inetd_entry *winner = group_winner(group, length);
	struct buf place = { 0 };

	origin_describe(winner->at, &place);
	for (size_t i = 0; i < length; i++) {
		group[i]->is_dropped = group[i] != winner && !is_ipv6_half(group[i]);
		if (group[i] == winner)
			continue;
		reading_note(reading, (struct note){ NOTE_YIELDED, .at = group[i]->at, .to = winner->at });
		if (group[i]->is_implied || winner->is_implied)
			continue;
		diag_warning(reading->diags, group[i]->at,
			     "%s: this entry is left out: there is another for the same socket%s, and the "
			     "last one counts, as with every inetd",
			     group[i]->name, buf_string(&place));
	}
	buf_free(&place);
}

static void yield_family(struct inetd_entry *entry, struct inetd_entry **sorted, size_t count, struct reading *reading)
{
	const struct inetd_entry *rival;

	if (entry->is_dropped || !entry->yields)
		return;
	rival = find_family_rival(sorted, count, entry, false);
	if (!rival)
		return;
	reading_note(reading, (struct note){ NOTE_YIELDED, .at = entry->at, .to = rival->at });
	entry->families &= (uint8_t)~entry->yields;
	entry->is_dual = false;
}

/* Renames such an entry. It comes after the last search, because searches need the old order of names. */
static void rename_ipv6_half(struct inetd_entry *entry)
{
	if (!entry->is_dropped && is_ipv6_half(entry))
		entry->name = entry->rival;
}

static bool is_tcpmux(const struct inetd_entry *entry)
{
	return !entry->is_dropped && entry->transport == INETD_TCP &&
		(!strcmp(entry->service, "tcpmux") || !strcmp(entry->service, "1"));
}

/* Services of tcpmux need an entry for tcpmux itself. superd warns if there is none; for GNU's dialect it adds one. */
static void ensure_tcpmux(struct reading *reading, struct inetd_entries *entries)
{
	const struct inetd_entry *mux = NULL;
	struct inetd_entry answering;

	for (size_t i = 0; i < entries->count; i++) {
		const struct inetd_entry *entry = &entries->list[i];

		if (is_tcpmux(entry))
			return;
		if (!mux && entry->transport == INETD_MUX && !entry->is_dropped)
			mux = entry;
	}
	if (!mux)
		return;
	if (!mux->dialect->adds_tcpmux) {
		diag_warning(reading->diags, mux->at, "%s: no client can reach it, because no entry answers for tcpmux",
			     mux->service);
		diags_hint(reading->diags, "tcpmux stream tcp nowait root internal");
		return;
	}
	diag_warning(reading->diags, mux->at,
		     "%s: an entry for tcpmux is missing and added, as GNU's inetd does: port 1 is open", mux->service);
	answering = inetd_entry_new(mux->dialect, "tcpmux", mux->at);
	answering.transport = INETD_TCP;
	answering.families = INETD_IPV4;
	answering.accepts = true;
	answering.burst = mux->burst;
	answering.instances = answering.per_source = answering.per_source_cpm = UNLIMITED;
	answering.pause = mux->pause;
	answering.protocol = "tcp";
	answering.builtin = "tcpmux";
	inetd_add(reading, &answering);
}

static void apply_to_sorted(struct inetd_entry **sorted, size_t count, struct reading *reading)
{
	bool renamed = false;

	qsort(sorted, count, sizeof(struct inetd_entry *), compare_by_name_and_socket);
	for (size_t i = 0, length; i < count; i += length) {
		length = count_same_name(sorted + i, count - i);
		renamed |= use_long_names(sorted + i, length, inetd_entries(reading)->pool);
	}
	if (renamed)
		qsort(sorted, count, sizeof(struct inetd_entry *), compare_by_name_and_socket);
	for (size_t i = 0, length; i < count; i += length) {
		length = count_same_socket(sorted + i, count - i);
		if (length == 1)
			continue;
		keep_ipv6_half(sorted + i, length, sorted, count, reading->diags);
		drop_others(sorted + i, length, reading);
	}
	for (size_t i = 0; i < count; i++)
		yield_family(sorted[i], sorted, count, reading);
	for (size_t i = 0; i < count; i++)
		rename_ipv6_half(sorted[i]);
}

/* Adds one note, at the first entry that serves IPv6 clients here and not with other inetds. */
static void note_families(const struct inetd_entries *entries, struct diags *diags)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct inetd_entry *entry = &entries->list[i];

		if (entry->is_dropped || !entry->is_bare || !(entry->families & INETD_IPV6) ||
		    entry->dialect != inetd_dialect(COMPAT_NONE))
			continue;
		diag_note(diags, entry->protocol_at,
			  "tcp and udp are IPv4 and IPv6 here, as with Debian's inetd; with FreeBSD, NetBSD, GNU and "
			  "busybox they are IPv4 (see --compat)");
		return;
	}
}

/* Whether the request leaves this entry out, so that an entry which it would replace takes effect. */
static bool drop_unwanted(struct reading *reading, struct inetd_entry *entry)
{
	const struct read_request *request = reading->request;

	for (size_t n = 0; request && n < request->without_count; n++) {
		if (!origin_equal(request->without[n], entry->at))
			continue;
		reading_leave_out(reading, entry->at, entry->name);
		return entry->is_dropped = true;
	}
	return false;
}

void inetd_apply_precedence(struct reading *reading, struct inetd_entries *entries)
{
	struct inetd_entry **sorted = pool_alloc(entries->pool, entries->count * sizeof(struct inetd_entry *));
	size_t count = 0;

	for (size_t i = 0; i < entries->count; i++) {
		if (!drop_unwanted(reading, &entries->list[i]))
			sorted[count++] = &entries->list[i];
	}
	apply_to_sorted(sorted, count, reading);
	ensure_tcpmux(reading, entries);
	note_families(entries, reading->diags);
}

/* Makes a builder of an entry. Each option gets the place of the field that it comes from.
 *
 * superd.conf has templates %{ } and defaults of its own, and inetd.conf has neither. So percent signs are doubled, and
 * the behaviour of an inetd is set with options. */

#define TCPD_FOLDER "/usr/sbin" /* where it is, and its REAL_DAEMON_DIR, in every distribution */
#define TCPD TCPD_FOLDER "/tcpd"

struct inetd_build {
	struct reading *reading;
	struct pool *pool;
	const struct inetd_entry *entry;
	struct service_builder *builder;
};

static void set_option(const struct inetd_build *build, const char *option, const char *text, struct origin at)
{
	if (text)
		builder_set_text(build->builder, option, text, at, build->reading->diags);
}

static void set_number_option(const struct inetd_build *build, const char *option, int64_t number, struct origin at)
{
	set_option(build, option, number == UNLIMITED ? "unlimited" : pool_textf(build->pool, "%" PRId64, number), at);
}

static void add_endpoint(const struct inetd_entry *entry, unsigned families, struct buf *out)
{
	const char *family = families == INETD_IPV4 ? "4" : families == INETD_IPV6 || entry->yields ? "6" : "";

	switch (entry->transport) {
	case INETD_TCP:
		endpoint_add(out, "tcp", family, entry->host, entry->service);
		break;
	case INETD_UDP:
		endpoint_add(out, "udp", family, entry->host, entry->service);
		break;
	case INETD_SCTP:
		endpoint_add(out, "sctp", family, entry->host, entry->service);
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

static void set_listen_option(const struct inetd_build *build, unsigned families)
{
	struct buf text = { 0 };

	add_endpoint(build->entry, families, &text);
	set_option(build, "listen", buf_keep(&text, build->pool), build->entry->service_at);
}

/* Sets one socket for each family, so that IPv4 clients have no mapped addresses. The one for IPv6 is optional then. */
static void set_socket_per_family(const struct inetd_build *build)
{
	static const unsigned families[] = { INETD_IPV4, INETD_IPV6 };
	const struct origin at[] = { build->entry->service_at, build->entry->service_at };
	const char *list[2];

	for (size_t n = 0; n < 2; n++) {
		struct buf text = { 0 };

		add_endpoint(build->entry, families[n], &text);
		list[n] = buf_keep(&text, build->pool);
	}
	builder_set(build->builder, "listen",
		    &(struct value){ .words = list, .count = 2, .is_list = true, .at = at[0], .word_at = at },
		    build->reading->diags);
}

static void set_socket_options(const struct inetd_build *build)
{
	const struct inetd_entry *entry = build->entry;
	const struct inetd_defaults *said = build->reading->inetd;
	bool both = entry->families == (INETD_IPV4 | INETD_IPV6);
	bool inet = entry->transport == INETD_TCP || entry->transport == INETD_UDP || entry->transport == INETD_SCTP;

	if (inet && both && !entry->is_dual)
		set_socket_per_family(build);
	else
		set_listen_option(build, entry->families);
	if (inet && entry->is_dual && entry->yields)
		set_option(build, "ipv6_only", "no", entry->protocol_at);
	if (entry->is_implied)
		set_option(build, "optional", "yes", entry->protocol_at);
	set_option(build, "send_buffer", entry->send_buffer, entry->protocol_at);
	set_option(build, "receive_buffer", entry->receive_buffer, entry->protocol_at);
	set_option(build, "socket_user", entry->socket_user, entry->at);
	set_option(build, "socket_group", entry->socket_group, entry->at);
	set_option(build, "socket_mode", entry->socket_mode, entry->at);
	/* The BSDs' inetds unlink the socket's path when they end and when its line is removed. */
	if (entry->transport == INETD_UNIX)
		set_option(build, "remove_on_stop", "yes", entry->at);
	if (said && said->backlog > 0 && (entry->type == INETD_STREAM || entry->type == INETD_SEQPACKET) &&
	    entry->transport != INETD_MUX)
		set_number_option(build, "backlog", said->backlog, entry->at);
}

/* Sets argv[0], if it is not the program's path. */
static void set_argv0(const struct inetd_build *build)
{
	const struct inetd_entry *entry = build->entry;
	const char *name = entry->arguments[0] ? entry->arguments[0] : scan_base_name(entry->program);

	if (strcmp(name, entry->program) != 0)
		set_option(build, "argv0", template_escaped(build->pool, name), entry->program_at);
}

/* Sets the working directory. The "-" lets a program start in / if its user may not enter the folder. */
static void set_working_directory(const struct inetd_build *build)
{
	const struct inetd_defaults *said = build->reading->inetd;

	if (said && said->folder)
		set_option(build, "working_directory", pool_textf(build->pool, "-%s", said->folder), build->entry->at);
}

static void set_program(const struct inetd_build *build)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin",	  "/sbin",	    "/bin" };
	const struct inetd_entry *entry = build->entry;
	const struct value search_path = {
		.words = folders,
		.count = sizeof(folders) / sizeof(folders[0]),
		.is_list = true,
		.at = entry->program_at,
	};
	struct buf text = { 0 };

	shell_words_quote(&text, entry->program);
	for (words word = entry->arguments; *word && word[1]; word++) {
		buf_char(&text, ' ');
		shell_words_quote(&text, template_escaped(build->pool, word[1]));
	}
	set_option(build, "exec", buf_keep(&text, build->pool), entry->program_at);
	if (entry->dialect->searches_path && !strchr(entry->program, '/'))
		builder_set(build->builder, "exec_search_path", &search_path, build->reading->diags);
	set_argv0(build);
	set_working_directory(build);
}

static void set_builtin_option(const struct inetd_build *build)
{
	const struct inetd_entry *entry = build->entry;

	set_option(build, "builtin", strcmp(entry->builtin, "daytime") ? entry->builtin : "daytime bsd",
		   entry->program_at);
}

static void set_limit_options(const struct inetd_build *build)
{
	const struct inetd_entry *entry = build->entry;
	struct origin at = entry->wait_at;

	if (entry->accepts && (entry->instances != UNLIMITED || !xinetd_shared_defaults_exist(build->reading)))
		set_number_option(build, "instances", entry->instances, at);
	if (entry->per_source != UNLIMITED)
		set_number_option(build, "per_source", entry->per_source, at);
	if (entry->per_source_cpm != UNLIMITED)
		set_number_option(build, "per_source_cpm", entry->per_source_cpm, at);
	if (entry->burst == UNLIMITED)
		return;
	set_number_option(build, "trigger_limit_burst", entry->burst, at);
	set_option(build, "trigger_limit_interval", "60s", at);
	set_option(build, "trigger_limit_pause", entry->pause, at);
}

static bool is_tcp(const struct inetd_entry *entry)
{
	return entry->transport == INETD_TCP || entry->transport == INETD_RPC_TCP || entry->transport == INETD_MUX;
}

/* Whether superd itself asks hosts.allow and hosts.deny about the clients of the program. */
static bool wraps_program(const struct inetd_build *build)
{
	const struct inetd_defaults *said = build->reading->inetd;

	return said && said->wrap_external && !build->entry->builtin && is_tcp(build->entry);
}

/* inetd -l does not run tcpd, but the program that tcpd would start. `own` is a copy of the entry. */
static void pass_by_tcpd(struct inetd_build *build, struct inetd_entry *own)
{
	struct pool *pool = build->pool;
	const char *name = own->arguments ? own->arguments[0] : NULL;
	const char **arguments;

	if (!wraps_program(build) || !own->accepts || own->dialect->wraps_program || !name ||
	    strcmp(own->program, TCPD) != 0)
		return;
	own->program = strchr(name, '/') ? name : pool_textf(pool, TCPD_FOLDER "/%s", name);
	arguments = pool_copy(pool, own->arguments, (words_count(own->arguments) + 1) * sizeof(*arguments));
	arguments[0] = scan_base_name(name);
	own->arguments = arguments;
	build->entry = own;
}

/* Sets the name of the daemon in hosts.allow and hosts.deny. superd checks them only where it accepts connections. */
static void set_libwrap(const struct inetd_build *build)
{
	const struct inetd_entry *entry = build->entry;
	const struct inetd_defaults *said = build->reading->inetd;
	const char *name = entry->builtin ? entry->builtin : entry->arguments[0];

	if (entry->builtin ? !said || !said->wrap_internal || !is_tcp(entry) : !wraps_program(build))
		return;
	if (!entry->builtin && (!name || entry->dialect->wraps_program))
		name = scan_base_name(entry->program);
	if (!entry->accepts && reading_has_host_rules(build->reading))
		diag_warning(build->reading->diags, entry->wait_at,
			     "%s: hosts.allow or hosts.deny has rules, but with wait superd does not see the clients "
			     "the clients, so the rules have no effect",
			     entry->name, name);
	if (entry->accepts)
		set_option(build, "libwrap", name, entry->program_at);
}

/* Sets what the command line says about the environment of every program. */
static void set_environment_options(const struct inetd_build *build)
{
	const struct inetd_defaults *said = build->reading->inetd;
	struct origin at = build->entry->at;

	if (said && said->tells_addresses)
		set_option(build, "tcp_environment", "yes", at);
	if (said && said->passes_environment)
		set_option(build, "passenv", "*", at);
}

/* false: a default of xinetd.conf is wrong (reported). */
static bool apply_xinetd_defaults(const struct inetd_build *build)
{
	const struct inetd_entry *entry = build->entry;
	bool has_datagrams = entry->transport == INETD_UDP || entry->transport == INETD_RPC_UDP;
	const struct inetd_service service = {
		.builder = build->builder,
		.at = entry->at,
		.accepts = entry->accepts,
		.has_connections = !has_datagrams,
	};

	return xinetd_shared_defaults_apply(build->reading, &service);
}

static bool is_root(const char *user)
{
	return !strcmp(user, "root") || !user[strspn(user, "0")];
}

/* A builtin does not run as root. */
static void set_user_and_group(const struct inetd_build *build)
{
	const struct inetd_entry *entry = build->entry;

	if (entry->builtin && entry->user && is_root(entry->user))
		return;
	set_option(build, "user", entry->user, entry->user_at);
	set_option(build, "group", entry->group, entry->user_at);
}

void inetd_build(struct reading *reading, const struct inetd_entry *entry)
{
	struct inetd_build build = { .reading = reading, .pool = inetd_entries(reading)->pool, .entry = entry };
	struct inetd_entry own = *entry;
	size_t errors = reading->diags->errors;

	build.builder = builder_new(reading->table, entry->name, entry->at);
	pass_by_tcpd(&build, &own);
	builder_set_foreign(build.builder, NATIVE);
	set_socket_options(&build);
	if (entry->builtin)
		set_builtin_option(&build);
	else
		set_program(&build);
	set_option(&build, "accept", entry->accepts ? "yes" : "no", entry->wait_at);
	set_option(&build, "pass", "inetd", entry->at);
	if (!entry->builtin)
		set_option(&build, "error", "socket", entry->at);
	set_user_and_group(&build);
	set_limit_options(&build);
	set_libwrap(&build);
	set_environment_options(&build);
	if (entry->never)
		set_option(&build, "disable", "yes", entry->wait_at);
	if (apply_xinetd_defaults(&build) && reading->diags->errors == errors) {
		reading_add(reading, build.builder);
		return;
	}
	builder_free(build.builder);
	reading_leave_out(reading, entry->at, entry->name);
}
