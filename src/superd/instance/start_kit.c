/* Makes and frees start kits. A process that an instance left behind may still write to its pipe. So superd releases
 * a pipe (superd/log/output_pipe) and reads on; it does not close it. */
#include "superd/instance/start_kit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "os/socket/bind.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/instance/start_resources.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/unreaped.h"
#include "superd/start/directories.h"

#define RESTING_MOST 64                 /* services without an instance that keep their kits */
#define TRUST_CHECK_EVERY 60.           /* seconds between two plan_check_trust of a plan */

static unsigned first_port(const struct service *service, const struct listener *listeners)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *address = service->sockets[n].address;
		struct buf text = { 0 };
		unsigned port = address->port;

		if (!endpoint_has_port(address))
			continue;
		if (!port && listener_is_open(&listeners[n])) {         /* the kernel chose it */
			const char *colon;

			bind_describe(listeners[n].fd, listeners[n].listen, &text);
			colon = strrchr(buf_string(&text), ':');
			port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
			buf_free(&text);
		}
		return port;
	}
	return 0;
}

void start_kit_init(struct start_kit *kit, struct engine *engine)
{
	kit->engine = engine;
	list_init(&kit->rest);
	list_init(&kit->shared);
}

static void start_kit_wake(struct start_kit *kit)
{
	if (list_empty(&kit->rest))
		return;
	list_remove(&kit->rest);
	kit->engine->launch->resting_count--;
}

bool start_kit_name_sockets(struct start_kit *kit, const struct listener *listeners, size_t count, const char *files)
{
	struct list none = { &none, &none };
	struct buf names = { 0 };
	const char *colon = "";

	buf_text(&names, "LISTEN_FDNAMES=");
	for (size_t n = 0; n < count; n++) {
		if (!listener_is_open(&listeners[n]))
			continue;
		buf_addf(&names, "%s%s", colon, listeners[n].listen->name);
		colon = ":";
	}
	LIST_EACH(link, kit->store ? &kit->store->kept : &none) {
		buf_addf(&names, "%s%s", colon, container_of(link, struct fdstore_entry, link)->name);
		colon = ":";
	}
	buf_text(&names, files ? files + !*colon : "");
	free(kit->names);
	kit->names = buf_take(&names);
	return kit->names;
}

static bool stream_is(const struct start_kit *kit, const struct service *service, unsigned kind)
{
	unsigned output = kit->plan->output_is_socket ? STREAM_SOCKET : service->groups->streams->output.kind;

	return output == kind || plan_error_stream(service)->kind == kind;
}

/* If the main program has a socket as a stream, the other commands print to the log. */
static bool needs_log(const struct start_kit *kit, const struct service *service)
{
	bool has_socket = stream_is(kit, service, STREAM_SOCKET) || stream_is(kit, service, STREAM_DESCRIPTOR);

	return stream_is(kit, service, STREAM_LOG) || service_is_relayed(service) ||
	       (has_socket && service_has_commands(service, PHASE_CONDITION, PHASES - 1));
}

/* Releases an output that does not fit the service's user any more; processes of the former user write on. */
static void release_unsuited(struct output **output, const struct service *service)
{
	if (!*output || output_suits(*output, service))
		return;
	output_release(*output);
	*output = NULL;
}

/* Whether a stream is superd's own, and needs a pipe in between. */
static bool needs_inherited(const struct service *service, int number)
{
	const struct stream *stream = plan_stream(service, number);

	return stream->kind == STREAM_INHERIT && output_is_needed(service, number);
}

static bool try_inherited(struct start_kit *kit, const struct service *service)
{
	for (int number = STDOUT_FILENO; number <= STDERR_FILENO; number++) {
		struct output **output = &kit->inherited[number - STDOUT_FILENO];

		if (!*output && needs_inherited(service, number))
			*output = output_open_inherited(kit->engine, service, number);
		if (!*output && needs_inherited(service, number))
			return false;
	}
	return true;
}

