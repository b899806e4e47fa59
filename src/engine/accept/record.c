/* Logs clients by the flags of their service (log_on_success, log_on_failure). This lies on the path of every
 * connection, so without flags nothing is composed, looked up or written. */
#include "engine/accept/record.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scan.h"
#include "engine/log/record_line.h"

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
static const char *line_peer(const struct keeper *keeper, const struct client *client, const char *peer, char *out,
			     size_t size)
{
	if (!peer || !keeper->service->groups->logging->mapped_addresses)
		return peer;
	client_mapped_address(client, out, size);
	return out;
}

static struct event event_of(const struct keeper *keeper, const char *name, const char *peer)
{
	return (struct event){ .name = name, .service = keeper->service->name, .peer = peer };
}

static void take(struct keeper *keeper, const struct event *event, struct buf *line)
{
	const struct log_target *target = keeper->service->groups->logging->log_type;

	if (!line->failed)
		record_target_take(keeper->engine, target, event, line->data, line->length);
	buf_free(line);
}

void record_find_sender(const struct keeper *keeper, struct client *sender)
{
	*sender = (struct client){ .fd = -1 };
	if (!(keeper->service->groups->logging->log_on_success & SUCCESS_HOST))
		return;
	for (size_t n = 0; n < keeper->listener_count && !sender->length; n++) {
		const struct listener *listener = &keeper->listeners[n];

		if (listener_is_open(listener) && endpoint_is_inet(listener->listen->endpoint) &&
		    !endpoint_accepts(listener->listen->endpoint))
			client_peek(listener->io.fd, sender);
	}
}

/* Logs the line of the BSDs' inetds for a client that libwrap was asked about; not for services with xinetd's lines. */
static void say_wrapped(struct keeper *keeper, const struct client *client, bool let_in)
{
	const struct log_options *logging = keeper->service->groups->logging;
	struct buf line = { 0 };
	struct event event;
	char address[128];

	if (!client || !keeper->service->groups->access->libwrap || logging->log_on_success ||
	    logging->log_on_failure || !hosts_access_has_rules(&keeper->engine->wraps))
		return;
	event = event_of(keeper, let_in ? "start" : "fail", peer_text(client, address, sizeof(address)));
	if (!event.peer || !log_wants(keeper->engine->log, LEVEL_INFO))
		return;
	record_line_wrapped(&line, event.service, client->fd < 0 ? "udp" : "tcp", let_in, event.peer);
	if (!line.failed)
		log_record(keeper->engine->log, let_in ? LEVEL_INFO : LEVEL_NOTICE, &event, line.data, line.length);
	buf_free(&line);
}

void record_start(struct keeper *keeper, pid_t pid, const struct client *client)
{
	unsigned flags = keeper->service->groups->logging->log_on_success;
	struct buf line = { 0 };
	struct event event;
	char address[128], mapped[128];

	say_wrapped(keeper, client, true);
	if (!flags)
		return;
	event = event_of(keeper, "start", peer_text(client, address, sizeof(address)));
	event.pid = pid;
	record_line_start(&line, event.service, flags, pid,
			  line_peer(keeper, client, event.peer, mapped, sizeof(mapped)));
	take(keeper, &event, &line);
}

void record_end(struct keeper *keeper, pid_t pid, const struct ending *ending)
{
	unsigned flags = keeper->service->groups->logging->log_on_success;
	struct buf line = { 0 };
	struct event event;

	if (!(flags & (SUCCESS_EXIT | SUCCESS_DURATION)))
		return;
	event = event_of(keeper, "exit", NULL);
	event.pid = pid;
	instance_tell_ending(ending, &event);
	record_line_end(&line, event.service, flags, pid, ending->status, ending->lasted);
	take(keeper, &event, &line);
}

enum level record_run_level(const struct keeper *keeper)
{
	const struct service *service = keeper->service;

	return service->exec->accept && service->groups->logging->log_on_success ? LEVEL_DEBUG : LEVEL_INFO;
}

