/* Starts an instance for each connection. superd accepts a bounded batch in a turn, so one busy service cannot
 * starve the rest, and the starts of a batch overlap (spawn_batch). A client that was accepted and could not be
 * given an instance is parked, and comes first once the pause is over. Many may be parked, as a hold or a change of
 * the sockets sends back all clients that are being asked about, so superd takes a batch of these in a turn, too. */
#include "engine/accept/accept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/accept/accept_state.h"
#include "engine/accept/admission.h"
#include "engine/accept/banner.h"
#include "engine/accept/datagram.h"
#include "engine/accept/fd_shortage.h"
#include "engine/accept/limit_pause.h"
#include "engine/accept/pending_start.h"
#include "engine/accept/refuse.h"
#include "engine/accept/sensor.h"
#include "engine/accept/slot_wait.h"
#include "engine/accept/start_log.h"
#include "engine/accept/tcpmux.h"
#include "engine/accept/xinetd_record.h"
#include "engine/core/close_socket.h"
#include "engine/core/unreaped.h"
#include "engine/health/health_probes.h"
#include "engine/instance/instance_event.h"
#include "engine/runtime/prepare_start.h"

#define BATCH 16                        /* clients that one turn takes from a listener */
#define WAITING_MOST 16                 /* parked clients of tcpmux, which no queue of the kernel bounds */

static bool must_queue(const struct service_runtime *runtime)
{
	return pending_must_wait(runtime) ||
	       (runtime_is_full(runtime) && runtime->service->groups->access->overload == OVERLOAD_QUEUE);
}

/* A backend may have the listener, also one of an earlier row. */
static enum accepted accept_next(const struct service_runtime *runtime, const struct listener *listener,
				 struct client *client)
{
	if (listener->shared || !runtime->service->exec->accept)
		return client_accept_shared(listener->io.fd, listener->listen, client);
	return client_accept(listener->io.fd, listener->listen, client);
}

/* If superd has no descriptors left, it frees those that services without an instance keep only to save time. */
static enum accepted accept_at_need(struct service_runtime *runtime, struct listener *listener, struct client *client)
{
	enum accepted accepted = accept_next(runtime, listener, client);

	if (accepted != ACCEPT_EXHAUSTED)
		return accepted;
	start_kit_free_resting(runtime->engine);
	return accept_next(runtime, listener, client);
}

/* One more guest. false when this turn is over; *service_event is what to tell the table then. */
static bool take_guest(struct service_runtime *runtime, struct listener *listener, struct pending_client *guest,
		       enum service_event *service_event)
{
	guest->listener = listener;
	guest->client.fd = -1;
	guest->instance = NULL;
	guest->progress = STAGE_FRESH;
	guest->has_waited = false;
	guest->until = 0;
	guest->asked = (struct guest_lookups){ 0 };
	*guest->name = '\0';
	switch (accept_at_need(runtime, listener, &guest->client)) {
	case ACCEPTED:
		health_probes_take(runtime, &guest->client);
		return true;
	case ACCEPT_AGAIN:
		return true;
	case ACCEPT_EXHAUSTED:
		*service_event = EXEC_ERROR;
		start_log_exhausted(runtime);
		return false;
	case ACCEPT_BROKEN:
		*service_event = BIND_ERROR;
		refuse_parked(listener, REFUSED_CLOSED);
		listener_close(listener, runtime->engine);
		return false;
	case ACCEPT_NOTHING:
		break;
	}
	return false;
}

/* The guest has passed all checks. */
static void welcome(struct service_runtime *runtime, struct pending_client *guest)
{
	const struct endpoint *endpoint = guest->listener->listen->endpoint;
	bool heard = guest->progress >= BANNER_SUCCESS_SENT;

	guest->progress = ADMISSION_PASSED;
	if (heard)
		return;
	if (endpoint->kind == ENDPOINT_TCPMUX && endpoint->address[0] == '+')
		send(guest->client.fd, "+Go\r\n", 5, MSG_DONTWAIT | MSG_NOSIGNAL);
	banner_send(runtime, BANNER_SUCCESS, guest->client.fd);
}

static void on_decided(struct service_runtime *runtime, struct pending_client *guest,
		       const struct lookup_reply *advice);
static void on_grace_over(struct service_runtime *runtime, struct pending_client *guest, bool cancelled);

