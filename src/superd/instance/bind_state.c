/* Tables of bind_calls and of what the program has asked for. The filter's descriptor goes over; a worker ends when
 * superd's exec closes its channel, after the call that it works on. */
#include "superd/instance/bind_calls.h"

#define FIELD(key, path) STATE_FIELD(bind_calls, key, path)
#define NONE(path, why) STATE_NONE(bind_calls, path, why)

static const struct state_field calls_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, bind_calls, "notif", notif) },
	{ STATE_FIELD_AS(STATE_BYTES, bind_calls, "left_call", left_call) },    /* the numbers take all 64 bits */
	{ FIELD("told_hidden", told_hidden) },
	{ FIELD("told_missing", told_missing) },
	{ NONE(instance, "the one in front of it") },
	{ NONE(runtime, "its service") },
	{ NONE(spare, "only as long as the channel") },
	{ NONE(channel, "the upgrade waits until the program runs") },
	{ NONE(channel_watch, "no channel is open") },
	{ NONE(notif_watch, "it watches the descriptor again") },
	{ NONE(report_watch, "only while there is a worker") },
	{ NONE(alarm, "only while there is a worker, or after one that hung") },
	{ NONE(left, "the next superd waits anew") },
	{ NONE(worker, "the next call starts another one") },
	{ NONE(begun, "only while there is a worker") },
	{ NONE(renews, "only while there is a worker") },
	{ NONE(hung, "the next superd may try at once") },
	{ NONE(told_hung, "the next superd says it once, too") },
	{ NONE(told_scarce, "the next superd says it once, too") },
	{ NONE(quiet, "the next bind sets it again") },
	{ NONE(uses, "each has a section of its own") },
	{ NONE(count, "the number of its service's listeners") },
	{ NONE(others, "they explain a start, and count anew") },
	{ NONE(other_count, "they explain a start, and count anew") },
	{ NONE(stranger, "it explains a start") },
};
const struct field_table bind_calls_state = FIELD_TABLE("bind_calls", bind_calls, calls_fields);

#undef FIELD
#define FIELD(key, path) STATE_FIELD(bind_use, key, path)

static const struct state_field use_fields[] = {
	{ FIELD("given", given) },
	{ FIELD("as_ipv4", as_ipv4) },
	{ FIELD("ipv4_alone", ipv4_alone) },
	{ STATE_NONE(bind_use, told_ipv4, "the next bind of another address logs it again") },
	{ FIELD("asked", asked) },
};
const struct field_table bind_use_state = FIELD_TABLE("bind_use", bind_use, use_fields);
