/* The signals and log lines of inetd and xinetd, for operators who are used to them. SIGABRT asks for xinetd's
 * consistency check; abort(3) still ends superd, as it unblocks the signal, and after a handler that returns
 * restores the default action. */
#include "engine/supervisor/persona.h"

#include <signal.h>

#include "base/log/log.h"
#include "engine/supervisor/self_check.h"
#include "engine/supervisor/state_dump.h"
#include "os/fs/private_file.h"

bool persona_want(const struct persona *habits, int signal)
{
	if (signal == SIGABRT)
		return habits->abort_inspects;
	return true;
}

static void inspect(const struct persona *habits)
{
	self_check(habits->engine, habits->service_list, *habits->table);
}

static void on_inspection(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	inspect(timer->data);
}

void persona_begin(struct persona *habits, struct engine *engine, const struct service_list *service_list,
		   struct table *const *table)
{
	habits->engine = engine;
	habits->service_list = service_list;
	habits->table = table;
	ev_timer_init(&habits->inspection, on_inspection, habits->inspect_interval, habits->inspect_interval);
	habits->inspection.data = habits;
	if (habits->inspect_interval <= 0)
		return;
	ev_timer_start(engine->loop, &habits->inspection);
	ev_unref(engine->loop);
}

static void dump(const struct persona *habits)
{
	const char *folder = habits->engine->defaults.runtime_directory, *name = habits->dump_file;
	struct log *log = habits->engine->log;
	struct buf text = { 0 }, why = { 0 };

	state_dump_write(habits->engine, habits->service_list, &text);
	if (text.failed)
		log_error(log, "no state dump: out of memory");
	else if (private_file_replace(folder, name, buf_string(&text), text.length, &why))
		log_info(log, "generated state dump in file %s/%s", folder, name);
	else
		log_error(log, "cannot write the state dump %s/%s: %s", folder, name, buf_string(&why));
	buf_free(&text);
	buf_free(&why);
}

/* Also those that rest: an inetd ends the ten minutes of a service that looped by this. */
static void retry(const struct service_list *service_list)
{
	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (runtime && (runtime->state == BINDING || runtime->state == BACKOFF))
			runtime_event(runtime, TIMER);
	}
}

int persona_obey(struct persona *habits, int signal)
{
	switch (signal) {
	case SIGALRM:
		if (!habits->alarm_retries)
			return SIGALRM;
		if (!habits->engine->stopping)
			retry(habits->service_list);
		return 0;
	case SIGABRT:
		inspect(habits);
		return 0;
	case SIGUSR1:
		if (habits->dump_file)
			dump(habits);
		return SIGUSR1;
	case SIGUSR2:
		return habits->usr2_reloads ? SIGHUP : SIGUSR2;
	default:
		return signal;
	}
}

void persona_say_started(const struct persona *habits, const char *program, const char *const *parts)
{
	struct buf line = { 0 };
	size_t count = 0;

	if (!habits->tells_life)
		return;
	for (size_t n = 0; parts[n]; n++)
		buf_addf(&line, " %s", parts[n]);
	for (size_t n = 0; n < habits->service_list->count; n++)
		count += habits->service_list->runtimes[n] && habits->service_list->runtimes[n]->state != OFF;
	log_notice(habits->engine->log, "%s started with%s loadavg options compiled in.", program, buf_string(&line));
	log_notice(habits->engine->log, "Started working: %zu available service%s", count, count == 1 ? "" : "s");
	buf_free(&line);
}

void persona_say_reading(const struct persona *habits)
{
	if (habits->tells_life)
		log_notice(habits->engine->log, "Starting reconfiguration");
}

void persona_say_reloaded(const struct persona *habits, const struct reload_counts *counts)
{
	if (habits->tells_life && counts)
		log_notice(habits->engine->log, "Reconfigured: new=%zu old=%zu dropped=%zu (services)", counts->added,
			   counts->unchanged + counts->changed, counts->removed);
	else if (habits->tells_life)
		log_error(habits->engine->log, "reconfiguration failed");
}

void persona_say_end(const struct persona *habits)
{
	if (habits->tells_life)
		log_warn(habits->engine->log, "Exiting...");
}
