/* The control socket: its path, its group, and whether superd opens one. */
#include "superd/main/run.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/fs/runtime_dir.h"
#include "os/socket/control_socket.h"
#include "superd/machine/account.h"
#include "superd/main/settings.h"

#define END_WAIT 5                      /* seconds that a start waits for the end of another superd */
#define END_STEP 50                     /* milliseconds between two looks */

static bool has_control(const struct options *options)
{
	const char *control = options->settings.control;

	return !control || strcmp(control, "none") != 0;
}

/* The group that is wanted, and where. */
struct wanted_group {
	const char *name;
	struct origin at;               /* of superd { }; file NULL: the command line, or an earlier table */
	gid_t before;                   /* the number that the look-up before has found for this name; -1: none */
};

static void warn_of_group(const struct wanted_group *wanted, const struct found_name *found, const char *effect,
			  struct diags *diags)
{
	diag_warning(diags, wanted->at, "%s: %s: %s: %s", wanted->at.file ? "control_group" : "--control-group",
		     wanted->name, found && found->wrong ? found->wrong : "out of memory", effect);
	if (found && found->near)
		diags_hint(diags, "did you mean '%s'?", found->near);
	else
		diags_hint(diags, "a reload looks it up again");
}

/* If the look-up fails, as when a directory server does not answer, the group that was found before keeps its
 * access. */
static gid_t choose_group(const struct wanted_group *wanted, const struct found_name *found, struct diags *diags)
{
	bool has_answer = found && !found->failed;

	if (has_answer && !found->wrong)
		return found->gid;
	if (!has_answer && wanted->before != (gid_t)-1) {
		warn_of_group(wanted, found, "the previous group may still read", diags);
		return wanted->before;
	}
	warn_of_group(wanted, found, "only root and superd's own user may read", diags);
	return (gid_t)-1;
}

static gid_t find_group(const struct wanted_group *wanted, struct lookup_cache *lookups, struct diags *diags)
{
	struct pool *pool = pool_new();
	struct accounts accounts;
	gid_t gid;

	if (!pool)
		return choose_group(wanted, NULL, diags);
	accounts_open(&accounts, pool, diags);
	accounts.lookups = lookups;
	gid = choose_group(wanted, accounts_group(&accounts, wanted->name), diags);
	accounts_close(&accounts);
	pool_free(pool);
	return gid;
}

void control_setup_find_group(struct options *options, const struct table *table, struct lookup_cache *lookups,
			      struct diags *diags)
{
	const char *in_force = options->settings.control_group;
	struct wanted_group wanted = { .name = in_force, .before = options->control_gid };
	gid_t *gid = table ? &options->next_control_gid : &options->control_gid;

	if (table) {
		wanted.name = options_join_settings(options, &table->globals).control_group;
		if (!options->given.control_group)
			wanted.at = table->globals.at[GLOBAL_CONTROL_GROUP];
		if (!in_force || !wanted.name || strcmp(in_force, wanted.name) != 0)
			wanted.before = (gid_t)-1;
	}
	*gid = wanted.name && has_control(options) ? find_group(&wanted, lookups, diags) : (gid_t)-1;
}

/* A longer path than there can be is cut: no socket has it. */
static void find_path(const struct options *options, char path[PATH_MAX])
{
	const char *control = options->settings.control;

	snprintf(path, PATH_MAX, "%s%s", control ? control : runtime_dir(), control ? "" : "/superd/control");
}

/* Waits for the end of the connection, or for as long. */
static void wait_for_end(int *fd, double seconds)
{
	struct pollfd ended = { .fd = *fd, .events = POLLRDHUP };

	if (*fd >= 0)
		poll(&ended, 1, (int)(seconds * 1000));
	fd_close(fd);
	poll(NULL, 0, END_STEP);        /* a superd that ends removes its socket shortly after */
}

/* A service that is only tried out does without, if another superd has the name. */
static bool can_do_without(const struct options *options)
{
	return options->endpoints.count && !options->given.control;
}

/* Two superds at one socket are a mistake, and superctl would reach only one of them. But a script may start the next
 * superd while the last one ends. An inetd or xinetd may run beside another one with a table of its own, and old
 * scripts name no path, so it runs without one. */
bool control_setup_is_free(const struct options *options, struct log *log)
{
	double until = clock_now() + END_WAIT;
	char path[PATH_MAX], number[32];
	bool is_logged = false;
	pid_t pid;
	int fd;

	if (options->invoked_as != AS_SUPERD || can_do_without(options))
		return true;
	find_path(options, path);
	while (has_control(options) && control_socket_has_owner(path, &pid, &fd)) {
		double left = until - clock_now();

		snprintf(number, sizeof(number), " (pid %ld)", (long)pid);
		if (left <= 0) {
			fd_close(&fd);
			log_setup_error(options, log,
					"superd is already running here%s, and answers at %s: superctl reload makes it "
					"read its files again; --control names another place for this one",
					pid ? number : "", path);
			return false;
		}
		if (!is_logged)
			log_notice(log,
				   "superd is already running here%s, and answers at %s: waiting up to %d s for its "
				   "end",
				   pid ? number : "", path, END_WAIT);
		is_logged = true;
		wait_for_end(&fd, left);
	}
	return true;
}

bool control_setup_create(struct server *server, struct supervisor *supervisor, struct options *options,
			  struct lookup_cache *lookups)
{
	struct diags diags = { 0 };
	char path[PATH_MAX];

	if (!has_control(options))
		return false;
	find_path(options, path);
	control_setup_find_group(options, NULL, lookups, &diags);
	supervisor_log_diags(supervisor->engine.log, &diags);
	server_init(server, supervisor, &options->control_gid);
	server_take_left(server, path);
	if (!supervisor->before)
		server_read_locks(server, path);
	diags_free(&diags);
	return true;
}

void control_setup_open(struct server *server, const struct options *options)
{
	struct log *log = server->supervisor->engine.log;
	enum level level = can_do_without(options) ? LEVEL_INFO : LEVEL_WARNING;
	struct buf why = { 0 };
	char path[PATH_MAX];
	pid_t pid;
	int fd;

	find_path(options, path);
	if (server_open(server, path, &why))
		return;
	if (control_socket_has_owner(path, &pid, &fd) && pid)
		log_say(log, level,
			"no control socket %s: superctl reaches another superd there, pid %ld, and not this one: give "
			"this one a name of its own, by --control @NAME or a path, and superctl the same",
			path, (long)pid);
	else
		log_say(log, level, "no control socket %s: %s; --control names another place, or none", path,
			buf_string(&why));
	fd_close(&fd);
	buf_free(&why);
}
