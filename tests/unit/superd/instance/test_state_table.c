/* The tables of a service's state, cell by cell, and every state that the three regions can come to together: they lead
 * nowhere they should not, and nobody is left without a way back. */
#include <assert.h>
#include <limits.h>

#include "lib/fd.h"
#include "superd/instance/instance_table.h"
#include "superd/instance/state_table.h"
#include "tests/unit/unit.h"

#define MANUAL_MOST (1 << 20)

#define EACH_EVENT(event) for (int event = 0; event < SERVICE_EVENTS; event++)

/* superd says all three in one word, so these are for messages, and for the picture in the manual. */
static const char *const admin_names[] = { "enabled", "held", "draining", "disabled", "removed" };
static_assert(sizeof(admin_names) / sizeof(*admin_names) == ADMIN_STATES, "every state has a name");

static const char *const sockets_names[] = { "closed", "lost", "opening", "open" };
static_assert(sizeof(sockets_names) / sizeof(*sockets_names) == SOCKETS_STATES, "every state has a name");

static const char *const run_names[] = {
	"idle", "queued", "starting", "running", "frozen", "stopping", "backoff", "full", "ending",
};
static_assert(sizeof(run_names) / sizeof(*run_names) == RUN_STATES, "every state has a name");

static const char *admin_name(int state)
{
	return admin_names[state];
}

static const char *sockets_name(int state)
{
	return sockets_names[state];
}

static const char *run_name(int state)
{
	return run_names[state];
}

static bool is_used(bool accepts, int run)
{
	bool has_instance_of_its_own = run == RUN_STARTING || run == RUN_RUNNING || run == RUN_FROZEN ||
		run == RUN_STOPPING;

	return accepts ? !has_instance_of_its_own && run != RUN_QUEUED : run != RUN_FULL;
}

static bool has_instance(int run)
{
	return run == RUN_STARTING || run == RUN_RUNNING || run == RUN_FROZEN || run == RUN_STOPPING;
}

static struct service_step step_of(bool accepts, struct service_state state, int event)
{
	return service_transition(accepts, state, (enum service_event)event);
}

/* States of all regions together that a service comes to, whatever happens to it. */
static bool reached[2][ADMIN_STATES][SOCKETS_STATES][RUN_STATES];

static void reach(bool accepts, struct service_state state)
{
	if (reached[accepts][state.admin][state.sockets][state.run])
		return;
	reached[accepts][state.admin][state.sockets][state.run] = true;
	EACH_EVENT(event)
		reach(accepts, step_of(accepts, state, event).next);
}

static void reach_all(void)
{
	for (int accepts = 0; accepts < 2; accepts++)
		reach(accepts, (struct service_state){ 0 });
}

#define EACH_REACHED(accepts, state) \
	for (int accepts = 0; accepts < 2; accepts++) \
		for (struct service_state state = { 0 }; state.admin < ADMIN_STATES; state.admin++) \
			for (state.sockets = 0; state.sockets < SOCKETS_STATES; state.sockets++) \
				for (state.run = 0; state.run < RUN_STATES; state.run++) \
					if (reached[accepts][state.admin][state.sockets][state.run])

static const char *text_of(bool accepts, struct service_state state, int event)
{
	static char text[128];

	snprintf(text, sizeof(text), "accept = %s, %s/%s/%s, %s", accepts ? "yes" : "no",
		 admin_name(state.admin), sockets_name(state.sockets), run_name(state.run),
		 service_event_name((enum service_event)event));
	return text;
}

/* Every cell of one table. */
static void check_cells(const struct service_cell (*table)[SERVICE_EVENTS], int states, const char *(*name_of)(int))
{
	for (int state = 0; state < states; state++) {
		EACH_EVENT(event) {
			const struct service_cell *cell = &table[state][event];
			const char *name = name_of(state), *event_name = service_event_name((enum service_event)event);

			cr_expect_lt(cell->next, states, "%s, %s", name, event_name);
			cr_expect_lt(cell->action, ACTIONS, "%s, %s", name, event_name);
			if (cell->action == IMPOSSIBLE)
				cr_expect(!cell->next && !cell->if_wanted && !cell->alone && !cell->why,
					  "%s, %s: an empty cell says something", name, event_name);
			if (cell->action == IGNORE && cell->next == state)
				cr_expect(cell->why && *cell->why, "%s, %s: does nothing, and does not say why", name,
					  event_name);
			if (cell->action > IGNORE)
				cr_expect_null(cell->why, "%s, %s", name, event_name);
		}
	}
}

