/* Both tables of transitions, cell by cell: they lead nowhere they should not, and nobody is left without a way
 * back. */
#include <criterion/criterion.h>
#include <string.h>

#include "engine/runtime/state_table.h"

static struct step cell(bool accepts, int state, int service_event)
{
	return transition(accepts, (enum state)state, (enum service_event)service_event);
}

static bool is_used(bool accepts, int state)
{
	if (accepts)
		return state != STARTING && state != RUNNING && state != STOPPING && state != FROZEN;
	return state != FULL;
}

/* accept = no: it has an instance for sure; accept = yes: it may have some. */
static bool has_instance(bool accepts, int state)
{
	if (accepts)
		return is_used(true, state) && state != OFF;
	return state == STARTING || state == RUNNING || state == STOPPING || state == CLOSING || state == FROZEN;
}

/* Every state there is a way to from this one, over any number of cells. */
static void reach(bool accepts, int from, bool *reached)
{
	if (reached[from])
		return;
	reached[from] = true;
	for (int service_event = 0; service_event < SERVICE_EVENTS; service_event++) {
		if (cell(accepts, from, service_event).action != IMPOSSIBLE)
			reach(accepts, cell(accepts, from, service_event).next, reached);
	}
}

#define EACH_CELL(accepts, state, service_event) \
	for (int accepts = 0; accepts < 2; accepts++) \
		for (int state = 0; state < STATES; state++) \
			for (int service_event = 0; service_event < SERVICE_EVENTS; service_event++)

Test(transition, leads_only_to_states_of_its_own_machine)
{
	EACH_CELL(accepts, state, service_event) {
		struct step step = cell(accepts, state, service_event);

		if (step.action == IMPOSSIBLE) {
			cr_expect_eq(step.next, 0, "an empty cell of %s leads somewhere",
				     state_name((enum state)state));
			continue;
		}
		cr_expect(is_used(accepts, state), "%s has a cell for %s", state_name((enum state)state),
			  service_event_name((enum service_event)service_event));
		cr_expect(step.next < STATES && is_used(accepts, step.next), "%s by %s leads to %d",
			  state_name((enum state)state),
				service_event_name((enum service_event)service_event), step.next);
		cr_expect_lt(step.action, ACTIONS);
	}
}

Test(transition, reaches_every_state_from_off)
{
	for (int accepts = 0; accepts < 2; accepts++) {
		bool reached[STATES] = { false };

		reach(accepts, OFF, reached);
		for (int state = 0; state < STATES; state++)
			cr_expect_eq(reached[state], is_used(accepts, state), "accepts %d: %s", accepts,
				     state_name((enum state)state));
	}
}

Test(transition, comes_back_to_off_from_every_state)
{
	for (int accepts = 0; accepts < 2; accepts++) {
		for (int state = 0; state < STATES; state++) {
			bool reached[STATES] = { false };

			if (!is_used(accepts, state))
				continue;
			reach(accepts, state, reached);
			cr_expect(reached[OFF], "accepts %d: %s", accepts, state_name((enum state)state));
		}
	}
}

Test(transition, ends_a_disabled_service_from_every_state)
{
	for (int accepts = 0; accepts < 2; accepts++) {
		for (int state = 0; state < STATES; state++) {
			struct step step = cell(accepts, state, DISABLE);

			if (!is_used(accepts, state))
				continue;
			cr_expect_neq(step.action, IMPOSSIBLE, "accepts %d: %s", accepts,
				      state_name((enum state)state));
			cr_expect(step.next == OFF || step.next == CLOSING, "accepts %d: %s", accepts,
				  state_name((enum state)state));
			if (!accepts && has_instance(false, state))
				cr_expect_eq(step.next, CLOSING, "%s forgets its instance",
					     state_name((enum state)state));
			if (step.next == OFF && state != OFF)
				cr_expect_eq(step.action, CLOSE, "%s leaves its listeners open",
					     state_name((enum state)state));
			if (step.next == CLOSING && state != CLOSING)
				cr_expect_eq(step.action, WITHDRAW, "%s leaves its listeners open",
					     state_name((enum state)state));
		}
	}
}

Test(transition, goes_off_when_what_was_closing_has_ended)
{
	cr_expect(cell(false, CLOSING, EXITED).next == OFF && cell(false, CLOSING, EXITED).action == CLOSE);
	cr_expect(cell(false, CLOSING, CRASHED).next == OFF && cell(false, CLOSING, CRASHED).action == CLOSE);
	cr_expect(cell(true, CLOSING, GONE).next == OFF && cell(true, CLOSING, GONE).action == CLOSE);
	cr_expect_eq(cell(true, CLOSING, EXITED).next, CLOSING, "there may be others");
}

