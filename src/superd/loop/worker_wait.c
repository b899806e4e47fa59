/* What may hang is left to hang: superd kills the process, and goes on without its answer. */
#include "superd/loop/worker_wait.h"

#include <errno.h>

static void on_ready(struct watch *watch, bool readable, bool writable)
{
	struct worker_wait *wait = container_of(watch, struct worker_wait, watch);

	(void)readable, (void)writable;
	wait->news(wait, false);
}

static void on_limit(struct alarm *alarm)
{
	struct worker_wait *wait = container_of(alarm, struct worker_wait, limit);

	wait->news(wait, true);
}

void worker_wait_init(struct worker_wait *wait, struct engine *engine,
		      void (*news)(struct worker_wait *wait, bool late))
{
	wait->process = (struct worker_process){ .channel = -1, .pid = -1 };
	wait->news = news;
	watch_init(&wait->watch, engine, on_ready);
	alarm_init(&wait->limit, engine, on_limit);
}

void worker_wait_end(struct worker_wait *wait)
{
	watch_stop(&wait->watch);
	alarm_stop(&wait->limit);
	worker_process_end(&wait->process);
}

bool worker_wait_begin(struct worker_wait *wait, struct worker_process process, const char *service, double seconds)
{
	struct event event = { .name = "hanging", .service = service };
	int error = errno;

	worker_wait_end(wait);
	wait->process = process;
	if (process.channel < 0 && error == EBUSY && worker_tell_hanging(worker_owner(service)))
		log_event(wait->limit.engine->log, LEVEL_WARNING, &event,
			  "superd starts no further process to look at its processes and sockets: %d earlier ones hang "
			  "there, and cannot be killed. Look for a file system that does not answer (FUSE, NFS), and "
			  "restart the service", WORKERS_HANGING_MOST);
	if (process.channel < 0) {
		errno = error;
		return false;
	}
	watch_set(&wait->watch, process.channel, true, false);
	alarm_set(&wait->limit, seconds);
	return true;
}
