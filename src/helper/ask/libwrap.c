/* Asks libwrap for its verdict about a client.
 *
 * libwrap treats a table that it cannot open as an empty one, also a file that a rule names. That would let clients
 * in, so all files are read before, and a failure denies. Errors go to syslog, where libwrap's own go.
 *
 * superd must know of a twist before it happens, as it would look like a crash. libwrap's dry_run tells, and is
 * used only if the tables contain the word. */
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

/* Variables that libwrap wants: the levels at which it logs. */
int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

#define TABLE_MOST (16 << 20)
#define DEPTH_MOST 8                    /* levels of files that name files */

struct look {
	struct hosts_rules rules;
	int depth;
};

/* Reads a file; *text is NULL if it does not exist. false: it cannot be read, and the reason was logged. */
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

/* With dry_run an option that would not return, as twist, clears dry_run instead. The request has no connection
 * meanwhile, so that no option can send anything to the client. */
static bool would_twist(struct request_info *request, int fd)
{
	bool asks;

	request_set(request, RQ_FILE, -1, 0);
	dry_run = 1;
	hosts_access(request);
	asks = dry_run;
	dry_run = 0;
	resident = -1;                  /* libwrap counts calls in it, and refuses a twist at the second one */
	request_set(request, RQ_FILE, fd, 0);
	return !asks;
}

/* Finds an end of the connection. Rules and commands see an IPv4 address in an IPv6 socket as IPv4. */
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
