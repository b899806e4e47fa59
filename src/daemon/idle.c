/* idle_timeout: one periodic look for all services that have it. A service without a client for that long is frozen,
 * and looked at once more; then it is stopped, or stays frozen (idle_action). A client at its listeners thaws it. */
#include "daemon/daemon.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "os/netdiag/conn_count.h"
#include "os/socket/bind.h"

#define LOOKS 8. /* looks in an idle_timeout */
#define LOOK_LEAST .2
#define LOOK_MOST 10.
#define SOCKETS 256

/* Connections to the sockets of a service, accepted ones and those in the queue; -1: the kernel does not tell.
 * Datagrams in a queue count as one. */
int idle_count(struct svc *svc, bool queued)
{
	struct conn_count counts[SOCKETS] = { { 0 } };
	size_t used = 0;
	int sum = 0;

	for (unsigned n = 0; n < svc->socket_count && used < SOCKETS; n++) {
		struct socket *socket = &svc->sockets[n];

		if (socket->fd < 0)
			continue;
		conn_count_init(&counts[used], socket->fd);
		counts[used].which = CONN_WHICH_ALL;
		if (counts[used].kind == CONN_TCP && svc->row->exec->pass == PASS_BIND)
			conn_count_take_ipv4(&counts[used], socket->fd);
		if (counts[used].kind != CONN_NONE)
			used++;
		if (queued && bind_has_queue(socket->fd))
			sum++;
	}
	conn_counts_run(counts, used);
	for (size_t n = 0; n < used; n++) {
		if (!counts[n].known)
			return -1;
		sum += (int)counts[n].count;
	}
	return sum;
}

/* The address of the client that wakes it: of a datagram, or of a connection. */
bool idle_waker(struct svc *svc, char *text, size_t size)
{
	struct conn_count count = { 0 };
	struct client client = { .fd = -1 };

	for (unsigned n = 0; n < svc->socket_count; n++) {
		if (svc->sockets[n].fd < 0)
			continue;
		if (!endpoint_accepts(svc->sockets[n].listen->endpoint)) {
			if (!client_peek(svc->sockets[n].fd, &client))
				continue;
			client_address(&client, text, size);
			return *text;
		}
		conn_count_init(&count, svc->sockets[n].fd);
		count.which = CONN_WHICH_ALL;
		if (count.kind != CONN_TCP)
			continue;
		conn_counts_run(&count, 1);
		if (!count.peer_count)
			continue;
		client.peer.any.sa_family = count.family;
		if (count.family == AF_INET)
			memcpy(&client.peer.in.sin_addr, count.peers[0], sizeof(client.peer.in.sin_addr));
		else
			memcpy(&client.peer.in6.sin6_addr, count.peers[0], sizeof(client.peer.in6.sin6_addr));
		client.length = count.family == AF_INET ? sizeof(client.peer.in) : sizeof(client.peer.in6);
		client_address(&client, text, size);
		return true;
	}
	return false;
}

static void plan_look(struct svc *svc, double seconds)
{
	ev_timer_stop(superd.loop, &svc->idle_timer);
	ev_timer_set(&svc->idle_timer, seconds, 0);
	ev_timer_start(superd.loop, &svc->idle_timer);
}

void idle_watch_frozen(struct svc *svc)
{
	for (unsigned n = 0; n < svc->socket_count; n++) {
		if (svc->sockets[n].fd >= 0)
			ev_io_start(superd.loop, &svc->sockets[n].io);
	}
}

