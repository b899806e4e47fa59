/* The control socket: its path, its group, and whether superd opens one.
 *
 * A superd with -l has none unless --control names one, because a service that is only tried out must not take the
 * place of the machine's superd. */
#include "cli/superd/control_setup.h"

#include <stdlib.h>
#include <string.h>

#include "control/session_transfer.h"
#include "os/fs/runtime_dir.h"
#include "prepare/account.h"

static bool has_control(const struct options *options)
{
	return options->control ? strcmp(options->control, "none") != 0 : !options->endpoints.count;
}

static void warn_of_group(const struct options *options, const struct found_group *found, const char *effect,
			  struct diags *diags)
{
	diag_warning(diags, (struct origin){ 0 }, "--control-group: %s: %s: %s", options->control_group,
		     found && found->wrong ? found->wrong : "out of memory", effect);
	if (found && found->near)
		diags_hint(diags, "did you mean %s?", found->near);
	else
		diags_hint(diags, "a reload looks it up again");
}

/* If the look-up fails, as when a directory server does not answer, the group that was found before keeps its
 * access. */
static void set_group(struct options *options, const struct found_group *found, struct diags *diags)
{
	bool has_answer = found && !found->failed;

	if (has_answer && !found->wrong) {
		options->control_gid = found->gid;
	} else if (!has_answer && options->control_gid != (gid_t)-1) {
		warn_of_group(options, found, "its members of before may still look", diags);
	} else {
		options->control_gid = (gid_t)-1;
		warn_of_group(options, found, "only root and superd's own user may look", diags);
	}
}

void control_setup_find_group(struct options *options, struct diags *diags)
{
	bool is_asked = options->control_group && has_control(options);
	struct pool *pool = is_asked ? pool_new() : NULL;
	struct accounts accounts;

	if (!is_asked)
		return;
	if (!pool) {
		set_group(options, NULL, diags);
		return;
	}
	accounts_open(&accounts, pool, diags);
	set_group(options, accounts_group(&accounts, options->control_group), diags);
	accounts_close(&accounts);
	pool_free(pool);
}

static char *control_path(const struct options *options)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s%s", options->control ? options->control : runtime_dir(),
		 options->control ? "" : "/superd/control");
	return buf_take(&path);
}

struct server *control_setup_create(struct supervisor *supervisor, struct options *options)
{
	struct server *server = has_control(options) ? calloc(1, sizeof(*server)) : NULL;
	char *path = server ? control_path(options) : NULL;
	struct diags diags = { 0 };

	if (path) {
		control_setup_find_group(options, &diags);
		supervisor_log_diags(supervisor->engine.log, &diags);
		server_init(server, supervisor, &options->control_gid);
		session_transfer_begin(server);
		if (!supervisor->before)
			server_read_locks(server, path);
	} else if (has_control(options)) {
		log_warn(supervisor->engine.log, "no control socket: out of memory");
		free(server);
		server = NULL;
	}
	diags_free(&diags);
	free(path);
	return server;
}

void control_setup_open(struct server *server, const struct options *options)
{
	char *path = server ? control_path(options) : NULL;
	struct buf why = { 0 };

	if (path)
		session_transfer_answer(server);
	if (path && !server_open(server, path, &why))
		log_warn(server->supervisor->engine.log,
			 "no control socket %s: %s; --control names another place, or none", path, buf_string(&why));
	else if (server && !path)
		log_warn(server->supervisor->engine.log, "no control socket: out of memory");
	free(path);
	buf_free(&why);
}

void control_setup_close(struct server *server)
{
	if (!server)
		return;
	server_close(server);
	free(server);
}
