/* The signals and log lines of inetd and xinetd, for operators who are used to them. SIGABRT orders xinetd's
 * consistency check. abort(3) still ends superd: it unblocks the signal, and restores the default action when the
 * handler returns. */
#include "superd/supervisor/persona.h"

#include <signal.h>

#include "lib/log/log.h"
#include "os/fs/private_file.h"
#include "superd/supervisor/self_check.h"
#include "superd/supervisor/state_dump.h"

bool persona_handles(const struct persona *persona, int signal)
{
	if (signal == SIGABRT)
		return persona->abort_checks;
	return true;
}

static void run_self_check(const struct persona *persona)
{
	self_check(persona->engine, persona->service_list, *persona->table);
}

static void on_inspection(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	run_self_check(timer->data);
}

void persona_begin(struct persona *persona, struct engine *engine, const struct service_list *service_list,
		   struct table *const *table)
{
	persona->engine = engine;
	persona->service_list = service_list;
	persona->table = table;
	ev_timer_init(&persona->inspection, on_inspection, persona->inspect_interval, persona->inspect_interval);
	persona->inspection.data = persona;
	if (persona->inspect_interval <= 0)
		return;
	ev_timer_start(engine->loop, &persona->inspection);
	ev_unref(engine->loop);
}

static void write_dump(const struct persona *persona)
{
	const char *folder = persona->engine->defaults.runtime_directory, *name = persona->dump_file;
	struct log *log = persona->engine->log;
	struct buf text = { 0 }, why = { 0 };

	state_dump(persona->engine, &text);
	if (text.failed)
		log_error(log, "no state dump: out of memory");
	else if (private_file_replace(folder, name, buf_string(&text), text.length, &why))
		log_info(log, "generated state dump in file %s/%s", folder, name);
	else
		log_error(log, "cannot write the state dump %s/%s: %s", folder, name, buf_string(&why));
	buf_free(&text);
	buf_free(&why);
}

/* Lets services in a pause try again. Includes BACKOFF, because SIGALRM ends the ten minutes for which inetd
 * disables a looping service. */
static void retry_paused(const struct service_list *service_list)
{
	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (runtime && (runtime_state(runtime) == BINDING || runtime_state(runtime) == BACKOFF))
			runtime_event(runtime, TIMER);
	}
}

int persona_handle(struct persona *persona, int signal)
{
	switch (signal) {
	case SIGALRM:
		if (!persona->alarm_retries)
			return SIGALRM;
		if (!persona->engine->stopping)
			retry_paused(persona->service_list);
		return 0;
	case SIGABRT:
		run_self_check(persona);
		return 0;
	case SIGUSR1:
		if (persona->dump_file)
			write_dump(persona);
		return SIGUSR1;
	case SIGUSR2:
		return persona->usr2_reloads ? SIGHUP : SIGUSR2;
	default:
		return signal;
	}
}

void persona_log_started(const struct persona *persona, const char *program, const char *const *parts)
{
	struct buf line = { 0 };
	size_t count = 0;

	if (!persona->logs_xinetd_lines)
		return;
	for (size_t n = 0; parts[n]; n++)
		buf_addf(&line, " %s", parts[n]);
	for (size_t n = 0; n < persona->service_list->count; n++)
		count += persona->service_list->runtimes[n] && runtime_state(persona->service_list->runtimes[n]) != OFF;
	log_notice(persona->engine->log, "%s started with%s loadavg options compiled in.", program, buf_string(&line));
	log_notice(persona->engine->log, "Started working: %zu available service%s", count, count == 1 ? "" : "s");
	buf_free(&line);
}

void persona_log_reading(const struct persona *persona)
{
	if (persona->logs_xinetd_lines)
		log_notice(persona->engine->log, "Starting reconfiguration");
}

void persona_log_reloaded(const struct persona *persona, const struct reload_counts *counts)
{
	if (persona->logs_xinetd_lines && counts)
		log_notice(persona->engine->log, "Reconfigured: new=%zu old=%zu dropped=%zu (services)", counts->added,
			   counts->unchanged + counts->changed, counts->removed);
	else if (persona->logs_xinetd_lines)
		log_error(persona->engine->log, "reconfiguration failed");
}

void persona_log_end(const struct persona *persona)
{
	if (persona->logs_xinetd_lines)
		log_warn(persona->engine->log, "Exiting...");
}
