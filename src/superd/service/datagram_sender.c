/* Checks senders of datagrams. The datagram stays in the queue during a lookup, so superd keeps only the verdict, and
 * checks the datagram again when the reply has come. */
#include "superd/service/datagram_sender.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/service/datagram_drop.h"
#include "superd/service/refuse.h"
#include "superd/service/sensor.h"

#define REMEMBERED 60.                  /* seconds that a verdict is remembered */
#define SIFTED_MOST 64                  /* datagrams dropped in one turn */

/* Verdicts by former rules of hosts.allow and hosts.deny do not count any more. */
static void forget_outdated(struct admission *admission)
{
	if (admission->verdicts_by != admission->hosts_access.changes)
		address_lru_free(&admission->verdicts);
	admission->verdicts_by = admission->hosts_access.changes;
}

/* The key of verdicts: each socket has rules of its own. */
static uint64_t verdicts_key(const struct service_runtime *runtime, const struct listener *listener)
{
	return runtime->run->accept->id | (uint64_t)(listener - runtime->listeners) << 48;
}

static struct address_entry *find_verdict(struct service_runtime *runtime, const struct pending_client *pending)
{
	unsigned char source[SOURCE_SIZE];

	forget_outdated(runtime->engine->admission);
	if (!client_source(&pending->client, 128, source))
		return NULL;
	return address_lru_find(&runtime->engine->admission->verdicts, verdicts_key(runtime, pending->listener), source,
				clock_now());
}

static void remember_verdict(struct service_runtime *runtime, const struct pending_client *pending,
			     enum refusal refusal)
{
	double now = clock_now();
	unsigned char source[SOURCE_SIZE];
	struct address_entry *verdict;

	if (!client_source(&pending->client, 128, source))
		return;
	verdict = address_lru_note(&runtime->engine->admission->verdicts, verdicts_key(runtime, pending->listener),
				   source, now, now + REMEMBERED);
	if (verdict)
		verdict->count = refusal;
}

static void on_reply(struct service_runtime *runtime, struct pending_client *pending, const struct lookup_reply *reply)
{
	client_refuse(&pending->client);
	pending->listener->busy = false;
	if (!reply)
		return;
	remember_verdict(runtime, pending, admission_conclude(runtime, pending, reply));
	runtime_post(runtime, LOOK);
}

/* Returns a socket that is connected to the sender, from which superd-advise takes its address; -1: none. */
static int connect_to(const struct client *client)
{
	int fd = socket(client->peer.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, &client->peer.any, client->length) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool ask_lookup(struct service_runtime *runtime, struct pending_client *pending)
{
	struct pending_client asked = {
		.client = pending->client, .listener = pending->listener, .asked = pending->asked,
	};

	asked.client.fd = connect_to(&pending->client);
	if (asked.client.fd < 0 || !lookup_ask(runtime, &asked, on_reply)) {
		client_refuse(&asked.client);
		return false;
	}
	pending->listener->busy = true;
	return true;
}

enum sender_state datagram_sender_ask(struct service_runtime *runtime, struct pending_client *pending,
				      enum refusal *refusal)
{
	struct address_entry *verdict;

	pending->asked.ident = false;   /* there is no connection to have an owner */
	if (!admission_has_questions(pending))
		return SENDER_MAY;
	verdict = find_verdict(runtime, pending);
	if (!verdict && ask_lookup(runtime, pending))
		return SENDER_IS_ASKED;
	*refusal = verdict ? (enum refusal)verdict->count : admission_conclude(runtime, pending, NULL);
	return *refusal ? SENDER_MAY_NOT : SENDER_MAY;
}

static bool is_ready(const struct listener *listener)
{
	struct pollfd ready = { listener->fd, POLLIN, 0 };

	return poll(&ready, 1, 0) > 0 && ready.revents & POLLIN;
}

static enum sender_state check_head(struct service_runtime *runtime, struct pending_client *pending,
					   enum refusal *refusal)
{
	const char *daemon = runtime->service->groups->access->libwrap;
	struct hosts_access *files = &runtime->engine->admission->hosts_access;

	pending->asked = (struct lookup_questions){
		.libwrap = daemon && hosts_access_has_rules(files) ? daemon : NULL,
	};
	*refusal = sensor_denies(runtime->engine, &pending->client)
		? REFUSED_SENSOR : admission_judge_address(runtime, pending);
	if (!*refusal && admission_had_minute(runtime, &pending->client))
		*refusal = REFUSED_PER_SOURCE_CPM;
	return *refusal ? SENDER_MAY_NOT : datagram_sender_ask(runtime, pending, refusal);
}

/* Whether superd checks the senders. At a unix socket a backend of another user could hide them from superd. */
static bool has_senders(const struct listener *listener)
{
	const struct endpoint *endpoint = listener->listen->endpoint;

	if (endpoint->kind == ENDPOINT_UNIX_DGRAM && foreign_socket_is(listener->fd))
		return false;
	return endpoint_is_datagram(endpoint) || endpoint->kind == ENDPOINT_RAW;
}

/* The result of a look at the listeners. */
struct sifting {
	bool sifted, ready;             /* a datagram was dropped or is asked about; one may start an instance */
};

static void sift_listener(struct service_runtime *runtime, struct listener *listener, struct sifting *sifting,
			  int *left)
{
	struct pending_client pending = { .listener = listener };
	enum refusal refusal;

	if (!listener_is_open(listener) || listener->busy)
		return;
	if (!has_senders(listener)) {
		sifting->ready = sifting->ready || is_ready(listener);
		return;
	}
	while ((*left)-- > 0 && client_peek(listener->fd, &pending.client)) {
		enum sender_state state = check_head(runtime, &pending, &refusal);

		sifting->sifted = sifting->sifted || state != SENDER_MAY;
		sifting->ready = sifting->ready || state == SENDER_MAY;
		if (state != SENDER_MAY_NOT)
			return;
		datagram_drop(runtime, listener, refusal);
	}
}

bool datagram_sender_sift(struct service_runtime *runtime)
{
	struct sifting sifting = { false, false };
	int left = SIFTED_MOST;

	for (size_t n = 0; n < runtime->listener_count; n++)
		sift_listener(runtime, &runtime->listeners[n], &sifting, &left);
	return sifting.sifted && !sifting.ready;
}

void datagram_sender_count(struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];
		struct client client;

		if (listener_is_open(listener) && !listener->busy && has_senders(listener) &&
		    client_peek(listener->fd, &client))
			admission_count_minute(runtime, &client);
	}
}
