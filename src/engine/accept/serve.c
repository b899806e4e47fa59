/* Starts an instance for each connection. superd accepts a bounded batch in a turn, so one busy service cannot
 * starve the rest, and the starts of a batch overlap (spawn_batch). A client that was accepted and could not be
 * given an instance is parked, and comes first once the pause is over. Many may be parked, as a hold or a change of
 * the sockets sends back all clients that are being asked about, so superd takes a batch of these in a turn, too. */
#include "engine/accept/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/accept/admission.h"
#include "engine/accept/banner.h"
#include "engine/accept/datagram.h"
#include "engine/accept/grace.h"
#include "engine/accept/guest_course.h"
#include "engine/accept/mux.h"
#include "engine/accept/record.h"
#include "engine/accept/refuse.h"
#include "engine/accept/rest.h"
#include "engine/accept/run_say.h"
#include "engine/accept/sensor.h"
#include "engine/accept/shortage.h"
#include "engine/core/closing.h"
#include "engine/core/leftover.h"
#include "engine/instance/course.h"
#include "engine/queue/probes.h"

#define BATCH 16                        /* clients that one turn takes from a listener */
#define WAITING_MOST 16                 /* parked clients of tcpmux, which no queue of the kernel bounds */

static bool must_queue(const struct keeper *keeper)
{
	return guest_must_wait(keeper) ||
	       (keeper_is_full(keeper) && keeper->service->groups->access->overload == OVERLOAD_QUEUE);
}

/* A backend may have the listener, also one of an earlier row. */
static enum accepted accept_next(const struct keeper *keeper, const struct listener *listener, struct client *client)
{
	if (listener->shared || !keeper->service->exec->accept)
		return client_accept_shared(listener->io.fd, listener->listen, client);
	return client_accept(listener->io.fd, listener->listen, client);
}

/* If superd has no descriptors left, it frees those that services without an instance keep only to save time. */
static enum accepted accept_at_need(struct keeper *keeper, struct listener *listener, struct client *client)
{
	enum accepted accepted = accept_next(keeper, listener, client);

	if (accepted != ACCEPT_EXHAUSTED)
		return accepted;
	means_free_resting(keeper->engine);
	return accept_next(keeper, listener, client);
}

/* One more guest. false when this turn is over; *happening is what to tell the table then. */
static bool take_guest(struct keeper *keeper, struct listener *listener, struct guest *guest, enum happening *happening)
{
	guest->listener = listener;
	guest->client.fd = -1;
	guest->instance = NULL;
	guest->progress = FRESH;
	guest->has_waited = false;
	guest->until = 0;
	guest->asked = (struct questions){ 0 };
	*guest->name = '\0';
	switch (accept_at_need(keeper, listener, &guest->client)) {
	case ACCEPTED:
		probes_take(keeper, &guest->client);
		return true;
	case ACCEPT_AGAIN:
		return true;
	case ACCEPT_EXHAUSTED:
		*happening = EXEC_ERROR;
		run_say_exhausted(keeper);
		return false;
	case ACCEPT_BROKEN:
		*happening = BIND_ERROR;
		listener_close(listener, keeper->engine);
		return false;
	case ACCEPT_NOTHING:
		break;
	}
	return false;
}

/* The guest has passed all checks. */
static void welcome(struct keeper *keeper, struct guest *guest)
{
	const struct endpoint *endpoint = guest->listener->listen->endpoint;
	bool heard = guest->progress >= WELCOMED;

	guest->progress = PASSED;
	if (heard)
		return;
	if (endpoint->kind == ENDPOINT_TCPMUX && endpoint->address[0] == '+')
		send(guest->client.fd, "+Go\r\n", 5, MSG_DONTWAIT | MSG_NOSIGNAL);
	banner_send(keeper, BANNER_SUCCESS, guest->client.fd);
}

static void on_decided(struct keeper *keeper, struct guest *guest, const struct advice *advice);
static void on_grace_over(struct keeper *keeper, struct guest *guest, bool cancelled);

