/* libwrap asked for a verdict. The hard thing is to fail closed: libwrap takes a table it cannot open for an empty one,
 * so the tables are tried before. What libwrap itself complains of goes to syslog, and so does this. */
#include "advise/wrap.h"

#include <errno.h>
#include <syslog.h>
#include <unistd.h>

#ifdef HAVE_LIBWRAP
#include <tcpd.h>

#include "sys/socket_address.h"

/* libwrap's own variables: what twist and spawn are logged at. */
int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

static bool is_readable(const char *table)
{
	if (access(table, R_OK) == 0 || errno == ENOENT)
		return true;
	syslog(LOG_ERR, "libwrap: %s: %m: nobody is let in", table);
	return false;
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

bool wrap_allows(const char *daemon, int fd)
{
	struct request_info request;
	struct socket_address client, server;

	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	if (!is_readable(hosts_allow_table) || !is_readable(hosts_deny_table))
		return false;
	if (!find_end(getpeername, fd, &client) || !find_end(getsockname, fd, &server)) {
		syslog(LOG_ERR, "libwrap: %s: the client has no address to judge: it is not let in", daemon);
		return false;
	}
	request_init(&request, RQ_DAEMON, daemon, RQ_FILE, fd, 0);
	fromhost(&request);
	request_set(&request, RQ_CLIENT_SIN, &client.any, RQ_SERVER_SIN, &server.any, 0);
	return hosts_access(&request);
}
#else
bool wrap_allows(const char *daemon, int fd)
{
	(void)fd;
	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	syslog(LOG_ERR, "libwrap: %s: this superd was built without libwrap: nobody is let in", daemon);
	return false;
}
#endif