Test(state_table, every_cell_leads_to_a_state_of_its_region_or_says_why_it_does_nothing)
{
	check_cells(admin_table, ADMIN_STATES, admin_name);
	check_cells(sockets_table, SOCKETS_STATES, sockets_name);
	check_cells(run_table[0], RUN_STATES, run_name);
	check_cells(run_table[1], RUN_STATES, run_name);
	for (int accepts = 0; accepts < 2; accepts++) {
		for (int run = 0; run < RUN_STATES; run++) {
			EACH_EVENT(event) {
				const struct service_cell *cell = &run_table[accepts][run][event];

				cr_expect(cell->action == IMPOSSIBLE || is_used(accepts, run), "%s", run_name(run));
				cr_expect(is_used(accepts, cell->next), "%s", run_name(run));
				cr_expect_not(cell->alone, "%s", run_name(run));
			}
		}
	}
}

Test(state_table, the_region_admin_hears_of_every_order_in_every_state)
{
	static const enum service_event orders[] = { ENABLE, HOLD, DRAIN, RELEASE, DISABLE, REMOVE, RETURN };
	bool is_order[SERVICE_EVENTS] = { false };

	for (size_t n = 0; n < sizeof(orders) / sizeof(*orders); n++)
		is_order[orders[n]] = true;
	for (int admin = 0; admin < ADMIN_STATES; admin++) {
		EACH_EVENT(event)
			cr_expect_eq(admin_table[admin][event].action != IMPOSSIBLE, is_order[event], "%s, %s",
				     admin_name(admin), service_event_name((enum service_event)event));
	}
}

Test(state_table, reaches_every_state_and_no_other, .init = reach_all)
{
	bool admin[ADMIN_STATES] = { false }, sockets[SOCKETS_STATES] = { false }, run[2][RUN_STATES] = { { false } };
	bool words[2][STATES] = { { false } };

	EACH_REACHED(accepts, state) {
		admin[state.admin] = sockets[state.sockets] = run[accepts][state.run] = true;
		words[accepts][state_of(state)] = true;
		cr_expect_not(state.sockets == SOCKETS_LOST && state.run == RUN_IDLE,
			      "nothing would open the sockets: %s", text_of(accepts, state, 0));
		cr_expect_not(service_is_held(state) && state.run == RUN_FULL, "%s", text_of(accepts, state, 0));
	}
	for (int n = 0; n < ADMIN_STATES; n++)
		cr_expect(admin[n], "%s", admin_name(n));
	for (int n = 0; n < SOCKETS_STATES; n++)
		cr_expect(sockets[n], "%s", sockets_name(n));
	for (int accepts = 0; accepts < 2; accepts++) {
		for (int n = 0; n < RUN_STATES; n++)
			cr_expect_eq(run[accepts][n], is_used(accepts, n), "accepts %d: %s", accepts, run_name(n));
		for (int n = 0; n < STATES; n++)
			cr_expect(words[accepts][n] || (accepts ? n == STARTING || n == RUNNING || n == FROZEN ||
							n == STOPPING || n == QUEUED
								: n == FULL),
				  "accepts %d: %s", accepts, state_name((enum state)n));
	}
}

Test(state_table, one_region_at_most_has_an_action, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		EACH_EVENT(event) {
			const struct service_cell *sockets = &sockets_table[state.sockets][event];
			int actions = admin_table[state.admin][event].action > IGNORE;

			actions += sockets->action > IGNORE;
			actions += !sockets->alone && run_table[accepts][state.run][event].action > IGNORE;
			cr_expect_leq(actions, 1, "%s", text_of(accepts, state, event));
		}
	}
}