enum outcome {
	STARTS,                         /* an instance can be started at once */
	WAITS,                          /* on_decided or on_grace_over goes on with it, or its listener keeps it */
	TURNED_AWAY
};

/* Runs the checks for a guest, and begins to wait for answers or for room where they ask for that. */
static enum outcome admit(struct keeper *keeper, struct guest *guest)
{
	enum refusal refusal;

	if (guest->progress == FRESH) {
		guest->progress = GREETED;
		banner_send(keeper, BANNER, guest->client.fd);
	}
	refusal = admission_judge(keeper, guest);
	if (refusal_is_count(refusal) && guest->progress < PASSED && grace_give(keeper, guest, on_grace_over))
		return WAITS;
	if (!refusal && admission_has_questions(guest)) {
		if (advice_ask(keeper, guest, on_decided))
			return WAITS;
		refusal = admission_conclude(keeper, guest, NULL);
		if (refusal)
			guest_dismiss(keeper, guest);
	}
	if (refusal) {
		refuse_guest(keeper, guest, refusal);
		return TURNED_AWAY;
	}
	welcome(keeper, guest);
	return STARTS;
}

static bool is_local(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_UNIX || endpoint->kind == ENDPOINT_SEQPACKET;
}

/* false: the guest could not be kept, and was refused. */
static bool park(struct keeper *keeper, struct guest *guest)
{
	enum refusal refusal;

	guest_dismiss(keeper, guest);
	refusal = guest_park(keeper, guest);
	if (refusal)
		refuse_guest(keeper, guest, refusal);
	return !refusal;
}

/* One client has come too many. If the log has to name it for cps, superd accepts it for that, and it comes first when
 * the pause is over. If the listeners close, superd refuses it first: the reset of a closing listener might be quicker
 * than the client's connect(2). */
static void rest(struct keeper *keeper, struct listener *listener)
{
	enum happening ignored = ROOM;
	struct guest guest = { .client.fd = -1 };
	bool named = record_names_limited(keeper->service) && listener_has_socket(listener) && !listener->parked &&
		     take_guest(keeper, listener, &guest, &ignored) && guest.client.fd >= 0;

	(void)rest_is_due(keeper, named ? &guest.client : NULL);
	if (keeper->activity->closes && !named && listener_has_socket(listener))
		named = take_guest(keeper, listener, &guest, &ignored) && guest.client.fd >= 0;
	if (!named)
		return;
	keeper->activity->accepted++;
	if (keeper->activity->closes)
		refuse_guest(keeper, &guest, REFUSED_RATE);
	else
		park(keeper, &guest);
}

/* Refuses the clients in the queue, at most a batch. */
static void turn_away(struct keeper *keeper, struct listener *listener, enum refusal refusal, enum happening *happening)
{
	struct guest guest;

	for (size_t n = 0; n < BATCH && listener_has_socket(listener) && client_waits(listener->io.fd) &&
	     take_guest(keeper, listener, &guest, happening); n++) {
		if (guest.client.fd < 0)
			continue;
		keeper->activity->accepted += keeper->service->exec->accept;
		refuse_guest(keeper, &guest, refusal);
	}
}

/* Whether anybody may be taken from the queue now; if not, *happening is what to tell the table. */
static bool may_take(struct keeper *keeper, struct listener *listener, bool is_first, enum happening *happening)
{
	if (must_queue(keeper)) {
		*happening = FILLED;
		return false;
	}
	if (!rest_is_near(keeper))
		return true;
	if (rest_turns_away(keeper)) {          /* its port stays open (trigger_limit_action) */
		turn_away(keeper, listener, REFUSED_RATE, happening);
		return false;
	}
	if (is_first) {
		rest(keeper, listener);
		*happening = LIMITED;
	}
	return false;
}

static size_t accept_batch(struct keeper *keeper, struct listener *listener, struct guest *guests,
			   enum happening *happening)
{
	size_t most = keeper->backoff.failures ? 1 : BATCH, count = 0;

