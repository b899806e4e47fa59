/* The signals and log lines of inetd and xinetd, for operators who are used to them. SIGABRT orders xinetd's
 * consistency check, which superd lacks, so it does nothing. abort(3) still ends superd: it unblocks the signal, and
 * restores the default action when the handler returns. */
#include "superd/supervisor/internal.h"

#include <signal.h>

#include "lib/build_info.h"
#include "lib/log/log.h"
#include "os/fs/private_file.h"

bool persona_handles(const struct supervisor *supervisor, int signal)
{
	if (signal == SIGABRT)
		return supervisor->persona == PERSONA_XINETD;
	return true;
}

static void write_dump(struct supervisor *supervisor)
{
	const char *folder = supervisor->engine.defaults.runtime_directory, *name = "xinetd.dump";
	struct log *log = supervisor->engine.log;
	struct buf text = { 0 }, why = { 0 };

	state_dump(&supervisor->engine, &text);
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

int persona_handle(struct supervisor *supervisor, int signal)
{
	switch (signal) {
	case SIGALRM:
		if (supervisor->persona != PERSONA_INETD)
			return SIGALRM;
		if (!supervisor->engine.stopping)
			retry_paused(&supervisor->service_list);
		return 0;
	case SIGABRT:
		return 0;
	case SIGUSR1:
		if (supervisor->persona == PERSONA_XINETD)
			write_dump(supervisor);
		return SIGUSR1;
	case SIGUSR2:
		return supervisor->persona == PERSONA_XINETD ? SIGHUP : SIGUSR2;
	default:
		return signal;
	}
}

void persona_log_started(const struct supervisor *supervisor)
{
	const struct service_list *service_list = &supervisor->service_list;
	struct buf line = { 0 };
	size_t count = 0;

	if (supervisor->persona != PERSONA_XINETD)
		return;
	for (size_t n = 0; built_with[n]; n++)
		buf_addf(&line, " %s", built_with[n]);
	for (size_t n = 0; n < service_list->count; n++)
		count += service_list->runtimes[n] && runtime_state(service_list->runtimes[n]) != OFF;
	log_notice(supervisor->engine.log, "superd " PACKAGE_VERSION " started with%s loadavg options compiled in.",
		   buf_string(&line));
	log_notice(supervisor->engine.log, "Started working: %zu available service%s", count, count == 1 ? "" : "s");
	buf_free(&line);
}

void persona_log_reading(const struct supervisor *supervisor)
{
	if (supervisor->persona == PERSONA_XINETD)
		log_notice(supervisor->engine.log, "Starting reconfiguration");
}

void persona_log_reloaded(const struct supervisor *supervisor, const struct reload_counts *counts)
{
	if (supervisor->persona == PERSONA_XINETD && counts)
		log_notice(supervisor->engine.log, "Reconfigured: new=%zu old=%zu dropped=%zu (services)",
			   counts->added, counts->unchanged + counts->changed, counts->removed);
	else if (supervisor->persona == PERSONA_XINETD)
		log_error(supervisor->engine.log, "reconfiguration failed");
}

void persona_log_end(const struct supervisor *supervisor)
{
	if (supervisor->persona == PERSONA_XINETD)
		log_warn(supervisor->engine.log, "Exiting...");
}
