/* Starts an instance for each connection. superd accepts a bounded batch in a turn, so one busy service cannot
 * starve the rest, and the starts of a batch overlap (spawn_batch). A client that was accepted and could not be
 * given an instance is parked, and comes first once the pause is over. A hold or a change
 * of the sockets parks all clients whose lookups are under way, so superd takes parked clients in batches, too. */
#include "superd/service/accept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/uninitialized.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/tcp_sent.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/service/banner.h"
#include "superd/service/datagram.h"
#include "superd/service/fd_shortage.h"
#include "superd/service/handover.h"
#include "superd/service/limit_pause.h"
#include "superd/service/pending.h"
#include "superd/service/refuse.h"
#include "superd/service/sensor.h"
#include "superd/service/slot_wait.h"
#include "superd/service/socket_rest.h"
#include "superd/service/start_log.h"
#include "superd/service/tcpmux.h"
#include "superd/service/xinetd_record.h"
#include "superd/stop/health_probes.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/warm_pool.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/unreaped.h"
#include "superd/instance/start_request.h"
#include "superd/instance/wants.h"

#define WAITING_MOST 16                 /* parked clients of a tcpmux endpoint, which has no accept queue */

static bool clients_must_queue(const struct service_runtime *runtime)
{
	return !pending_start_room(runtime) ||
	       (runtime_is_full(runtime) && runtime->service->groups->access->overload == OVERLOAD_QUEUE);
}

/* A backend may have the listener, also one that began under earlier settings. */
static enum accepted accept_next(const struct service_runtime *runtime, struct listener *listener,
				 struct client *client)
{
	enum accepted asked = ACCEPT_NOTHING;

	if (listener_may_hang(listener)) {
		asked = listener_take(listener, runtime->engine, runtime->service->name);
		runtime->run->stats.accepted += runtime->service->exec->accept && asked == ACCEPT_NOTHING;
		return asked;
	}
	if (listener_was_lent(listener) || !runtime->service->exec->accept)
		return client_accept_shared(listener->fd, listener->listen, client);
	return client_accept(listener->fd, listener->listen, client);
}

/* How many clients of a listener superd takes in this turn. At least one: others may use up the time of all turns.
 * Clients whose lookups are done come beside the new ones, and need a part of the time. */
static size_t batch_size(const struct service_runtime *runtime)
{
	const struct engine *engine = runtime->engine;
	double seconds = list_empty(&engine->admission->lookups) ? START_TIME_ALL : START_TIME_CLIENTS;
	size_t most = pending_start_room(runtime);
	size_t room;

	most = most < PENDING_BATCH ? most : PENDING_BATCH;
	room = start_time_room(&engine->start_time, engine->loop, seconds, most);
	return room ? room : 1;
}

/* Accepts one client; its fd is -1 if it has left already. false: this turn is over; *service_event may be set to the
 * event to post. */
