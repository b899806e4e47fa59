/* Keeps flows in a hash table by listener and client, and in a list by their last datagram.
 *
 * A server that is not there yet is known by ECONNREFUSED alone, after the datagram was sent. So a flow keeps its first
 * datagram, if it is small, until an answer has come, and sends it again. */
#include "builtin/builtin.h"

#include <sys/epoll.h>
#include <sys/random.h>

#define BUCKETS 1024
#define BATCH 64	/* datagrams in one call */
#define KEPT_MOST 1500	/* bytes of a first datagram that is kept */
#define RETRY_FIRST 20	/* milliseconds until it is sent again, doubled each time … */
#define RETRY_MOST 1000 /* … up to this */
#define RETRIES_MOST 32 /* some 30 seconds */

struct flow {
	struct loop_watch watch;  /* of its socket, connected to the target; first in the struct */
	struct list bucket, used; /* in flows->buckets; in flows->used, the longest silent first */
	struct list again;	  /* in flows->again, while its first datagram has to be sent again */
	int listener;		  /* borrowed */
	struct socket_address client;
	unsigned char source[SOURCE_SIZE]; /* socket_address_source, in flows->sources */
	size_t address;		  /* index of the target's */
	const char *refusal;		   /* why the client gets no answers (sender_refuse); NULL: it gets them */
	struct pktinfo pktinfo;		   /* the address that the client has sent to */
	int64_t last;			   /* time of its last datagram */
	int64_t retry;			   /* time when the first datagram is sent again */
	unsigned retries;
	size_t kept; /* bytes of `first` */
	char *first; /* owned; NULL: none is kept */
};

struct flows {
	const struct settings *settings;
	struct redirect_target *target;
	int epoll;
	uint64_t seed; /* random, so that no client can choose addresses that collide */
	size_t count;
	struct source_counts sources; /* the flows of each source */
	struct replies replies;	      /* to clients at ports of services */
	struct list buckets[BUCKETS], used, again;
	struct list dead; /* ended flows, by `used`: events of this turn may still name them */
	char bytes[DATAGRAM_MOST];
};

struct flows *flows_new(const struct settings *settings, struct redirect_target *target, int epoll)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return NULL;
	flows->settings = settings;
	flows->target = target;
	flows->epoll = epoll;
	if (getrandom(&flows->seed, sizeof(flows->seed), GRND_NONBLOCK) < 0)
		flows->seed = (uint64_t)clock_ms();
	list_init(&flows->used);
	list_init(&flows->again);
	list_init(&flows->dead);
	for (size_t n = 0; n < BUCKETS; n++)
		list_init(&flows->buckets[n]);
	return flows;
}

static void end_flow(struct flows *flows, struct flow *flow)
{
	list_remove(&flow->bucket);
	list_remove(&flow->used);
	list_remove(&flow->again);
	loop_watch_close(flows->epoll, &flow->watch);
	source_count_leave(&flows->sources, flows, flow->source);
	free(flow->first);
	flow->first = NULL;
	list_add(&flows->dead, &flow->used);
	flows->count--;
}

static void free_dead(struct flows *flows)
{
	LIST_EACH(link, &flows->dead) {
		list_remove(link);
		free(container_of(link, struct flow, used));
	}
}

void flows_end(struct flows *flows)
{
	LIST_EACH(link, &flows->used)
		end_flow(flows, container_of(link, struct flow, used));
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	flows_end(flows);
	free_dead(flows);
	source_count_free(&flows->sources);
	source_count_free(&flows->replies.sources);
	free(flows);
}

size_t flows_count(const struct flows *flows)
{
	return flows ? flows->count : 0;
}

static struct list *bucket_of(struct flows *flows, int listener, const struct socket_address *client)
{
	uint64_t hash = hash_bytes(HASH_START ^ flows->seed, &client->storage, client->length);

	return &flows->buckets[hash_add(hash, (uint64_t)listener) % BUCKETS];
}

