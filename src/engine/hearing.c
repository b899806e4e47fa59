/* Hearing what instances say. The hard thing is the order of things: what a process said before it ended must count
 * before its end does, so its socket is read first in each turn of the loop, and once more when an instance ends.
 * And as a queue that is full blocks who sends, it is emptied as fast as it fills, but never for ever. */
#include "engine/hearing.h"

#include "engine/notice_act.h"
#include "engine/notify_message.h"
#include "engine/speaker.h"
#include "sys/notify_socket.h"

#define BATCH 64                        /* in one turn */
#define LAST_MOST 1024                  /* at an end: more than any queue holds */
#define COMPLAIN_EVERY 10.              /* seconds: a service that talks nonsense must not fill the log with it */

static void complain(struct notify *notify, pid_t pid, const char *flaw)
{
	struct event event = { .name = "notification", .service = notify->service, .pid = pid, .reason = flaw };
	double now = engine_clock();

	if (notify->complained && now - notify->complained < COMPLAIN_EVERY) {
		notify->dropped++;
		return;
	}
	if (notify->dropped)
		log_event(notify->engine->log, LEVEL_WARNING, &event,
			  "dropped a notification of pid %ld: %s; %u more before it", (long)pid, flaw, notify->dropped);
	else
		log_event(notify->engine->log, LEVEL_WARNING, &event, "dropped a notification of pid %ld: %s",
			  (long)pid, flaw);
	notify->dropped = 0;
	notify->complained = now;
}

/* A barrier is passed when its descriptor is closed, which it is once it was heard: all before it have been, too. */
static void take(struct notify *notify, struct notification *notification)
{
	struct notify_message message;
	struct notice *notice;
	enum role role;

	if (!notify_message_parse(notification->text, notification->length, &message)) {
		complain(notify, notification->pid, "BARRIER=1 stands alone");
		return;
	}
	if (message.barrier)
		return;
	notice = speaker_find(&notify->notices, notification->pid, notification->uid, &role);
	if (!notice)
		complain(notify, notification->pid, "it is no process of this service");
	else if (!speaker_may(notice, role))
		complain(notify, notification->pid, "notify_access does not let it speak");
	else
		notice_take(notice, &message, notification, notification->uid == 0);
}

/* Hears what has been said and not yet heard. */
static void listen_to(struct notify *notify, int most)
{
	struct notification notification;
	const char *flaw = NULL;

	for (int n = 0; n < most; n++) {
		enum heard heard = notify_socket_hear(notify->io.fd, &notification, &flaw);

		if (heard == HEARD_NOTHING)
			return;
		if (heard == HEARD_FLAWED) {
			complain(notify, notification.pid, flaw);
			continue;
		}
		take(notify, &notification);
		notification_drop(&notification);
	}
}

void hearing_take(struct notify *notify)
{
	listen_to(notify, BATCH);
}

static void hear(struct instance *instance)
{
	listen_to(instance->notice->notify, LAST_MOST);
}

static void leave(struct instance *instance)
{
	struct notify *notify = instance->notice->notify;

	notice_free(instance->notice);
	instance->notice = NULL;
	notify_close_unused(notify);
}

bool hearing_join(struct notify *notify, struct instance *instance)
{
	struct notice *notice;

	if (!notify || instance->notice)
		return true;
	notice = notice_new(instance, service_notify_access(instance->service));
	if (!notice)
		return false;
	notice->notify = notify;
	list_add(&notify->notices, &notice->link);
	instance->notice = notice;
	instance->hear = hear;
	instance->leave = leave;
	return true;
}