Test(transition, hears_of_every_end_of_an_instance)
{
	for (int accepts = 0; accepts < 2; accepts++) {
		for (int state = 0; state < STATES; state++) {
			if (!has_instance(accepts, state))
				continue;
			cr_expect_neq(cell(accepts, state, EXITED).action, IMPOSSIBLE, "%s",
				      state_name((enum state)state));
			cr_expect_neq(cell(accepts, state, CRASHED).action, IMPOSSIBLE, "%s",
				      state_name((enum state)state));
			if (accepts)
				cr_expect_neq(cell(true, state, GONE).action, IMPOSSIBLE, "%s",
					      state_name((enum state)state));
			else
				cr_expect_neq(cell(false, state, TIMER).action, IMPOSSIBLE, "%s has no limit of time",
					      state_name((enum state)state));
		}
	}
}

Test(transition, queues_again_after_a_good_end_and_pauses_after_a_bad_one)
{
	for (int state = 0; state < STATES; state++) {
		if (!has_instance(false, state) || state == CLOSING)
			continue;
		cr_expect_eq(cell(false, state, EXITED).next, LISTENING, "%s", state_name((enum state)state));
		cr_expect_eq(cell(false, state, EXITED).action, WATCH, "%s", state_name((enum state)state));
		cr_expect_eq(cell(false, state, CRASHED).next, BACKOFF, "%s", state_name((enum state)state));
		cr_expect_eq(cell(false, state, CRASHED).action, WAIT, "%s", state_name((enum state)state));
	}
}

Test(transition, waits_only_where_a_timer_ends_it)
{
	EACH_CELL(accepts, state, service_event) {
		struct step step = cell(accepts, state, service_event);

		if (step.action == WAIT || step.action == REST)
			cr_expect_neq(cell(accepts,
				step.next, TIMER).action, IMPOSSIBLE, "%s by %s",
				      state_name((enum state)state),
				      service_event_name((enum service_event)service_event));
	}
}

Test(transition, rests_where_nobody_is_taken_from_the_queue)
{
	EACH_CELL(accepts, state, service_event) {
		struct step step = cell(accepts, state, service_event);

		if (step.action == REST)
			cr_expect_eq(service_event, LIMITED, "%s by %s", state_name((enum state)state),
				     service_event_name((enum service_event)service_event));
		if (service_event == LIMITED && step.action == IGNORE)
			cr_expect(accepts && !state_is_watching((enum state)state) && step.next == state,
				  "%s: a start that took its time was left out, and nobody is taken anyway",
				  state_name((enum state)state));
		if (step.action != REST)
			continue;
		cr_expect(!state_is_watching((enum state)step.next));
		cr_expect_eq(cell(accepts, step.next, TIMER).next, LISTENING);
		cr_expect_eq(cell(accepts, step.next, ENABLE).next, LISTENING,
			     "a reload may have taken the limit away");
	}
	cr_expect_eq(cell(false, STARTING, LIMITED).next, BACKOFF);
	cr_expect_eq(cell(true, LISTENING, LIMITED).next, BACKOFF);
}

/* What takes its time to start (engine/instance/exec_sequence) may fail, or be left out, in any state that comes
 * meanwhile. */
Test(transition, hears_of_late_failures_wherever_superd_accepts)
{
	for (int state = 0; state < STATES; state++) {
		if (!is_used(true, state) || state == OFF)
			continue;
		cr_expect_neq(cell(true, state, EXEC_ERROR).action, IMPOSSIBLE, "%s", state_name((enum state)state));
		cr_expect_neq(cell(true, state, LIMITED).action, IMPOSSIBLE, "%s", state_name((enum state)state));
	}
}

/* restart: the pause before a start by itself is spent listening, so that a client comes first. */
Test(transition, looks_again_when_a_pause_is_over)
{
	cr_expect_eq(cell(false, LISTENING, TIMER).next, LISTENING);
	cr_expect_eq(cell(false, LISTENING, TIMER).action, WATCH);
}

/* More of them are parked than one turn takes, and nothing else may happen until the next. */
Test(transition, comes_again_for_accepted_clients_who_wait)
{
	cr_expect_eq(cell(true, LISTENING, TIMER).next, LISTENING);
	cr_expect_eq(cell(true, LISTENING, TIMER).action, WATCH);
	cr_expect_eq(cell(true, FULL, TIMER).next, FULL, "there the end of an instance does");
}