Test(state_table, an_event_changes_the_regions_it_is_for_and_no_other, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		EACH_EVENT(event) {
			struct service_step step = step_of(accepts, state, event);
			const char *text = text_of(accepts, state, event);

			if (step.action == IMPOSSIBLE)
				cr_expect_eq(memcmp(&step.next, &state, sizeof(state)), 0, "%s", text);
			if (admin_table[state.admin][event].action == IMPOSSIBLE)
				cr_expect_eq(step.next.admin, state.admin, "%s", text);
			cr_expect_eq(step.next.admin, service_ordered(state, (enum service_event)event).admin, "%s",
				     text);
			if (event == REMOVE || event == RETURN)
				cr_expect(step.next.sockets == state.sockets && step.next.run == state.run, "%s", text);
		}
	}
}

static bool goes_off(bool accepts, struct service_state state, bool (*seen)[RUN_STATES])
{
	if (state.sockets == SOCKETS_CLOSED && state.run == RUN_IDLE)
		return true;
	if (seen[state.sockets][state.run])
		return false;
	seen[state.sockets][state.run] = true;
	EACH_EVENT(event) {
		if (goes_off(accepts, step_of(accepts, state, event).next, seen))
			return true;
	}
	return false;
}

Test(state_table, comes_to_off_from_everywhere, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		bool seen[SOCKETS_STATES][RUN_STATES] = { { false } };

		cr_expect(goes_off(accepts, state, seen), "%s", text_of(accepts, state, 0));
	}
}

Test(state_table, disable_and_shutdown_end_it_from_everywhere, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		struct service_step step = step_of(accepts, state, SHUTDOWN), disabled = step_of(accepts, state,
												 DISABLE);
		const char *text = text_of(accepts, state, SHUTDOWN);

		cr_expect_eq(step.next.sockets, SOCKETS_CLOSED, "%s", text);
		cr_expect(step.next.run == RUN_IDLE || step.next.run == RUN_ENDING, "%s", text);
		cr_expect(step.action == disabled.action && step.next.run == disabled.next.run &&
			  disabled.next.sockets == SOCKETS_CLOSED, "%s", text);
		cr_expect(disabled.next.admin == ADMIN_DISABLED || disabled.next.admin == ADMIN_REMOVED, "%s", text);
		if (state.sockets == SOCKETS_CLOSED) {
			cr_expect(step.action == IGNORE && step.next.run == state.run, "%s", text);
			continue;
		}
		if (has_instance(state.run))
			cr_expect_eq(step.next.run, RUN_ENDING, "%s forgets its instance", text);
		cr_expect_eq(step.action, step.next.run == RUN_IDLE ? CLOSE : WITHDRAW, "%s leaves its sockets open",
			     text);
	}
}

Test(state_table, is_off_when_what_was_ending_has_ended)
{
	struct service_state state = { .sockets = SOCKETS_CLOSED, .run = RUN_ENDING };

	cr_expect_eq(state_of(step_of(false, state, EXITED).next), OFF);
	cr_expect_eq(step_of(false, state, EXITED).action, CLOSE);
	cr_expect_eq(state_of(step_of(false, state, CRASHED).next), OFF);
	cr_expect_eq(step_of(false, state, CRASHED).action, CLOSE);
	cr_expect_eq(state_of(step_of(true, state, GONE).next), OFF);
	cr_expect_eq(step_of(true, state, GONE).action, CLOSE);
	cr_expect_eq(state_of(step_of(true, state, EXITED).next), CLOSING, "there may be others");
}

Test(state_table, a_service_that_is_wanted_again_lets_its_instance_end_first)
{
	struct service_state state = { .admin = ADMIN_DISABLED, .sockets = SOCKETS_CLOSED, .run = RUN_ENDING };
	struct service_step step = step_of(false, state, ENABLE);

	cr_expect_eq(state_of(step.next), STOPPING);
	cr_expect_eq(step.action, IGNORE);
	step = step_of(false, step.next, EXITED);
	cr_expect_eq(state_of(step.next), BINDING);
	cr_expect_eq(step.action, BIND);
	step = step_of(true, state, ENABLE);    /* accept = yes: they run on beside it */
	cr_expect_eq(state_of(step.next), BINDING);
	cr_expect_eq(step.action, BIND);
}