enum outcome {
	STARTS,                         /* an instance can be started at once */
	WAITS,                          /* on_decided or on_grace_over goes on with it, or its listener keeps it */
	TURNED_AWAY
};

/* Runs the checks for a guest, and begins to wait for answers or for room where they ask for that. */
static enum outcome admit(struct service_runtime *runtime, struct pending_client *guest)
{
	enum refusal refusal;

	if (guest->progress == STAGE_FRESH) {
		guest->progress = BANNER_SENT;
		banner_send(runtime, BANNER, guest->client.fd);
	}
	refusal = admission_judge(runtime, guest);
	if (refusal_is_count(refusal) && guest->progress < ADMISSION_PASSED &&
	    slot_wait_give(runtime, guest, on_grace_over))
		return WAITS;
	if (!refusal && admission_has_questions(guest)) {
		if (lookup_ask(runtime, guest, on_decided))
			return WAITS;
		refusal = admission_conclude(runtime, guest, NULL);
		if (refusal)
			pending_dismiss(runtime, guest);
	}
	if (refusal) {
		refuse_guest(runtime, guest, refusal);
		return TURNED_AWAY;
	}
	welcome(runtime, guest);
	return STARTS;
}

static bool is_local(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_UNIX || endpoint->kind == ENDPOINT_SEQPACKET;
}

/* false: the guest could not be kept, and was refused. */
static bool park(struct service_runtime *runtime, struct pending_client *guest)
{
	enum refusal refusal;

	pending_dismiss(runtime, guest);
	refusal = pending_park(runtime, guest);
	if (refusal)
		refuse_guest(runtime, guest, refusal);
	return !refusal;
}

/* One client has come too many. If the log has to name it for cps, superd accepts it for that, and it comes first when
 * the pause is over. If the listeners close, superd refuses it first: the reset of a closing listener might be quicker
 * than the client's connect(2). */
static void rest(struct service_runtime *runtime, struct listener *listener)
{
	enum service_event ignored = ROOM;
	struct pending_client guest = { .client.fd = -1 };
	bool named = xinetd_record_names_limited(runtime->service) && listener_has_socket(listener) &&
		!listener->parked && take_guest(runtime, listener, &guest, &ignored) && guest.client.fd >= 0;

	(void)limit_pause_is_due(runtime, named ? &guest.client : NULL);
	if (limit_pause_closes(runtime) && !named && listener_has_socket(listener))
		named = take_guest(runtime, listener, &guest, &ignored) && guest.client.fd >= 0;
	if (!named)
		return;
	runtime->run->stats.accepted++;
	if (limit_pause_closes(runtime))
		refuse_guest(runtime, &guest, REFUSED_RATE);
	else
		park(runtime, &guest);
}

/* Refuses the clients in the queue, at most a batch. */
static void turn_away(struct service_runtime *runtime, struct listener *listener, enum refusal refusal,
		      enum service_event *service_event)
{
	struct pending_client guest;

	for (size_t n = 0; n < BATCH && listener_has_socket(listener) && client_waits(listener->io.fd) &&
	     take_guest(runtime, listener, &guest, service_event); n++) {
		if (guest.client.fd < 0)
			continue;
		runtime->run->stats.accepted += runtime->service->exec->accept;
		refuse_guest(runtime, &guest, refusal);
	}
}

/* Whether anybody may be taken from the queue now; if not, *service_event is what to tell the table. */
static bool may_take(struct service_runtime *runtime, struct listener *listener, bool is_first,
		     enum service_event *service_event)
{
	if (must_queue(runtime)) {
		*service_event = FILLED;
		return false;
	}
	if (!limit_pause_is_near(runtime))
		return true;
	if (limit_pause_turns_away(runtime)) {  /* its port stays open (trigger_limit_action) */
		turn_away(runtime, listener, REFUSED_RATE, service_event);
		return false;
	}
	if (is_first) {
		rest(runtime, listener);
		*service_event = LIMITED;
	}
	return false;
}

static size_t accept_batch(struct service_runtime *runtime, struct listener *listener, struct pending_client *guests,
			   enum service_event *service_event)
{
	size_t most = runtime->backoff.failures ? 1 : BATCH, count = 0;