static struct flow *find_flow(struct flows *flows, int listener, const struct socket_address *client)
{
	LIST_EACH(link, bucket_of(flows, listener, client)) {
		struct flow *flow = container_of(link, struct flow, bucket);

		if (flow->listener == listener && flow->client.length == client->length &&
		    !memcmp(&flow->client.storage, &client->storage, client->length))
			return flow;
	}
	return NULL;
}

/* Ends the longest silent flow of the source that has most of them: a source that opens flow after flow takes places of
 * its own, not those of others. */
static void make_room(struct flows *flows)
{
	struct flow *chosen = NULL;
	unsigned most = 0;

	LIST_EACH(link, &flows->used) {
		struct flow *flow = container_of(link, struct flow, used);
		unsigned count = source_count_count(&flows->sources, flows, flow->source);

		if (count > most) {
			most = count;
			chosen = flow;
		}
	}
	end_flow(flows, chosen);
}

/* Connects it to the first address of the target; to the next one each time that a datagram has met nobody there. false
 * and errno: it keeps the socket that it has, if any. */
static bool connect_flow(struct flows *flows, struct flow *flow)
{
	struct redirect_target *target = flows->target;
	size_t tried = target->count ? flow->retries % target->count : 0;
	int fd = target_connect(target, SOCK_DGRAM, tried, &flow->address);

	if (fd < 0)
		return false;
	loop_watch_close(flows->epoll, &flow->watch);
	flow->watch.fd = fd;
	if (loop_watch_set(flows->epoll, EPOLL_CTL_ADD, &flow->watch, EPOLLIN))
		return true;
	loop_watch_close(flows->epoll, &flow->watch);
	return false;
}

void flows_follow(struct flows *flows)
{
	LIST_EACH(link, &flows->used) {
		struct flow *flow = container_of(link, struct flow, used);
		struct socket_address peer = { .length = sizeof(peer.storage) };

		if (getpeername(flow->watch.fd, &peer.any, &peer.length) < 0 ||
		    !target_has(flows->target, &peer, &flow->address))
			connect_flow(flows, flow);
	}
}

/* A client whose port may be a server's is relayed to the target, too, as it may want no answer (syslog). */
static struct flow *add_flow(struct flows *flows, int listener, const struct socket_address *client)
{
	struct socket_address own = { .length = sizeof(own.storage) };
	struct flow *flow;
	bool connected;

	if (flows->count == FLOWS_MOST)
		make_room(flows);
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return NULL;
	(void)socket_address_source(client, -1, (unsigned)flows->settings->source_prefix, flow->source);
	flow->watch = (struct loop_watch){ .kind = WATCH_FLOW, .fd = -1 };
	while (!(connected = connect_flow(flows, flow)) && errno == EMFILE && flows->count)
		make_room(flows);
	if (!connected && flows->target->count)
		target_log_failure(flows->target, errno);
	if (!connected || !source_count_enter(&flows->sources, flows, flow->source, FLOWS_MOST)) {
		loop_watch_close(flows->epoll, &flow->watch);
		free(flow);
		return NULL;
	}
	flow->listener = listener;
	flow->client = *client;
	if (getsockname(listener, &own.any, &own.length) < 0)
		own.length = 0;
	flow->refusal = sender_refuse(client, socket_address_port(&own), flows->settings);
	list_add(bucket_of(flows, listener, client), &flow->bucket);
	list_add(&flows->used, &flow->used);
	list_init(&flow->again);
	flows->count++;
	return flow;
}

static void note_use(struct flows *flows, struct flow *flow, int64_t now)
{
	flow->last = now;
	list_remove(&flow->used);
	list_add(&flows->used, &flow->used);
}

static void forget_first(struct flow *flow)
{
	list_remove(&flow->again);
	free(flow->first);
	flow->first = NULL;
}

