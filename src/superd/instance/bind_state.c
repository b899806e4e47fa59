/* Tables of bind_calls and of what the program has asked for. The filter's descriptor goes over; a worker ends when
 * superd's exec closes its channel, after the call that it works on. */
#include "superd/instance/bind_calls.h"

#define FIELD(key, path) STATE_FIELD(bind_calls, key, path)

static const struct state_field calls_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, bind_calls, "notif", notif) },
	{ STATE_FIELD_AS(STATE_BYTES, bind_calls, "left_call", left_call) },    /* the numbers take all 64 bits */
};
const struct field_table bind_calls_state = FIELD_TABLE("bind_calls", bind_calls, calls_fields);

#undef FIELD
#define FIELD(key, path) STATE_FIELD(bind_use, key, path)

static const struct state_field use_fields[] = {
	{ FIELD("given", given) },
	{ FIELD("as_ipv4", as_ipv4) },
	{ FIELD("ipv4_alone", ipv4_alone) },
	{ FIELD("asked", asked) },
};
const struct field_table bind_use_state = FIELD_TABLE("bind_use", bind_use, use_fields);
