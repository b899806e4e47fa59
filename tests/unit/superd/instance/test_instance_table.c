/* The table of an instance: every cell is walked. */
#include "superd/instance/instance_table.h"
#include "tests/unit/unit.h"

#define EACH_CELL(state, event) \
	for (int state = 0; state < INSTANCE_STATES; state++) \
		for (int event = 0; event < INSTANCE_EVENTS; event++)

static bool is_possible(int state, int event)
{
	return instance_table[state][event].action != DO_IMPOSSIBLE;
}

static const char *name_of(int state)
{
	return instance_state_name((enum instance_state)state);
}

static const char *event_of(int event)
{
	return instance_event_name((enum instance_event)event);
}

/* Every state there is a way to from this one. */
static void reach(int from, bool *reached)
{
	if (reached[from])
		return;
	reached[from] = true;
	for (int event = 0; event < INSTANCE_EVENTS; event++) {
		if (is_possible(from, event))
			reach(instance_table[from][event].next, reached);
	}
}

/* Its commands are done, and its processes gone. */
static int end_all(int state)
{
	for (int n = 0; n < INSTANCE_STATES && state != INSTANCE_OVER; n++)
		state = instance_table[state][is_possible(state, ON_GONE_FAIL) &&
			instance_table[state][ON_GONE_FAIL].action != DO_IGNORE ? ON_GONE_FAIL : ON_CMD_FAIL].next;
	return state;
}

static bool has_stopped(int state)
{
	return state >= INSTANCE_STOP_CMD;
}

Test(instance_table, leads_only_to_states_of_its_own_or_says_why_it_does_nothing)
{
	EACH_CELL(state, event) {
		struct instance_step step = instance_table[state][event];

		cr_expect_lt(step.next, INSTANCE_STATES, "%s by %s", name_of(state), event_of(event));
		cr_expect_lt(step.action, INSTANCE_ACTIONS, "%s by %s", name_of(state), event_of(event));
		if (step.action == DO_IMPOSSIBLE)
			cr_expect_eq(step.next, 0, "an empty cell of %s leads somewhere", name_of(state));
		if (step.action == DO_IGNORE && state != INSTANCE_NEW)
			cr_expect_eq(step.next, state, "%s by %s does nothing, and goes on", name_of(state),
				     event_of(event));
		cr_expect_eq(step.action == DO_IGNORE && step.next == state, step.why != NULL,
			     "%s by %s: a cell that does nothing says why", name_of(state), event_of(event));
	}
}

Test(instance_table, reaches_every_state_and_its_end_from_each)
{
	bool reached[INSTANCE_STATES] = { false };

	reach(INSTANCE_NEW, reached);
	for (int state = 0; state < INSTANCE_STATES; state++) {
		bool on[INSTANCE_STATES] = { false };

		cr_expect(reached[state], "there is no way to %s", name_of(state));
		reach(state, on);
		cr_expect(on[INSTANCE_OVER], "%s never ends", name_of(state));
		cr_expect_eq(on[INSTANCE_NEW], state == INSTANCE_NEW, "%s begins anew", name_of(state));
	}
}

Test(instance_table, can_be_stopped_and_killed_in_each_state)
{
	static const int orders[] = { ON_STOP, ON_KILL };

	for (int n = 0; n < 2; n++) {
		for (int state = 0; state < INSTANCE_STATES; state++) {
			struct instance_step step = instance_table[state][orders[n]];

			cr_assert_neq(step.action, DO_IMPOSSIBLE, "%s by %s", name_of(state), event_of(orders[n]));
			cr_expect(has_stopped(step.next), "%s by %s goes on", name_of(state), event_of(orders[n]));
			cr_expect_geq(step.next, state < INSTANCE_STOP_CMD ? INSTANCE_STOP_CMD : INSTANCE_KILL * !!n,
				      "%s by %s", name_of(state), event_of(orders[n]));
			cr_expect_eq(end_all(step.next), INSTANCE_OVER, "%s by %s does not end", name_of(state),
				     event_of(orders[n]));
		}
	}
}