Test(transition, takes_the_answer_of_every_action)
{
	static const struct { enum action action; enum service_event answers[4]; } asked[] = {
		{ BIND, { BOUND, BIND_ERROR, BIND_ERROR, BIND_ERROR } },
		{ SPAWN, { READY, EXEC_ERROR, EXITED, LIMITED } },
		{ WATCH, { BIND_ERROR, HOLD, HOLD, HOLD } },
		{ STOP, { EXITED, CRASHED, TIMER, TIMER } },
	};

	EACH_CELL(accepts, state, service_event) {
		struct step step = cell(accepts, state, service_event);

		for (size_t n = 0; n < sizeof(asked) / sizeof(*asked); n++) {
			for (int answer = 0; step.action == asked[n].action && answer < 4; answer++)
				cr_expect_neq(cell(accepts, step.next, asked[n].answers[answer]).action, IMPOSSIBLE,
					      "%s by %s: %s, then %s", state_name((enum state)state),
					      service_event_name((enum service_event)service_event),
	action_name(asked[n].action),
					      service_event_name(asked[n].answers[answer]));
		}
		if (accepts && (step.action == SERVE || step.action == WATCH))
			cr_expect_neq(cell(true, step.next, FILLED).action, IMPOSSIBLE);
		if (accepts && step.action == SERVE)
			cr_expect_neq(cell(true, step.next, LIMITED).action, IMPOSSIBLE);
	}
}

Test(transition, serves_or_spawns_only_where_it_may)
{
	EACH_CELL(accepts, state, service_event) {
		struct step step = cell(accepts, state, service_event);

		if (step.action == SPAWN)
			cr_expect(!accepts && state == LISTENING && service_event == ACTIVITY);
		if (step.action == SERVE)
			cr_expect(accepts && state == LISTENING && service_event == ACTIVITY);
	}
}

Test(transition, takes_an_operators_word_in_every_state)
{
	static const enum service_event words[] = { ENABLE, HOLD, RELEASE, DISABLE, HALT };

	for (int accepts = 0; accepts < 2; accepts++) {
		for (int state = 0; state < STATES; state++) {
			for (int n = 0; is_used(accepts, state) && n < 5; n++)
				cr_expect_neq(cell(accepts, state, words[n]).action, IMPOSSIBLE, "%s: %s",
					      state_name((enum state)state), service_event_name(words[n]));
		}
	}
}

Test(transition, watches_in_two_states_and_takes_activity_there)
{
	for (int state = 0; state < STATES; state++) {
		cr_expect_eq(state_is_watching((enum state)state), state == LISTENING || state == FROZEN);
		for (int accepts = 0; accepts < 2; accepts++)
			cr_expect_eq(cell(accepts, state, ACTIVITY).action != IMPOSSIBLE,
				     is_used(accepts, state) && state_is_watching((enum state)state), "%s",
				     state_name((enum state)state));
	}
}

Test(transition, uses_every_action)
{
	bool used[ACTIONS] = { [IMPOSSIBLE] = true };

	EACH_CELL(accepts, state, service_event)
		used[cell(accepts, state, service_event).action] = true;
	for (int action = 0; action < ACTIONS; action++)
		cr_expect(used[action], "%s", action_name((enum action)action));
}

Test(transition, gives_everything_a_name_of_its_own)
{
	const char *names[STATES + SERVICE_EVENTS + ACTIONS];
	int ends[] = { STATES, STATES + SERVICE_EVENTS, STATES + SERVICE_EVENTS + ACTIONS }, begin = 0;

	for (int n = 0; n < STATES; n++)
		names[n] = state_name((enum state)n);
	for (int n = 0; n < SERVICE_EVENTS; n++)
		names[STATES + n] = service_event_name((enum service_event)n);
	for (int n = 0; n < ACTIONS; n++)
		names[STATES + SERVICE_EVENTS + n] = action_name((enum action)n);
	for (int kind = 0; kind < 3; begin = ends[kind++]) {
		for (int n = begin; n < ends[kind]; n++) {
			cr_expect(*names[n]);
			for (int other = begin; other < n; other++)
				cr_expect_str_neq(names[n], names[other]);
		}
	}
	cr_expect_str_eq(state_name(FULL), "full");
	cr_expect_str_eq(service_event_name(GONE), "gone");
	cr_expect_str_eq(action_name(CLOSE), "close");
}

Test(transition, an_operators_halt_ends_what_runs_and_goes_on_listening)
{
	for (int accepts = 0; accepts < 2; accepts++) {
		for (int state = 0; state < STATES; state++) {
			struct step step = cell(accepts, state, HALT);

			if (!is_used(accepts, state))
				continue;
			if (!accepts && (state == STARTING || state == RUNNING || state == FROZEN)) {
				cr_expect(step.next == STOPPING && step.action == STOP, "%s",
					  state_name((enum state)state));
				continue;
			}
			cr_expect_eq(step.next, state, "accepts %d: %s", accepts, state_name((enum state)state));
			cr_expect_eq(step.action, DISMISS, "accepts %d: %s", accepts, state_name((enum state)state));
		}
	}
}
