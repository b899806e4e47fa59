/* Runs the commands around the opening and closing of sockets. The keeper's state may change while a command runs:
 * only a keeper that is still BINDING hears of its end, and sockets that have to close wait, unwatched, for the
 * command before that. */
#include "engine/service/opening.h"

#include <stdlib.h>
#include <string.h>

#include "config/option/service_mark.h"
#include "config/words/command_prefix.h"
#include "engine/instance/control.h"
#include "engine/instance/instance_state.h"
#include "engine/service/keeper_bind.h"

struct opening {
	struct control control;
	bool closes;                    /* the sockets close after the commands */
	bool ends;                      /* the commands are those of closing */
};

static bool any_is_open(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (listener_has_socket(&keeper->listeners[n]))
			return true;
	}
	return false;
}

static void tell_failure(struct keeper *keeper, const struct control *control, enum result result)
{
	struct buf place = { 0 };

	origin_cite(service_origin(keeper->service, command_option(control->phase)), &place);
	keeper_fail(keeper, "bind_error", "%s has failed: %s%s", command_option(control->phase), result_name(result),
		    buf_string(&place));
	buf_free(&place);
}

static void run(struct opening *opening, enum command_phase phase)
{
	control_begin(&opening->control, phase, opening->control.keeper->service->groups->lifecycle->timeout_start);
}

static void close_all(struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++)
		listener_close(&keeper->listeners[n], keeper->engine);
}

static void go_on_opening(struct opening *opening, enum result result)
{
	struct keeper *keeper = opening->control.keeper;
	bool is_before = opening->control.phase == PHASE_SOCKET_START_PRE;

	if (keeper->state != BINDING) {
		keeper_post(keeper, LOOK);
		return;
	}
	if (result != RESULT_SUCCESS) {
		tell_failure(keeper, &opening->control, result);
		close_all(keeper);
		keeper_post(keeper, BIND_ERROR);
	} else if (!is_before) {
		keeper_post(keeper, BOUND);
	} else if (keeper_bind(keeper)) {
		keeper->bound = true;
		run(opening, PHASE_SOCKET_START_POST);
	} else {
		keeper_post(keeper, BIND_ERROR);
	}
}

static void go_on_closing(struct opening *opening)
{
	struct keeper *keeper = opening->control.keeper;

	if (opening->closes) {
		opening->closes = false;
		keeper_close_listeners(keeper);
		run(opening, PHASE_SOCKET_STOP_POST);
		return;
	}
	opening->ends = false;
	if (keeper->state == OFF)
		means_free(&keeper->activity->means, keeper->engine);
	/* It may have been wanted again meanwhile. */
	keeper_post(keeper, keeper->state == BINDING ? (unsigned)TIMER : LOOK);
}

static void on_ended(struct control *control, enum result result, int status)
{
	struct opening *opening = container_of(control, struct opening, control);

	(void)status;
	if (opening->ends)
		go_on_closing(opening);
	else
		go_on_opening(opening, result);
}

static struct opening *opening_of(struct keeper *keeper)
{
	struct activity *activity = keeper_activity(keeper);

	if (activity && !activity->opening) {
		activity->opening = calloc(1, sizeof(*activity->opening));
		if (activity->opening)
			control_init(&activity->opening->control, keeper, NULL, on_ended);
	}
	return activity ? activity->opening : NULL;
}

bool opening_is_busy(const struct keeper *keeper)
{
	const struct opening *opening = keeper->activity ? keeper->activity->opening : NULL;

	return opening && (opening->ends || control_is_busy(&opening->control));
}

bool opening_begin(struct keeper *keeper)
{
	struct opening *opening;

	if (opening_is_busy(keeper))
		return true;
	if (any_is_open(keeper) ||
	    !service_has_commands(keeper->service, PHASE_SOCKET_START_PRE, PHASE_SOCKET_START_POST))
		return false;
	opening = opening_of(keeper);
	if (!opening) {
		keeper_post(keeper, BIND_ERROR);
		return true;
	}
	run(opening, PHASE_SOCKET_START_PRE);
	return true;
}

bool opening_end(struct keeper *keeper)
{
	struct opening *opening = opening_is_busy(keeper) ? keeper->activity->opening : NULL;
	bool has_commands = service_has_commands(keeper->service, PHASE_SOCKET_STOP_PRE, PHASE_SOCKET_STOP_POST);
	bool was_bound = keeper->bound, under_way = opening;

	keeper->bound = false;
	if (under_way && opening->ends)
		return true;
	if (under_way)
		control_stop(&opening->control);
	opening = was_bound && has_commands ? opening_of(keeper) : NULL;
	if (!opening)
		return false;
	opening->ends = true;
	opening->closes = true;
	if (under_way)
		return true;            /* a start that is cut short goes on with its end */
	run(opening, PHASE_SOCKET_STOP_PRE);
	return true;
}

void opening_free(struct keeper *keeper)
{
	if (!keeper->activity || !keeper->activity->opening)
		return;
	control_forget(&keeper->activity->opening->control);
	free(keeper->activity->opening);
	keeper->activity->opening = NULL;
}

bool opening_is_at_rest(const struct keeper *keeper)
{
	return !opening_is_busy(keeper) || control_is_at_rest(&keeper->activity->opening->control);
}

static const struct state_field opening_fields[] = {
	{ STATE_FIELD(opening, "ends", ends) },
	{ STATE_FIELD(opening, "closes", closes) },
	{ STATE_NONE(opening, control, "the command that runs has a section of its own") },
};
const struct state_table opening_state = STATE_TABLE("opening", opening, opening_fields);

void opening_carry(struct carry *carry, struct keeper *keeper)
{
	struct opening *opening = keeper->activity->opening;

	if (!opening_is_busy(keeper))
		return;
	state_save(carry, &opening_state, opening);
	if (control_is_busy(&opening->control))
		state_save(carry, &control_state, &opening->control);
}

struct control *opening_resume(struct keeper *keeper, struct state_section *section)
{
	struct opening *opening = opening_of(keeper);

	if (!opening)
		return NULL;
	state_load(section, &opening_state, opening, NULL);
	opening->control.phase = opening->ends ? PHASE_SOCKET_STOP_POST : PHASE_SOCKET_START_POST;
	return &opening->control;
}

void opening_go_on(struct keeper *keeper)
{
	struct opening *opening = keeper->activity ? keeper->activity->opening : NULL;

	if (opening && opening->ends && !control_is_busy(&opening->control))
		opening->control.ended(&opening->control, RESULT_RESOURCES, 0);
}
