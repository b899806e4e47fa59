/* Refuses clients. superd must neither wait for the client nor reset the connection while a banner is on its way, so
 * it first reads what the client has sent already (client_shut_and_drain). */
#include "engine/accept/refuse.h"

#include <stdio.h>

#include "base/clock.h"
#include "engine/accept/admission_state.h"
#include "engine/accept/banner.h"
#include "engine/accept/lookup.h"
#include "engine/accept/xinetd_record.h"
#include "engine/core/close_socket.h"

#define NAMED_MOST 16                   /* refused clients kept for their ident servers' answers, of all services */
#define TOLD_MOST 10                    /* refused datagrams logged in a second: senders may be forged, and many */

/* Describes the limits for one source in the words of FreeBSD's inetd, which log watchers know. */
static const char *describe(const struct service_runtime *runtime, enum refusal refusal, const char *address, char *out,
			    size_t size)
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

static void say(struct service_runtime *runtime, const struct client *client, enum refusal refusal)
{
	struct event event = { .name = "refused", .service = runtime->service->name };
	char address[128], reason[256];

	client_address(client, address, sizeof(address));
	event.peer = address;
	event.reason = describe(runtime, refusal, address, reason, sizeof(reason));
	log_event(runtime->engine->log, LEVEL_NOTICE, &event, "refused %s: %s", *address ? address : "a local client",
		  event.reason);
}

static bool tell(struct service_runtime *runtime, const struct pending_client *guest)
{
	/* Without a listener it was on its way to a program when its runtime went on without it. */
	bool by_mux = guest->listener && guest->listener->listen->endpoint->kind == ENDPOINT_TCPMUX;

	if (guest->client.fd < 0)
		return false;
	banner_send(runtime, BANNER_FAIL, guest->client.fd);
	if (by_mux)
		banner_send_unavailable(guest->client.fd);
	return by_mux || runtime->service->groups->access->banner_fail;
}

static void on_named(struct service_runtime *runtime, struct pending_client *guest, const struct lookup_reply *advice)
{
	runtime->engine->admission->refused_lookups--;
	if (advice && advice->has_user)
		xinetd_record_user(runtime, &guest->client, false, advice->knows_user, advice->user);
	close_socket_client(runtime->engine, runtime->service->name, &guest->client);
}

/* Keeps the client for a moment to ask its ident server; not if that was asked before, or many are asked already. */
static bool ask_who(struct service_runtime *runtime, struct pending_client *guest)
{
	if (guest->client.fd < 0 || guest->asked.ident || runtime->engine->admission->refused_lookups >= NAMED_MOST ||
	    !xinetd_record_wants_user(runtime->service, false) || !lookup_may_ask_ident(runtime->engine))
		return false;
	guest->asked = (struct guest_lookups){ .ident = true };
	if (!lookup_ask(runtime, guest, on_named))
		return false;
	runtime->engine->admission->refused_lookups++;
	return true;
}

/* Not with REFUSED_TWIST, where another program talks to the client, nor if it closes or memory is short. */
static bool may_be_kept(enum refusal refusal)
{
	return refusal != REFUSED_TWIST && refusal != REFUSED_CLOSED && refusal != REFUSED_UNKEPT &&
	       refusal != REFUSED_MEMORY;
}

bool refuse_may_tell(struct service_runtime *runtime)
{
	struct admission *admission = runtime->engine->admission;
	struct event event = { .name = "refused", .service = runtime->service->name };
	double now = clock_now();

	if (now - admission->refusals_since >= 1 || now < admission->refusals_since) {
		if (admission->refusals_said > TOLD_MOST)
			log_event(runtime->engine->log, LEVEL_NOTICE, &event, "refused %u more datagrams",
				  admission->refusals_said - TOLD_MOST);
		admission->refusals_since = now;
		admission->refusals_said = 0;
	}
	return ++admission->refusals_said <= TOLD_MOST;
}

void refuse_guest(struct service_runtime *runtime, struct pending_client *guest, enum refusal refusal)
{
	if (runtime->run)
		runtime->run->stats.refused[refusal]++;
	if (guest->client.fd >= 0 || refuse_may_tell(runtime)) {
		say(runtime, &guest->client, refusal);
		xinetd_record_refusal(runtime, &guest->client, refusal);
	}
	if (refusal != REFUSED_TWIST && tell(runtime, guest))
		client_shut_and_drain(&guest->client);
	if (!may_be_kept(refusal) || !ask_who(runtime, guest))
		close_socket_client(runtime->engine, runtime->service->name, &guest->client);
}

void refuse_parked_client(struct listener *listener, struct client *client, enum refusal refusal)
{
	struct pending_client guest = { .client = *client, .listener = listener };

	refuse_guest(listener->io.data, &guest, refusal);
	client->fd = -1;
}

void refuse_parked(struct listener *listener, enum refusal refusal)
{
	struct parked *parked = listener->parked;

	while (parked && parked->count)
		refuse_parked_client(listener, &parked->list[--parked->count].client, refusal);
	listener_forget_parked(listener);
}
