/* Writes a state stream of what a killed superd has left, from its control groups. superd trusts the kernel alone:
 * the kernel tells the group of a process, the path of the group tells the service, and exec/processes/orphan_copy
 * proves each socket. superd leaves the groups of another running superd alone, and those of a superd with another
 * table, which may be about to start again. */
#include "engine/orphans/orphans.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "engine/core/close_socket.h"
#include "engine/instance/instance.h"
#include "engine/launch/start_resources.h"
#include "engine/orphans/orphan.h"
#include "engine/orphans/orphan_end.h"
#include "engine/runtime/service_list.h"
#include "exec/processes/orphan_copy.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/cgroup/cgroup_parent.h"
#include "os/proc/port_owner.h"
#include "os/proc/process.h"

#define INSPECT_MOST 1000               /* milliseconds to inspect one backend, which may hinder it */
#define INSPECT_ALL_MOST 10.            /* seconds to inspect all */

/* One search for orphans, and its results. */
struct orphan_scan {
	struct engine *engine;
	const struct table *table;
	struct orphan_request *requests; /* requests to inspect groups; the paths are owned */
	size_t count, capacity;
	struct orphan_copy *copies;     /* results, one for each request */
	bool by_hand;                   /* an operator has ordered it: also stops orphans of other tables */
};

static const struct service *service_of(const struct table *table, const char *group)
{
	const char *name = strrchr(group, '/') + 1;

	for (size_t n = 0; n < table->count; n++) {
		if (!table->services[n].exec->disable && cgroup_is_of(name, table->services[n].name))
			return &table->services[n];
	}
	return NULL;
}

/* Whether this group is a known orphan, or that of an instance, which was taken over then. */
static bool is_known(struct engine *engine, const char *group)
{
	const struct service_list *service_list = engine->service_list;

	LIST_EACH(link, &engine->orphans->list) {
		if (!strcmp(container_of(link, struct orphan, link)->group, group))
			return true;
	}
	for (size_t n = 0; n < service_list->count; n++) {
		if (!service_list->runtimes[n])
			continue;
		LIST_EACH(link, runtime_instances(service_list->runtimes[n])) {
			const struct instance *instance = container_of(link, struct instance, link);

			if (instance->cgroup.path && !strcmp(instance->cgroup.path, group))
				return true;
		}
	}
	return instance_cgroup_is_left(engine, group);
}

/* Adds a group with processes to the search. It stays frozen until its output is read again, because the first line
 * it printed would kill it by SIGPIPE. */
static void add_group(void *context, const char *group)
{
	struct orphan_scan *scan = context;
	struct orphan_request *grown;
	char *path;

	if (is_known(scan->engine, group) || cgroup_parent_is_adopted(group))
		return;
	if (cgroup_remove(group) || !cgroup_is_populated(group))
		return;
	path = strdup(group);
	grown = array_grow(scan->requests, &scan->capacity, scan->count, sizeof(*scan->requests));
	if (grown)
		scan->requests = grown;
	if (!grown || !path) {
		free(path);
		return;
	}
	grown[scan->count++] = (struct orphan_request){ path, service_of(scan->table, path) };
}

static void thaw_group(void *context, const char *group)
{
	(void)context;
	if (!cgroup_parent_is_adopted(group))
		cgroup_thaw(group);
}

/* Handles one parent group of another superd. The orphans of another table are left to its own next superd, unless
 * an operator orders otherwise. As that may never start, superd thaws them. */
static void scan_parent(void *context, const char *path, enum cgroup_owner heir)
{
	struct orphan_scan *scan = context;

	if (heir == CGROUP_OF_US || scan->by_hand) {
		cgroup_parent_each_group(path, add_group, scan);
		instance_cgroups_remember_parent(scan->engine, path);
		return;
	}
	cgroup_parent_each_group(path, thaw_group, NULL);
	cgroup_remove(path);
}