	if (is_local(listener->listen->endpoint) &&
		!close_socket_takes_clients(runtime->engine, runtime->service->name)) {
		runtime_pause(runtime, "closing what its clients have sent does not end");
		*service_event = EXEC_ERROR;
		return 0;
	}
	for (size_t n = 0; n < most && may_take(runtime, listener, n == 0, service_event); n++) {
		if ((n == 1 && !client_waits(listener->io.fd)) ||
		    !take_guest(runtime, listener, &guests[count], service_event))
			break;
		if (guests[count].client.fd < 0)
			continue;
		runtime->run->stats.accepted++;
		count += admit(runtime, &guests[count]) == STARTS;
	}
	return count;
}

/* Takes clients that were accepted in an earlier turn, at most a batch. */
static size_t take_parked(struct service_runtime *runtime, struct listener *listener, struct pending_client *guests)
{
	struct parked *parked = listener->parked;
	size_t count = 0, left = 0;

	for (size_t n = 0; parked && n < parked->count; n++) {
		if (n - left == BATCH || parked->list[n].progress == ARRIVED || must_queue(runtime)) {
			parked->list[left++] = parked->list[n];
			continue;
		}
		guests[count] = (struct pending_client){
			.client = parked->list[n].client, .listener = listener,
			.progress = parked->list[n].progress, .until = parked->list[n].until,
		};
		count += admit(runtime, &guests[count]) == STARTS;
	}
	if (parked)
		parked->count = left;
	listener_forget_parked(listener);
	return count;
}

/* Whether descriptors may be short, and this service may use the spare ones. A redirect keeps them until its target has
 * answered, and the target may be another service of superd that needs some: so one redirect has them at a time. */
static bool may_take_spare(const struct service_runtime *runtime, bool is_short)
{
	return is_short && (!runtime->service->exec->redirect || !runtime->engine->instances->count ||
			    engine_has_spare(runtime->engine, ENGINE_SPARE));
}

/* Starts an instance for each guest; false when one could not be, and all those are parked. is_short: descriptors
 * may be out, held by the guests themselves, so the spare ones do for the first start alone. The other guests are
 * parked: what is prepared for several would leave none of them what its start itself takes. */
static bool start_batch(struct service_runtime *runtime, struct pending_client *guests, size_t count, bool is_short)
{
	struct spawn_request launches[BATCH];
	struct client failed = { .fd = -1 };            /* the first client whose start failed */
	struct buf why = { 0 };
	size_t most, ready = 0;
	bool good = true;
	int error = 0;

	count = pending_reuse(runtime, guests, count);
	if (count && exec_sequence_is_needed(runtime->service, runtime->run->kit.plan))
		return pending_depart_all(runtime, guests, count);
	most = count && (is_short || !engine_has_spare(runtime->engine, ENGINE_SPARE)) ? 1 : count;
	if (may_take_spare(runtime, is_short))
		engine_drop_spare(runtime->engine);
	errno = 0;
	while (ready < most && pending_equip(runtime, &guests[ready], &launches[ready], &why))
		ready++;
	error = errno;
	unreaped_start_batch(runtime->engine, launches, ready);
	for (size_t n = 0; n < count; n++) {
		if (n < ready && pending_begin(runtime, &guests[n], &launches[n], &why)) {
			close_socket_client(runtime->engine, runtime->service->name, &guests[n].client);
			continue;
		}
		if (n >= most) {
			park(runtime, &guests[n]);      /* its turn comes */
			continue;
		}
		if (good)
			failed = guests[n].client;
		if (n < ready)
			error = launches[n].fault.error;
		park(runtime, &guests[n]);
		good = false;
	}
	engine_keep_spare(runtime->engine);
	if (good)
		backoff_reset(&runtime->backoff);
	else
		fd_shortage_note(runtime, error);
	if (!good)
		start_log_failure(runtime, &failed, buf_string(&why));
	buf_free(&why);
	return good;
}

/* Runs before superd accepts: the clients' descriptors must not use up those that all starts need. */
static bool prepare(struct service_runtime *runtime)
{
	struct buf why = { 0 };
	bool good;

	errno = 0;
	good = runtime_prepare_start(runtime, &why);
	if (!good) {
		fd_shortage_note(runtime, errno);
		start_log_failure(runtime, NULL, buf_string(&why));
	}
	buf_free(&why);
	return good;
}

static bool try_start(struct service_runtime *runtime, struct pending_client *guest)
{
	if (prepare(runtime))
		return start_batch(runtime, guest, 1, runtime->backoff.failures);
	park(runtime, guest);
	return false;
}

