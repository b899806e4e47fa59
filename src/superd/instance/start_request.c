/* Prepares the start kit of a service, and fills the request of a start from it. The requests of a command, of a start
 * with listeners, and of one for a connection differ in a few fields. */
#include "superd/instance/start_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec/child/sandbox.h"
#include "lib/clock.h"
#include "os/host/foreign_file.h"
#include "os/host/program.h"
#include "os/socket/bind.h"
#include "superd/instance/service_list.h"
#include "superd/loop/unreaped.h"
#include "superd/start/cgroup_settings.h"
#include "superd/start/credentials.h"
#include "superd/start/directories.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"

#define TRUST_CHECK_EVERY 60.           /* seconds between two plan_check_trust of a plan */

/* ---- the plan ---- */

/* Collects the ports where superd's own echo, chargen and their like answer datagrams, and redirects, whose targets may
 * be such. ports may be NULL: only counts them. */
static size_t collect_ports(const struct service_list *service_list, uint16_t *ports)
{
	size_t count = 0;

	for (size_t n = 0; n < service_list->count; n++) {
		const struct service_runtime *runtime = service_list->runtimes[n];
		bool answers = runtime && (runtime->service->exec->builtin || runtime->service->exec->redirect);

		for (size_t i = 0; answers && i < runtime->listener_count; i++) {
			const struct listener *listener = &runtime->listeners[i];

			if (!endpoint_is_datagram(listener->listen->address) || !listener_port(listener))
				continue;
			if (ports)
				ports[count] = (uint16_t)listener_port(listener);
			count++;
		}
	}
	return count;
}

/* Sets the ports of all programs that answer any datagram, if this one may be such: one must not answer another without
 * end. They change with every listener that opens or closes. Returns the array, which the caller frees; NULL: there are
 * none, or out of memory. */
static uint16_t *find_loop_ports(const struct service_runtime *runtime, struct plan_sockets *sockets)
{
	const struct service_list *service_list = runtime->engine->service_list;
	bool needs = plan_applies_access_itself(runtime->service) || service_is_relayed(runtime->service);
	size_t count = needs ? collect_ports(service_list, NULL) : 0;
	uint16_t *ports = count ? calloc(count, sizeof(*ports)) : NULL;

	if (ports)
		sockets->loop_count = collect_ports(service_list, ports);
	sockets->loop_ports = ports;
	return ports;
}

static unsigned first_port(const struct service *service, const struct listener *listeners)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *address = service->sockets[n].address;

		if (endpoint_has_port(address))         /* 0: the kernel chose it */
			return address->port ? address->port : listener_port(&listeners[n]);
	}
	return 0;
}

struct plan *runtime_make_plan(struct service_runtime *runtime, const struct service *row, const char *instance,
			       struct buf *why)
{
	struct plan_sockets sockets = { .instance = instance };
	bool *missing = calloc(row->socket_count + 1, sizeof(*missing));
	uint16_t *loops = NULL;
	struct plan *plan = NULL;

	if (missing) {
		loops = find_loop_ports(runtime, &sockets);
		for (size_t n = 0; n < row->socket_count; n++)
			missing[n] = !listener_is_open(&runtime->listeners[n]);
		sockets.port = first_port(row, runtime->listeners);
		sockets.missing = missing;
		plan = plan_make(row, &runtime->engine->defaults, &sockets, why);
	} else {
		buf_text(why, "out of memory");
	}
	if (plan && runtime->run->kit.hung)
		plan->may_hang = plan->apart = true;
	free(loops);
	free(missing);
	return plan;
}

struct plan *runtime_plan_relay(struct service_runtime *runtime, const struct account *account, struct buf *why)
{
	struct plan_sockets sockets = { .instance = NULL };
	uint16_t *loops = find_loop_ports(runtime, &sockets);
	struct plan *plan = plan_relay(runtime->service, account, &runtime->engine->defaults, &sockets, why);

	free(loops);
	return plan;
}

/* Whether sockets may be absent: the passed ones may then differ from start to start. */
static bool has_optional(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct socket_options *options = service->sockets[n].options;

		if (options->optional || options->socket_condition)
			return true;
	}
	return false;
}

/* ---- the pipes ---- */

static bool stream_is(const struct start_kit *kit, const struct service *service, unsigned kind)
{
	unsigned output = kit->plan->output_is_socket ? STREAM_SOCKET : service->groups->streams->output.kind;

	return output == kind || plan_error_stream(service)->kind == kind;
}