/* The server was not there. */
static void send_again_later(struct flows *flows, struct flow *flow, int64_t now)
{
	int64_t wait = RETRY_FIRST << (flow->retries < 6 ? flow->retries : 6);

	if (!flow->first || !list_empty(&flow->again))
		return;
	if (flow->retries++ == RETRIES_MOST) {
		forget_first(flow);
		return;
	}
	flow->retry = now + (wait < RETRY_MOST ? wait : RETRY_MOST);
	list_add(&flows->again, &flow->again);
}

static void send_datagram(struct flows *flows, struct flow *flow, const char *bytes, size_t length, int64_t now)
{
	bool is_first = bytes == flow->first;

	if (send(flow->watch.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != ECONNREFUSED)
		return;
	if (flow->first)
		send_again_later(flows, flow, now); /* or forgets it, and frees it */
	if (is_first)
		return;
	send(flow->watch.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL); /* the error was that of an earlier one */
}

void flows_send(struct flows *flows, struct loop_watch *listener, int64_t now)
{
	struct socket_address client;
	struct pktinfo pktinfo;
	struct flow *flow;
	ssize_t got;

	for (int n = 0; n < BATCH; n++) {
		got = pktinfo_receive(&pktinfo, listener->fd, &client, flows->bytes, sizeof(flows->bytes));
		if (got < 0 && errno != ECONNREFUSED)
			return;
		if (got < 0 || pktinfo.truncated || !client.length)
			continue;
		flow = find_flow(flows, listener->fd, &client);
		if (!flow) {
			flow = add_flow(flows, listener->fd, &client);
			if (!flow)
				continue;
			flow->first = got <= KEPT_MOST ? malloc((size_t)got + 1) : NULL;
			if (flow->first)
				memcpy(flow->first, flows->bytes, (size_t)got);
			flow->kept = (size_t)got;
		}
		if (!pktinfo.to_many)
			flow->pktinfo = pktinfo;
		note_use(flows, flow, now);
		send_datagram(flows, flow, flows->bytes, (size_t)got, now);
	}
}

void flows_receive(struct flows *flows, struct loop_watch *watch, int64_t now)
{
	struct flow *flow = container_of(watch, struct flow, watch);

	for (int n = 0; n < BATCH && watch->fd >= 0; n++) {
		ssize_t got = recv(watch->fd, flows->bytes, sizeof(flows->bytes), MSG_DONTWAIT);

		if (got < 0 && errno == ECONNREFUSED) {
			send_again_later(flows, flow, now);
			continue;
		}
		if (got < 0)
			return;
		/* Where that was another datagram than the first, the first is still owed to the server. */
		if (flow->first && !list_empty(&flow->again))
			send(watch->fd, flow->first, flow->kept, MSG_DONTWAIT | MSG_NOSIGNAL);
		forget_first(flow);
		flows->target->good_udp = flow->address;
		note_use(flows, flow, now);
		if (replies_allow(&flows->replies, &flow->client, flow->refusal,
				  socket_address_port(&flow->client) < SERVICE_PORTS))
			pktinfo_send(&flow->pktinfo, flow->listener, &flow->client, flows->bytes, (size_t)got);
	}
}

int64_t flows_expire(struct flows *flows, int64_t now)
{
	int64_t next = -1;

	free_dead(flows);
	LIST_EACH(link, &flows->again) {
		struct flow *flow = container_of(link, struct flow, again);

		if (flow->retry <= now) {
			list_remove(&flow->again);
			note_use(flows, flow, now);
			if (flows->target->count > 1)
				connect_flow(flows, flow);
			send_datagram(flows, flow, flow->first, flow->kept, now);
		}
		if (!list_empty(&flow->again) && (next < 0 || flow->retry - now < next))
			next = flow->retry > now ? flow->retry - now : 0;
	}
	LIST_EACH(link, &flows->used) {
		struct flow *flow = container_of(link, struct flow, used);
		int64_t left = flow->last + flows->settings->flow_timeout - now;

		if (left > 0) {
			next = next < 0 || left < next ? left : next;
			break;
		}
		end_flow(flows, flow);
	}
	return next;
}
