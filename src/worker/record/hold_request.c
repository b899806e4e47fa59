/* The values of a request to superd-hold. */
#include "worker/record/hold_request.h"

#include <limits.h>

#include "lib/record_members.h"

void hold_request_record(struct record *record, struct hold_request *request)
{
	NUMBER(record, request, program, 1, INT_MAX);
	NUMBER(record, request, limit_ms, 0, INT_MAX);
	NUMBER(record, request, place_count, 1, HOLD_PLACES);
	for (size_t n = 0; n < request->place_count && !record->flaw; n++)
		NUMBER(record, request, places[n], 0, INT_MAX);
}