/* The owner stops an instance by LIMIT, or lets EXPIRE follow. */
Test(instance_table, comes_nearer_its_end_by_each_time_limit)
{
	for (int state = INSTANCE_COND; state < INSTANCE_STATES; state++) {
		struct instance_step step = instance_table[state][ON_TIMEOUT];

		cr_assert_neq(step.action, DO_IMPOSSIBLE, "%s", name_of(state));
		cr_expect_geq(step.next, state, "%s goes back", name_of(state));
		cr_expect(step.action == DO_LIMIT || step.action == DO_KILL_REST || step.action == DO_GIVE_UP ||
			  state == INSTANCE_OVER, "%s does nothing", name_of(state));
		cr_expect_eq(step.action == DO_GIVE_UP, state == INSTANCE_KILL || state == INSTANCE_CLEAR_KILL, "%s",
			     name_of(state));
	}
	for (int state = INSTANCE_STOP_CMD; state <= INSTANCE_KILL; state++) {
		int expired = instance_table[state][ON_EXPIRE].next;

		cr_expect(is_possible(state, ON_EXPIRE) && (expired > state || expired == INSTANCE_KILL), "%s",
			  name_of(state));
	}
}

Test(instance_table, awaits_the_answers_of_its_actions)
{
	EACH_CELL(state, event) {
		struct instance_step step = instance_table[state][event];
		bool runs = (step.action >= DO_RUN_COND && step.action <= DO_RUN_STOP_POST) ||
			step.action == DO_NOTE_RUN_POST;

		if (runs)
			cr_expect(is_possible(step.next, ON_CMD_OK) && is_possible(step.next, ON_CMD_FAIL), "%s by %s",
				  name_of(state), event_of(event));
		if (step.action == DO_LAUNCH)
			cr_expect(is_possible(step.next, ON_EXEC_OK) && is_possible(step.next, ON_EXEC_WAIT) &&
				  is_possible(step.next, ON_EXEC_WORK) && is_possible(step.next, ON_EXEC_FAIL));
		if (step.action == DO_LINGER || step.action == DO_CLEAR || step.action == DO_KILL_REST ||
		    step.action == DO_GIVE_UP)
			cr_expect(is_possible(step.next, ON_GONE_FAIL), "%s by %s", name_of(state), event_of(event));
		if (step.action == DO_KILL)
			cr_expect_eq(instance_table[step.next][ON_TIMEOUT].action, DO_GIVE_UP);
	}
}

/* Whatever has run, exec_stop_post runs behind it, once. */
Test(instance_table, runs_the_last_commands_behind_each_program)
{
	EACH_CELL(state, event) {
		struct instance_step step = instance_table[state][event];

		if (step.next == INSTANCE_STOP_POST && state != INSTANCE_STOP_POST)
			cr_expect_eq(step.action, DO_RUN_STOP_POST, "%s by %s", name_of(state), event_of(event));
		if (step.next == INSTANCE_OVER && is_possible(state, event) && state != INSTANCE_OVER)
			cr_expect(step.action == DO_REPORT && (state == INSTANCE_STOP_POST || event == ON_UNMET),
				  "%s by %s", name_of(state), event_of(event));
		if (state == INSTANCE_OVER)
			cr_expect_neq(step.action, DO_REPORT, "its end is reported twice");
	}
}

Test(instance_table, goes_the_short_way_without_commands)
{
	static const struct {
		enum instance_event runs, ends;
	} ways[] = { { ON_EXEC_OK, ON_GONE_FAIL }, { ON_EXEC_WAIT, ON_GONE_FAIL }, { ON_EXEC_WORK, ON_GONE_FAIL } };

	for (size_t n = 0; n < sizeof(ways) / sizeof(*ways); n++) {
		struct instance_step step = instance_table[INSTANCE_NEW][ways[n].runs];

		cr_expect_eq(step.action, DO_IGNORE, "who starts it tells of it");
		cr_expect_eq(instance_table[step.next][ways[n].ends].next, INSTANCE_STOP_POST);
	}
	cr_expect_eq(instance_table[INSTANCE_STOP_POST][ON_CMD_OK].action, DO_REPORT);
	cr_expect_eq(instance_table[INSTANCE_POST][ON_CMD_OK].action, DO_TELL_READY);
}

Test(instance_table, does_each_of_its_actions)
{
	bool used[INSTANCE_ACTIONS] = { false };

	EACH_CELL(state, event)
		used[instance_table[state][event].action] = true;
	for (int action = 0; action < INSTANCE_ACTIONS; action++)
		cr_expect(used[action], "nothing does action %d", action);
}

Test(instance_table, names_each_thing_by_a_word_of_its_own)
{
	for (int state = 0; state < INSTANCE_STATES; state++) {
		for (int other = 0; other < state; other++)
			cr_expect_str_neq(name_of(state), name_of(other));
	}
	for (int event = 0; event < INSTANCE_EVENTS; event++) {
		for (int other = 0; other < event; other++)
			cr_expect_str_neq(event_of(event), event_of(other));
	}
}