static bool take_client(struct service_runtime *runtime, struct listener *listener, struct pending_client *pending,
			enum service_event *service_event)
{
	pending->listener = listener;
	pending->client.fd = -1;
	pending->instance = NULL;
	pending->progress = STAGE_FRESH;
	pending->has_waited = false;
	pending->until = 0;
	pending->asked = (struct lookup_questions){ 0 };
	*pending->name = '\0';
	switch (accept_next(runtime, listener, &pending->client)) {
	case ACCEPTED:
		if (!health_probes_take(runtime, &pending->client))
			health_probes_take_silent(runtime, &pending->client);
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

/* The client has passed all checks: sends what it gets now. */
static void admit_pending(struct service_runtime *runtime, struct pending_client *pending)
{
	const struct endpoint *endpoint = pending->listener->listen->endpoint;
	bool is_greeted = pending->progress >= BANNER_SUCCESS_SENT;

	pending->progress = ADMISSION_PASSED;
	if (is_greeted)
		return;
	if (endpoint->kind == ENDPOINT_TCPMUX && endpoint->address[0] == '+')
		send(pending->client.fd, "+Go\r\n", 5, MSG_DONTWAIT | MSG_NOSIGNAL);
	banner_send(runtime, BANNER_SUCCESS, pending->client.fd);
}

static void on_reply(struct service_runtime *runtime, struct pending_client *pending,
		     const struct lookup_reply *reply);
static void on_slot_wait_over(struct service_runtime *runtime, struct pending_client *pending, bool cancelled);

enum outcome {
	STARTS,                         /* it has passed the checks: an instance can be started */
	WAITS,                          /* on_reply or on_slot_wait_over continues, or its listener keeps it */
	TURNED_AWAY                     /* it was refused */
};

/* Runs the checks for a client. Begins a lookup, or a wait for a free slot, if the checks need one. */
static enum outcome check_pending(struct service_runtime *runtime, struct pending_client *pending)
{
	enum refusal refusal;

	if (pending->progress == STAGE_FRESH) {
		pending->progress = BANNER_SENT;
		banner_send(runtime, BANNER, pending->client.fd);
	}
	refusal = admission_judge(runtime, pending);
	if (refusal_is_count(refusal) && pending->progress < ADMISSION_PASSED &&
	    slot_wait_give(runtime, pending, on_slot_wait_over))
		return WAITS;
	if (!refusal && admission_has_questions(pending)) {
		if (lookup_ask(runtime, pending, on_reply))
			return WAITS;
		refusal = admission_conclude(runtime, pending, NULL);
		if (refusal)
			pending_dismiss(runtime, pending);
	}
	if (refusal) {
		refuse_pending(runtime, pending, refusal);
		return TURNED_AWAY;
	}
	admit_pending(runtime, pending);
	return STARTS;
}

/* Gives the client back to its listener. false: it could not be kept, and was refused. */
static bool park_pending(struct service_runtime *runtime, struct pending_client *pending)
{
	enum refusal refusal;

	pending_dismiss(runtime, pending);
	refusal = pending_park(runtime, pending);
	if (refusal)
		refuse_pending(runtime, pending, refusal);
	return !refusal;
}

/* A limit is exceeded: begins the pause. If the log must name the client for cps, superd accepts it for that, and
 * serves it first when the pause is over. If the listeners close, superd refuses it first: the reset of a closing
 * listener might be quicker than the client's connect(2). */
static enum limit_pause begin_limit_pause(struct service_runtime *runtime, struct listener *listener)
{
	enum service_event ignored = ROOM;
	enum limit_pause pause;
	struct pending_client pending = { .client.fd = -1 };
	bool named = xinetd_record_names_limited(runtime->service) && listener_has_socket(listener) &&
		!listener->parked && take_client(runtime, listener, &pending, &ignored) && pending.client.fd >= 0;

	pause = limit_pause_begin(runtime, listener, named ? &pending.client : NULL);
	if (socket_rest_closes(runtime, listener) && !named && listener_has_socket(listener))
		named = take_client(runtime, listener, &pending, &ignored) && pending.client.fd >= 0;
	if (!named)
		return pause;
	runtime->run->stats.accepted++;
	if (socket_rest_closes(runtime, listener))
		refuse_pending(runtime, &pending, REFUSED_RATE);
	else
		park_pending(runtime, &pending);
	return pause;
}

/* Refuses the clients in the queue, at most a batch. */
static void turn_away(struct service_runtime *runtime, struct listener *listener, enum refusal refusal,
		      enum service_event *service_event)
{
	struct pending_client pending;

	for (size_t n = 0; n < PENDING_BATCH && listener_has_socket(listener) && client_waits(listener->fd) &&
	     take_client(runtime, listener, &pending, service_event); n++) {
		if (pending.client.fd < 0)
			continue;
		runtime->run->stats.accepted += runtime->service->exec->accept;
		refuse_pending(runtime, &pending, refusal);
	}
}

/* Whether superd may accept a client now; if not, *service_event may be set to the event to post. */
static bool may_accept(struct service_runtime *runtime, struct listener *listener, bool is_first,
		       enum service_event *service_event)
{
	if (clients_must_queue(runtime)) {
		*service_event = FILLED;
		return false;
	}
	if (!limit_pause_is_near(runtime, listener))
		return true;
	if (socket_rest_turns_away(runtime, listener)) {        /* its port stays open (trigger_limit_action) */
		turn_away(runtime, listener, REFUSED_RATE, service_event);
		return false;
	}
	if (is_first && begin_limit_pause(runtime, listener) == PAUSES_SERVICE)
		*service_event = LIMITED;
	return false;
}

/* room: as many clients as there are descriptors for. */
static size_t accept_batch(struct service_runtime *runtime, struct listener *listener, struct pending_client *pending,
			   size_t room, enum service_event *service_event)
{
	size_t batch = batch_size(runtime), most = room < batch ? room : batch, count = 0;
	unsigned kind = listener->listen->endpoint->kind;

	if ((kind == ENDPOINT_UNIX || kind == ENDPOINT_SEQPACKET) &&
	    !close_socket_takes_clients(runtime->engine, runtime->service->name)) {
		runtime_pause(runtime, "closing descriptors that its clients have sent does not finish");
		*service_event = EXEC_ERROR;
		return 0;
	}
	for (size_t n = 0; n < most && may_accept(runtime, listener, n == 0, service_event); n++) {
		if ((n == 1 && !client_waits(listener->fd)) ||
		    !take_client(runtime, listener, &pending[count], service_event))
			break;
		if (pending[count].client.fd < 0)
			continue;
		runtime->run->stats.accepted++;
		count += check_pending(runtime, &pending[count]) == STARTS;
	}
	return count;
}

/* Takes parked clients, at most a batch. Returns how many are ready to start. */
static size_t take_parked(struct service_runtime *runtime, struct listener *listener, struct pending_client *pending,
			  size_t room)
{
	struct parked *parked = listener->parked;
	size_t batch = batch_size(runtime), most = room < batch ? room : batch, count = 0, left = 0;

	for (size_t n = 0; parked && n < parked->count; n++) {
		if (n - left == most || parked->list[n].progress == ARRIVED || clients_must_queue(runtime)) {
			parked->list[left++] = parked->list[n];
			continue;
		}
		pending[count] = (struct pending_client){
			.client = parked->list[n].client, .listener = listener,
			.progress = parked->list[n].progress, .until = parked->list[n].until,
		};
		count += check_pending(runtime, &pending[count]) == STARTS;
	}
	if (parked)
		parked->count = left;
	listener_forget_parked(listener);
	return count;
}

static void start_pending(struct service_runtime *runtime, struct pending_client *pending);

/* Starts an instance for each client. false: at least one start failed; its client was parked. */
static bool start_batch(struct service_runtime *runtime, struct pending_client *pending, size_t count)
{
	bool by_sequence = exec_sequence_is_needed(runtime->run->kit.plan), good;
	struct client failed = { .fd = -1 };            /* the first client whose start failed */
	struct buf why = { 0 };
	size_t most;

	count = handover_begin(runtime, pending, count, start_pending);
	count = pending_share(runtime, pending, count);
	/* A process that serves several takes the others in the next turn. */
	most = count && !by_sequence && plan_shares_process(runtime->service) ? 1 : count;
	good = pending_launch(runtime, pending, most, &why);
	for (size_t n = 0; n < count; n++) {
		if (n < most && pending[n].instance)
			close_socket_client(runtime->engine, runtime->service->name, &pending[n].client);
		if (pending[n].client.fd < 0)
			continue;
		if (n < most && failed.fd < 0)
			failed = pending[n].client;
		park_pending(runtime, &pending[n]);
	}
	if (!good)
		start_log_failure(runtime, &failed, buf_string(&why));
	else if (!by_sequence)
		backoff_reset(&runtime->backoff);
	buf_free(&why);
	return good;
}

/* Prepares the start kit before superd accepts. Returns how many clients may be started, a batch at most: those for
 * which there are descriptors. 0: none, and a pause follows. A redirect keeps what its start takes until its target has
 * answered, which may be another service of superd, so it leaves as much as another start needs. Where nothing runs
 * nothing more can come free, and one client is tried. */
static size_t prepare_starts(struct service_runtime *runtime)
{
	struct engine *engine = runtime->engine;
	size_t kept = runtime->service->exec->redirect && list_empty(&runtime->run->kit.shared) ? 1 : 0;
	size_t most = PENDING_BATCH + kept, room = fd_shortage_room(engine, most);
	struct buf why = { 0 };

	if (room <= kept) {
		warm_pools_end(engine);
		start_kit_free_resting(engine);
		room = fd_shortage_room(engine, most);
	}
	if (room > kept)
		room = runtime->backoff.failures ? 1 : room - kept;
	else
		room = engine->instances->count ? 0 : 1;
	if (!room) {
		errno = EMFILE;
		start_log_exhausted(runtime);
	} else if (!runtime_prepare_start(runtime, &why)) {
		start_log_failure(runtime, NULL, buf_string(&why));
		room = 0;
	}
	buf_free(&why);
	return room;
}

/* Starts an instance for an admitted client, or parks the client if the service's state does not allow a start now. */
static void start_pending(struct service_runtime *runtime, struct pending_client *pending)
{
	enum state state = runtime_next_state(runtime);
	bool rests = runtime_state(runtime) == BACKOFF && !runtime->backoff.failures;

	if (state != LISTENING && state != FULL && !rests) {
		park_pending(runtime, pending);
	} else if (!prepare_starts(runtime)) {
		park_pending(runtime, pending);
		runtime_post(runtime, EXEC_ERROR);
	} else if (!start_batch(runtime, pending, 1)) {
		runtime_post(runtime, EXEC_ERROR);
	}
}

static void record_reply(struct service_runtime *runtime, const struct pending_client *pending,
			 enum refusal refusal, const struct lookup_reply *reply)
{
	if (reply && (reply->has_user || refusal == REFUSED_IDENT))
		xinetd_record_user(runtime, &pending->client, !refusal, reply->knows_user,
				   reply->has_user ? reply->user : "timeout");
}

/* A lookup is done, or was cancelled (reply NULL). The client has been counted all the while. */
static void on_reply(struct service_runtime *runtime, struct pending_client *pending, const struct lookup_reply *reply)
{
	enum refusal refusal = reply ? admission_conclude(runtime, pending, reply) : REFUSED_CLOSED;
	bool felt;

	if (!reply && listener_is_open(pending->listener)) {
		park_pending(runtime, pending); /* it stays with its listener, whatever becomes of that */
		return;
	}
	felt = sensor_take_client(runtime, pending);
	if (!felt && !refusal) {
		admit_pending(runtime, pending);
		start_pending(runtime, pending);
		record_reply(runtime, pending, refusal, reply); /* USERID comes after START */
		return;
	}
	if (!felt) {
		record_reply(runtime, pending, refusal, reply);
		pending_dismiss(runtime, pending);
		refuse_pending(runtime, pending, refusal);
	}
	if (reply && !runtime_is_full(runtime))
		runtime_post(runtime, ROOM);
}

/* Whether its clients stay where they are for services that it wants: these start still, or one of them has failed. */
static bool waits_for_wants(struct service_runtime *runtime)
{
	struct buf why = { 0 };
	bool waits = wants_wait(runtime), fails = !waits && !wants_are_there(runtime, &why);

	if (waits)
		runtime_post(runtime, FILLED);
	if (fails) {
		start_log_failure(runtime, NULL, buf_string(&why));
		runtime_post(runtime, EXEC_ERROR);
	}
	buf_free(&why);
	return waits || fails;
}

/* Handles a client that does not come from a listener's queue. */
static void receive_pending(struct service_runtime *runtime, struct pending_client *pending)
{
	if (sensor_take_client(runtime, pending))
		return;
	if (runtime_next_state(runtime) == LISTENING && !clients_must_queue(runtime) &&
	    limit_pause_begin(runtime, pending->listener, &pending->client) == PAUSES_SERVICE)
		runtime_post(runtime, LIMITED);
	if (runtime_next_state(runtime) == LISTENING && clients_must_queue(runtime))
		runtime_post(runtime, FILLED);  /* so that the service handles the ROOM to come */
	else if (runtime_next_state(runtime) == LISTENING && socket_rest_left(runtime, pending->listener) <= 0)
		(void)waits_for_wants(runtime); /* which changes the state */
	if (runtime_next_state(runtime) != LISTENING || socket_rest_left(runtime, pending->listener) > 0)
		park_pending(runtime, pending);
	else if (check_pending(runtime, pending) == STARTS)
		start_pending(runtime, pending);
}

static void on_slot_wait_over(struct service_runtime *runtime, struct pending_client *pending, bool cancelled)
{
	if (!cancelled)
		receive_pending(runtime, pending);
	else if (listener_is_open(pending->listener))
		park_pending(runtime, pending);
	else
		refuse_pending(runtime, pending, REFUSED_CLOSED);
}

static void accept_at_sensor(struct service_runtime *runtime, struct listener *listener)
{
	enum service_event service_event = ROOM;
	struct pending_client pending;

	sensor_take_parked(runtime, listener);
	for (size_t n = 0; n < PENDING_BATCH && listener_has_socket(listener) &&
	     take_client(runtime, listener, &pending, &service_event); n++) {
		if (pending.client.fd < 0)
			continue;
		runtime->run->stats.accepted++;
		sensor_take_client(runtime, &pending);
	}
	if (service_event != ROOM)
		runtime_post(runtime, service_event);
}

/* A service without an instance must not keep the descriptors of its start kit: services would wait for each
 * other's. */
static void accept_connections(struct service_runtime *runtime, struct listener *listener)
{
	UNINITIALIZED struct pending_client pending[PENDING_BATCH];
	enum service_event service_event = ROOM;
	size_t count, room = prepare_starts(runtime);

	if (!room) {
		runtime_post(runtime, EXEC_ERROR);
		return;
	}
	count = take_parked(runtime, listener, pending, room);
	if (!count && !listener->parked && listener_has_socket(listener))
		count = accept_batch(runtime, listener, pending, room, &service_event);
	if (count && !start_batch(runtime, pending, count))
		service_event = EXEC_ERROR;
	if (runtime_is_empty(runtime) && !warm_pool_is_used(runtime))
		start_kit_rest(&runtime->run->kit);
	if (service_event == ROOM && listener->parked && clients_must_queue(runtime))
		service_event = FILLED; /* so that the service handles the ROOM to come */
	else if (service_event == ROOM && listener->parked && runtime_next_state(runtime) == LISTENING)
		runtime_start_timer(runtime, 0);        /* the other parked clients in the next turn of the loop */
	if (service_event != ROOM)
		runtime_post(runtime, service_event);
}

void accept_ready(struct service_runtime *runtime, struct listener *listener)
{
	if (runtime_next_state(runtime) != LISTENING || socket_rest_left(runtime, listener) > 0)
		return;
	if (!accept_state_make(runtime)) {
		runtime_pause(runtime, "out of memory");
		runtime_post(runtime, EXEC_ERROR);
		return;
	}
	if (waits_for_wants(runtime))
		return;
	runtime->run->stats.last_request = clock_now();
	if (!endpoint_accepts(listener->listen->endpoint))
		datagram_serve(runtime, listener);
	else if (sensor_is(runtime->service))
		accept_at_sensor(runtime, listener);
	else
		accept_connections(runtime, listener);
}

void accept_turn_away(struct service_runtime *runtime, struct listener *listener)
{
	bool closes = socket_rest_closes(runtime, listener);
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
	else if (service_event == EXEC_ERROR)   /* out of descriptors: the clients left wait until the pause is over */
		listener_watch(listener, runtime->engine, false);
}

enum admission_stage accept_stage_reached(struct service_runtime *runtime, const struct client *client)
{
	uint64_t sent;

	if (guard_cause() != GUARD_RESTARTS)
		return STAGE_FRESH;
	sent = tcp_sent(client->fd) - guard_promise_sent(client->fd);
	if (!sent)
		return STAGE_FRESH;
	return sent > banner_length(runtime, BANNER) ? BANNER_SUCCESS_SENT : BANNER_SENT;
}

/* Checks a client from another service like any other client, and starts an instance for it. */
static void accept_arrived(struct service_runtime *runtime, struct listener *listener,
			   const struct parked_client *arrived)
{
	struct pending_client pending = { .client = arrived->client, .listener = listener, .until = arrived->until,
					  .progress = accept_stage_reached(runtime, &arrived->client) };
	bool gone = runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING;
	bool many = runtime_state(runtime) != LISTENING && listener->parked && listener->parked->count >= WAITING_MOST;

	if (gone || many || !accept_state_make(runtime)) {
		refuse_pending(runtime, &pending, gone ? REFUSED_CLOSED : many ? REFUSED_UNKEPT : REFUSED_MEMORY);
		return;
	}
	if (health_probes_take(runtime, &pending.client))
		return;
	runtime->run->stats.last_request = clock_now();
	runtime->run->stats.accepted++;
	receive_pending(runtime, &pending);
}

/* Removes the first client with the progress ARRIVED from the parked ones. false: there is none. */
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

bool accept_has_handed(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct parked *parked = runtime->listeners[n].parked;

		for (size_t i = 0; parked && i < parked->count; i++) {
			if (parked->list[i].progress == ARRIVED || parked->list[i].until)
				return true;
		}
	}
	return false;
}
