/* Reads the notify socket of a service, finds the instance that sent each message, and passes it to that instance's
 * notify_state.
 *
 * Messages that a process sent before its end must count before the end does, so the socket is read first in each turn
 * of the loop, and once more when an instance ends. A full queue blocks its senders, so superd empties it as fast as it
 * fills, but only so many messages in a turn and at a bounded rate.
 *
 * Another process receives messages with descriptors (superd/loop/fd_receive). Until it is done superd reads no more
 * from this socket, and the end of an instance waits for it; superd itself does not. */
#include "superd/instance/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "os/proc/process_rights.h"
#include "os/rights/capability.h"
#include "os/socket/notify_socket.h"
#include "superd/instance/notify_state.h"
#include "superd/loop/close_socket.h"

#define BATCH 64                        /* messages read in one turn */
#define LAST_MOST 1024                  /* messages read at an end: more than any queue holds */
#define LAST_SECONDS 2.                 /* an end waits so long at most for descriptors that were sent */
#define HANGING_SECONDS 3.              /* after so long with receivers or closers that hang the instances are ended */
#define PAUSE_LEAST .01                 /* seconds */
#define AGAIN .1                        /* seconds until the next try where no process could be started */

/* ---- how much superd reads ---- */

/* Limits of one socket. They suffice for a backend that stores all its descriptors at its end. */
static const struct {
	double rate, burst;             /* a second; at once */
} limits[NOTIFY_COUNTS] = {
	[NOTIFY_MESSAGES] = { 5000., 10000. },
	[NOTIFY_BYTES] = { 4e6, 8e6 },
	[NOTIFY_CARRIERS] = { 200., 1000. },
	[NOTIFY_DESCRIPTORS] = { 2000., 10000. },
};

static void count(struct notify *notify, int what, double amount)
{
	token_bucket_take(&notify->counts[what], limits[what].rate, limits[what].burst, amount, clock_now());
}

static void rewatch(struct notify *notify)
{
	bool reads = !notify->awaited && !alarm_is_set(&notify->pause) && !alarm_is_set(&notify->hanging);

	watch_set(&notify->watch, notify->fd, reads, false);
}

static void on_pause(struct alarm *alarm)
{
	rewatch(container_of(alarm, struct notify, pause));
}

static void pause_for(struct notify *notify, double seconds)
{
	alarm_set(&notify->pause, number_max(seconds, PAUSE_LEAST));
	rewatch(notify);
}

/* ---- messages ---- */

static void log_flaw(struct notify *notify, pid_t pid, const char *flaw)
{
	struct event event = { .name = "notification", .service = notify->service, .pid = pid, .reason = flaw };
	char more[LOG_RATE_LIMIT_MORE];

	if (log_rate_limit_is_due(&notify->complaint, more))
		log_event(notify->engine->log, LEVEL_WARNING, &event, "dropped a notification of pid %ld: %s%s",
			  (long)pid, flaw, more);
}

/* received: the descriptors of the message; NULL: it had none. The sender of a barrier waits until its descriptor is
 * closed. That happens once it was received: all earlier messages have been read by then. */
static void take_message(struct notify *notify, struct notification *notification, struct received *received)
{
	const char *why = "BARRIER=1 must be alone";
	struct notify_message message;
	struct notify_state *notice = NULL;

	if (notify_message_parse(notification->text, notification->length, &message)) {
		if (message.barrier)
			return;
		notice = notify_state_find(&notify->notices, notification, &why);
	}
	if (notice)
		notify_state_take(notice, &message, notification, received,
				  notification->uid == 0 && capability_kills(notice->instance->service) &&
					  process_has_superds_rights(notification->pid));
	else
		log_flaw(notify, notification->pid, why);
}

/* Decides about the descriptors of a message that was only peeked at. */
static enum receive_purpose purpose_of(struct notify *notify, const struct notification *notification)
{
	struct notify_message message;
	const char *why;

	if (!notify_message_parse(notification->text, notification->length, &message) || message.barrier ||
	    !notify_state_find(&notify->notices, notification, &why))
		return RECEIVE_NOTHING;
	if (message.main_fd)
		return RECEIVE_PROCESS;
	return message.store && !message.remove ? RECEIVE_STORED : RECEIVE_NOTHING;
}

/* Too many receivers or closers hang for this socket: its messages stay in the queue. */
static bool is_stuck(const struct notify *notify)
{
	return fd_receive_hangs(notify->service) || close_socket_is_stuck(notify->engine, notify->service);
}

static void start_receive(struct notify *notify, const struct notification *notification, const char *flaw);

/* Reads the messages in the queue. false: there may be more, once a reception has answered or can begin. */
static bool listen_to(struct notify *notify, int most)
{
	struct notification notification;
	const char *flaw = NULL;
	struct buf why = { 0 };

	for (int n = 0; n < most && !notify->awaited; n++) {
		enum notify_received heard = notify_socket_receive(notify->fd, &notification, &flaw);

		if (heard == NOTIFY_EMPTY)
			return true;
		if (heard == NOTIFY_FAILED) { /* the message stays in the queue, so the socket stays ready */
			buf_addf(&why, "not yet received: %s", strerror(errno));
			log_flaw(notify, 0, buf_string(&why));
			buf_free(&why);
			pause_for(notify, AGAIN);
			return false;
		}
		count(notify, NOTIFY_MESSAGES, 1.);
		count(notify, NOTIFY_BYTES, (double)notification.length);
		if (heard == NOTIFY_RIGHTS) {
			start_receive(notify, &notification, flaw);
			return false;
		}
		if (heard == NOTIFY_INVALID)
			log_flaw(notify, notification.pid, flaw);
		else
			take_message(notify, &notification, NULL);
	}
	return !notify->awaited;
}

