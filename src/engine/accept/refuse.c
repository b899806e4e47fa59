/* Refuses clients. superd must neither wait for the client nor reset the connection while a banner is on its way, so
 * it first reads what the client has sent already (client_shut_and_drain). */
#include "engine/accept/refuse.h"

#include <stdio.h>

#include "base/clock.h"
#include "engine/accept/advice.h"
#include "engine/accept/banner.h"
#include "engine/accept/mux.h"
#include "engine/accept/record.h"
#include "engine/core/closing.h"

#define NAMED_MOST 16                   /* refused clients kept for their ident servers' answers, of all services */
#define TOLD_MOST 10                    /* refused datagrams logged in a second: senders may be forged, and many */

/* Describes the limits for one source in the words of FreeBSD's inetd, which log watchers know. */
static const char *describe(const struct keeper *keeper, enum refusal refusal, const char *address, char *out,
			    size_t size)
{
	const struct access_options *access = keeper->service->groups->access;

	if (refusal == REFUSED_PER_SOURCE_CPM)
		snprintf(out, size, "%.64s from %s exceeded counts/min (limit %lld/min)", keeper->service->name,
			 address, (long long)access->per_source_cpm);
	else if (refusal == REFUSED_PER_SOURCE)
		snprintf(out, size, "%.64s from %s exceeded counts (limit %lld)", keeper->service->name, address,
			 (long long)access->per_source);
	else
		return refusal_text(refusal);
	return out;
}

static void say(struct keeper *keeper, const struct client *client, enum refusal refusal)
{
	struct event event = { .name = "refused", .service = keeper->service->name };
	char address[128], reason[256];

	client_address(client, address, sizeof(address));
	event.peer = address;
	event.reason = describe(keeper, refusal, address, reason, sizeof(reason));
	log_event(keeper->engine->log, LEVEL_NOTICE, &event, "refused %s: %s", *address ? address : "a local client",
		  event.reason);
}

static bool tell(struct keeper *keeper, const struct guest *guest)
{
	/* Without a listener it was on its way to a program when its keeper went on without it. */
	bool by_mux = guest->listener && guest->listener->listen->endpoint->kind == ENDPOINT_TCPMUX;

	if (guest->client.fd < 0)
		return false;
	banner_send(keeper, BANNER_FAIL, guest->client.fd);
	if (by_mux)
		mux_say_unavailable(&guest->client);
	return by_mux || keeper->service->groups->access->banner_fail;
}

static void on_named(struct keeper *keeper, struct guest *guest, const struct advice *advice)
{
	keeper->engine->refused_asking--;
	if (advice && advice->has_user)
		record_user(keeper, &guest->client, false, advice->knows_user, advice->user);
	closing_client(keeper->engine, keeper->service->name, &guest->client);
}

/* Keeps the client for a moment to ask its ident server; not if that was asked before, or many are asked already. */
static bool ask_who(struct keeper *keeper, struct guest *guest)
{
	if (guest->client.fd < 0 || guest->asked.ident || keeper->engine->refused_asking >= NAMED_MOST ||
	    !record_wants_user(keeper->service, false) || !advice_may_ask_ident(keeper->engine))
		return false;
	guest->asked = (struct questions){ .ident = true };
	if (!advice_ask(keeper, guest, on_named))
		return false;
	keeper->engine->refused_asking++;
	return true;
}

/* Not with REFUSED_TWIST, where another program talks to the client, nor if it closes or memory is short. */
static bool may_be_kept(enum refusal refusal)
{
	return refusal != REFUSED_TWIST && refusal != REFUSED_CLOSED && refusal != REFUSED_UNKEPT &&
	       refusal != REFUSED_MEMORY;
}

bool refuse_may_tell(struct keeper *keeper)
{
	struct engine *engine = keeper->engine;
	struct event event = { .name = "refused", .service = keeper->service->name };
	double now = clock_now();

	if (now - engine->told_since >= 1 || now < engine->told_since) {
		if (engine->told > TOLD_MOST)
			log_event(engine->log, LEVEL_NOTICE, &event, "refused %u more datagrams",
				  engine->told - TOLD_MOST);
		engine->told_since = now;
		engine->told = 0;
	}
	return ++engine->told <= TOLD_MOST;
}

void refuse_guest(struct keeper *keeper, struct guest *guest, enum refusal refusal)
{
	if (keeper->activity)
		keeper->activity->refused[refusal]++;
	if (guest->client.fd >= 0 || refuse_may_tell(keeper)) {
		say(keeper, &guest->client, refusal);
		record_refusal(keeper, &guest->client, refusal);
	}
	if (refusal != REFUSED_TWIST && tell(keeper, guest))
		client_shut_and_drain(&guest->client);
	if (!may_be_kept(refusal) || !ask_who(keeper, guest))
		closing_client(keeper->engine, keeper->service->name, &guest->client);
}

void refuse_parked(struct listener *listener, struct client *client, enum refusal refusal)
{
	struct guest guest = { .client = *client, .listener = listener };

	refuse_guest(listener->io.data, &guest, refusal);
	client->fd = -1;
}
