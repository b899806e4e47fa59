/* superd-builtin: superd's small services. superd runs it for `builtin` and `redirect`. It gets its sockets like any
 * backend: one as standard input, or from descriptor 3 on with LISTEN_FDS (sd_listen_fds(3)).
 *
 * Only for superd does it wait without a limit. Once it has read its command line, it gives up everything that its
 * service does not need (os/host/self_sandbox.c). */
#include "builtin/builtin.h"

#define SOCKETS_MOST 1024

/* ---- the command line ---- */

static const struct builtin builtins[] = {
	{ "echo", echo_begin, .reply = REPLY_ECHO },
	{ "discard", discard_begin, .reply = REPLY_NONE },
	{ "chargen", chargen_begin, .reply = REPLY_CHARGEN },
	{ "daytime", answer_begin, .reply = REPLY_DAYTIME },
	{ "time", answer_begin, .reply = REPLY_TIME },
	{ "servers", service_list_begin, .on_answer = service_list_on_answer },
	{ "services", service_list_begin, .on_answer = service_list_on_answer },
	{ .name = "redirect", .begin = redirect_begin },
	{ "tcpmux", tcpmux_begin, .on_request = tcpmux_on_request, .on_answer = service_list_on_answer },
	{ "health", health_begin, .on_request = health_on_request, .on_answer = health_on_answer },
};

/* Milliseconds. A client that neither sends nor reads would stay for ever. */
#define FLOW_TIMEOUT 60000              /* unless --flow-timeout is given */
#define IDLE_TIMEOUT (5 * 60 * 1000)    /* of a connection of another service than a redirect, without a byte */
#define TOTAL_TIMEOUT (60 * 60 * 1000)  /* of such a connection in any case */

/* Reads the command line behind the program's name, of which settings keep the texts:
 *
 *   [--channel=FD] [--loop=PORT]… NAME [option …]
 *   [--channel=FD] redirect HOST PORT
 *
 * Options restrict clients, so an unknown or wrong one ends the program; it is never ignored. false: it is wrong,
 * which is logged. */
static bool read_arguments(struct settings *settings, char *const *argv)
{
	int64_t port;
	const struct { const char *name; int64_t *number, most; } numbers[] = {
		{ "--flow-timeout", &settings->flow_timeout, INT64_MAX / 2 },
		{ "--idle-timeout", &settings->idle_timeout, INT64_MAX / 2 },
		{ "--per-source", &settings->per_source, INT64_MAX / 2 },
		{ "--source-prefix", &settings->source_prefix, 128 },
		{ "--channel", &settings->channel, 4096 },
		{ "--proxy-protocol", &settings->proxy, 2 },
		{ "--loop", &port, 65535 },
	};
	const size_t count = sizeof(numbers) / sizeof(*numbers);
	const char *reason, *bad;

	for (; *argv && !strncmp(*argv, "--", 2); argv++) {
		const char *equals = strchrnul(*argv, '=');
		size_t n = 0;

		if (!strcmp(*argv, "--relay")) {
			settings->relays = true;
			continue;
		}
		while (n < count && !scan_is_word(*argv, (size_t)(equals - *argv), numbers[n].name))
			n++;
		if (n == count || !*equals || scan_count(equals + 1, numbers[n].number) || *numbers[n].number < 0 ||
		    *numbers[n].number > numbers[n].most) {
			builtin_log("'%s' is no option of superd-builtin", *argv);
			return false;
		}
		if (numbers[n].number == &port)
			settings->loops[settings->loop_count++] = (uint16_t)port;
	}
	settings->words = (const char *const *)argv;
	for (size_t n = 0; n < sizeof(builtins) / sizeof(*builtins) && *argv; n++) {
		if (!strcmp(builtins[n].name, *argv))
			settings->builtin = &builtins[n];
	}
	if (!settings->builtin) {
		builtin_log("there is no builtin '%s'", *argv ? *argv : "");
		return false;
	}
	if (!strcmp(*argv, "redirect")) {
		if (argv[1] && (!argv[2] || !argv[3]))
			return true;
		builtin_log("redirect has a host and a port, or a path");
		return false;
	}
	settings->idle_timeout = IDLE_TIMEOUT;
	settings->total_timeout = TOTAL_TIMEOUT;
	reason = builtin_read_options(settings->words, &settings->options, &bad);
	if (reason)
		builtin_log("%s: '%s': %s", *argv, bad ? bad : "", reason);
	return !reason;
}

/* ---- its start ---- */

