/* Where the control socket is, and whether there is any. The hard thing is who should have none: a service tried out
 * with -l would take the place of the superd that runs the machine. */
#include "cmd/operators.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "sys/runtime_folder.h"

static bool is_wanted(const struct options *options)
{
	return options->control ? strcmp(options->control, "none") != 0 : !options->endpoint_count;
}

static gid_t group_of(const struct options *options, struct log *log)
{
	gid_t group = (gid_t)-1;

	if (options->control_group && !control_socket_group(options->control_group, &group))
		log_warn(log, "--control-group: %s: there is no such group: only root and superd's own user may look",
			 options->control_group);
	return group;
}

struct server *operators_expect(struct supervisor *supervisor, const struct options *options)
{
	struct server *server = is_wanted(options) ? calloc(1, sizeof(*server)) : NULL;

	if (server)
		server_listen_in(server, supervisor, group_of(options, supervisor->engine.log));
	else if (is_wanted(options))
		log_warn(supervisor->engine.log, "no control socket: out of memory");
	return server;
}

void operators_admit(struct server *server, const struct options *options)
{
	struct buf path = { 0 }, why = { 0 };

	if (!server)
		return;
	buf_addf(&path, "%s%s", options->control ? options->control : runtime_folder(),
		 options->control ? "" : "/superd/control");
	if (!server_open(server, buf_string(&path), &why))
		log_warn(server->supervisor->engine.log,
			 "no control socket %s: %s; --control names another place, or none", buf_string(&path),
			 buf_string(&why));
	buf_free(&path);
	buf_free(&why);
}

void operators_leave(struct server *server)
{
	if (!server)
		return;
	server_close(server);
	free(server);
}