static void refuse(struct keeper *keeper, const struct client *client, const char *word)
{
	unsigned flags = keeper->service->groups->logging->log_on_failure;
	struct buf line = { 0 };
	struct event event;
	char address[128], mapped[128];

	if (!flags)
		return;
	event = event_of(keeper, "fail", peer_text(client, address, sizeof(address)));
	event.reason = word;
	record_line_refusal(&line, event.service, flags, word,
			    line_peer(keeper, client, event.peer, mapped, sizeof(mapped)));
	take(keeper, &event, &line);
}

/* A refused sender sends its datagram again and again. As xinetd, superd logs one line a minute for the last sender. */
static bool is_repeated(struct keeper *keeper, const struct client *client)
{
	struct activity *activity = keeper->activity;
	double now = clock_now();
	uint64_t sender = 14695981039346656037u;

	if (!activity)
		return false;
	for (size_t n = 0; n < client->length && n < sizeof(client->peer); n++)
		sender = (sender ^ ((const unsigned char *)&client->peer)[n]) * 1099511628211u;
	if (sender == activity->refused_sender && now - activity->refused_at < REPEAT && now >= activity->refused_at)
		return true;
	activity->refused_sender = sender;
	activity->refused_at = now;
	return false;
}

/* xinetd writes no FAIL if id_only finds no user, which is NOID (record_user), nor for a client it has not judged. */
void record_refusal(struct keeper *keeper, const struct client *client, enum refusal refusal)
{
	bool by_address = refusal == REFUSED_ADDRESS || refusal == REFUSED_NAME_UNASKED || refusal == REFUSED_SENSOR;

	if (refusal == REFUSED_LIBWRAP || refusal == REFUSED_LIBWRAP_UNASKED)
		say_wrapped(keeper, client, false);
	if (!keeper->service->groups->logging->log_on_failure || refusal == REFUSED_IDENT ||
	    !*refusal_word(refusal))
		return;
	if (by_address && client && client->fd < 0 && is_repeated(keeper, client))
		return;
	refuse(keeper, client, refusal_word(refusal));
}

void record_limit(struct keeper *keeper, const struct client *client)
{
	refuse(keeper, client, "connections per second");
}

bool record_names_limited(const struct service *service)
{
	return service->exec->accept && service->groups->access->cps.number > 0 &&
	       service->groups->logging->log_on_failure & FAILURE_HOST;
}

bool record_wants_user(const struct service *service, bool success)
{
	return success ? service->groups->logging->log_on_success & SUCCESS_USERID
		       : service->groups->logging->log_on_failure & FAILURE_USERID;
}

void record_user(struct keeper *keeper, const struct client *client, bool success, bool known, const char *text)
{
	struct buf line = { 0 };
	struct event event;
	char address[128], mapped[128];

	if (known ? !record_wants_user(keeper->service, success) : !keeper->service->groups->access->id_only)
		return;
	event = event_of(keeper, known ? "userid" : "noid", peer_text(client, address, sizeof(address)));
	event.reason = text;
	if (known)
		record_line_user(&line, event.service, text);
	else
		record_line_nobody(&line, event.service, line_peer(keeper, client, event.peer, mapped, sizeof(mapped)),
				   text);
	take(keeper, &event, &line);
}

void record_traffic(struct keeper *keeper, uint64_t in, uint64_t out)
{
	struct event event = { .name = "traffic", .service = keeper->service->name };
	struct buf line = { 0 };

	if (!(keeper->service->groups->logging->log_on_success & SUCCESS_TRAFFIC))
		return;
	record_line_traffic(&line, event.service, in, out);
	take(keeper, &event, &line);
}

void record_sensor(struct keeper *keeper, const struct client *client, int64_t deny_time)
{
	char address[128];
	struct event event = event_of(keeper, "sensor", peer_text(client, address, sizeof(address)));
	long long minutes = deny_time == SCAN_INFINITY ? -1 : (long long)(deny_time / INT64_C(60000000));
	struct buf line = { 0 };

	if (!event.peer)
		return;
	record_line_sensor(&line, getpid(), event.peer, minutes);
	if (!line.failed)
		log_record(keeper->engine->log, LEVEL_ERROR, &event, line.data, line.length);
	buf_free(&line);
}
