/* libwrap asked for a verdict. The hard thing is to fail closed: libwrap takes a table it cannot open for an empty one,
 * so the tables are tried before. What libwrap itself complains of goes to syslog, and so does this.
 *
 * A twist is to be known before it takes place, or it would be like a death. libwrap can be asked what it would do,
 * which is done only where the tables hold the word. */
#include "advise/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#ifdef HAVE_LIBWRAP
#include <tcpd.h>

#include "sys/socket_address.h"

/* libwrap's own variables: what twist and spawn are logged at. */
int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

static bool look_through(const char *table, bool *may_twist)
{
	FILE *file = fopen(table, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file && errno == ENOENT)
		return true;
	if (!file) {
		syslog(LOG_ERR, "libwrap: %s: %m: nobody is let in", table);
		return false;
	}
	while (!*may_twist && getline(&line, &size, file) >= 0)
		*may_twist = strcasestr(line, "twist");
	free(line);
	fclose(file);
	return true;
}

/* An option that would not return takes the mark of a mere question away. Without a connection none of them says
 * anything to the client. */
static bool would_twist(struct request_info *request, int fd)
{
	bool asks;

	request_set(request, RQ_FILE, -1, 0);
	dry_run = 1;
	hosts_access(request);
	asks = dry_run;
	dry_run = 0;
	resident = -1;                  /* or it would take us for a daemon, which no twist may end */
	request_set(request, RQ_FILE, fd, 0);
	return !asks;
}

/* Rules, and the commands of twist and spawn, shall see an IPv4 address as one. */
static bool find_end(int (*ask)(int fd, struct sockaddr *address, socklen_t *length), int fd,
		     struct socket_address *end)
{
	end->length = sizeof(end->storage);
	if (ask(fd, &end->any, &end->length) < 0)
		return false;
	socket_address_unmap(end);
	return end->any.sa_family == AF_INET || end->any.sa_family == AF_INET6;
}

bool wrap_allows(const char *daemon, int fd, void (*hand_over)(void))
{
	struct request_info request;
	struct socket_address client, server;
	bool may_twist = false;

	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	if (!look_through(hosts_allow_table, &may_twist) || !look_through(hosts_deny_table, &may_twist))
		return false;
	if (!find_end(getpeername, fd, &client) || !find_end(getsockname, fd, &server)) {
		syslog(LOG_ERR, "libwrap: %s: the client has no address to judge: it is not let in", daemon);
		return false;
	}
	request_init(&request, RQ_DAEMON, daemon, RQ_FILE, fd, 0);
	fromhost(&request);
	request_set(&request, RQ_CLIENT_SIN, &client.any, RQ_SERVER_SIN, &server.any, 0);
	if (may_twist && would_twist(&request, fd))
		hand_over();
	return hosts_access(&request);
}
#else
bool wrap_allows(const char *daemon, int fd, void (*hand_over)(void))
{
	(void)fd, (void)hand_over;
	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	syslog(LOG_ERR, "libwrap: %s: this superd was built without libwrap: nobody is let in", daemon);
	return false;
}
#endif