static bool try_outputs(struct start_kit *kit, const struct service *service)
{
	release_unsuited(&kit->log, service);
	release_unsuited(&kit->syslog, service);
	if (!kit->log && needs_log(kit, service))
		kit->log = output_open(kit->engine, service, false);
	if (!kit->syslog && stream_is(kit, service, STREAM_SYSLOG))
		kit->syslog = output_open(kit->engine, service, true);
	return (kit->log || !needs_log(kit, service)) && (kit->syslog || !stream_is(kit, service, STREAM_SYSLOG)) &&
	       try_inherited(kit, service);
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

struct plan *start_kit_make_plan(const struct start_kit *kit, const struct service *service,
				 const struct listener *listeners, const struct plan_sockets *given, struct buf *why)
{
	bool *missing = calloc(service->socket_count + 1, sizeof(*missing));
	struct plan_sockets sockets = *given;
	struct plan *plan;

	if (!missing) {
		buf_text(why, "out of memory");
		return NULL;
	}
	for (size_t n = 0; n < service->socket_count; n++)
		missing[n] = !listener_is_open(&listeners[n]);
	sockets.port = first_port(service, listeners);
	sockets.missing = missing;
	plan = plan_make(service, &kit->engine->defaults, &sockets, why);
	if (plan && kit->hung)
		plan->may_hang = plan->apart = true;
	free(missing);
	return plan;
}

void start_kit_note_fault(struct start_kit *kit, const struct fault *fault)
{
	if (fault->error != ETIMEDOUT)
		return;
	kit->hung = true;
	if (kit->plan)
		kit->plan->may_hang = kit->plan->apart = true;
}

void start_kit_await_line(struct start_kit *kit, struct line_wait *waits)
{
	if (kit->log)
		output_await(kit->log, &waits[0]);
	if (kit->syslog)
		output_await(kit->syslog, &waits[1]);
}

bool start_kit_needs_plan(const struct start_kit *kit, const struct service *service)
{
	return !kit->plan || kit->plan->rereads || has_optional(service);
}

bool start_kit_prepare(struct start_kit *kit, const struct service *service, const struct listener *listeners,
		       const struct plan_sockets *given, struct buf *why)
{
	struct engine *engine = kit->engine;
	double now = clock_now();
	bool good;

	start_kit_wake(kit);
	if (unreaped_forbids_start(engine, service, why))
		return false;
	if (start_kit_needs_plan(kit, service)) {
		start_kit_drop(kit);
		kit->plan = start_kit_make_plan(kit, service, listeners, given, why);
		kit->trust_checked = now;
		kit->made++;
		if (!kit->plan)
			return false;
	}
	if (now - kit->trust_checked >= TRUST_CHECK_EVERY) {    /* root may have mounted another file system since */
		kit->trust_checked = now;
		plan_check_trust(kit->plan);
	}
	if (!kit->notify && service_notify_access(service) != NOTIFY_NONE) {
		kit->notify = notify_open(engine, service, why);
		if (!kit->notify)
			return false;
	}
	good = try_outputs(kit, service);
	if (!good && (errno == EMFILE || errno == ENFILE)) {
		start_kit_free_resting(engine);
		good = try_outputs(kit, service);
	}
	if (!good) {
		buf_addf(why, "preparing output: %s", strerror(errno));
		return false;
	}
	if (!directories_prepare(service, &engine->defaults, why))
		return false;
	plan_check_streams(kit->plan, service);
	return true;
}

void start_kit_drop_notify(struct start_kit *kit)
{
	notify_release(kit->notify);
	kit->notify = NULL;
}

void start_kit_drop(struct start_kit *kit)
{
	LIST_EACH(link, &kit->shared)
		list_remove(link);
	plan_free(kit->plan);
	free(kit->names);
	kit->plan = NULL;
	kit->names = NULL;
}

void start_kit_free(struct start_kit *kit)
{
	start_kit_wake(kit);
	start_kit_drop(kit);
	start_kit_drop_notify(kit);
	output_release(kit->log);
	output_release(kit->syslog);
	kit->log = kit->syslog = NULL;
	for (size_t n = 0; n < sizeof(kit->inherited) / sizeof(*kit->inherited); n++) {
		output_release(kit->inherited[n]);
		kit->inherited[n] = NULL;
	}
}

void start_kit_name(struct start_kit *kit, pid_t pid)
{
	if (kit->log)
		kit->log->pid = pid;
	if (kit->syslog)
		kit->syslog->pid = pid;
}

void start_kit_rest(struct start_kit *kit)
{
	struct start_resources *resources = kit->engine->launch;

	start_kit_name(kit, 0);         /* only processes that were left behind write now */
	if (list_empty(&kit->rest)) {
		list_add(&resources->resting, &kit->rest);
		resources->resting_count++;
	}
	if (resources->resting_count > RESTING_MOST)
		start_kit_free(container_of(resources->resting.next, struct start_kit, rest));
}

void start_kit_free_resting(struct engine *engine)
{
	cgroup_cache_close_all(engine);
	LIST_EACH(link, &engine->launch->resting)
		start_kit_free(container_of(link, struct start_kit, rest));
}

void start_kit_end_all(struct engine *engine)
{
	start_kit_free_resting(engine);
	output_end_all(engine);
}

const char *start_kit_last_line(const struct start_kit *kit)
{
	const char *line = kit->log ? kit->log->last_line : "";

	return *line || !kit->syslog ? line : kit->syslog->last_line;
}

void start_kit_forget_line(struct start_kit *kit)
{
	if (kit->log)
		*kit->log->last_line = '\0';
	if (kit->syslog)
		*kit->syslog->last_line = '\0';
}

void start_kit_drain(struct start_kit *kit, bool last)
{
	output_drain(kit->log, last);
	output_drain(kit->syslog, last);
}
