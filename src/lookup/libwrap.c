/* Asks libwrap whether a client is allowed (hosts_access(3)).
 *
 * libwrap treats a table that it cannot open as an empty one, and so a file that a rule names. That would let clients
 * in. So this reads all files first, and denies if one cannot be read. Errors go to syslog, as libwrap's own errors do.
 *
 * superd must know of a twist before it happens, else it would look like a crash. libwrap's dry_run reports one; it is
 * used only if a table contains the word. */
#include "lookup/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#ifdef HAVE_LIBWRAP
#include <tcpd.h>

#include "lookup/hosts_rules.h"
#include "lib/fd.h"
#include "os/netdiag/netdiag.h"

/* The levels at which libwrap logs. The program must define both variables (hosts_access(3)). */
int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

#define TABLE_MOST (16 << 20)           /* bytes of a table */
#define DEPTH_MOST 8                    /* nesting of files that name files */

struct rule_scan {
	struct hosts_rules rules;
	int depth;                      /* nesting of the file that is being read */
	bool refuses;                   /* a file that cannot be read lets no client in; else it is passed over */
};

static bool pass_over(const struct rule_scan *scan, const char *path, const char *why)
{
	if (scan->refuses)
		syslog(LOG_ERR, "libwrap: %s: %s: no client is allowed", path, why);
	return !scan->refuses;
}

/* Reads a table, or a list that a rule names, and what lists that one names. */
static bool scan_file(struct rule_scan *scan, const char *path, bool is_table)
{
	size_t length;
	char *text;
	bool good;

	if (scan->depth > DEPTH_MOST) {
		pass_over(scan, path, "files name each other too deeply");
		return false;
	}
	text = fd_read_file(path, TABLE_MOST, &length);
	if (!text)
		return errno == ENOENT ||
		       pass_over(scan, path, errno == EINVAL ? "that is no regular file" : strerror(errno));
	scan->depth++;
	good = is_table ? hosts_rules_read(&scan->rules, text) : hosts_rules_read_list(&scan->rules, text);
	scan->depth--;
	free(text);
	return good;
}

static bool on_list_file(void *context, const char *path)
{
	return scan_file(context, path, false);
}

static bool scan_tables(struct rule_scan *scan)
{
	scan->rules = (struct hosts_rules){ .on_file = on_list_file, .context = scan };
	return scan_file(scan, hosts_allow_table, true) && scan_file(scan, hosts_deny_table, true);
}

bool libwrap_runs_commands(void)
{
	struct rule_scan scan = { .refuses = false };

	scan_tables(&scan);
	return scan.rules.runs_commands;
}

/* With dry_run set, an option that would not return, as twist, clears dry_run instead. The request has no connection
 * meanwhile, so that no option can send anything to the client. */
static bool would_twist(struct request_info *request, int fd)
{
	bool returns;

	request_set(request, RQ_FILE, -1, 0);
	dry_run = 1;
	hosts_access(request);
	returns = dry_run;
	dry_run = 0;
	resident = -1;                  /* libwrap counts its calls here, and refuses a twist in the second one */
	request_set(request, RQ_FILE, fd, 0);
	return !returns;
}

/* Finds an end of the connection by getpeername(2) or getsockname(2). Rules and commands see an IPv4-mapped address as
 * IPv4. */
static bool find_address(int (*get_address)(int fd, struct sockaddr *address, socklen_t *length), int fd,
			 struct socket_address *end)
{
	end->length = sizeof(end->storage);
	if (get_address(fd, &end->any, &end->length) < 0)
		return false;
	socket_address_unmap(end);
	return end->any.sa_family == AF_INET || end->any.sa_family == AF_INET6;
}

/* With dry_run set, spawn starts nothing. */
static bool allows_without_commands(const struct rule_scan *scan, struct request_info *request, const char *daemon)
{
	bool allowed, twists;

	if (scan->rules.asks_command) {
		syslog(LOG_ERR, "libwrap: %s: a rule has an option that may start a program, and the service does not "
				"ask for 'commands': no client is allowed", daemon);
		return false;
	}
	request_set(request, RQ_FILE, -1, 0);
	dry_run = 1;
	allowed = hosts_access(request);
	twists = !dry_run;
	dry_run = 0;
	if (twists)
		syslog(LOG_WARNING, "libwrap: %s: the rule for this client has twist, and the service does not ask for "
				    "'commands': it is refused", daemon);
	return allowed && !twists;
}

bool libwrap_allows(const char *daemon, int fd, void (*on_twist)(void))
{
	struct rule_scan scan = { .refuses = true };
	struct request_info request;
	struct socket_address client, server;

	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	if (!scan_tables(&scan))
		return false;
	if (!find_address(getpeername, fd, &client) || !find_address(getsockname, fd, &server)) {
		syslog(LOG_ERR, "libwrap: %s: the client has no address to judge: it is refused", daemon);
		return false;
	}
	request_init(&request, RQ_DAEMON, daemon, RQ_FILE, fd, 0);
	fromhost(&request);
	request_set(&request, RQ_CLIENT_SIN, &client.any, RQ_SERVER_SIN, &server.any, 0);
	if (!on_twist && scan.rules.runs_commands)
		return allows_without_commands(&scan, &request, daemon);
	if (scan.rules.may_twist && would_twist(&request, fd))
		on_twist();
	return hosts_access(&request);
}
#else
bool libwrap_runs_commands(void)
{
	return false;
}

bool libwrap_allows(const char *daemon, int fd, void (*on_twist)(void))
{
	(void)fd, (void)on_twist;
	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	syslog(LOG_ERR, "libwrap: %s: this superd was built without libwrap: no client is allowed", daemon);
	return false;
}
#endif