static void find_groups(struct orphan_scan *scan)
{
	struct pool *pool = pool_new();
	const struct cgroup_delegation *place = pool ? cgroup_delegation_find(pool) : NULL;
	const struct cgroups *cgroups = &scan->engine->launch->cgroups;

	if (place && place->path)
		cgroup_parent_each_left(place->path, cgroups->base, cgroups->identity, scan_parent, scan);
	pool_free(pool);
}

static void free_scan(struct orphan_scan *scan)
{
	for (size_t n = 0; n < scan->count; n++)
		free((char *)(uintptr_t)scan->requests[n].group);
	free(scan->requests);
	free(scan->copies);
}

/* Sets the result for a group that cannot be inspected. */
static void assume_hung(struct orphan_scan *scan, size_t n)
{
	const struct service *service = scan->requests[n].service;
	struct orphan_copy *copy = &scan->copies[n];

	*copy = (struct orphan_copy){ .standing = ORPHAN_STAYS };
	if (!service || service->exec->accept)
		return;
	copy->standing = ORPHAN_BARS;
	copy->service_index = (unsigned)(service - scan->table->services);
	memcpy(copy->why, "it cannot be inspected", sizeof("it cannot be inspected"));
}

static void close_copy(struct engine *engine, const struct orphan_request *request, struct orphan_copy *copy)
{
	int *fds[] = { &copy->log.read, &copy->log.write, &copy->syslog.read, &copy->syslog.write };
	const char *name = request->service ? request->service->name : NULL;

	close_socket_fd(engine, name, &copy->pidfd);
	for (size_t n = 0; n < sizeof(fds) / sizeof(*fds); n++)
		close_socket_fd(engine, name, fds[n]);
	for (size_t n = 0; n < ORPHAN_SOCKETS; n++)
		close_socket_fd(engine, name, &copy->sockets[n]);
}

/* Receives the results from request `first` on, one for each, until the child has sent all, or has hung, or answers
 * what it cannot have found. Returns their number. */
