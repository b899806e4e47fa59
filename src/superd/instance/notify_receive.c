/* Reads the messages of instances from their notify socket. Messages that a process sent before its end must count
 * before the end does, so the socket is read first in each turn of the loop, and once more when an instance ends. A
 * full queue blocks its senders, so superd empties it as fast as it fills, but only so many messages in a turn and
 * at a bounded rate.
 *
 * Another process receives messages with descriptors (superd/loop/fd_receive). Until it is done superd reads no more
 * from this socket, and the end of an instance waits for it; superd itself does not. */
#include "superd/instance/notify_receive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "os/proc/process.h"
#include "os/proc/process_rights.h"
#include "os/rights/capability.h"
#include "os/socket/notify_socket.h"
#include "superd/instance/notify_handle.h"
#include "superd/instance/notify_message.h"
#include "superd/loop/close_socket.h"
#include "superd/process/process_tree.h"

#define BATCH 64                        /* messages read in one turn */
#define LAST_MOST 1024                  /* messages read at an end: more than any queue holds */
#define LAST_SECONDS 2.                 /* an end waits so long at most for descriptors that were sent */
#define HANGING_SECONDS 3.              /* after so long with receivers or closers that hang the instances are ended */
#define PAUSE_LEAST .01                 /* seconds */
#define AGAIN .1                        /* seconds until the next try where no process could be started */

static void log_flaw(struct notify *notify, pid_t pid, const char *flaw)
{
	struct event event = { .name = "notification", .service = notify->service, .pid = pid, .reason = flaw };
	char more[LOG_RATE_LIMIT_MORE];

	if (log_rate_limit_is_due(&notify->complaint, more))
		log_event(notify->engine->log, LEVEL_WARNING, &event, "dropped a notification of pid %ld: %s%s",
			  (long)pid, flaw, more);
}

/* Limits of one socket: a rate a second, and a burst. They suffice for a backend that stores all its descriptors at its
 * end. */
static const struct {
	double rate, burst;
} messages = { 5000., 10000. }, bytes = { 4e6, 8e6 }, carriers = { 200., 1000. }, descriptors = { 2000., 10000. };

static double time_to_wait(const struct notify *notify)
{
	double now = clock_now();
	double waits[] = {
		token_bucket_wait(&notify->messages, messages.rate, messages.burst, now),
		token_bucket_wait(&notify->bytes, bytes.rate, bytes.burst, now),
		token_bucket_wait(&notify->carriers, carriers.rate, carriers.burst, now),
		token_bucket_wait(&notify->descriptors, descriptors.rate, descriptors.burst, now),
	};
	double longest = 0.;

	for (size_t n = 0; n < sizeof(waits) / sizeof(*waits); n++)
		longest = waits[n] > longest ? waits[n] : longest;
	return longest;
}

static void pause_for(struct notify *notify, double seconds)
{
	ev_timer_stop(notify->engine->loop, &notify->pause);
	ev_timer_set(&notify->pause, seconds < PAUSE_LEAST ? PAUSE_LEAST : seconds, 0.);
	ev_timer_start(notify->engine->loop, &notify->pause);
	notify_rewatch(notify);
}

/* Returns the instance that a message comes from; NULL: none, or one that must not send, and why. */
static struct notify_state *find_speaker(struct notify *notify, const struct notification *notification,
					 const char **why)
{
	enum role role;
	struct notify_state *notice = notify_sender_find(&notify->notices, notification->pid, notification->uid, &role);

	if (!notice)
		*why = "it is no process of this service";
	else if (!notify_sender_is_allowed(notice, role))
		*why = "notify_access does not let it speak";
	else
		return notice;
	return NULL;
}

/* received: the descriptors of the message; NULL: it had none. The sender of a barrier waits until its descriptor is
 * closed. That happens once it was received: all earlier messages have been read by then. */
static void take_message(struct notify *notify, struct notification *notification, struct received *received)
{
	struct notify_message message;
	struct notify_state *notice;
	const char *why;

	if (!notify_message_parse(notification->text, notification->length, &message)) {
		log_flaw(notify, notification->pid, "BARRIER=1 must be alone");
		return;
	}
	if (message.barrier)
		return;
	notice = find_speaker(notify, notification, &why);
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
	    !find_speaker(notify, notification, &why))
		return RECEIVE_NOTHING;
	if (message.main_fd)
		return RECEIVE_PROCESS;
	return message.store && !message.remove ? RECEIVE_STORED : RECEIVE_NOTHING;
}

static void fail_all(struct notify *notify, const char *why)
{
	LIST_EACH(link, &notify->notices) {
		struct notify_state *notice = container_of(link, struct notify_state, link);

		if (!notice->instance->facts.stopped && notice->instance->child.pid > 0)
			notify_state_fail(notice, 0, why);
	}
}

/* Too many receivers or closers hang for this socket: its messages stay in the queue. */
static bool is_stuck(const struct notify *notify)
{
	return fd_receive_hangs(notify->service) || close_socket_is_stuck(notify->engine, notify->service);
}

