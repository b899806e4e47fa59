/* superd-builtin: superd's small services, run by superd for builtin = and redirect =, a process a connection or a
 * burst of datagrams. It gets its sockets as any backend: one as standard input, or from descriptor 3 on with
 * LISTEN_FDS.
 *
 * The hard thing is what it must not do: it runs as nobody, touches no file but what it was given, and waits for
 * nobody without a limit. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/scan.h"
#include "builtin/builtin.h"
#include "builtin/settings.h"
#include "builtin/sockets.h"

#define SOCKETS_MOST 1024

/* LISTEN_FDS, if it is meant for this process; 0: none. */
static size_t count_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int64_t number;

	if (!pid || !fds || scan_count(pid, &number) || number != getpid())
		return 0;
	return scan_count(fds, &number) || number < 0 || number > SOCKETS_MOST ? 0 : (size_t)number;
}

static int serve(const struct settings *settings)
{
	int sockets[SOCKETS_MOST] = { STDIN_FILENO };
	size_t count = count_passed();

	for (size_t n = 0; n < count; n++)
		sockets[n] = 3 + (int)n;
	count += !count;
	if (count > 1 || !socket_is_connection(sockets[0]))
		return sockets_serve(settings, sockets, count);
	if (settings->builtin->converse)
		return settings->builtin->converse(settings, sockets[0]);
	say("%s needs no connection", settings->builtin->name);
	return 1;
}

int main(int count, char **argv)
{
	struct settings settings = { 0 };

	(void)count;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (!argv[0] || !settings_read(&settings, argv + 1)) {
		pool_free(settings.pool);
		return 1;
	}
	count = serve(&settings);
	pool_free(settings.pool);
	return count;
}
