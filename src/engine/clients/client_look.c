/* Starts the helper process and waits for its answer for LOOK_SECONDS. A connection whose lock somebody keeps makes the
 * helper hang; then the answer is "unknown". */
#include "engine/clients/client_look.h"

#define LOOK_SECONDS 1.                 /* a helper that does not hang takes some milliseconds */

static void finish_look(struct client_look *look)
{
	client_look_cancel(look);
	look->done(look);
}

static void on_ready(struct watch *watch, bool readable, bool writable)
{
	struct client_look *look = container_of(watch, struct client_look, watch);

	(void)readable, (void)writable;
	watch_stop(watch);
	client_count_hear(&look->helper, &look->answer);
	finish_look(look);
}

static void on_limit(struct alarm *alarm)
{
	struct client_look *look = container_of(alarm, struct client_look, limit);

	look->answer = (struct client_count_answer){ 0 };
	finish_look(look);
}

void client_look_init(struct client_look *look, struct engine *engine, void (*done)(struct client_look *look))
{
	*look = (struct client_look){ .done = done };
	client_count_init(&look->helper);
	watch_init(&look->watch, engine, on_ready);
	alarm_init(&look->limit, engine, on_limit);
}

bool client_look_start(struct client_look *look, struct conn_query *query, uint32_t quiet_after)
{
	bool started;

	if (client_look_is_open(look))
		return true;
	for (size_t n = 0; n < query->count; n++)
		query->conns[n].quiet_after = quiet_after;
	conn_query_set_wanted(query);
	started = client_count_begin(&look->helper, query->conns, query->count);
	for (size_t n = 0; n < query->count; n++) {
		query->conns[n].cookies = NULL;
		query->conns[n].quiet_after = 0; /* for counts in the loop, which must not take locks */
	}
	if (!started)
		return false;
	watch_set(&look->watch, look->helper.channel, true, false);
	alarm_set(&look->limit, LOOK_SECONDS);
	return true;
}

bool client_look_is_open(const struct client_look *look)
{
	return look->helper.channel >= 0;
}

void client_look_cancel(struct client_look *look)
{
	watch_stop(&look->watch);
	alarm_stop(&look->limit);
	client_count_end(&look->helper);
}