	if (is_local(listener->listen->endpoint) && !closing_takes_clients(keeper->engine, keeper->service->name)) {
		keeper_pause(keeper, "closing what its clients have sent does not end");
		*happening = EXEC_ERROR;
		return 0;
	}
	for (size_t n = 0; n < most && may_take(keeper, listener, n == 0, happening); n++) {
		if ((n == 1 && !client_waits(listener->io.fd)) ||
		    !take_guest(keeper, listener, &guests[count], happening))
			break;
		if (guests[count].client.fd < 0)
			continue;
		keeper->activity->accepted++;
		count += admit(keeper, &guests[count]) == STARTS;
	}
	return count;
}

/* Takes clients that were accepted in an earlier turn, at most a batch. */
static size_t take_parked(struct keeper *keeper, struct listener *listener, struct guest *guests)
{
	struct parked *parked = listener->parked;
	size_t count = 0, left = 0;

	for (size_t n = 0; parked && n < parked->count; n++) {
		if (n - left == BATCH || parked->list[n].progress == ARRIVED || must_queue(keeper)) {
			parked->list[left++] = parked->list[n];
			continue;
		}
		guests[count] = (struct guest){
			.client = parked->list[n].client, .listener = listener,
			.progress = parked->list[n].progress, .until = parked->list[n].until,
		};
		count += admit(keeper, &guests[count]) == STARTS;
	}
	if (parked)
		parked->count = left;
	listener_forget_parked(listener);
	return count;
}

/* Whether descriptors may be short, and this service may use the spare ones. A redirect keeps them until its target has
 * answered, and the target may be another service of superd that needs some: so one redirect has them at a time. */
static bool may_take_spare(const struct keeper *keeper, bool is_short)
{
	return is_short && (!keeper->service->exec->redirect || !keeper->engine->instances ||
			    engine_has_spare(keeper->engine, ENGINE_SPARE));
}

/* Starts an instance for each guest; false when one could not be, and all those are parked. is_short: descriptors
 * may be out, held by the guests themselves, so the spare ones do for the first start alone. The other guests are
 * parked: what is prepared for several would leave none of them what its start itself takes. */
static bool start_batch(struct keeper *keeper, struct guest *guests, size_t count, bool is_short)
{
	struct spawn_request launches[BATCH];
	struct client failed = { .fd = -1 };            /* the first client whose start failed */
	struct buf why = { 0 };
	size_t most, ready = 0;
	bool good = true;
	int error = 0;

	count = guest_reuse(keeper, guests, count);
	if (count && course_is_needed(keeper->service, keeper->activity->means.plan))
		return guest_depart_all(keeper, guests, count);
	most = count && (is_short || !engine_has_spare(keeper->engine, ENGINE_SPARE)) ? 1 : count;
	if (may_take_spare(keeper, is_short))
		engine_drop_spare(keeper->engine);
	errno = 0;
	while (ready < most && guest_equip(keeper, &guests[ready], &launches[ready], &why))
		ready++;
	error = errno;
	leftover_start_batch(keeper->engine, launches, ready);
	for (size_t n = 0; n < count; n++) {
		if (n < ready && guest_begin(keeper, &guests[n], &launches[n], &why)) {
			closing_client(keeper->engine, keeper->service->name, &guests[n].client);
			continue;
		}
		if (n >= most) {
			park(keeper, &guests[n]);       /* its turn comes */
			continue;
		}
		if (good)
			failed = guests[n].client;
		if (n < ready)
			error = launches[n].fault.error;
		park(keeper, &guests[n]);
		good = false;
	}
	engine_keep_spare(keeper->engine);
	if (good)
		backoff_reset(&keeper->backoff);
	else
		shortage_note(keeper, error);
	if (!good)
		run_say_failure(keeper, &failed, buf_string(&why));
	buf_free(&why);
	return good;
}

/* Runs before superd accepts: the clients' descriptors must not use up those that all starts need. */
static bool prepare(struct keeper *keeper)
{
	struct buf why = { 0 };
	bool good;

	errno = 0;
	good = means_prepare(&keeper->activity->means, keeper->engine, keeper->service, keeper->listeners, &why);
	if (!good) {
		shortage_note(keeper, errno);
		run_say_failure(keeper, NULL, buf_string(&why));
	}
	buf_free(&why);
	return good;
}