static void on_message(struct watch *watch, bool readable, bool writable)
{
	struct notify *notify = container_of(watch, struct notify, watch);
	double now, longest = 0.;

	(void)readable, (void)writable;
	listen_to(notify, BATCH);
	now = clock_now();
	for (int n = 0; n < NOTIFY_COUNTS; n++)
		longest = number_max(longest,
				     token_bucket_wait(&notify->counts[n], limits[n].rate, limits[n].burst, now));
	if (longest > 0.)
		pause_for(notify, longest);
}

/* A call that ends instances, or lets them end, must not lose the struct meanwhile. */
static void end_use(struct notify *notify)
{
	notify->busy = false;
	rewatch(notify);
	notify_close_unused(notify);
}

/* Instances whose end has waited go on with it. */
static void let_end(struct notify *notify)
{
	alarm_stop(&notify->last);
	while (!list_empty(&notify->unheard)) {
		struct last_words *last = container_of(notify->unheard.next, struct last_words, link);

		list_remove(&last->link);
		last->heard(last);
	}
}

static void on_last(struct alarm *alarm)
{
	struct notify *notify = container_of(alarm, struct notify, last);

	notify->busy = true;
	let_end(notify);
	end_use(notify);
}

bool notify_hear_last(struct instance *instance, struct last_words *last)
{
	struct notify *notify = instance->notice->notify;

	if (listen_to(notify, LAST_MOST))
		return true;
	if (!alarm_is_set(&notify->last))
		alarm_set(&notify->last, LAST_SECONDS);
	list_remove(&last->link);
	list_add(&notify->unheard, &last->link);
	return false;
}

/* ---- messages with descriptors ---- */

static void on_received(struct fd_receive *reception, struct received *received)
{
	struct carried *carried = container_of(reception, struct carried, reception);
	struct notify *notify = carried->notify;
	const char *flaw = received ? carried->flaw : "its descriptors could not be received";

	notify->awaited = NULL;
	notify->busy = true;
	if (flaw)
		log_flaw(notify, carried->notification.pid, flaw);
	else
		take_message(notify, &carried->notification, received);
	if (received) {
		count(notify, NOTIFY_DESCRIPTORS, (double)(received->count + received->refused));
		fd_receive_drop(notify->engine, notify->service, received);
	}
	if (!list_empty(&notify->unheard) && listen_to(notify, LAST_MOST))
		let_end(notify);
	free(carried);
	end_use(notify);
}

static bool start_reception(struct notify *notify, const struct notification *notification, const char *flaw)
{
	enum receive_purpose purpose = flaw ? RECEIVE_NOTHING : purpose_of(notify, notification);
	struct carried *carried = calloc(1, sizeof(*carried));

	if (!carried)
		return false;
	carried->notify = notify;
	carried->notification = *notification;
	carried->flaw = flaw;
	carried->reception.received = on_received;
	carried->reception.service = notify->service;
	if (!fd_receive_start(&carried->reception, notify->engine, notify->fd, purpose)) {
		free(carried);
		return false;
	}
	notify->awaited = carried;
	return true;
}

/* Begins to receive a message with descriptors; if that fails, superd tries again later. A barrier says that superd has
 * taken all before it, so that is saved first. */
static void start_receive(struct notify *notify, const struct notification *notification, const char *flaw)
{
	if (notify->engine->save_changes)
		notify->engine->save_changes(notify->engine);
	if (is_stuck(notify)) {         /* no message is read until one of the receivers has ended */
		if (!alarm_is_set(&notify->hanging))
			alarm_set(&notify->hanging, HANGING_SECONDS);
	} else if (start_reception(notify, notification, flaw)) {
		count(notify, NOTIFY_CARRIERS, 1.);
	} else {
		if (errno != EBUSY)
			log_flaw(notify, notification->pid, "not yet received: no process to receive its descriptors");
		alarm_set(&notify->pause, AGAIN);
	}
	rewatch(notify);
}

static void on_hanging(struct alarm *alarm)
{
	struct notify *notify = container_of(alarm, struct notify, hanging);

	notify->busy = true;
	if (is_stuck(notify)) {
		alarm_set(alarm, HANGING_SECONDS);      /* for those that are started meanwhile */
		LIST_EACH(link, &notify->notices) {
			struct notify_state *notice = container_of(link, struct notify_state, link);

			if (!notice->instance->facts.stopped && notice->instance->child.pid > 0)
				notify_state_fail(notice, 0, "closing the descriptors that it sent does not end");
		}
	}
	end_use(notify);
}

/* ---- who may send ---- */

bool notify_join(struct notify *notify, struct instance *instance)
{
	struct notify_state *notice;

	if (!notify || instance->notice)
		return true;
	notice = notify_state_new(instance, service_notify_access(instance->service));
	if (!notice)
		return false;
	notice->notify = notify;
	notify->watch.ready = on_message;
	notify->pause.rings = on_pause;
	notify->hanging.rings = on_hanging;
	notify->last.rings = on_last;
	rewatch(notify);
	list_add(&notify->notices, &notice->link);
	instance->notice = notice;
	return true;
}

void notify_leave(struct instance *instance)
{
	struct notify *notify = instance->notice ? instance->notice->notify : NULL;

	if (!notify)
		return;
	notify_state_free(instance->notice);
	instance->notice = NULL;
	notify_close_unused(notify);
}
