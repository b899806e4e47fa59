/* Asks libwrap whether a client is allowed (hosts_access(3)).
 *
 * libwrap treats a table that it cannot open as an empty one, and so a file that a rule names. That would let clients
 * in. So superd-lookup first looks whether it may read all of them, and denies if it may not. Errors go to syslog, as
 * libwrap's own errors do.
 *
 * superd must know of a twist before it happens, else it would look like a crash. libwrap's dry_run reports one; it is
 * used only if a table contains the word. */
#include "lookup/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#ifdef HAVE_LIBWRAP
#include <tcpd.h>

/* The levels at which libwrap logs. The program must define both variables (hosts_access(3)). */
int allow_severity = LOG_INFO;
int deny_severity = LOG_WARNING;

#define TABLE_MOST (64 << 20)           /* bytes of a table: programs that deny intruders add a line for each */

static bool refuse_file(const char *path)
{
	syslog(LOG_ERR, "libwrap: %s: %s: no client is allowed", path,
	       errno == EINVAL ? "that is no regular file" : strerror(errno));
	return false;
}

/* Looks at a word of a rule: a name or address, a file of them, which may be behind USER@ or DAEMON@, an option or a
 * part of one. before: the word before it: banners are sent if they can be read, and restrict nobody. *runs: it is
 * behind the option of a command, whose files are the command's matter. */
static void look_at_word(struct libwrap_rules *rules, const char *before, const char *word, bool *runs)
{
	const char *at = strrchr(word, '@'), *path = *word == '/' || !at ? word : at + 1;
	bool twist = !strcasecmp(word, "twist"), aclexec = !strcasecmp(word, "aclexec");

	rules->twist |= twist;
	rules->aclexec |= aclexec;
	*runs |= twist || aclexec || !strcasecmp(word, "spawn");
	rules->commands |= *runs;
	if (*path == '/' && !*runs && strcasecmp(before, "banners") != 0 && access(path, R_OK) < 0 && errno != ENOENT)
		rules->readable = refuse_file(path);
}

static void read_table(struct libwrap_rules *rules, const char *path)
{
	size_t length;
	char *text = fd_read_file(path, TABLE_MOST, &length), *rest = text, *line, *word;
	const char *before = "";
	bool goes_on = false, runs = false;

	if (!text && errno != ENOENT)
		rules->readable = refuse_file(path);
	while ((line = strsep(&rest, "\n"))) {
		if (*line == '#')
			continue;
		runs &= goes_on;
		goes_on = *line && line[strlen(line) - 1] == '\\';
		while ((word = strsep(&line, ",:= \t\r\\"))) {
			look_at_word(rules, before, word, &runs);
			before = *word ? word : before;
		}
	}
	free(text);
}

struct libwrap_rules libwrap_read_rules(void)
{
	struct libwrap_rules rules = { .readable = true };

	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	read_table(&rules, hosts_allow_table);
	read_table(&rules, hosts_deny_table);
	return rules;
}

/* Has the rules judge without a command: with dry_run set, spawn starts nothing, and an option that would not return,
 * as twist, clears it instead. The request has no connection meanwhile, so that no option can send anything to the
 * client. */
static bool would_allow(struct request_info *request, int fd, bool *twists)
{
	bool allowed;

	request_set(request, RQ_FILE, -1, 0);
	dry_run = 1;
	allowed = hosts_access(request);
	*twists = !dry_run;
	dry_run = 0;
	resident = -1;                  /* libwrap counts its calls here, and refuses a twist in the second one */
	request_set(request, RQ_FILE, fd, 0);
	return allowed;
}

bool libwrap_allows(const char *daemon, int fd, const struct libwrap_rules *rules, void (*on_twist)(void))
{
	struct request_info request;
	struct socket_address client, server;
	bool allowed, twists = false;

	if (!rules->readable)
		return false;
	if (!lookup_address(getpeername, fd, &client) || !lookup_address(getsockname, fd, &server)) {
		syslog(LOG_ERR, "libwrap: %s: the client has no address to judge: it is refused", daemon);
		return false;
	}
	request_init(&request, RQ_DAEMON, daemon, RQ_FILE, fd, 0);
	fromhost(&request);
	request_set(&request, RQ_CLIENT_SIN, &client.any, RQ_SERVER_SIN, &server.any, 0);
	if (on_twist || !rules->commands) {
		if (rules->twist)
			would_allow(&request, fd, &twists);
		if (twists)
			on_twist();
		return hosts_access(&request);
	}
	if (rules->aclexec) {
		syslog(LOG_ERR, "libwrap: %s: a rule has aclexec, and the service does not ask for 'commands': no "
				"client is allowed", daemon);
		return false;
	}
	allowed = would_allow(&request, fd, &twists);
	if (twists)
		syslog(LOG_WARNING, "libwrap: %s: the rule for this client has twist, and the service does not ask for "
				    "'commands': it is refused", daemon);
	return allowed && !twists;
}
#else
struct libwrap_rules libwrap_read_rules(void)
{
	return (struct libwrap_rules){ .readable = false };
}

bool libwrap_allows(const char *daemon, int fd, const struct libwrap_rules *rules, void (*on_twist)(void))
{
	(void)fd, (void)rules, (void)on_twist;
	openlog("superd", LOG_PID | LOG_PERROR, LOG_DAEMON);
	syslog(LOG_ERR, "libwrap: %s: this superd was built without libwrap: no client is allowed", daemon);
	return false;
}
#endif
