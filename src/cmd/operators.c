/* Where the control socket is, and whether there is any. The hard thing is who should have none: a service tried out
 * with -l would take the place of the superd that runs the machine. */
#include "cmd/operators.h"

#include <stdlib.h>
#include <string.h>

#include "sys/account.h"
#include "sys/runtime_folder.h"

static bool is_wanted(const struct options *options)
{
	return options->control ? strcmp(options->control, "none") != 0 : !options->endpoint_count;
}

void operators_find_group(struct options *options, struct diags *diags)
{
	struct pool *pool = options->control_group && is_wanted(options) ? pool_new() : NULL;
	const struct found_group *found;
	struct accounts accounts;

	options->control_gid = (gid_t)-1;
	if (!pool)
		return;
	accounts_open(&accounts, pool, diags);
	found = accounts_group(&accounts, options->control_group);
	if (found && !found->wrong) {
		options->control_gid = found->gid;
	} else {
		diag_warning(diags, (struct origin){ 0 },
			     "--control-group: %s: %s: only root and superd's own user may look",
			     options->control_group, found ? found->wrong : "out of memory");
		if (found && found->near)
			diags_hint(diags, "did you mean %s", found->near);
		else
			diags_hint(diags, "a reload looks it up again");
	}
	accounts_close(&accounts);
	pool_free(pool);
}

static char *path_of(const struct options *options)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s%s", options->control ? options->control : runtime_folder(),
		 options->control ? "" : "/superd/control");
	return buf_take(&path);
}

struct server *operators_expect(struct supervisor *supervisor, struct options *options)
{
	struct server *server = is_wanted(options) ? calloc(1, sizeof(*server)) : NULL;
	char *path = server ? path_of(options) : NULL;
	struct diags diags = { 0 };

	if (path) {
		operators_find_group(options, &diags);
		supervisor_say(supervisor->engine.log, &diags);
		server_listen_in(server, supervisor, &options->control_gid);
		if (!supervisor->before)
			server_take_locks(server, path);
	} else if (is_wanted(options)) {
		log_warn(supervisor->engine.log, "no control socket: out of memory");
		free(server);
		server = NULL;
	}
	diags_free(&diags);
	free(path);
	return server;
}

void operators_admit(struct server *server, const struct options *options)
{
	char *path = server ? path_of(options) : NULL;
	struct buf why = { 0 };

	if (path && !server_open(server, path, &why))
		log_warn(server->supervisor->engine.log,
			 "no control socket %s: %s; --control names another place, or none", path, buf_string(&why));
	else if (server && !path)
		log_warn(server->supervisor->engine.log, "no control socket: out of memory");
	free(path);
	buf_free(&why);
}

void operators_leave(struct server *server)
{
	if (!server)
		return;
	server_close(server);
	free(server);
}