/* If the main program has a socket as a stream, the other commands print to the log. */
static bool needs_output(const struct start_kit *kit, const struct service *service, int output)
{
	int number = output - KIT_STDOUT + STDOUT_FILENO;

	if (output == KIT_SYSLOG)
		return stream_is(kit, service, STREAM_SYSLOG);
	if (output != KIT_LOG)          /* the stream is superd's own, and needs a pipe in between */
		return plan_stream(service, number)->kind == STREAM_INHERIT && output_is_needed(service, number);
	return stream_is(kit, service, STREAM_LOG) || service_is_relayed(service) ||
	       ((stream_is(kit, service, STREAM_SOCKET) || stream_is(kit, service, STREAM_DESCRIPTOR)) &&
		service_has_commands(service, PHASE_CONDITION, PHASES - 1));
}

/* The needs of a start by the kit's new plan. */
static unsigned find_needs(const struct start_kit *kit, const struct service *service)
{
	unsigned needs = service_notify_access(service) != NOTIFY_NONE ? 1u << KIT_NOTIFY : 0;

	for (int n = 0; n < KIT_OUTPUTS; n++)
		needs |= (unsigned)needs_output(kit, service, n) << n;
	for (int n = 0; n < 3; n++)
		needs |= (unsigned)stream_is_path(plan_stream(service, n)) << KIT_FILES;
	return needs;
}

static bool open_outputs(struct service_runtime *runtime)
{
	const struct service *service = runtime->service;
	struct start_kit *kit = &runtime->run->kit;

	for (int n = 0; n < KIT_OUTPUTS; n++) {
		struct output **output = &kit->outputs[n];

		if (n < KIT_READ && *output && !output_suits(*output, service)) {
			output_release(*output);        /* processes of the former user write on */
			*output = NULL;
		}
		if (*output || !(kit->needs >> n & 1))
			continue;
		*output = n < KIT_READ ? output_open(kit->engine, service, n == KIT_SYSLOG)
				       : output_open_inherited(kit->engine, service, n - KIT_STDOUT + STDOUT_FILENO);
		if (!*output)
			return false;
		runtime_note_change(runtime);
	}
	return true;
}

/* ---- the kit ---- */

bool runtime_prepare_start(struct service_runtime *runtime, struct buf *why)
{
	const struct service *service = runtime->service;
	struct start_kit *kit = &runtime->run->kit;
	struct engine *engine = runtime->engine;
	double now = clock_now();
	bool good;

	start_kit_wake(kit);
	if (unreaped_forbids_start(engine, service, why))
		return false;
	if (!kit->plan || kit->plan->rereads) {
		start_kit_drop(kit);
		kit->plan = runtime_make_plan(runtime, service, NULL, why);
		kit->trust_checked = now;
		kit->made++;
		if (!kit->plan)
			return false;
		kit->plan->rereads |= has_optional(service);
		kit->needs = find_needs(kit, service);
	}
	if (now - kit->trust_checked >= TRUST_CHECK_EVERY) {    /* root may have mounted another file system since */
		kit->trust_checked = now;
		plan_check_trust(kit->plan);
	}
	if (!kit->notify && kit->needs >> KIT_NOTIFY & 1) {
		kit->notify = notify_open(engine, service, why);
		if (!kit->notify)
			return false;
		runtime_note_change(runtime);
	}
	good = open_outputs(runtime);
	if (!good && (errno == EMFILE || errno == ENFILE)) {
		start_kit_free_resting(engine);
		good = open_outputs(runtime);
	}
	if (!good) {
		buf_addf(why, "preparing output: %s", strerror(errno));
		return false;
	}
	if (kit->needs >> KIT_FILES & 1)
		plan_check_streams(kit->plan, service);
	return true;
}

/* ---- the request ---- */

static bool make_room(struct fd_map *fd_map, size_t sockets, struct buf *why)
{
	if (!fd_map_room(fd_map, sockets)) {
		buf_text(why, "out of memory");
		errno = ENOMEM;
		return false;
	}
	fd_map->count = 3;
	return true;
}

/* Passes a socket, or only returns it, as the program may have it as a stream; -1 and errno. */
static int place_socket(struct fd_map *fd_map, const struct service *service, int socket, const char *name)
{
	int fd = fd_map_low(fd_map, socket);

	return fd >= 0 && service->exec->pass == PASS_SYSTEMD && !fd_map_pass(fd_map, fd, name) ? -1 : fd;
}

bool launch_wire(struct fd_map *fd_map, const struct service_runtime *runtime, int connection, const char *name,
		 struct buf *why)
{
	const struct service *service = runtime->service;
	const struct fdstore *store = runtime->run->kit.store;
	size_t sockets = connection >= 0 ? 1 : runtime->listener_count;
	int socket = -1, first = -1;

