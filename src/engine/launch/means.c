/* The means of a service's starts, made and freed. A process that an instance left behind may still write to its
 * pipe, so superd releases a pipe (engine/log/output) and reads on; it never cuts it off. */
#include "engine/launch/means.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/core/leftover.h"
#include "engine/launch/open_groups.h"
#include "exec/dirs/directories.h"
#include "os/socket/bind.h"

#define RESTING_MOST 64                 /* services without an instance that keep their means */
#define JUDGE_EVERY 60.                 /* seconds until a plan is judged again (plan_check_trust) */

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

			bind_describe(listeners[n].io.fd, listeners[n].listen, &text);
			colon = strrchr(buf_string(&text), ':');
			port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
			buf_free(&text);
		}
		return port;
	}
	return 0;
}

void means_init(struct means *means)
{
	list_init(&means->rest);
	standbys_init(&means->standbys);
}

static void means_wake(struct means *means, struct engine *engine)
{
	if (list_empty(&means->rest))
		return;
	list_remove(&means->rest);
	engine->resting_count--;
}

bool means_name_sockets(struct means *means, const struct listener *listeners, size_t count, const char *files)
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
	LIST_EACH(link, means->store ? &means->store->kept : &none) {
		buf_addf(&names, "%s%s", colon, container_of(link, struct kept, link)->name);
		colon = ":";
	}
	buf_text(&names, files ? files + !*colon : "");
	free(means->names);
	means->names = buf_take(&names);
	return means->names;
}

static bool stream_is(const struct service *service, unsigned kind)
{
	unsigned output = plan_output_is_socket(service) ? STREAM_SOCKET : service->groups->streams->output.kind;

	return output == kind || plan_error_stream(service)->kind == kind;
}

/* If the main program has the socket as a stream, the commands beside it print to the log. */
static bool needs_log(const struct service *service)
{
	bool has_socket = stream_is(service, STREAM_SOCKET) || stream_is(service, STREAM_DESCRIPTOR);

	return stream_is(service, STREAM_LOG) ||
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
static bool inherits(const struct service *service, int number)
{
	const struct stream *stream = plan_stream(service, number);

	return stream->kind == STREAM_INHERIT && output_is_needed(service, number);
}

static bool try_inherited(struct means *means, struct engine *engine, const struct service *service)
{
	for (int number = STDOUT_FILENO; number <= STDERR_FILENO; number++) {
		struct output **output = &means->inherited[number - STDOUT_FILENO];

		if (!*output && inherits(service, number))
			*output = output_open_inherited(engine, service, number);
		if (!*output && inherits(service, number))
			return false;
	}
	return true;
}

static bool try_outputs(struct means *means, struct engine *engine, const struct service *service)
{
	release_unsuited(&means->log, service);
	release_unsuited(&means->syslog, service);
	if (!means->log && needs_log(service))
		means->log = output_open(engine, service, false);
	if (!means->syslog && stream_is(service, STREAM_SYSLOG))
		means->syslog = output_open(engine, service, true);
	return (means->log || !needs_log(service)) && (means->syslog || !stream_is(service, STREAM_SYSLOG)) &&
	       try_inherited(means, engine, service);
}

static bool open_outputs(struct means *means, struct engine *engine, const struct service *service)
{
	if (try_outputs(means, engine, service))
		return true;
	if (errno != EMFILE && errno != ENFILE)
		return false;
	means_free_resting(engine);
	return try_outputs(means, engine, service);
}

/* With optional sockets the passed ones may differ from start to start. */
static bool has_optional(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (service->sockets[n].options->optional)
			return true;
	}
	return false;
}

struct plan *means_make_plan(const struct means *means, struct engine *engine, const struct service *service,
			     const struct listener *listeners, const char *instance, struct buf *why)
{
	bool *missing = calloc(service->socket_count + 1, sizeof(*missing));
	struct plan_sockets sockets = {
		.port = first_port(service, listeners), .missing = missing, .instance = instance,
	};
	uint16_t *loops = NULL;
	struct plan *plan;

	if (!missing) {
		buf_text(why, "out of memory");
		return NULL;
	}
	for (size_t n = 0; n < service->socket_count; n++)
		missing[n] = !listener_is_open(&listeners[n]);
	if (plan_applies_access_itself(service))
		sockets.loops = loops = engine->list_loops(engine, &sockets.loop_count);
	plan = plan_make(service, &engine->defaults, &sockets, why);
	if (plan && means->hung)
		plan->may_hang = plan->apart = true;
	free(loops);
	free(missing);
	return plan;
}

