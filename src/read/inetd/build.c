/* Makes a builder of an entry. Each option gets the place of the field that it comes from.
 *
 * superd.conf has templates %{ } and defaults of its own, and inetd.conf has neither. So percent signs are doubled, and
 * the behaviour of an inetd is set with options. */
#include <inttypes.h>
#include <string.h>

#include "lib/scan.h"
#include "lib/shell_words.h"
#include "read/inetd/entry.h"
#include "read/xinetd/inetd_defaults.h"
#include "table/reading/word_list.h"

#define TCPD_FOLDER "/usr/sbin"          /* where it is, and its REAL_DAEMON_DIR, in every distribution */
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
			     "of %s, so the rules have no effect", entry->name, name);
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