/* Nobody was there for that long. */
static void fall_asleep(struct svc *svc)
{
	const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;
	struct instance *instance = svc->current;
	bool sleeps = lifecycle->idle_action == IDLE_FREEZE;
	char span[DURATION_MOST];

	duration_write(span, (double)lifecycle->idle_timeout / 1e6);
	if (lifecycle->idle_action == IDLE_REPORT) {
		if (!svc->idle_told)
			svc_say(svc, LEVEL_INFO, "idle", "would stop pid %ld: no client has been connected for %s",
				(long)instance->pid, span);
		svc->idle_told = true;
		idle_follow(svc);
		return;
	}
	instance_freeze(instance, true);
	if (idle_count(svc, true) != 0) {
		instance_freeze(instance, false);
		svc->idle_since = 0;
		idle_follow(svc);
		return;
	}
	svc_say(svc, LEVEL_INFO, sleeps ? "frozen" : "idle", "%s pid %ld: no client has been connected for %s",
		sleeps ? "freezing" : "stopping", (long)instance->pid, span);
	if (sleeps) {
		svc->freezes++;
		svc_say(svc, LEVEL_INFO, "frozen", "pid %ld is frozen until a client connects", (long)instance->pid);
		svc_set(svc, FROZEN);
		idle_watch_frozen(svc);
		return;
	}
	svc->idle_stops++;
	svc_set(svc, STOPPING);
	instance_stop(instance); /* thaws it, once the signal is there */
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct svc *svc = timer->data;
	const struct lifecycle_options *lifecycle = svc->row->groups->lifecycle;
	double now = clock_now(), timeout = (double)lifecycle->idle_timeout / 1e6, left;
	int count;

	(void)loop, (void)events;
	if (svc->state != RUNNING || !svc->current || !service_idles(svc->row))
		return;
	count = idle_count(svc, true);
	if (count) {
		svc->idle_since = 0;
		svc->idle_told = false;
	} else if (svc->idle_since <= 0) {
		svc->idle_since = now;
	}
	left = svc->idle_since > 0 ? svc->idle_since + timeout - now : timeout / LOOKS;
	if (svc->idle_since > 0 && svc->current->since + (double)lifecycle->min_awake / 1e6 > now + left)
		left = svc->current->since + (double)lifecycle->min_awake / 1e6 - now;
	if (left <= 0) {
		fall_asleep(svc);
		return;
	}
	left = left < timeout / LOOKS ? left : timeout / LOOKS;
	plan_look(svc, left < LOOK_LEAST ? LOOK_LEAST : left > LOOK_MOST ? LOOK_MOST : left);
}

void idle_follow(struct svc *svc)
{
	double timeout = (double)svc->row->groups->lifecycle->idle_timeout / 1e6;

	ev_timer_stop(superd.loop, &svc->idle_timer);
	if (!service_idles(svc->row) || svc->state != RUNNING || !svc->current)
		return;
	ev_set_cb(&svc->idle_timer, on_look);
	svc->idle_timer.data = svc;
	svc->idle_since = 0;
	plan_look(svc,
		  timeout / LOOKS < LOOK_LEAST		? LOOK_LEAST
			  : timeout / LOOKS > LOOK_MOST ? LOOK_MOST
							: timeout / LOOKS);
}

void idle_freeze(struct svc *svc, const char *by)
{
	(void)by;
	ev_timer_stop(superd.loop, &svc->idle_timer);
	if (!svc->current || !instance_freeze(svc->current, true))
		return;
	svc->freezes++;
	svc_say(svc, LEVEL_NOTICE, "frozen", "pid %ld is frozen", (long)svc->current->pid);
	svc_set(svc, FROZEN);
	idle_watch_frozen(svc);
}

/* by NULL: a client has come. */
void idle_thaw(struct svc *svc, const char *by)
{
	double now = clock_now(), slept;
	char span[DURATION_MOST], peer[64] = "";

	if (svc->state != FROZEN || !svc->current)
		return;
	svc_unwatch(svc);
	if (!by) /* before a short client has gone */
		idle_waker(svc, peer, sizeof(peer));
	instance_freeze(svc->current, false);
	svc->wakes++;
	svc_say(svc, LEVEL_INFO, "thawed", "pid %ld thawed after %s%s%s", (long)svc->current->pid,
		duration_write(span, now - svc->since), by ? ", by " : "", by ? by : "");
	slept = now - svc->since;
	svc->last_start = now;
	svc_set(svc, RUNNING);
	facts_note_wake(svc, true, slept, by ? by : svc->start_by);
	facts_note_ready(svc, now, peer);
	idle_follow(svc);
}