static bool try_start(struct keeper *keeper, struct guest *guest)
{
	if (prepare(keeper))
		return start_batch(keeper, guest, 1, keeper->backoff.failures);
	park(keeper, guest);
	return false;
}

/* Starts an instance for a guest that was counted and let in, whatever the keeper's state is by now. */
static void start_guest(struct keeper *keeper, struct guest *guest)
{
	enum state state = keeper_next_state(keeper);
	bool rests = keeper->state == BACKOFF && !keeper->backoff.failures;

	if (state != LISTENING && state != FULL && !rests)
		park(keeper, guest);
	else if (!try_start(keeper, guest))
		keeper_post(keeper, EXEC_ERROR);
}

static void record_answer(struct keeper *keeper, const struct guest *guest, enum refusal refusal,
			  const struct advice *advice)
{
	if (advice && (advice->has_user || refusal == REFUSED_IDENT))
		record_user(keeper, &guest->client, !refusal, advice->knows_user,
			    advice->has_user ? advice->user : "timeout");
}

/* The questions about a guest are answered, or never will be. It has been counted all the while. */
static void on_decided(struct keeper *keeper, struct guest *guest, const struct advice *advice)
{
	enum refusal refusal = advice ? admission_conclude(keeper, guest, advice) : REFUSED_CLOSED;
	bool felt;

	if (!advice && listener_is_open(guest->listener)) {
		park(keeper, guest);    /* where its listener goes, it goes along */
		return;
	}
	felt = sensor_feel(keeper, guest);
	if (!felt && !refusal) {
		welcome(keeper, guest);
		start_guest(keeper, guest);
		record_answer(keeper, guest, refusal, advice); /* behind its START */
		return;
	}
	if (!felt) {
		record_answer(keeper, guest, refusal, advice);
		guest_dismiss(keeper, guest);
		refuse_guest(keeper, guest, refusal);
	}
	if (advice && !keeper_is_full(keeper))
		keeper_post(keeper, ROOM);
}

/* Takes a guest that does not come out of a listener's queue. */
static void receive(struct keeper *keeper, struct guest *guest)
{
	if (sensor_feel(keeper, guest))
		return;
	if (keeper_next_state(keeper) == LISTENING && !must_queue(keeper) && rest_is_due(keeper, &guest->client))
		keeper_post(keeper, LIMITED);
	if (keeper_next_state(keeper) == LISTENING && must_queue(keeper))
		keeper_post(keeper, FILLED);    /* so that the ROOM to come is heard */
	if (keeper_next_state(keeper) != LISTENING)
		park(keeper, guest);
	else if (admit(keeper, guest) == STARTS)
		start_guest(keeper, guest);
}

static void on_grace_over(struct keeper *keeper, struct guest *guest, bool cancelled)
{
	if (!cancelled)
		receive(keeper, guest);
	else if (listener_is_open(guest->listener))
		park(keeper, guest);
	else
		refuse_guest(keeper, guest, REFUSED_CLOSED);
}

static void sense(struct keeper *keeper, struct listener *listener)
{
	enum happening happening = ROOM;
	struct guest guest;

	sensor_feel_parked(keeper, listener);
	for (size_t n = 0; n < BATCH && listener_has_socket(listener) &&
	     take_guest(keeper, listener, &guest, &happening); n++) {
		if (guest.client.fd < 0)
			continue;
		keeper->activity->accepted++;
		sensor_feel(keeper, &guest);
	}
	if (happening != ROOM)
		keeper_post(keeper, happening);
}

/* A service without an instance must not keep the descriptors it has prepared: others would wait for them, and it for
 * theirs. Accepted clients have descriptors that no other service can use, so the spare ones have to suffice. */