/* Starts an instance for a guest that was counted and let in, whatever the runtime's state is by now. */
static void start_guest(struct service_runtime *runtime, struct pending_client *guest)
{
	enum state state = runtime_next_state(runtime);
	bool rests = runtime_state(runtime) == BACKOFF && !runtime->backoff.failures;

	if (state != LISTENING && state != FULL && !rests)
		park(runtime, guest);
	else if (!try_start(runtime, guest))
		runtime_post(runtime, EXEC_ERROR);
}

static void xinetd_record_answer(struct service_runtime *runtime, const struct pending_client *guest,
				 enum refusal refusal, const struct lookup_reply *advice)
{
	if (advice && (advice->has_user || refusal == REFUSED_IDENT))
		xinetd_record_user(runtime, &guest->client, !refusal, advice->knows_user,
				   advice->has_user ? advice->user : "timeout");
}

/* The questions about a guest are answered, or never will be. It has been counted all the while. */
static void on_decided(struct service_runtime *runtime, struct pending_client *guest, const struct lookup_reply *advice)
{
	enum refusal refusal = advice ? admission_conclude(runtime, guest, advice) : REFUSED_CLOSED;
	bool felt;

	if (!advice && listener_is_open(guest->listener)) {
		park(runtime, guest);   /* where its listener goes, it goes along */
		return;
	}
	felt = sensor_feel(runtime, guest);
	if (!felt && !refusal) {
		welcome(runtime, guest);
		start_guest(runtime, guest);
		xinetd_record_answer(runtime, guest, refusal, advice); /* behind its START */
		return;
	}
	if (!felt) {
		xinetd_record_answer(runtime, guest, refusal, advice);
		pending_dismiss(runtime, guest);
		refuse_guest(runtime, guest, refusal);
	}
	if (advice && !runtime_is_full(runtime))
		runtime_post(runtime, ROOM);
}

/* Takes a guest that does not come out of a listener's queue. */
static void receive(struct service_runtime *runtime, struct pending_client *guest)
{
	if (sensor_feel(runtime, guest))
		return;
	if (runtime_next_state(runtime) == LISTENING && !must_queue(runtime) &&
	    limit_pause_is_due(runtime, &guest->client))
		runtime_post(runtime, LIMITED);
	if (runtime_next_state(runtime) == LISTENING && must_queue(runtime))
		runtime_post(runtime, FILLED);  /* so that the ROOM to come is heard */
	if (runtime_next_state(runtime) != LISTENING)
		park(runtime, guest);
	else if (admit(runtime, guest) == STARTS)
		start_guest(runtime, guest);
}

static void on_grace_over(struct service_runtime *runtime, struct pending_client *guest, bool cancelled)
{
	if (!cancelled)
		receive(runtime, guest);
	else if (listener_is_open(guest->listener))
		park(runtime, guest);
	else
		refuse_guest(runtime, guest, REFUSED_CLOSED);
}

static void sense(struct service_runtime *runtime, struct listener *listener)
{
	enum service_event service_event = ROOM;
	struct pending_client guest;

	sensor_feel_parked(runtime, listener);
	for (size_t n = 0; n < BATCH && listener_has_socket(listener) &&
	     take_guest(runtime, listener, &guest, &service_event); n++) {
		if (guest.client.fd < 0)
			continue;
		runtime->run->stats.accepted++;
		sensor_feel(runtime, &guest);
	}
	if (service_event != ROOM)
		runtime_post(runtime, service_event);
}

/* A service without an instance must not keep the descriptors it has prepared: others would wait for them, and it for
 * theirs. Accepted clients have descriptors that no other service can use, so the spare ones have to suffice. */
static void accept_connections(struct service_runtime *runtime, struct listener *listener)
{
	struct pending_client guests[BATCH];
	enum service_event service_event = ROOM;
	size_t count;

	if (fd_shortage_comes_after(runtime)) {
		errno = EMFILE;
		start_log_exhausted(runtime);
		runtime_post(runtime, EXEC_ERROR);
		return;
	}
	if (may_take_spare(runtime, runtime->backoff.failures))
		engine_drop_spare(runtime->engine);
	if (!prepare(runtime)) {
		engine_keep_spare(runtime->engine);
		runtime_post(runtime, EXEC_ERROR);
		return;
	}
	count = take_parked(runtime, listener, guests);
	if (!count && !listener->parked && listener_has_socket(listener))
		count = accept_batch(runtime, listener, guests, &service_event);
	if (count && !start_batch(runtime, guests, count, runtime->backoff.failures || service_event == EXEC_ERROR))
		service_event = EXEC_ERROR;
	engine_keep_spare(runtime->engine);
	if (runtime_is_empty(runtime))
		start_kit_rest(&runtime->run->kit, runtime->engine);
	if (service_event == ROOM && listener->parked && must_queue(runtime))
		service_event = FILLED; /* so that the ROOM to come is heard */
	else if (service_event == ROOM && listener->parked && runtime_next_state(runtime) == LISTENING)
		runtime_start_timer(runtime, 0);        /* the rest of them in the next turn of the loop */
	if (service_event != ROOM)
		runtime_post(runtime, service_event);
}

