/* superd-builtin: superd's small services. superd runs it for `builtin` and `redirect`. It gets its sockets like any
 * backend: one as standard input, or from descriptor 3 on with LISTEN_FDS (sd_listen_fds(3)).
 *
 * Only for superd does it wait without a limit. Once it has read its command line, it gives up everything that its
 * service does not need (os/host/self_sandbox.h). */
#include "builtin/builtin.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/scan.h"
#include "os/host/program.h"
#include "os/host/self_sandbox.h"

#define SOCKETS_MOST 1024

/* ---- the command line ---- */

static const struct builtin builtins[] = {
	{ "echo", echo_begin, .dgram = echo_dgram },
	{ "discard", discard_begin, .dgram = discard_dgram },
	{ "chargen", chargen_begin, .dgram = chargen_dgram },
	{ "daytime", answer_begin, .dgram = daytime_dgram },
	{ "time", answer_begin, .dgram = time_dgram },
	{ "servers", service_list_begin, NULL, service_list_told, NULL },
	{ "services", service_list_begin, NULL, service_list_told, NULL },
	{ "redirect", redirect_begin, NULL, NULL, NULL },
	{ "tcpmux", tcpmux_begin, tcpmux_heard, service_list_told, NULL },
	{ "health", health_begin, health_heard, health_told, NULL },
};

static const struct builtin *builtin_find(const char *name)
{
	for (size_t n = 0; n < sizeof(builtins) / sizeof(builtins[0]); n++) {
		if (!strcmp(builtins[n].name, name))
			return &builtins[n];
	}
	return NULL;
}

/* Milliseconds. A client that neither sends nor reads would stay for ever. */
#define FLOW_TIMEOUT 60000              /* unless --flow-timeout is given */
#define IDLE_TIMEOUT (5 * 60 * 1000)    /* of a connection of another service than a redirect, without a byte */
#define TOTAL_TIMEOUT (60 * 60 * 1000)  /* of such a connection in any case */

static bool read_number(const char *text, int64_t most, int64_t *out)
{
	return !scan_count(text, out) && *out >= 0 && *out <= most;
}

static bool read_option(struct settings *settings, const char *word)
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
	const char *equals = strchr(word, '='), *value = equals ? equals + 1 : "";
	size_t length = equals ? (size_t)(equals - word) : strlen(word), n = 0;

	if (!strcmp(word, "--relay"))
		return settings->relays = true;
	while (n < sizeof(numbers) / sizeof(*numbers) && !scan_is_word(word, length, numbers[n].name))
		n++;
	if (n == sizeof(numbers) / sizeof(*numbers) || !read_number(value, numbers[n].most, numbers[n].number))
		return false;
	if (numbers[n].number == &port)
		settings->loops[settings->loop_count++] = (uint16_t)port;
	return true;
}

static bool read_builtin(struct settings *settings, char *const *argv)
{
	const char *reason, *bad;

	settings->words = (const char *const *)argv;
	settings->builtin = argv[0] ? builtin_find(argv[0]) : NULL;
	if (!settings->builtin) {
		builtin_log("there is no builtin '%s'", argv[0] ? argv[0] : "");
		return false;
	}
	if (!strcmp(argv[0], "redirect")) {
		if (argv[1] && (!argv[2] || !argv[3]))
			return true;
		builtin_log("redirect has a host and a port, or a path");
		return false;
	}
	settings->idle_timeout = IDLE_TIMEOUT;
	settings->total_timeout = TOTAL_TIMEOUT;
	reason = builtin_read_options(settings->words, &settings->options, &bad);
	if (reason)
		builtin_log("%s: '%s': %s", argv[0], bad ? bad : "", reason);
	return !reason;
}

/* Reads the command line behind the program's name, of which settings keep the texts:
 *
 *   [--channel=FD] [--loop=PORT]… NAME [option …]
 *   [--channel=FD] redirect HOST PORT
 *
 * Options restrict clients, so an unknown or wrong one ends the program; it is never ignored. false: it is wrong,
 * which is logged. */
