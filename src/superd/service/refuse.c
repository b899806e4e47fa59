/* Refuses clients. superd must neither wait for the client nor reset the connection while a banner is on its way, so
 * it first reads what the client has sent already (client_shut_and_drain). */
#include "superd/service/refuse.h"

#include <stdio.h>

#include "lib/clock.h"
#include "superd/service/admission_state.h"
#include "superd/service/banner.h"
#include "superd/service/lookup.h"
#include "superd/service/xinetd_record.h"
#include "superd/loop/close_socket.h"

#define IDENT_MOST 16                   /* refused clients that wait for their ident servers, of all services */
#define LOGGED_MOST 10                  /* refused datagrams logged in a second: senders may be forged, and many */

/* Describes the limits for one source in the words of FreeBSD's inetd, which log watchers know. */
static const char *describe_refusal(const struct service_runtime *runtime, enum refusal refusal, const char *address,
				    char *out, size_t size)
{
	const struct access_options *access = runtime->service->groups->access;

	if (refusal == REFUSED_PER_SOURCE_CPM)
		snprintf(out, size, "%.64s from %s exceeded counts/min (limit %lld/min)", runtime->service->name,
			 address, (long long)access->per_source_cpm);
	else if (refusal == REFUSED_PER_SOURCE)
		snprintf(out, size, "%.64s from %s exceeded counts (limit %lld)", runtime->service->name, address,
			 (long long)access->per_source);
	else
		return refusal_text(refusal);
	return out;
}

static void log_refusal(struct service_runtime *runtime, const struct client *client, enum refusal refusal)
{
	struct event event = { .name = "refused", .service = runtime->service->name };
	char address[128], reason[256];
	const char *who;

	client_address(client, address, sizeof(address));
	event.peer = address;
	who = *address ? address : "a local client";
	event.reason = describe_refusal(runtime, refusal, who, reason, sizeof(reason));
	log_event(runtime->engine->log, LEVEL_NOTICE, &event, "refused %s: %s", who, event.reason);
}

static bool send_refusal(struct service_runtime *runtime, const struct pending_client *pending)
{
	/* Without a listener: the client's start failed after recall_pending. */
	bool is_tcpmux = pending->listener && pending->listener->listen->endpoint->kind == ENDPOINT_TCPMUX;

	if (pending->client.fd < 0)
		return false;
	banner_send(runtime, BANNER_FAIL, pending->client.fd);
	if (is_tcpmux)
		banner_send_unavailable(pending->client.fd);
	return is_tcpmux || runtime->service->groups->access->banner_fail;
}

static void on_ident(struct service_runtime *runtime, struct pending_client *pending, const struct lookup_reply *reply)
{
	runtime->engine->admission->refused_lookups--;
	if (reply && reply->has_user)
		xinetd_record_user(runtime, &pending->client, false, reply->knows_user, reply->user);
	close_socket_client(runtime->engine, runtime->service->name, &pending->client);
}

/* Keeps the client for a moment to ask its ident server; not if that was asked before, or many are asked already. */
static bool ask_ident(struct service_runtime *runtime, struct pending_client *pending)
{
	if (pending->client.fd < 0 || pending->asked.ident ||
	    runtime->engine->admission->refused_lookups >= IDENT_MOST ||
	    !xinetd_record_wants_user(runtime->service, false) || !lookup_may_ask_ident(runtime->engine))
		return false;
	pending->asked = (struct lookup_questions){ .ident = true };
	if (!lookup_ask(runtime, pending, on_ident))
		return false;
	runtime->engine->admission->refused_lookups++;
	return true;
}

/* Whether a refused client may wait for its ident server. Not with REFUSED_TWIST, where another program answers it,
 * nor if its listener closes or memory is short. */
static bool may_be_kept(enum refusal refusal)
{
	return refusal != REFUSED_TWIST && refusal != REFUSED_CLOSED && refusal != REFUSED_UNKEPT &&
	       refusal != REFUSED_MEMORY;
}

bool refuse_may_log(struct service_runtime *runtime)
{
	struct admission *admission = runtime->engine->admission;
	struct event event = { .name = "refused", .service = runtime->service->name };
	double now = clock_now();

	if (now - admission->refusals_since >= 1 || now < admission->refusals_since) {
		if (admission->refusals_said > LOGGED_MOST)
			log_event(runtime->engine->log, LEVEL_NOTICE, &event, "refused %u more datagrams",
				  admission->refusals_said - LOGGED_MOST);
		admission->refusals_since = now;
		admission->refusals_said = 0;
	}
	return ++admission->refusals_said <= LOGGED_MOST;
}

void refuse_pending(struct service_runtime *runtime, struct pending_client *pending, enum refusal refusal)
{
	if (runtime->run)
		runtime->run->stats.refused[refusal]++;
	if (pending->client.fd >= 0 || refuse_may_log(runtime)) {
		log_refusal(runtime, &pending->client, refusal);
		xinetd_record_refusal(runtime, &pending->client, refusal);
	}
	if (refusal != REFUSED_TWIST && send_refusal(runtime, pending))
		client_shut_and_drain(&pending->client);
	if (!may_be_kept(refusal) || !ask_ident(runtime, pending))
		close_socket_client(runtime->engine, runtime->service->name, &pending->client);
}

void refuse_parked_client(struct listener *listener, struct client *client, enum refusal refusal)
{
	struct pending_client pending = { .client = *client, .listener = listener };

	refuse_pending(listener->runtime, &pending, refusal);
	client->fd = -1;
}

void refuse_parked(struct listener *listener, enum refusal refusal)
{
	struct parked *parked = listener->parked;

	while (parked && parked->count)
		refuse_parked_client(listener, &parked->list[--parked->count].client, refusal);
	listener_forget_parked(listener);
}
