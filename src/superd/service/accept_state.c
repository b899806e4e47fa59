/* Makes and frees the state; the table lists what is saved over an upgrade. */
#include "superd/service/accept_state.h"

#include <stdlib.h>

#include "superd/loop/engine.h"

#define FIELD(key, path) STATE_FIELD(accept_state, key, path)

struct accept_state *accept_state_make(struct service_runtime *runtime)
{
	struct service_run *run = runtime_make_run(runtime);

	if (!run || run->accept)
		return run ? run->accept : NULL;
	run->accept = calloc(1, sizeof(*run->accept));
	if (run->accept)
		run->accept->id = ++runtime->engine->accept_states;
	return run->accept;
}

void accept_state_free(struct service_runtime *runtime)
{
	if (runtime->run->accept)
		free(runtime->run->accept->sockets);
	free(runtime->run->accept);
	runtime->run->accept = NULL;
}

static const struct state_field accept_fields[] = {
	{ FIELD("number", id), .least = 1, .most = STATE_NUMBER_MOST, .always = true },
	{ FIELD("named", named_instances) },
	{ STATE_STRUCT(accept_state, rate, &rate_limit_state) },
	{ FIELD("rest", pause) },
	{ FIELD("deactivated", logs_end) },
	{ FIELD("awaits_time", awaits_time) },
};
const struct field_table saved_accept = FIELD_TABLE(NULL, accept_state, accept_fields);

static const struct state_field socket_rate_fields[] = {
	{ STATE_FIELD(socket_rate, "number", number) },
	{ STATE_STRUCT(socket_rate, rate, &rate_limit_state) },
	{ STATE_FIELD(socket_rate, "rests_until", rests_until) },
};
const struct field_table socket_rate_state = FIELD_TABLE("socket_rate", socket_rate, socket_rate_fields);
