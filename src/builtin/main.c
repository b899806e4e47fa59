/* superd-builtin: superd's small services. superd runs it for `builtin` and `redirect`. It gets its sockets like any
 * backend: one as standard input, or from descriptor 3 on with LISTEN_FDS (sd_listen_fds(3)). With --shares it gets
 * further clients over its channel.
 *
 * Only for superd does it wait without a limit. Once it has read its command line, it gives up everything that its
 * service does not need (os/host/self_sandbox.h). */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "builtin/argv.h"
#include "builtin/builtin.h"
#include "builtin/loop.h"
#include "lib/scan.h"
#include "os/host/program_begin.h"
#include "os/host/self_sandbox.h"

#define SOCKETS_MOST 1024

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
		sandbox->connects_unix = true;
		sandbox->answers_unix |= *host == '@';
		return;
	}
	sandbox->connects = true;
	sandbox->finds_names = getaddrinfo(host, port, &hints, &list) != 0;
	hints.ai_flags = AI_PASSIVE;
	if (sandbox->finds_names && getaddrinfo(NULL, port, &hints, &list) != 0)
		list = NULL;
	if (list) {
		add_port(sandbox, list->ai_addr);
		freeaddrinfo(list);
	}
	if (sandbox->finds_names)
		self_sandbox_add_name_ports(sandbox);
}

static bool is_unix_datagram(int fd)
{
	return loop_socket_option(fd, SO_DOMAIN) == AF_UNIX && loop_socket_option(fd, SO_TYPE) == SOCK_DGRAM;
}

/* Whether it is no listening or datagram socket. -1 and errno: it is no socket. */
static int is_client(int fd)
{
	int type = loop_socket_option(fd, SO_TYPE);

	return type < 0 ? -1 : type != SOCK_DGRAM && !loop_socket_option(fd, SO_ACCEPTCONN);
}

/* Enters the sandbox, with the rights that this service needs. */
static void enter_sandbox(const struct settings *settings, const int *sockets, size_t count, bool has_listeners)
{
	const struct builtin_options *options = &settings->options;
	bool redirects = !strcmp(settings->builtin->name, "redirect");
	struct self_sandbox sandbox = { .has_clients = true };

	if (!strcmp(settings->builtin->name, "daytime"))
		tzset();                /* it needs a file */
	for (size_t n = 0; n < count; n++)
		sandbox.answers_unix |= is_unix_datagram(sockets[n]);
	if (has_listeners || settings->shares)
		loop_raise_limit();
	if (redirects)
		allow_target(&sandbox, settings->words[1], settings->words[2]);
	if (!strcmp(settings->builtin->name, "auth") && options->real) {
		sandbox.finds_names = true;
		sandbox.acts_as_users = geteuid() == 0 && builtin_reads_homes("auth", settings->words + 1);
		self_sandbox_add_name_ports(&sandbox);
	}
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
	struct settings settings = { 0 };

	program_begin("superd-builtin", false, &count, argv);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (!argv[0] || !builtin_argv_read(&settings, argv + 1)) {
		pool_free(settings.pool);
		return 1;
	}
	count = serve_passed(&settings);
	pool_free(settings.pool);
	return count;
}