static void on_hanging(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct notify *notify = timer->data;

	(void)loop, (void)events;
	if (!is_stuck(notify)) {
		ev_timer_stop(notify->engine->loop, timer);
		notify_rewatch(notify);
		return;
	}
	timer->repeat = HANGING_SECONDS;        /* also those that are started meanwhile */
	ev_timer_again(notify->engine->loop, timer);
	notify->busy = true;
	fail_all(notify, "closing the descriptors that it sent does not end");
	notify->busy = false;
	notify_close_unused(notify);
}

static void on_received(struct fd_receive *reception, struct received *received);

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
	if (!fd_receive_start(&carried->reception, notify->engine, notify->io.fd, purpose)) {
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
		if (!ev_is_active(&notify->hanging)) {
			ev_timer_init(&notify->hanging, on_hanging, HANGING_SECONDS, 0.);
			ev_timer_start(notify->engine->loop, &notify->hanging);
			notify_rewatch(notify);
		}
		return;
	}
	if (!start_reception(notify, notification, flaw)) {
		if (errno != EBUSY)
			log_flaw(notify, notification->pid, "not yet received: no process to receive its descriptors");
		pause_for(notify, AGAIN);
		return;
	}
	token_bucket_take(&notify->carriers, carriers.rate, carriers.burst, 1., clock_now());
	notify_rewatch(notify);
}

/* Reads the messages in the queue. false: there may be more, once a reception has answered or can begin. */
static bool listen_to(struct notify *notify, int most)
{
	struct notification notification;
	const char *flaw = NULL;
	struct buf why = { 0 };

	for (int n = 0; n < most && !notify->awaited; n++) {
		enum notify_received heard = notify_socket_receive(notify->io.fd, &notification, &flaw);

		if (heard == NOTIFY_EMPTY)
			return true;
		if (heard == NOTIFY_FAILED) { /* the message stays in the queue, so the socket stays ready */
			buf_addf(&why, "not yet received: %s", strerror(errno));
			log_flaw(notify, 0, buf_string(&why));
			buf_free(&why);
			pause_for(notify, AGAIN);
			return false;
		}
		token_bucket_take(&notify->messages, messages.rate, messages.burst, 1., clock_now());
		token_bucket_take(&notify->bytes, bytes.rate, bytes.burst, (double)notification.length, clock_now());
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

static void on_message(struct ev_loop *loop, ev_io *io, int events)
{
	struct notify *notify = io->data;
	double seconds;

	(void)loop, (void)events;
	listen_to(notify, BATCH);
	seconds = time_to_wait(notify);
	if (seconds > 0.)
		pause_for(notify, seconds);
}

/* Instances whose end has waited go on with it. */
static void let_end(struct notify *notify)
{
	ev_timer_stop(notify->engine->loop, &notify->last);
	while (!list_empty(&notify->unheard)) {
		struct last_words *last = container_of(notify->unheard.next, struct last_words, link);

		list_remove(&last->link);
		last->heard(last);
	}
}

static void on_received(struct fd_receive *reception, struct received *received)
{
	struct carried *carried = container_of(reception, struct carried, reception);
	struct notify *notify = carried->notify;
	struct notification *notification = &carried->notification;
	double most = received ? (double)(received->count + received->refused) : 0.;

	notify->awaited = NULL;
	notify->busy = true;
	if (!received)
		log_flaw(notify, notification->pid, "its descriptors could not be received");
	else if (carried->flaw)
		log_flaw(notify, notification->pid, carried->flaw);
	else
		take_message(notify, notification, received);
	if (received)
		fd_receive_drop(notify->engine, notify->service, received);
	token_bucket_take(&notify->descriptors, descriptors.rate, descriptors.burst, most, clock_now());
	if (!list_empty(&notify->unheard) && listen_to(notify, LAST_MOST))
		let_end(notify);
	free(carried);
	notify->busy = false;
	notify_rewatch(notify);
	notify_close_unused(notify);
}

static void on_last(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct notify *notify = timer->data;

	(void)loop, (void)events;
	notify->busy = true;
	let_end(notify);
	notify->busy = false;
	notify_rewatch(notify);
	notify_close_unused(notify);
}

bool notify_receive_last(struct instance *instance, struct last_words *last)
{
	struct notify *notify = instance->notice->notify;

	if (listen_to(notify, LAST_MOST))
		return true;
	if (!ev_is_active(&notify->last)) {
		ev_timer_init(&notify->last, on_last, LAST_SECONDS, 0.);
		ev_timer_start(notify->engine->loop, &notify->last);
	}
	list_remove(&last->link);
	list_add(&notify->unheard, &last->link);
	return false;
}

void notify_receive_leave(struct instance *instance)
{
	struct notify *notify = instance->notice ? instance->notice->notify : NULL;

	if (!notify)
		return;
	notify_state_free(instance->notice);
	instance->notice = NULL;
	notify_close_unused(notify);
}

bool notify_receive_join(struct notify *notify, struct instance *instance)
{
	struct notify_state *notice;

	if (!notify || instance->notice)
		return true;
	notice = notify_state_new(instance, service_notify_access(instance->service));
	if (!notice)
		return false;
	notice->notify = notify;
	ev_set_cb(&notify->io, on_message);
	notify_rewatch(notify);
	list_add(&notify->notices, &notice->link);
	instance->notice = notice;
	return true;
}