static void serve_connections(struct keeper *keeper, struct listener *listener)
{
	struct guest guests[BATCH];
	enum happening happening = ROOM;
	size_t count;

	if (shortage_comes_after(keeper)) {
		errno = EMFILE;
		run_say_exhausted(keeper);
		keeper_post(keeper, EXEC_ERROR);
		return;
	}
	if (may_take_spare(keeper, keeper->backoff.failures))
		engine_drop_spare(keeper->engine);
	if (!prepare(keeper)) {
		engine_keep_spare(keeper->engine);
		keeper_post(keeper, EXEC_ERROR);
		return;
	}
	count = take_parked(keeper, listener, guests);
	if (!count && !listener->parked && listener_has_socket(listener))
		count = accept_batch(keeper, listener, guests, &happening);
	if (count && !start_batch(keeper, guests, count, keeper->backoff.failures || happening == EXEC_ERROR))
		happening = EXEC_ERROR;
	engine_keep_spare(keeper->engine);
	if (keeper_is_empty(keeper))
		means_rest(&keeper->activity->means, keeper->engine);
	if (happening == ROOM && listener->parked && must_queue(keeper))
		happening = FILLED;     /* so that the ROOM to come is heard */
	else if (happening == ROOM && listener->parked && keeper_next_state(keeper) == LISTENING)
		keeper_start_timer(keeper, 0);          /* the rest of them in the next turn of the loop */
	if (happening != ROOM)
		keeper_post(keeper, happening);
}

void serve_ready(struct keeper *keeper, struct listener *listener)
{
	if (keeper_next_state(keeper) != LISTENING)
		return;
	if (!keeper_activity(keeper)) {
		keeper_post(keeper, EXEC_ERROR);
		return;
	}
	keeper->activity->asked = clock_now();
	if (!endpoint_accepts(listener->listen->endpoint))
		datagram_serve(keeper, listener);
	else if (sensor_is(keeper->service))
		sense(keeper, listener);
	else
		serve_connections(keeper, listener);
}

void serve_turn_away(struct keeper *keeper, struct listener *listener)
{
	bool closes = keeper->activity->closes;
	enum refusal refusal = closes ? REFUSED_RATE : REFUSED_BACKOFF;
	enum happening happening = ROOM;

	listener_send_away(listener, keeper->engine, refusal);
	if (!endpoint_accepts(listener->listen->endpoint))
		return;
	turn_away(keeper, listener, refusal, &happening);
	if (closes)
		return;
	if (happening == BIND_ERROR)
		keeper_post(keeper, BIND_ERROR);
	else if (happening == EXEC_ERROR)       /* descriptors are out: those left wait until the pause is over */
		listener_watch(listener, keeper->engine, keeper->service->name, false);
}

/* Takes it through the same gate as others, in the same order, to a start. */
static void serve_arrived(struct keeper *keeper, struct listener *listener, const struct parked_client *arrived)
{
	struct guest guest = { .client = arrived->client, .listener = listener, .until = arrived->until };
	bool gone = keeper->state == OFF || keeper->state == CLOSING;
	bool many = keeper->state != LISTENING && listener->parked && listener->parked->count >= WAITING_MOST;

	if (gone || many || !keeper_activity(keeper)) {
		refuse_guest(keeper, &guest, gone ? REFUSED_CLOSED : many ? REFUSED_UNKEPT : REFUSED_MEMORY);
		return;
	}
	if (probes_take(keeper, &guest.client))
		return;
	keeper->activity->asked = clock_now();
	keeper->activity->accepted++;
	receive(keeper, &guest);
}

/* Takes the last of those that have arrived out of the parked ones. */
static bool take_arrived(struct listener *listener, struct parked_client *arrived)
{
	struct parked *parked = listener->parked;
	size_t n = parked ? parked->count : 0;

	while (n && parked->list[n - 1].progress != ARRIVED)
		n--;
	if (!n)
		return false;
	*arrived = parked->list[n - 1];
	memmove(parked->list + n - 1, parked->list + n, (parked->count-- - n) * sizeof(*parked->list));
	return true;
}

void serve_handed(struct keeper *keeper)
{
	struct parked_client arrived;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];

		while (take_arrived(listener, &arrived))
			serve_arrived(keeper, listener, &arrived);
		listener_forget_parked(listener);
	}
}
