/* The calls are answered in the loop. A storm of them waits. A step blocks only if a superd-bind that was taken over,
 * and has kept the filter, takes the call between poll(2) and its receiving. */
#include "superd/instance/bind_strays.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "os/proc/user_notif.h"
#include "superd/bind/bind_worker.h"
#include "superd/instance/instance.h"

#define CALLS_MOST 128                  /* in one turn of the loop */
#define PAUSE .02                       /* seconds after that many */

static const struct state_field stray_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, bind_stray, "notif", notif) },
};
const struct field_table bind_stray_state = FIELD_TABLE("filter", bind_stray, stray_fields);

static void stray_free(struct bind_stray *stray)
{
	list_remove(&stray->link);
	stray->watch.engine->unsaved_engine = true;
	watch_stop(&stray->watch);
	alarm_stop(&stray->pause);
	fd_close(&stray->notif);
	free(stray);
}

static void on_call(struct watch *watch, bool readable, bool writable)
{
	struct bind_stray *stray = container_of(watch, struct bind_stray, watch);
	struct pollfd look = { stray->notif, POLLIN, 0 };
	struct user_call call;

	(void)readable, (void)writable;
	for (int n = 0; n < CALLS_MOST; n++) {
		if (poll(&look, 1, 0) != 1)
			return;
		if (!(look.revents & POLLIN)) {
			stray_free(stray);      /* nobody has the filter */
			return;
		}
		if (user_notif_receive(stray->notif, &call))
			user_notif_let_go(stray->notif, call.id);
	}
	watch_stop(watch);
	alarm_set(&stray->pause, PAUSE);
}

static void on_pause(struct alarm *alarm)
{
	struct bind_stray *stray = container_of(alarm, struct bind_stray, pause);

	watch_set(&stray->watch, stray->notif, true, false);
}

void bind_stray_keep(struct engine *engine, int notif)
{
	struct bind_stray *stray = calloc(1, sizeof(*stray));

	if (!stray) {
		fd_close(&notif);
		return;
	}
	stray->notif = notif;
	watch_init(&stray->watch, engine, on_call);
	alarm_init(&stray->pause, engine, on_pause);
	list_add(&engine->instances->bind_strays, &stray->link);
	engine->unsaved_engine = true;
	watch_set(&stray->watch, notif, true, false);
}

void bind_strays_leave(struct engine *engine)
{
	struct list *strays = &engine->instances->bind_strays;
	size_t count = 0;
	int *notifs;

	LIST_EACH(link, strays)
		count++;
	notifs = count ? calloc(count, sizeof(*notifs)) : NULL;
	if (notifs) {
		count = 0;
		LIST_EACH(link, strays) {
			int notif = container_of(link, struct bind_stray, link)->notif;

			if (!user_notif_is_over(notif))
				notifs[count++] = notif;
		}
	}
	if (count && (!notifs || !bind_worker_leave(notifs, count)))
		log_warn(engine->log, "processes that programs of pass = bind have left can bind no more (ENOSYS): %s",
			 strerror(errno));
	free(notifs);
	while (!list_empty(strays))
		stray_free(container_of(strays->next, struct bind_stray, link));
}