Test(state_table, hears_of_every_end_of_an_instance, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		if (!accepts && !has_instance(state.run) && state.run != RUN_ENDING)
			continue;
		cr_expect_neq(step_of(accepts, state, EXITED).action, IMPOSSIBLE, "%s", text_of(accepts, state,
												EXITED));
		cr_expect_neq(step_of(accepts, state, CRASHED).action, IMPOSSIBLE, "%s", text_of(accepts, state,
												 CRASHED));
		if (accepts)
			cr_expect_neq(step_of(true, state, GONE).action, IMPOSSIBLE, "%s", text_of(true, state, GONE));
		else
			cr_expect_neq(step_of(false, state, TIMER).action, IMPOSSIBLE, "no limit of time: %s",
				      text_of(false, state, TIMER));
	}
}

Test(state_table, queues_again_after_a_good_end_and_pauses_after_a_bad_one, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		struct service_step good = step_of(accepts, state, EXITED), bad = step_of(accepts, state, CRASHED);
		const char *text = text_of(accepts, state, EXITED);

		if (accepts || !has_instance(state.run))
			continue;
		cr_expect_eq(good.next.run, RUN_IDLE, "%s", text);
		cr_expect_eq(good.action, state.sockets == SOCKETS_LOST ? BIND : WATCH, "%s", text);
		cr_expect_eq(bad.next.run, RUN_BACKOFF, "%s", text);
		cr_expect_eq(bad.action, WAIT, "%s", text);
	}
}

Test(state_table, pauses_only_where_a_timer_ends_it_and_nobody_is_taken, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		EACH_EVENT(event) {
			struct service_step step = step_of(accepts, state, event), then;
			const char *text = text_of(accepts, state, event);

			if (step.action != WAIT && step.action != REST)
				continue;
			then = step_of(accepts, step.next, TIMER);
			cr_expect(then.action == WATCH || then.action == BIND, "%s", text);
			cr_expect_not(service_is_watched(step.next), "%s", text);
			cr_expect_eq(step.action == REST, event == LIMITED, "%s", text);
			then = step_of(accepts, step.next, ENABLE);
			cr_expect(then.action == WATCH || then.action == BIND,
				  "a reload may have taken the limit away: %s", text);
		}
	}
}

Test(state_table, what_is_late_is_heard_of_wherever_superd_accepts, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		if (!accepts)
			continue;
		cr_expect_neq(step_of(true, state, EXEC_ERROR).action, IMPOSSIBLE, "%s", text_of(true, state,
												 EXEC_ERROR));
		cr_expect_neq(step_of(true, state, LIMITED).action, IMPOSSIBLE, "%s", text_of(true, state, LIMITED));
	}
}

Test(state_table, takes_the_answer_of_every_action, .init = reach_all)
{
	static const struct { enum action action; enum service_event answers[4]; } asked[] = {
		{ BIND, { BOUND, BIND_ERROR, BIND_ERROR, BIND_ERROR } },
		{ SPAWN, { READY, EXEC_ERROR, EXITED, LIMITED } },
		{ WATCH, { BIND_ERROR, BIND_ERROR, BIND_ERROR, BIND_ERROR } },
		{ STOP, { EXITED, CRASHED, TIMER, TIMER } },
		{ SERVE, { FILLED, LIMITED, EXEC_ERROR, EXITED } },
	};

	EACH_REACHED(accepts, state) {
		EACH_EVENT(event) {
			struct service_step step = step_of(accepts, state, event);

			for (size_t n = 0; n < sizeof(asked) / sizeof(*asked); n++) {
				for (int answer = 0; step.action == asked[n].action && answer < 4; answer++)
					cr_expect_neq(step_of(accepts, step.next, asked[n].answers[answer]).action,
						      IMPOSSIBLE, "%s: %s, then %s", text_of(accepts, state, event),
						      action_name(asked[n].action),
						      service_event_name(asked[n].answers[answer]));
			}
		}
	}
}