static size_t receive_copies(struct orphan_scan *scan, size_t first, const struct worker_process *helper)
{
	struct pollfd ready = { .fd = helper->channel, .events = POLLIN };
	struct orphan_copy copy;
	size_t n = first;

	while (n < scan->count) {
		const struct orphan_request *request = &scan->requests[n];
		int events = poll(&ready, 1, INSPECT_MOST);
		enum orphan_hearing received;

		if (events < 0 && errno == EINTR)
			continue;
		if (events <= 0)
			break;
		received = orphan_copy_hear(helper, request, scan->table, &copy);
		if (received == ORPHAN_HEARD)
			scan->copies[n++] = copy;
		if (received != ORPHAN_OVER)
			continue;
		close_copy(scan->engine, request, &copy);
		break;
	}
	(void)send(helper->channel, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* the child may drop its copies */
	return n - first;
}

static bool inspect_all(struct orphan_scan *scan)
{
	double begun = clock_now();

	scan->copies = calloc(scan->count + 1, sizeof(*scan->copies));
	if (!scan->copies)
		return false;
	for (size_t n = 0; n < scan->count; n++)
		assume_hung(scan, n);
	for (size_t next = 0; next < scan->count && clock_now() - begun < INSPECT_ALL_MOST;) {
		struct worker_process helper = orphan_copy_begin(scan->requests + next, scan->count - next,
								 scan->table);

		if (helper.channel < 0)
			break;
		next += receive_copies(scan, next, &helper);
		fd_close(&helper.channel);
		if (next++ < scan->count)
			kill(helper.pid, SIGKILL);      /* the next backend has hung it */
	}
	return true;
}

/* ---- taking orphans over ---- */

static double seconds_since(int64_t start_time)
{
	return (double)(process_now() - start_time) / (double)sysconf(_SC_CLK_TCK);
}

static void write_pipe(struct buf *text, const struct orphan_copy *copy, const struct orphan_pipe *pipe, bool syslog)
{
	if (pipe->read < 0)
		return;
	state_open_section(text, "output");
	state_add_number(text, "syslog", syslog);
	state_add_number(text, "read", pipe->read);
	state_add_number(text, "write", pipe->write);
	state_add_number(text, "pid", copy->pid);
}

static void write_sockets(struct buf *text, const struct orphan_copy *copy, const struct service *service)
{
	struct buf endpoint = { 0 };

	for (size_t n = 0; n < service->socket_count; n++) {
		if (copy->sockets[n] < 0)
			continue;
		buf_clear(&endpoint);
		endpoint_format(service->sockets[n].endpoint, &endpoint);
		state_open_section(text, "listener");
		state_add(text, "name", service->sockets[n].name);
		state_add(text, "endpoint", buf_string(&endpoint));
		state_add_number(text, "fd", copy->sockets[n]);
		state_add_number(text, "shared", 1);
	}
	buf_free(&endpoint);
}

static void write_instance(struct buf *text, const struct orphan_copy *copy, const struct orphan_request *request)
{
	int64_t most = request->service->groups->lifecycle->runtime_max;
	double lasted = seconds_since(copy->start_time), left = (double)most / 1e6 - lasted;

	state_open_section(text, "instance");
	state_add_number(text, "current", 1);
	state_add_number(text, "child", copy->pid);
	state_add_number(text, "pid", copy->pid);
	state_add_number(text, "main_fd", copy->pidfd);
	state_add_real(text, "since", clock_now() - lasted);
	state_add(text, "cgroup", request->group);
	if (most > 0 && most != SCAN_INFINITY)
		state_add_timer(text, "timer", left);
}

/* Writes the sections that engine/upgrade/save_service would have written. */
static void write_service(struct buf *text, const struct orphan_copy *copy, const struct orphan_request *request)
{
	const struct service *service = request->service;

	state_open_section(text, "service");
	state_add(text, "name", service->name);
	state_add(text, "state", state_name(RUNNING));
	state_add_number(text, "accepts", 0);
	state_add_real(text, "since", clock_now());
	state_add_number(text, "bound", 1);
	state_add_number(text, "started", 1);
	write_sockets(text, copy, service);
	state_open_section(text, "activity");
	state_add_real(text, "last_start", clock_now() - seconds_since(copy->start_time));
	write_pipe(text, copy, &copy->log, false);
	write_pipe(text, copy, &copy->syslog, true);
	write_instance(text, copy, request);
}

/* Of several instances of one service keeps the youngest: the others were draining, and the clients belong to the
 * youngest. */
static void keep_youngest(struct orphan_scan *scan)
{
	for (size_t n = 0; n < scan->count; n++) {
		for (size_t i = 0; i < scan->count; i++) {
			struct orphan_copy *one = &scan->copies[n], *other = &scan->copies[i];

			if (i == n || one->standing != ORPHAN_FITS || other->standing != ORPHAN_FITS ||
			    scan->requests[n].service != scan->requests[i].service ||
			    one->start_time > other->start_time)
				continue;
			close_copy(scan->engine, &scan->requests[n], one);
			one->standing = ORPHAN_BARS;
			one->service_index = (unsigned)(scan->requests[n].service - scan->table->services);
			memcpy(one->why, "another has its clients", sizeof("another has its clients"));
		}
	}
}

static void end_orphan(struct orphan_scan *scan, const struct orphan_request *request, const struct orphan_copy *copy)
{
	const char *name = request->service ? request->service->name : NULL;
	const char *wanted_by = scan->table->services[copy->service_index].name;
	struct orphan *orphan = orphan_add(scan->engine, request->group, name);
	struct buf what = { 0 };

	if (!orphan)
		return;
	orphan->pid = copy->pid;
	buf_addf(&what, "is ended: %s", copy->why);
	orphan_log(scan->engine, LEVEL_NOTICE, wanted_by, copy->pid, buf_string(&what));
	buf_free(&what);
	orphan_end(scan->engine, orphan, request->service, wanted_by);
}

static void leave_running(struct orphan_scan *scan, const struct orphan_request *request,
			  const struct orphan_copy *copy)
{
	const char *name = request->service ? request->service->name : NULL;
	struct orphan *orphan = orphan_add(scan->engine, request->group, name);

	if (orphan)
		orphan->pid = copy->pid;
	cgroup_thaw(request->group);
	orphan_log(scan->engine, LEVEL_NOTICE, name, copy->pid,
	    name ? "runs on until it ends by itself" : "runs on: the configuration does not have its service");
}

static bool handle_found(struct orphan_scan *scan, struct buf *text)
{
	bool any = false;

	keep_youngest(scan);
	for (size_t n = 0; n < scan->count; n++) {
		const struct orphan_request *request = &scan->requests[n];
		const struct orphan_copy *copy = &scan->copies[n];

		if (copy->standing == ORPHAN_BARS)
			end_orphan(scan, request, copy);
		if (copy->standing == ORPHAN_STAYS)
			leave_running(scan, request, copy);
		if (copy->standing != ORPHAN_FITS)
			continue;
		cgroup_parent_adopt(request->group);
		cgroup_thaw(request->group);
		orphan_log(scan->engine, LEVEL_NOTICE, request->service->name, copy->pid, "is taken over");
		write_service(text, copy, request);
		any = true;
	}
	return any;
}

bool orphans_find(struct engine *engine, const struct table *table, struct state_stream *stream)
{
	struct orphan_scan scan = { .engine = engine, .table = table };
	struct buf text = { 0 }, why = { 0 };
	bool any = false;

	find_groups(&scan);
	state_stream_begin(&text);
	if (scan.count && inspect_all(&scan))
		any = handle_found(&scan, &text);
	state_stream_end(&text);
	free_scan(&scan);
	if (any) {
		size_t length = text.length;

		any = !text.failed && !state_stream_parse(stream, buf_take(&text), length, &why);
		if (!any)
			state_stream_free(stream);
	}
	buf_free(&text);
	buf_free(&why);
	return any;
}

/* ---- for an operator ---- */

static void find_left(struct service_runtime *runtime)
{
	struct orphan_scan scan = { .engine = runtime->engine, .table = runtime->table, .by_hand = true };

	find_groups(&scan);
	for (size_t n = 0; n < scan.count; n++) {
		const struct service *service = scan.requests[n].service;

		orphan_add(runtime->engine, scan.requests[n].group, service ? service->name : NULL);
	}
	free_scan(&scan);
}

/* Adds why there is no orphan at an address, and which process has it. */
static void explain_holder(const struct endpoint *address, struct buf *why)
{
	uint8_t protocol = endpoint_accepts(address) ? IPPROTO_TCP : IPPROTO_UDP;
	bool has_port = address->kind == ENDPOINT_TCP || address->kind == ENDPOINT_UDP;
	struct buf holder = { 0 };

	endpoint_format(address, why);
	if (has_port && port_owner(protocol, address->port, &holder))
		buf_addf(why, " is held by %s, which is", buf_string(&holder));
	else
		buf_text(why, " is held by a process that is");
	buf_free(&holder);
	buf_text(why, " in no control group of a superd that was killed: end it where it was started");
}

unsigned orphans_evict(struct service_runtime *runtime, struct buf *why)
{
	const char *name = runtime->service->name;
	unsigned count = 0;

	find_left(runtime);
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];
		struct orphan *orphan;
		pid_t holder;

		if (listener_is_open(listener))
			continue;
		orphan = orphan_find(runtime->engine, name, listener->listen->address, &holder);
		if (orphan && !orphan->ends)
			orphan_end(runtime->engine, orphan, runtime->service, name);
		if (orphan)
			count++;
		else if (!why->length)
			explain_holder(listener->listen->address, why);
	}
	if (!count && !why->length)
		buf_text(why, "superd has all its sockets: there is no process to evict");
	return count;
}