/* The number in LISTEN_FDS, if LISTEN_PID is this process; else 0. */
static size_t count_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int64_t number;

	if (!pid || !fds || scan_count(pid, &number) || number != getpid())
		return 0;
	return scan_count(fds, &number) || number < 0 || number > SOCKETS_MOST ? 0 : (size_t)number;
}

/* Lets the sandbox reach the target of a redirect. The name of a port is looked up now, because the sandbox allows only
 * that port: without it no client could be served as long as this process lives. */
static bool allow_target(struct self_sandbox *sandbox, const struct settings *settings)
{
	const char *host = settings->words[1], *port = settings->words[2];
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	struct socket_address address;
	int error;

	if (!port) {
		sandbox->rights |= MAY_CONNECT_UNIX | (*host == '@' ? MAY_ANSWER_UNIX : 0);
		return true;
	}
	sandbox->rights |= MAY_CONNECT;
	if (settings->resolver < 0 && target_is_name(host, port)) {
		sandbox->rights |= MAY_FIND_NAMES;
		self_sandbox_add_name_ports(sandbox);
	}
	error = getaddrinfo(NULL, port, &hints, &list);
	hints.ai_socktype = SOCK_DGRAM; /* as target_look_up */
	if (error == EAI_SERVICE)
		error = getaddrinfo(NULL, port, &hints, &list);
	if (error) {
		builtin_log("cannot look up the port %s: %s", port,
			    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		return false;
	}
	memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
	address.length = list->ai_addrlen;
	sandbox->ports[sandbox->port_count++] = (uint16_t)socket_address_port(&address);
	freeaddrinfo(list);
	return true;
}

/* Enters the sandbox, with the rights that this service needs. */
static bool enter_sandbox(const struct settings *settings, const int *sockets, size_t count)
{
	struct self_sandbox sandbox = { .rights = MAY_TAKE_CLIENTS | MAY_SEND };

	if (!strcmp(settings->builtin->name, "daytime"))
		tzset();                /* it needs a file */
	for (size_t n = 0; n < count; n++) {
		if (socket_int(sockets[n], SOL_SOCKET, SO_DOMAIN) == AF_UNIX &&
		    socket_int(sockets[n], SOL_SOCKET, SO_TYPE) == SOCK_DGRAM)
			sandbox.rights |= MAY_ANSWER_UNIX;
	}
	if (settings->builtin->begin == redirect_begin && !allow_target(&sandbox, settings))
		return false;
	self_sandbox_enter(&sandbox);
	return true;
}

static int serve_passed(struct settings *settings)
{
	bool redirects = settings->builtin->begin == redirect_begin;
	int sockets[SOCKETS_MOST] = { STDIN_FILENO }, type, listens;
	size_t count = count_listen_fds();
	bool is_client;

	for (size_t n = 0; n < count; n++)
		sockets[n] = 3 + (int)n;
	count += !count;
	type = socket_int(sockets[0], SOL_SOCKET, SO_TYPE);
	listens = socket_int(sockets[0], SOL_SOCKET, SO_ACCEPTCONN);
	if (type < 0 || listens < 0) {
		builtin_log("cannot look at descriptor %d: %s", sockets[0], strerror(errno));
		return 1;
	}
	is_client = count == 1 && !settings->relays && type != SOCK_DGRAM && !listens;
	if (!is_client && redirects && target_is_name(settings->words[1], settings->words[2])) {
		settings->resolver = target_resolver_begin(settings->words[1], settings->words[2]);
		if (settings->resolver < 0) /* as by rlimit_nproc and tasks_max */
			builtin_log("cannot start a process that looks up %s: %s: it is looked up only once",
				    settings->words[1], strerror(errno));
	}
	if (!enter_sandbox(settings, sockets, count))
		return 1;
	if (is_client || !settings->builtin->on_answer)
		return loop_run(settings, sockets, count, is_client);
	builtin_log("%s needs a connection", settings->builtin->name);
	return 1;
}

int main(int count, char **argv)
{
	struct settings settings = { .channel = -1, .resolver = -1, .flow_timeout = FLOW_TIMEOUT };
	int status = 1;

	program_begin("superd-builtin", false, &count, argv);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	settings.loops = calloc((size_t)count + 1, sizeof(*settings.loops));
	if (!settings.loops)
		builtin_log("out of memory");
	else if (argv[0] && read_arguments(&settings, argv + 1))
		status = serve_passed(&settings);
	free(settings.loops);
	return status;
}