Test(state_table, starts_and_accepts_only_for_clients_who_are_watched, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		EACH_EVENT(event) {
			struct service_step step = step_of(accepts, state, event);

			if (step.action == SPAWN || step.action == SERVE)
				cr_expect(((event == ACTIVITY && service_is_watched(state)) ||
					   (event == ROOM && state.run == RUN_QUEUED && service_is_wanted(state))) &&
					  (step.action == SERVE) == accepts, "%s", text_of(accepts, state, event));
		}
		if (service_is_watched(state))
			cr_expect_gt(step_of(accepts, state, ACTIVITY).action, IGNORE, "%s",
				     text_of(accepts, state, ACTIVITY));
	}
}

/* The one expression of what is watched, in the words of the promise: clients are watched for while nothing else is
 * under way and an operator has nothing against it, and at a frozen instance. */
Test(state_table, watches_for_clients_when_it_listens_and_when_it_is_frozen, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		bool listens = state_of(state) == LISTENING && state.admin == ADMIN_ENABLED;

		cr_expect_eq(service_is_watched(state), listens || state_of(state) == FROZEN, "%s",
			     text_of(accepts, state, ACTIVITY));
	}
}

Test(state_table, takes_an_operators_word_in_every_state, .init = reach_all)
{
	static const enum service_event words[] = { ENABLE, HOLD, DRAIN, RELEASE, DISABLE, SHUTDOWN, HALT, REPLACED };

	EACH_REACHED(accepts, state) {
		for (size_t n = 0; n < sizeof(words) / sizeof(*words); n++)
			cr_expect_neq(step_of(accepts, state, words[n]).action, IMPOSSIBLE, "%s",
				      text_of(accepts, state, words[n]));
	}
}

Test(state_table, a_hold_lets_instances_be_and_ends_a_pause, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		struct service_step step = step_of(accepts, state, HOLD);
		const char *text = text_of(accepts, state, HOLD);

		if (state.admin == ADMIN_DISABLED || state.admin == ADMIN_REMOVED)
			continue;
		cr_expect_eq(step.next.admin, ADMIN_HELD, "%s", text);
		if (has_instance(state.run) || state.run == RUN_ENDING)
			cr_expect_eq(step.next.run, state.run, "%s", text);
		else
			cr_expect_eq(step.next.run, RUN_IDLE, "%s", text);
		cr_expect_eq(service_is_watched(step.next), state.run == RUN_FROZEN, "%s", text);
	}
}

Test(state_table, a_release_looks_at_the_queue_again)
{
	struct service_state held = { .admin = ADMIN_HELD, .sockets = SOCKETS_OPEN };

	for (int accepts = 0; accepts < 2; accepts++) {
		struct service_step step = step_of(accepts, held, RELEASE);

		cr_expect_eq(state_of(held), HELD);
		cr_expect_eq(state_of(step.next), LISTENING);
		cr_expect_eq(step.action, WATCH);
	}
}

Test(state_table, an_operators_halt_ends_what_runs_and_goes_on_listening, .init = reach_all)
{
	EACH_REACHED(accepts, state) {
		struct service_step step = step_of(accepts, state, HALT);
		bool runs = state.run == RUN_STARTING || state.run == RUN_RUNNING || state.run == RUN_FROZEN;
		bool waits = state.run == RUN_QUEUED;

		cr_expect_eq(step.action, runs ? STOP : DISMISS, "%s", text_of(accepts, state, HALT));
		cr_expect_eq(step.next.run, runs ? RUN_STOPPING : waits ? RUN_IDLE : state.run, "%s",
			     text_of(accepts, state, HALT));
		cr_expect_eq(step.next.sockets, state.sockets, "%s", text_of(accepts, state, HALT));
	}
}

Test(state_table, uses_every_action_and_every_event, .init = reach_all)
{
	bool used[ACTIONS] = { [IMPOSSIBLE] = true }, heard[SERVICE_EVENTS] = { false };

	EACH_REACHED(accepts, state) {
		EACH_EVENT(event) {
			used[step_of(accepts, state, event).action] = true;
			heard[event] = heard[event] || step_of(accepts, state, event).action != IMPOSSIBLE;
		}
	}
	for (int action = 0; action < ACTIONS; action++)
		cr_expect(used[action], "%s", action_name((enum action)action));
	EACH_EVENT(event)
		cr_expect(heard[event], "%s", service_event_name((enum service_event)event));
}

