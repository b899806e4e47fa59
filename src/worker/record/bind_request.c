/* The values of the requests for pass = bind. */
#include "worker/record/bind_request.h"

#include <limits.h>

#include "lib/record_members.h"

#define OFFERS_MOST 65536               /* listeners of a service */
#define ADDRESSES_MOST 65536            /* of one */

static void offer_record(struct record *record, struct bind_offer *offer)
{
	struct { bool is_open; } socket = { .is_open = offer->fd >= 0 };

	FLAG(record, &socket, is_open);
	FLAG(record, offer, given);
	FLAG(record, offer, locks);
	BLOCK(record, offer, addresses, count, ADDRESSES_MOST);
	if (!record_reads(record))
		return;
	offer->fd = socket.is_open ? 0 : -1;
	for (size_t n = 0; n < offer->count; n++)
		record_demand(record, "addresses", offer->addresses[n].length <= sizeof(offer->addresses[n].storage));
}

void bind_request_record(struct record *record, struct bind_request *request)
{
	struct bind_offer *offers;

	ARRAY(record, request, offers, count, OFFERS_MOST, offers);
	for (size_t n = 0; n < request->count && !record->flaw; n++)
		offer_record(record, &offers[n]);
	UNSIGNED(record, &request->rule, uid);
	UNSIGNED(record, &request->rule, gid);
	FLAG(record, &request->rule, is_apart);
	FLAG(record, &request->rule, has_network);
	NUMBER(record, &request->rule, program, 0, INT_MAX);
	FLAG(record, &request->rule, is_complete);
}

void bind_left_request_record(struct record *record, struct bind_left_request *request)
{
	UNSIGNED(record, request, count);
}