static bool read_arguments(struct settings *settings, char *const *argv)
{
	for (; *argv && !strncmp(*argv, "--", 2); argv++) {
		if (read_option(settings, *argv))
			continue;
		builtin_log("'%s' is no option of superd-builtin", *argv);
		return false;
	}
	return read_builtin(settings, argv);
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

static void add_port(struct self_sandbox *sandbox, const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memcpy(&v4, address, sizeof(v4));
	memcpy(&v6, address, address->sa_family == AF_INET6 ? sizeof(v6) : sizeof(v4));
	sandbox->ports[sandbox->port_count++] = ntohs(address->sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

/* Lets the sandbox reach the target of a redirect. A numeric target needs no files. The name of a port is looked up
 * now, because the sandbox allows only that port. */
static void allow_target(struct self_sandbox *sandbox, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;

	if (!port) {
		sandbox->rights |= MAY_CONNECT_UNIX | (*host == '@' ? MAY_ANSWER_UNIX : 0);
		return;
	}
	sandbox->rights |= MAY_CONNECT;
	if (getaddrinfo(host, port, &hints, &list) != 0) {
		sandbox->rights |= MAY_FIND_NAMES;
		self_sandbox_add_name_ports(sandbox);
		hints.ai_flags = AI_PASSIVE;
		if (getaddrinfo(NULL, port, &hints, &list) != 0)
			list = NULL;
	}
	if (list) {
		add_port(sandbox, list->ai_addr);
		freeaddrinfo(list);
	}
}

static bool is_unix_datagram(int fd)
{
	return loop_socket_option(fd, SO_DOMAIN) == AF_UNIX && loop_socket_option(fd, SO_TYPE) == SOCK_DGRAM;
}

/* Whether it is no listening or datagram socket. -1 and errno: it is no socket, or cannot be asked. */
static int is_client(int fd)
{
	int type = loop_socket_option(fd, SO_TYPE), listens = type < 0 ? -1 : loop_socket_option(fd, SO_ACCEPTCONN);

	return listens < 0 ? -1 : type != SOCK_DGRAM && !listens;
}

/* Enters the sandbox, with the rights that this service needs. */
static void enter_sandbox(const struct settings *settings, const int *sockets, size_t count, bool has_listeners)
{
	bool redirects = !strcmp(settings->builtin->name, "redirect");
	struct self_sandbox sandbox = { .rights = MAY_TAKE_CLIENTS | MAY_SEND };

	if (!strcmp(settings->builtin->name, "daytime"))
		tzset();                /* it needs a file */
	for (size_t n = 0; n < count; n++)
		sandbox.rights |= is_unix_datagram(sockets[n]) ? MAY_ANSWER_UNIX : 0;
	if (has_listeners)
		loop_raise_limit();
	if (redirects)
		allow_target(&sandbox, settings->words[1], settings->words[2]);
	self_sandbox_enter(&sandbox);
}

static int serve_passed(const struct settings *settings)
{
	int sockets[SOCKETS_MOST] = { STDIN_FILENO };
	size_t count = count_listen_fds();
	int is_connection;

	for (size_t n = 0; n < count; n++)
		sockets[n] = 3 + (int)n;
	count += !count;
	is_connection = count > 1 ? 0 : is_client(sockets[0]);
	if (is_connection < 0) {
		builtin_log("cannot look at descriptor %d: %s", sockets[0], strerror(errno));
		return 1;
	}
	enter_sandbox(settings, sockets, count, !is_connection);
	if (is_connection || (!settings->builtin->heard && !settings->builtin->told))
		return loop_run(settings, sockets, count, is_connection);
	builtin_log("%s needs a connection", settings->builtin->name);
	return 1;
}

int main(int count, char **argv)
{
	struct settings settings = { .channel = -1, .flow_timeout = FLOW_TIMEOUT };
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
