/* superd-builtin: superd's small services, run by superd for builtin = and redirect =, a process a connection or a
 * burst of datagrams. It gets its sockets as any backend: one as standard input, or from descriptor 3 on with
 * LISTEN_FDS; and where it was told to rest after a connection, the next one by its channel.
 *
 * The hard thing is what it must not do: it runs as nobody, touches no file but what it was given, and waits for
 * nobody but superd without a limit. */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/scan.h"
#include "builtin/builtin.h"
#include "builtin/channel.h"
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

/* The connection may be standard input and output both. Nothing can be said there any more, and the channel is
 * the only thing there is to be put in its place. */
static bool let_go(const struct settings *settings, int connection)
{
	if (connection == STDIN_FILENO)
		return dup2(settings->channel, STDIN_FILENO) >= 0 && dup2(settings->channel, STDOUT_FILENO) >= 0;
	close(connection);
	return true;
}

/* superd ends the waiting by closing its end. */
static int converse(const struct settings *settings, int connection)
{
	int status = settings->builtin->converse(settings, connection);

	while (!status && settings->rests) {
		if (!let_go(settings, connection))
			return 1;
		connection = channel_receive(settings->channel, INT_MAX);
		if (connection < 0)
			return 0;
		status = settings->builtin->converse(settings, connection);
	}
	return status;
}

/* Where its time is rationed, one process must not use up what another connection would have had. */
static bool has_time(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CPU, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
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
		return converse(settings, sockets[0]);
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
	settings.rests = settings.rests && has_time();
	count = serve(&settings);
	pool_free(settings.pool);
	return count;
}
