/* Logs clients by the flags of their service (log_on_success, log_on_failure). Every connection comes through here, so
 * without flags superd composes, looks up and writes nothing. */
#include "superd/service/xinetd_record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/scan.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission_state.h"
#include "superd/log/xinetd_line.h"

#define REPEAT 60. /* seconds in which the same sender's datagrams are refused without a further line */

/* Returns the client's address as text; NULL: it has none. The path of a unix client does not count, as the client
 * chose it. */
static const char *peer_text(const struct client *client, char *out, size_t size)
{
	if (!client || !client->length || client_port(client) < 0)
		return NULL;
	client_address(client, out, size);
	return *out ? out : NULL;
}

/* The address as xinetd's line has it; the event has IPv4 all the same. */
static const char *line_peer(const struct service_runtime *runtime, const struct client *client, const char *peer,
			     char *out, size_t size)
{
	if (!peer || !runtime->service->groups->logging->mapped_addresses)
		return peer;
	client_mapped_address(client, out, size);
	return out;
}

static struct event event_of(const struct service_runtime *runtime, const char *name, const char *peer)
{
	return (struct event){ .name = name, .service = runtime->service->name, .peer = peer };
}

static void write_record(struct service_runtime *runtime, const struct event *event, struct buf *line)
{
	const struct log_target *target = runtime->service->groups->logging->log_type;

	if (!line->failed)
		xinetd_record_target_take(runtime->engine, target, event, line->data, line->length);
	buf_free(line);
}

void xinetd_record_find_sender(const struct service_runtime *runtime, struct client *sender)
{
	*sender = (struct client){ .fd = -1 };
	if (!(runtime->service->groups->logging->log_on_success & SUCCESS_HOST))
		return;
	for (size_t n = 0; n < runtime->listener_count && !sender->length; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (listener_is_open(listener) && endpoint_is_inet(listener->listen->endpoint) &&
		    !endpoint_accepts(listener->listen->endpoint))
			client_peek(listener->fd, sender);
	}
}

/* Logs the line of the BSDs' inetds for a client that libwrap was asked about; not for services with xinetd's
 * lines. */
static void log_wrapped(struct service_runtime *runtime, const struct client *client, bool let_in)
{
	const struct log_options *logging = runtime->service->groups->logging;
	struct buf line = { 0 };
	struct event event;
	char address[128];

	if (!client || !runtime->service->groups->access->libwrap || logging->log_on_success ||
	    logging->log_on_failure || !hosts_access_has_rules(&runtime->engine->admission->hosts_access))
		return;
	event = event_of(runtime, let_in ? "start" : "fail", peer_text(client, address, sizeof(address)));
	if (!event.peer || !log_wants(runtime->engine->log, LEVEL_INFO))
		return;
	xinetd_line_wrapped(&line, event.service, client->fd < 0 ? "udp" : "tcp", let_in, event.peer);
	if (!line.failed)
		log_record(runtime->engine->log, let_in ? LEVEL_INFO : LEVEL_NOTICE, &event, line.data, line.length);
	buf_free(&line);
}

static void record_start(struct service_runtime *runtime, pid_t pid, const char *peer, const char *in_line)
{
	struct event event = event_of(runtime, "start", peer);
	struct buf line = { 0 };

	event.pid = pid;
	xinetd_line_start(&line, event.service, runtime->service->groups->logging->log_on_success, pid, in_line);
	write_record(runtime, &event, &line);
}

void xinetd_record_start(struct service_runtime *runtime, pid_t pid, const struct client *client)
{
	char address[128], mapped[128];
	const char *peer;

	log_wrapped(runtime, client, true);
	if (!runtime->service->groups->logging->log_on_success)
		return;
	peer = peer_text(client, address, sizeof(address));
	record_start(runtime, pid, peer, line_peer(runtime, client, peer, mapped, sizeof(mapped)));
}

void xinetd_record_start_for(struct service_runtime *runtime, pid_t pid, const char *peer)
{
	bool is_mapped = runtime->service->groups->logging->mapped_addresses && !strchr(peer, ':');
	char mapped[128];

	snprintf(mapped, sizeof(mapped), "::ffff:%s", peer);
	record_start(runtime, pid, peer, is_mapped ? mapped : peer);
}

void xinetd_record_end(struct service_runtime *runtime, pid_t pid, const struct ending *ending)
{
	unsigned flags = runtime->service->groups->logging->log_on_success;
	struct buf line = { 0 };
	struct event event;

	if (!(flags & (SUCCESS_EXIT | SUCCESS_DURATION)))
		return;
	event = event_of(runtime, "exit", NULL);
	event.pid = pid;
	instance_fill_event(ending, &event);
	xinetd_line_end(&line, event.service, flags, pid, ending->status, ending->lasted);
	write_record(runtime, &event, &line);
}

