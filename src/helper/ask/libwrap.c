/* libwrap asked for a verdict. The hard thing is to fail closed: libwrap takes a table it cannot open for an empty
 * one, and a file that a rule names, too; so all of them are tried before. What libwrap itself complains of goes to
 * syslog, and so does this.
 *
 * A twist is to be known before it takes place, or it would be like a death. libwrap can be asked what it would do,
 * which is done only where the tables hold the word. */
#include "helper/ask/libwrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#ifdef HAVE_LIBWRAP
#include <tcpd.h>

#include "base/fd.h"
#include "os/host/hosts_rules.h"
#include "os/netdiag/socket_address.h"

/* libwrap's own variables: what twist and spawn are logged at. */
int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

#define TABLE_MOST (16 << 20)
#define DEPTH_MOST 8                    /* of files that name files */

struct look {
	struct hosts_rules rules;
	int depth;
};

/* false: it is there and can't be read; it is then said why. */
static bool read_table(const char *path, char **text)
{
	size_t length;

	*text = fd_read_file(path, TABLE_MOST, &length);
	if (*text || errno == ENOENT)
		return true;
	syslog(LOG_ERR, "libwrap: %s: %m: nobody is let in", path);
	return false;
}

static bool on_file(void *context, const char *path)
{
	struct look *look = context;
	char *text = NULL;
	bool good;

	if (look->depth >= DEPTH_MOST) {
		syslog(LOG_ERR, "libwrap: %s: files name each other too deeply: nobody is let in", path);
		return false;
	}
	good = read_table(path, &text);
	look->depth++;
	good = good && (!text || hosts_rules_read_list(&look->rules, text));
	look->depth--;
	free(text);
	return good;
}

static bool look_through(struct look *look, const char *table)
{
	char *text = NULL;
	bool good = read_table(table, &text) && (!text || hosts_rules_read(&look->rules, text));

	free(text);
	return good;
}

bool libwrap_runs_commands(void)
{
	struct hosts_rules rules = { .on_file = NULL };
	const char *const tables[] = { hosts_allow_table, hosts_deny_table };

	for (size_t n = 0; n < 2; n++) {
		size_t length;
		char *text = fd_read_file(tables[n], TABLE_MOST, &length);

		if (text)
			hosts_rules_read(&rules, text);
		free(text);
	}
	return rules.runs_commands;
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

bool libwrap_allows(const char *daemon, int fd, void (*hand_over)(void))
{
	struct look look = { .rules = { .on_file = on_file } };
	struct request_info request;
	struct socket_address client, server;

	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	look.rules.context = &look;
	if (!look_through(&look, hosts_allow_table) || !look_through(&look, hosts_deny_table))
		return false;
	if (!find_end(getpeername, fd, &client) || !find_end(getsockname, fd, &server)) {
		syslog(LOG_ERR, "libwrap: %s: the client has no address to judge: it is not let in", daemon);
		return false;
	}
	request_init(&request, RQ_DAEMON, daemon, RQ_FILE, fd, 0);
	fromhost(&request);
	request_set(&request, RQ_CLIENT_SIN, &client.any, RQ_SERVER_SIN, &server.any, 0);
	if (look.rules.may_twist && would_twist(&request, fd))
		hand_over();
	return hosts_access(&request);
}
#else
bool libwrap_runs_commands(void)
{
	return false;
}

bool libwrap_allows(const char *daemon, int fd, void (*hand_over)(void))
{
	(void)fd, (void)hand_over;
	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	syslog(LOG_ERR, "libwrap: %s: this superd was built without libwrap: nobody is let in", daemon);
	return false;
}
#endif
