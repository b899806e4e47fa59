/* Fills the request of a start from the service's settings and its start kit. The requests of a command, of a start
 * with listeners, and of one for a connection differ in a few fields. */
#include "superd/instance/start_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/child/sandbox.h"
#include "os/host/foreign_file.h"
#include "os/host/program.h"
#include "superd/instance/fd_map.h"
#include "superd/start/spawn.h"
#include "superd/start/cgroup_settings.h"
#include "superd/start/credentials.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"

bool launch_wire(struct fd_map *fd_map, struct start_kit *kit, const struct service *service, const int *sockets,
		 size_t socket_count, const struct console *console, struct buf *why)
{
	int socket = -1;

	if (!fd_map_room(fd_map, socket_count + (kit->store ? kit->store->count : 0) +
					 words_count(service->groups->passed_fds->open_file))) {
		buf_text(why, "out of memory");
		errno = ENOMEM;
		return false;
	}
	fd_map->count = 3;
	fd_map->console = console;
	for (size_t n = 0; n < socket_count; n++) {
		int fd = fd_map_low(fd_map, sockets[n]);

		if (fd < 0) {
			buf_addf(why, "passing sockets: %s", strerror(errno));
			return false;
		}
		if (n == 0)
			socket = fd;
		if (service->exec->pass == PASS_SYSTEMD)
			fd_map->wanted[fd_map->count++] = fd;
	}
	return stdio_place(fd_map, kit, service, socket, why);
}

bool launch_wire_beside(struct fd_map *fd_map, struct start_kit *kit, const struct service *service,
			const struct console *console, struct buf *why)
{
	if (!fd_map_room(fd_map, 0)) {
		buf_text(why, "out of memory");
		errno = ENOMEM;
		return false;
	}
	fd_map->count = 3;
	fd_map->console = console;
	return stdio_place_beside(fd_map, kit, service, why);
}

void launch_fill(struct spawn_request *launch, const struct start_kit *kit, const struct fd_map *fd_map,
		 const struct service *service)
{
	*launch = (struct spawn_request){
		.plan = kit->plan, .wanted = fd_map->wanted, .wanted_count = fd_map->count,
		.remote_port = -1, .remote_host = service->exec->pass == PASS_INETD, .pid = -1,
		.terminal = fd_map->terminal,
	};
	if (fd_map->has_files)
		launch->files = fd_map->files;
	if (kit->notify) {
		launch->notify = kit->notify->variable;
		launch->watchdog = service_has_watchdog(service) ? service->groups->lifecycle->watchdog : 0;
		launch->store = service->exec->accept
					? 0
					: (unsigned)service->groups->lifecycle->file_descriptor_store_max;
	}
	if (fd_map->count - fd_map->others > 3) {
		launch->listen_count = (unsigned)(fd_map->count - fd_map->others) - 3;
		launch->names = kit->names;
	}
}

/* Sets LISTEN_FDNAMES: a connection has the name of its listener, files have names of their own. */
static bool name_connection(struct spawn_request *launch, struct fd_map *fd_map, const struct listener *listener,
			    struct caller *caller)
{
	struct buf names = { 0 };

	snprintf(caller->names, sizeof(caller->names), "LISTEN_FDNAMES=%s", listener->listen->name);
	launch->names = caller->names;
	if (!fd_map->file_names)
		return true;
	buf_addf(&names, "%s%s", caller->names, fd_map->file_names);
	free(fd_map->file_names);
	launch->names = fd_map->file_names = buf_take(&names);
	return launch->names;
}

bool launch_fill_for(struct spawn_request *launch, const struct start_kit *kit, struct fd_map *fd_map,
		     const struct service *service, const struct listener *listener, const struct client *client,
		     struct caller *caller)
{
	launch_fill(launch, kit, fd_map, service);
	if (service->groups->logging->mapped_addresses) {
		client_mapped_address(client, caller->address, sizeof(caller->address));
		client_unmap(client);
	} else {
		client_address(client, caller->address, sizeof(caller->address));
	}
	/* With warm, a program that was started ahead has none of these, so none has. */
	if (service->groups->access->warm) {
		launch->remote_host = false;
		return !launch->listen_count || name_connection(launch, fd_map, listener, caller);
	}
	launch->remote_address = caller->address;
	launch->remote_port = client_port(client);
	if (kit->plan->tells_unit)
		launch->cookie = client_cookie(client);
	if (service->groups->environment->tcp_environment &&
	    client_local(client, caller->local, sizeof(caller->local), &launch->local_port))
		launch->local_address = caller->local;
	return !launch->listen_count || name_connection(launch, fd_map, listener, caller);
}