Test(state_table, a_word_that_came_over_an_upgrade_means_the_same_state)
{
	for (int state = 0; state < STATES; state++) {
		struct service_state admin = { .admin = state == HELD ? ADMIN_HELD : ADMIN_ENABLED };

		cr_expect_eq((int)state_of(state_loaded((enum state)state, admin)), state, "%s",
			     state_name((enum state)state));
		cr_expect_eq(state_loaded((enum state)state, admin).admin, admin.admin);
	}
}

static void expect_different(const char *(*name_of)(int), int count)
{
	for (int n = 0; n < count; n++) {
		cr_expect(*name_of(n));
		for (int other = 0; other < n; other++)
			cr_expect_str_neq(name_of(n), name_of(other));
	}
}

static const char *word_name(int state)
{
	return state_name((enum state)state);
}

static const char *event_name(int event)
{
	return service_event_name((enum service_event)event);
}

static const char *name_of_action(int action)
{
	return action_name((enum action)action);
}

Test(state_table, gives_everything_a_name_of_its_own)
{
	expect_different(admin_name, ADMIN_STATES);
	expect_different(sockets_name, SOCKETS_STATES);
	expect_different(run_name, RUN_STATES);
	expect_different(word_name, STATES);
	expect_different(event_name, SERVICE_EVENTS);
	expect_different(name_of_action, ACTIONS);
	cr_expect_str_eq(state_name(FULL), "full");
	cr_expect_str_eq(service_event_name(GONE), "gone");
	cr_expect_str_eq(service_event_name(HALT), "halt");
	cr_expect_str_eq(action_name(CLOSE), "close");
}

static const char *instance_name(int state)
{
	return instance_state_name((enum instance_state)state);
}

static void expect_in(const char *picture, const char *(*name_of)(int), int count)
{
	for (int n = 0; n < count; n++)
		cr_expect_not_null(strstr(picture, name_of(n)), "it lacks %s", name_of(n));
}

Test(state_table, has_each_state_in_the_picture_of_the_manual)
{
	char path[PATH_MAX], *manual, *picture, *end;

	snprintf(path, sizeof(path), "%s/man/superd.7", getenv("SRCDIR"));
	manual = fd_read_file(path, MANUAL_MOST, &(size_t){ 0 });
	cr_assert_not_null(manual, "%s", path);
	picture = strstr(manual, ".Ss Transitions");
	end = picture ? strstr(picture, ".Ed") : NULL;
	cr_assert_not_null(end);
	*end = '\0';
	expect_in(picture, admin_name, ADMIN_STATES);
	expect_in(picture, sockets_name, SOCKETS_STATES);
	expect_in(picture, run_name, RUN_STATES);
	expect_in(picture, instance_name, INSTANCE_STATES);
	free(manual);
}

Test(state_table, a_service_in_line_is_not_watched_and_leaves_the_line_by_every_order)
{
	static const enum service_event orders[] = { HOLD, DRAIN, DISABLE, SHUTDOWN, HALT, REPLACED, BIND_ERROR };
	struct service_state idle = { .sockets = SOCKETS_OPEN };
	struct service_step step = step_of(false, idle, FILLED);

	cr_expect_eq(state_of(step.next), QUEUED);
	cr_expect_eq(step.action, IGNORE);
	cr_expect_not(service_is_watched(step.next));
	cr_expect_eq(step_of(false, step.next, ENABLE).next.run, RUN_QUEUED, "it keeps its place");
	cr_expect_eq(step_of(false, step.next, TIMER).action, IGNORE, "the pause before it is over");
	cr_expect_eq(step_of(false, step.next, TIMER).next.run, RUN_QUEUED);
	cr_expect_eq(step_of(false, step.next, ROOM).action, SPAWN);
	cr_expect_eq(state_of(step_of(false, step.next, ROOM).next), STARTING);
	for (size_t n = 0; n < sizeof(orders) / sizeof(*orders); n++)
		cr_expect_eq(step_of(false, step.next, orders[n]).next.run, RUN_IDLE, "%s",
			     service_event_name(orders[n]));
	idle.admin = ADMIN_HELD;
	cr_expect_eq(state_of(step_of(false, idle, FILLED).next), HELD, "it does not come into line");
}