static bool make_plan(struct means *means, struct engine *engine, const struct service *service,
		      const struct listener *listeners, struct buf *why)
{
	means->plan = means_make_plan(means, engine, service, listeners, NULL, why);
	means->judged = clock_now();
	means->made++;
	return means->plan;
}

void means_note_fault(struct means *means, const struct fault *fault)
{
	if (fault->error != ETIMEDOUT)
		return;
	means->hung = true;
	if (means->plan)
		means->plan->may_hang = means->plan->apart = true;
}

/* Judges the plan's paths again, as root may have mounted something there since. */
static void judge_again(struct means *means)
{
	double now = clock_now();

	if (now - means->judged < JUDGE_EVERY)
		return;
	means->judged = now;
	plan_check_trust(means->plan);
}

bool means_prepare(struct means *means, struct engine *engine, const struct service *service,
		   const struct listener *listeners, struct buf *why)
{
	means_wake(means, engine);
	if (leftover_forbids(engine, service, why))
		return false;
	if (means->plan && (means->plan->rereads || has_optional(service)))
		means_drop(means);
	if (!means->plan && !make_plan(means, engine, service, listeners, why))
		return false;
	judge_again(means);
	if (!means->notify && notify_is_wanted(service)) {
		means->notify = notify_open(engine, service, why);
		if (!means->notify)
			return false;
	}
	if (!open_outputs(means, engine, service)) {
		buf_addf(why, "preparing output: %s", strerror(errno));
		return false;
	}
	if (!directories_prepare(service, &engine->defaults, why))
		return false;
	plan_check_streams(means->plan, service);
	return true;
}

void means_drop_notify(struct means *means)
{
	notify_release(means->notify);
	means->notify = NULL;
}

void means_drop(struct means *means)
{
	standbys_dismiss(&means->standbys);
	plan_free(means->plan);
	free(means->names);
	means->plan = NULL;
	means->names = NULL;
}

void means_free(struct means *means, struct engine *engine)
{
	means_wake(means, engine);
	means_drop(means);
	means_drop_notify(means);
	output_release(means->log);
	output_release(means->syslog);
	means->log = means->syslog = NULL;
	for (size_t n = 0; n < sizeof(means->inherited) / sizeof(*means->inherited); n++) {
		output_release(means->inherited[n]);
		means->inherited[n] = NULL;
	}
}

void means_name(struct means *means, pid_t pid)
{
	if (means->log)
		means->log->pid = pid;
	if (means->syslog)
		means->syslog->pid = pid;
}

void means_rest(struct means *means, struct engine *engine)
{
	means_name(means, 0);           /* only processes that were left behind write now */
	if (list_empty(&means->rest)) {
		list_add(&engine->resting, &means->rest);
		engine->resting_count++;
	}
	if (engine->resting_count > RESTING_MOST)
		means_free(container_of(engine->resting.next, struct means, rest), engine);
}

void means_free_resting(struct engine *engine)
{
	open_groups_close_all(engine);
	LIST_EACH(link, &engine->resting)
		means_free(container_of(link, struct means, rest), engine);
}

void means_end_all(struct engine *engine)
{
	means_free_resting(engine);
	LIST_EACH(link, &engine->released)
		output_close(container_of(link, struct output, link));
}

const char *means_last_line(const struct means *means)
{
	const char *line = means->log ? means->log->last_line : "";

	return *line || !means->syslog ? line : means->syslog->last_line;
}

void means_forget_line(struct means *means)
{
	if (means->log)
		*means->log->last_line = '\0';
	if (means->syslog)
		*means->syslog->last_line = '\0';
}

void means_drain(struct means *means, bool last)
{
	output_drain(means->log, last);
	output_drain(means->syslog, last);
}