/* The options that a stage applies. An error names the place of the first one that the service sets. */
static const char *const stage_options[STAGES][4] = {
	[STAGE_NICE] = { "nice" },
	[STAGE_OOM_SCORE] = { "oom_score_adjust" },
	[STAGE_CPUS] = { "cpu_affinity" },
	[STAGE_IO_PRIORITY] = { "io_scheduling" },
	[STAGE_SCHEDULING] = { "cpu_scheduling_policy", "cpu_scheduling_priority", "timer_slack" },
	[STAGE_PERSONALITY] = { "personality" },
	[STAGE_PROFILE] = { "apparmor_profile" },
	[STAGE_NAMESPACES] = { "private_network", "network_namespace_path", "private_ipc", "protect_hostname" },
	[STAGE_ROOT] = { "root_directory" },
	[STAGE_PRIVATE_USERS] = { "private_users" },
	[STAGE_BOUNDING] = { "capability_bounding_set" },
	[STAGE_GROUPS] = { "supplementary_groups", "groups", "group", "user" },
	[STAGE_USER] = { "user" },
	[STAGE_IDENTITY] = { "user" },
	[STAGE_AMBIENT] = { "ambient_capabilities" },
	[STAGE_SECURE_BITS] = { "secure_bits" },
	[STAGE_KEYRING] = { "keyring_mode" },
	[STAGE_NO_NEW_PRIVILEGES] = { "no_new_privileges" },
	[STAGE_BIND_FILTER] = { "pass" },
	[STAGE_SYSTEM_CALLS] = { "system_call_filter", "system_call_architectures", "restrict_address_families",
				 "restrict_namespaces" },
	[STAGE_DIRECTORY] = { "working_directory" },
	[STAGE_EXEC] = { "exec" },
};

static const char *const stream_options[3] = { "input", "output", "error" };

static struct origin stage_origin(const struct service *service, enum stage stage)
{
	for (size_t n = 0; n < 4 && stage_options[stage][n]; n++) {
		if (service_mark(service, stage_options[stage][n]))
			return service_origin(service, stage_options[stage][n]);
	}
	return service->at;
}

/* "setting nice": a stage that has the name of an option is written in the words of the service's table. */
static void add_stage(const struct service *service, enum stage stage, struct buf *out)
{
	static const char setting[] = "setting ";
	const char *name = stage_name(stage), *option = stage_options[stage][0];
	size_t length = sizeof(setting) - 1;

	if (option && !strncmp(name, setting, length) && !strcmp(name + length, option))
		buf_addf(out, "%s%s", setting, option_name_of(service, option));
	else
		buf_text(out, name);
}

/* A program may exist while its interpreter does not. If the service has another root or mounts, superd cannot see
 * it. */
void launch_add_interpreter(const struct service *service, const char *program, const struct fault *fault,
			    struct buf *out)
{
	struct buf why = { 0 };

	if (fault->stage != STAGE_EXEC || (fault->error != ENOENT && fault->error != ENOEXEC) || *program != '/' ||
	    service->groups->environment->root_directory || service_prepared(service)->sandbox)
		return;
	if (foreign_interpreter_is_wrong(program, &why))
		buf_addf(out, ": %s", buf_string(&why));
	buf_free(&why);
}

void launch_describe_fault(const struct service *service, const struct fault *fault, struct buf *out)
{
	const char *limit = fault->stage == STAGE_LIMITS ? limit_option(fault->resource) : NULL;
	const char *option = limit, *path = NULL;
	size_t length = 0;

	if (fault->stage == STAGE_CONDITIONS) {
		words conditions = service->groups->commands->condition;
		bool known = (size_t)fault->resource < words_count(conditions);

		buf_addf(out, "%s is not so", known ? conditions[fault->resource] : "a condition");
		origin_cite(service_origin(service, "condition"), out);
		return;
	}
	if (fault->stage == STAGE_PROGRAM && fault->error == EPROTO) {
		program_describe_other(PROGRAM_EXEC, out);
		return;
	}
	if (fault->stage == STAGE_CGROUP)
		option = cgroup_settings_fault_option(service, fault->resource);
	if (option && fault->stage == STAGE_CGROUP)
		path = option_name_of(service, option);
	if (fault->stage == STAGE_MOUNTS)
		path = sandbox_fault_path(service_prepared(service)->sandbox, fault->resource, &option);
	if (fault->stage == STAGE_NAMESPACES && fault->resource == SANDBOX_NETWORK) {
		option = "network_namespace_path";
		path = service->groups->paths->network_namespace_path;
	}
	if (fault->stage == STAGE_DIRECTORY)
		path = service->groups->environment->working_directory;
	if (fault->stage == STAGE_STREAMS && fault->resource >= 0 && fault->resource < 3) {
		option = stream_options[fault->resource];
		path = plan_stream(service, fault->resource)->path;
	}
	if (fault->stage == STAGE_CREDENTIALS)
		path = credentials_fault(service, fault->resource, &option, &length);
	add_stage(service, fault->stage, out);
	if (fault->stage == STAGE_EXEC)
		buf_addf(out, ": %s", service->exec->exec ? service->exec->exec[0]
							  : program_get(plan_builtin_program(service))->name);
	else if (limit)
		buf_addf(out, ": %s", option_name_of(service, limit));
	else if (path)
		buf_addf(out, ": %.*s", (int)(length ? length : strlen(path)), path);
	buf_addf(out, ": %s", fault_reason(fault));
	if (service->exec->exec)
		launch_add_interpreter(service, service->exec->exec[0], fault, out);
	origin_cite(option ? service_origin(service, option) : stage_origin(service, fault->stage), out);
}