enum level xinetd_record_run_level(const struct service_runtime *runtime)
{
	const struct service *service = runtime->service;

	return service->exec->accept && service->groups->logging->log_on_success ? LEVEL_DEBUG : LEVEL_INFO;
}

static void record_refusal(struct service_runtime *runtime, const struct client *client, const char *word)
{
	unsigned flags = runtime->service->groups->logging->log_on_failure;
	struct buf line = { 0 };
	struct event event;
	char address[128], mapped[128];

	if (!flags)
		return;
	event = event_of(runtime, "fail", peer_text(client, address, sizeof(address)));
	event.reason = word;
	xinetd_line_refusal(&line, event.service, flags, word,
			    line_peer(runtime, client, event.peer, mapped, sizeof(mapped)));
	write_record(runtime, &event, &line);
}

/* A refused sender sends its datagram again and again. As xinetd, superd logs one line a minute for the last
 * sender. */
static bool is_repeated(struct service_runtime *runtime, const struct client *client)
{
	struct accept_state *state = accept_state_find(runtime);
	double now = clock_now();
	size_t length = client->length < sizeof(client->peer) ? client->length : sizeof(client->peer);
	uint64_t sender = hash_bytes(HASH_START, &client->peer, length);

	if (!state)
		return false;
	if (sender == state->refused_sender && now - state->refused_at < REPEAT && now >= state->refused_at)
		return true;
	state->refused_sender = sender;
	state->refused_at = now;
	return false;
}

/* xinetd writes no FAIL if id_only finds no user, which is NOID (xinetd_record_user), nor for a client that it has not
 * checked. */
void xinetd_record_refusal(struct service_runtime *runtime, const struct client *client, enum refusal refusal)
{
	bool by_address = refusal == REFUSED_ADDRESS || refusal == REFUSED_NAME_UNASKED || refusal == REFUSED_SENSOR;

	if (refusal == REFUSED_LIBWRAP || refusal == REFUSED_LIBWRAP_UNASKED)
		log_wrapped(runtime, client, false);
	if (!runtime->service->groups->logging->log_on_failure || refusal == REFUSED_IDENT ||
	    !*refusal_word(refusal))
		return;
	if (by_address && client && client->fd < 0 && is_repeated(runtime, client))
		return;
	record_refusal(runtime, client, refusal_word(refusal));
}

void xinetd_record_limit(struct service_runtime *runtime, const struct client *client)
{
	record_refusal(runtime, client, "connections per second");
}

bool xinetd_record_names_limited(const struct service *service)
{
	return service->exec->accept && service->groups->access->cps.number > 0 &&
	       service->groups->logging->log_on_failure & FAILURE_HOST;
}

bool xinetd_record_wants_user(const struct service *service, bool success)
{
	return success ? service->groups->logging->log_on_success & SUCCESS_USERID
		       : service->groups->logging->log_on_failure & FAILURE_USERID;
}

void xinetd_record_user(struct service_runtime *runtime, const struct client *client, bool success, bool known,
			const char *text)
{
	struct buf line = { 0 };
	struct event event;
	char address[128], mapped[128];

	if (known ? !xinetd_record_wants_user(runtime->service, success) : !runtime->service->groups->access->id_only)
		return;
	event = event_of(runtime, known ? "userid" : "noid", peer_text(client, address, sizeof(address)));
	event.reason = text;
	if (known)
		xinetd_line_user(&line, event.service, text);
	else
		xinetd_line_nobody(&line, event.service, line_peer(runtime, client, event.peer, mapped, sizeof(mapped)),
				   text);
	write_record(runtime, &event, &line);
}

void xinetd_record_traffic(struct service_runtime *runtime, uint64_t in, uint64_t out)
{
	struct event event = { .name = "traffic", .service = runtime->service->name };
	struct buf line = { 0 };

	if (!runtime->service->exec->redirect ||
	    !(runtime->service->groups->logging->log_on_success & SUCCESS_TRAFFIC))
		return;
	xinetd_line_traffic(&line, event.service, in, out);
	write_record(runtime, &event, &line);
}

void xinetd_record_sensor(struct service_runtime *runtime, const struct client *client, int64_t deny_time)
{
	char address[128];
	struct event event = event_of(runtime, "sensor", peer_text(client, address, sizeof(address)));
	long long minutes = deny_time == SCAN_INFINITY ? -1 : (long long)(deny_time / INT64_C(60000000));
	struct buf line = { 0 };

	if (!event.peer)
		return;
	xinetd_line_sensor(&line, getpid(), event.peer, minutes);
	if (!line.failed)
		log_record(runtime->engine->log, LEVEL_ERROR, &event, line.data, line.length);
	buf_free(&line);
}