	if (!make_room(fd_map, sockets + (store ? store->count : 0), why))
		return false;
	for (size_t n = 0; n < sockets; n++) {
		const struct listener *listener = connection >= 0 ? NULL : &runtime->listeners[n];

		if (listener && (!listener_is_open(listener) || service_is_relayed(service)))
			continue;
		socket = listener ? place_socket(fd_map, service, listener->fd, listener->listen->name)
				  : place_socket(fd_map, service, connection, name);
		if (socket < 0) {
			buf_addf(why, "passing sockets: %s", strerror(errno));
			return false;
		}
		if (first < 0)
			first = socket;
	}
	return stdio_place(fd_map, runtime, first, false, why) &&
	       (connection >= 0 || fd_map_add_store(fd_map, store, why));
}

bool launch_wire_beside(struct fd_map *fd_map, const struct service_runtime *runtime, struct buf *why)
{
	return make_room(fd_map, 0, why) && stdio_place(fd_map, runtime, -1, true, why);
}

void launch_fill(struct spawn_request *launch, const struct service_runtime *runtime, const struct fd_map *fd_map)
{
	const struct service *service = runtime->service;
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;
	const struct start_kit *kit = &runtime->run->kit;

	*launch = (struct spawn_request){
		.plan = kit->plan, .wanted = fd_map->wanted, .wanted_count = fd_map->count,
		.files = fd_map->has_files ? fd_map->files : NULL,
		.listen_count = (unsigned)(fd_map->count - fd_map->others) - 3, .names = fd_map->names.data,
		.remote_port = -1, .remote_host = service->exec->pass == PASS_INETD, .pid = -1,
	};
	if (!kit->notify)
		return;
	launch->notify = kit->notify->variable;
	launch->watchdog = service_has_watchdog(service) ? lifecycle->watchdog : 0;
	launch->store = service->exec->accept ? 0 : (unsigned)lifecycle->file_descriptor_store_max;
}

void launch_fill_for(struct spawn_request *launch, const struct service_runtime *runtime, const struct fd_map *fd_map,
		     const struct client *client, struct caller *caller)
{
	const struct service *service = runtime->service;

	launch_fill(launch, runtime, fd_map);
	if (service->groups->logging->mapped_addresses) {
		client_mapped_address(client, caller->address, sizeof(caller->address));
		client_unmap(client);
	} else {
		client_address(client, caller->address, sizeof(caller->address));
	}
	/* With warm, a program that was started ahead has none of these, so none has. */
	if (service->groups->access->warm) {
		launch->remote_host = false;
		return;
	}
	launch->remote_address = caller->address;
	launch->remote_port = client_port(client);
	if (launch->plan->tells_unit)
		launch->cookie = client_cookie(client);
	if (service->groups->environment->tcp_environment &&
	    client_local(client, caller->local, sizeof(caller->local), &launch->local_port))
		launch->local_address = caller->local;
}

/* ---- why it failed ---- */

/* The options that a stage applies. An error names the place of the first one that the service sets. */
static const char *const stage_options[STAGES][4] = {
	[STAGE_NICE] = { "nice" },
	[STAGE_OOM_SCORE] = { "oom_score_adjust" },
	[STAGE_IO_PRIORITY] = { "io_scheduling" },
	[STAGE_SCHEDULING] = { "cpu_scheduling_policy" },
	[STAGE_PROFILE] = { "apparmor_profile" },
	[STAGE_NAMESPACES] = { "private_network", "private_ipc", "protect_hostname" },
	[STAGE_ROOT] = { "root_directory" },
	[STAGE_PRIVATE_USERS] = { "private_users" },
	[STAGE_BOUNDING] = { "capability_bounding_set" },
	[STAGE_GROUPS] = { "supplementary_groups", "groups", "group", "user" },
	[STAGE_USER] = { "user" },
	[STAGE_IDENTITY] = { "user" },
	[STAGE_AMBIENT] = { "ambient_capabilities" },
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
	struct path_finding finding;
	size_t length = 0;

	if (fault->stage == STAGE_CONDITIONS) {
		words conditions = service->groups->commands->condition;
		bool known = (size_t)fault->resource < words_count(conditions);

		buf_addf(out, "%s is not so", known ? conditions[fault->resource] : "a condition");
		origin_cite(service_origin(service, "condition"), out);
		return;
	}
	if (fault->stage == STAGE_FOLDERS) {
		struct process_defaults bases;

		directories_find_bases(&bases);
		directories_describe_fault(service, &bases, fault->resource, fault->error, out);
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
	if (fault->stage == STAGE_STREAMS && fault->error == EPERM && path &&
	    path_opener(path, 0, service->account, path_mounts_cached(), &finding) == PATH_REFUSED)
		path_finding_add(&finding, out);
	else
		buf_addf(out, ": %s", fault_reason(fault));
	if (service->exec->exec)
		launch_add_interpreter(service, service->exec->exec[0], fault, out);
	origin_cite(option ? service_origin(service, option) : stage_origin(service, fault->stage), out);
}