void accept_ready(struct service_runtime *runtime, struct listener *listener)
{
	if (runtime_next_state(runtime) != LISTENING)
		return;
	if (!accept_state_make(runtime)) {
		runtime_pause(runtime, "out of memory");
		runtime_post(runtime, EXEC_ERROR);
		return;
	}
	runtime->run->stats.last_request = clock_now();
	if (!endpoint_accepts(listener->listen->endpoint))
		datagram_serve(runtime, listener);
	else if (sensor_is(runtime->service))
		sense(runtime, listener);
	else
		accept_connections(runtime, listener);
}

void accept_turn_away(struct service_runtime *runtime, struct listener *listener)
{
	bool closes = limit_pause_closes(runtime);
	enum refusal refusal = closes ? REFUSED_RATE : REFUSED_BACKOFF;
	enum service_event service_event = ROOM;

	refuse_parked(listener, refusal);
	if (!endpoint_accepts(listener->listen->endpoint))
		return;
	turn_away(runtime, listener, refusal, &service_event);
	if (closes)
		return;
	if (service_event == BIND_ERROR)
		runtime_post(runtime, BIND_ERROR);
	else if (service_event == EXEC_ERROR)   /* descriptors are out: those left wait until the pause is over */
		listener_watch(listener, runtime->engine, runtime->service->name, false);
}

/* Takes it through the same gate as others, in the same order, to a start. */
static void accept_arrived(struct service_runtime *runtime, struct listener *listener,
			   const struct parked_client *arrived)
{
	struct pending_client guest = { .client = arrived->client, .listener = listener, .until = arrived->until };
	bool gone = runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING;
	bool many = runtime_state(runtime) != LISTENING && listener->parked && listener->parked->count >= WAITING_MOST;

	if (gone || many || !accept_state_make(runtime)) {
		refuse_guest(runtime, &guest, gone ? REFUSED_CLOSED : many ? REFUSED_UNKEPT : REFUSED_MEMORY);
		return;
	}
	if (health_probes_take(runtime, &guest.client))
		return;
	runtime->run->stats.last_request = clock_now();
	runtime->run->stats.accepted++;
	receive(runtime, &guest);
}

/* Takes the first of those that have arrived out of the parked ones. */
static bool take_arrived(struct listener *listener, struct parked_client *arrived)
{
	struct parked *parked = listener->parked;
	size_t n = 0;

	while (parked && n < parked->count && parked->list[n].progress != ARRIVED)
		n++;
	if (!parked || n == parked->count)
		return false;
	*arrived = parked->list[n];
	parked->count--;
	memmove(parked->list + n, parked->list + n + 1, (parked->count - n) * sizeof(*parked->list));
	return true;
}

/* Refuses parked clients whose time is over. Returns when the time of the next one is over; 0: none is left. */
static double refuse_late(struct listener *listener, double now)
{
	struct parked *parked = listener->parked;
	double next = 0;
	size_t left = 0;

	for (size_t n = 0; parked && n < parked->count; n++) {
		struct parked_client *one = &parked->list[n];

		if (one->until && one->until <= now) {
			refuse_parked_client(listener, &one->client, REFUSED_UNKEPT);
			continue;
		}
		if (one->until && (!next || one->until < next))
			next = one->until;
		parked->list[left++] = *one;
	}
	if (parked)
		parked->count = left;
	listener_forget_parked(listener);
	return next;
}

void accept_handed(struct service_runtime *runtime)
{
	struct parked_client arrived;
	double now = clock_now(), next;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		while (take_arrived(listener, &arrived))
			accept_arrived(runtime, listener, &arrived);
		next = refuse_late(listener, now);
		if (next)
			tcpmux_wait(runtime->engine, next);
	}
}
