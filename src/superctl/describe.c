/* Says what superd's answer has about a service.
 *
 * In the answer null means unknown, not 0. So a sum also returns whether any number was there. */
#include "superctl/superctl.h"

size_t facts_instances(const json_t *service)
{
	const json_t *list = json_reply_list(service, "instances");
	double number = json_reply_number(service, "instances");

	/* superd lists a limited number, and counts the rest. */
	if (list)
		number = (double)json_array_size(list) + json_reply_number(service, "more_instances");
	return number > 0 && number < 1e9 ? (size_t)number : 0;
}

bool facts_listener_queue(const json_t *listener, double *waiting)
{
	bool found = json_reply_has_number(listener, "queue");

	*waiting = (found ? json_reply_number(listener, "queue") : 0) + json_reply_number(listener, "parked");
	return found || *waiting > 0;
}

bool facts_queue(const json_t *service, double *waiting)
{
	const json_t *list = json_reply_list(service, "listeners");
	bool found = false;

	*waiting = 0;
	for (size_t n = 0; n < json_array_size(list); n++) {
		double queued;

		found |= facts_listener_queue(json_array_get(list, n), &queued);
		*waiting += queued;
	}
	return found;
}

/* Refused clients, for all reasons. */
static double count_refused(const json_t *service)
{
	const json_t *refused = json_object_get(service, "refused");
	double sum = json_number_value(refused);

	for (void *at = json_object_iter((json_t *)(size_t)refused); at;
	     at = json_object_iter_next((json_t *)(size_t)refused, at))
		sum += json_number_value(json_object_iter_value(at));
	return sum;
}

void facts_add_endpoints(struct buf *out, const json_t *service, size_t most)
{
	const json_t *list = json_reply_list(service, "listeners");
	size_t count = json_array_size(list);

	for (size_t i = 0; i < count && i < most; i++) {
		buf_text(out, i ? " " : "");
		(void)template_add(out, json_array_get(list, i), "{endpoint}[ ({absent})]");
	}
	if (count > most)
		buf_addf(out, " +%zu", count - most);
}

const json_t *facts_current(const json_t *service)
{
	const json_t *list = json_reply_list(service, "instances");

	for (size_t n = 0; n < json_array_size(list); n++) {
		if (json_reply_flag(json_array_get(list, n), "current"))
			return json_array_get(list, n);
	}
	return NULL;
}

void facts_add_relay(struct buf *out, const json_t *instance)
{
	const json_t *relay = json_reply_object(instance, "relay");
	double clients = json_reply_number(relay, "connections") + json_reply_number(relay, "flows");

	if (json_reply_has_number(relay, "pid") && json_reply_flag(relay, "answers"))
		buf_addf(out, "relaying %.0f client%s to ", clients, clients == 1 ? "" : "s");
	(void)template_add(out, relay,
			   "[{?target}[{#pid}[{?answers}{target}|waiting for {target} to answer[: {error}]]|"
			   "its relay is started again soon]]");
}

bool facts_add_speaker(struct buf *out, const json_t *line)
{
	if (!json_reply_is(line, "from", "output") && !json_reply_is(line, "event", "output"))
		return false;
	if (json_reply_count(line, "pid") > 0)
		buf_addf(out, "[%d]", json_reply_count(line, "pid"));
	else
		buf_text(out, "[-]");
	return true;
}

/* The words for the states of a service.
 *
 * superd's own states are those of its sockets and instances. For a person a service that listens is asleep, or has
 * instances that serve clients; one in backoff may have failed, or may wait for a limit. */

const struct state_word state_words[STATE_WORDS] = {
	{ "listening", "asleep", STYLE_GREEN, "○", "o", "sleep", true },
	{ "frozen", "frozen", STYLE_BLUE, "●", "*", "sleep", true },
	{ "running", "awake", STYLE_GREEN, "●", "*", "good", true },
	{ "full", "full", STYLE_YELLOW, "●", "*", "good", true },
	{ "queued", "queued", STYLE_YELLOW, "○", "o", "warn", true },
	{ "starting", "starting", STYLE_YELLOW, "●", "*", "warn", true },
	{ "stopping", "stopping", STYLE_YELLOW, "●", "*", "warn", true },
	{ "failed backoff", "failing", STYLE_RED, "×", "x", "bad", false },
	{ "backoff", "paused", STYLE_YELLOW, "‖", "=", "warn", false },
	{ "held", "held", STYLE_YELLOW, "‖", "=", "warn", false },
	{ "failed binding", "no port", STYLE_RED, "×", "x", "bad", false },
	{ "binding", "opening", STYLE_YELLOW, "○", "o", "warn", false },
	{ "closing", "closing", STYLE_YELLOW, "○", "o", "warn", false },
	{ "condition", "condition", STYLE_YELLOW, "‖", "=", "warn", false },
	{ "off", "disabled", STYLE_DIM, "○", "-", "warn", false },
	{ "skipped", "skipped", STYLE_RED, "×", "x", "bad", false },
	{ "leaving", "leaving", STYLE_YELLOW, "●", "*", "warn", false },
	{ "", "", STYLE_PLAIN, "○", "o", "warn", false },
};

const struct state_word *state_word_of(const json_t *service)
{
	const char *state = json_reply_text(service, "state");
	/* Else it waits for a limit such as cps, or is about to open the sockets. */
	bool failed = json_reply_flag(json_reply_object(service, "pause"), "failed");
	const struct state_word *word = state_words;

	if (!strcmp(state, "listening") && facts_instances(service))
		state = "running";
	else if (failed && !strcmp(state, "backoff"))
		state = "failed backoff";
	else if (failed && !strcmp(state, "binding"))
		state = "failed binding";
	while (*word->state && strcmp(word->state, state) != 0)
		word++;
	return word;
}

void state_word_add_dot(const struct state_word *word, const struct screen *screen, struct buf *out)
{
	screen_add(screen, out, word->style, screen->unicode ? word->dot : word->plain);
}

bool state_word_is_active(const json_t *service)
{
	return state_word_of(service)->is_active && !json_reply_flag(service, "held");
}

/* The fields of a service, each in one line of a table. A zero or unknown value adds nothing, and a column without any
 * is left out, so that the services that do something stand out. */

#define ENDPOINTS_MOST 3 /* endpoints of a service on a terminal; superctl status has all */

static enum style add_mark(struct buf *out, const struct screen *screen, const json_t *service)
{
	const struct state_word *word = state_word_of(service);

	buf_text(out, screen->unicode ? word->dot : word->plain);
	return word->style;
}

/* Adds the state, and what else marks the service: "awake, outdated", "failing, retry in 12 s". */
static enum style add_state(struct buf *out, const struct screen *screen, const json_t *service)
{
	const struct state_word *word = state_word_of(service);
	enum style style = word->style;

	(void)screen;
	if (*word->word)
		buf_text(out, word->word);
	else
		json_reply_show_text(out, service, "state");
	if (json_reply_flag(service, "held") && !json_reply_is(service, "state", "held"))
		buf_text(out, ", held");
	(void)template_add(out, service, "[{?degraded}, degraded][{?outdated}, outdated]"
			   "[, retry in {pause.left:age}|, starts in {next_start:age}]");
	if (json_reply_flag(service, "degraded") ||
	    (style == STYLE_GREEN && json_reply_number(service, "outdated") > 0))
		return STYLE_YELLOW;
	return style == STYLE_GREEN ? STYLE_PLAIN : style;
}

static enum style add_endpoints(struct buf *out, const struct screen *screen, const json_t *service)
{
	facts_add_endpoints(out, service, screen->is_terminal ? ENDPOINTS_MOST : SIZE_MAX);
	return STYLE_PLAIN;
}

/* Adds how long ago a client was there last. superd may not know when; but no client has been there if the service
 * waits for its first start. */
static enum style add_last_used(struct buf *out, const struct screen *screen, const json_t *service)
{
	double ago = reply_now(service) - json_reply_number(service, "last_used");

	(void)screen;
	if (json_reply_has_number(service, "last_used") && ago < 1)
		buf_text(out, "now");
	else if (json_reply_has_number(service, "last_used"))
		human_add(out, duration_write_whole, ago);
	else if (json_reply_is(service, "state", "listening") && json_reply_has_number(service, "activations") &&
		 json_reply_number(service, "activations") <= 0)
		buf_text(out, "never");
	return STYLE_PLAIN;
}

/* The command of a service, or what is wrong with it. */
static enum style add_command(struct buf *out, const struct screen *screen, const json_t *service)
{
	(void)screen;
	if (template_add(out, service, "{fault}"))
		return json_reply_flag(service, "degraded") ? STYLE_YELLOW : STYLE_RED;
	json_reply_show_text(out, service, "command");
	return STYLE_PLAIN;
}

static enum style add_queue(struct buf *out, const struct screen *screen, const json_t *service)
{
	double waiting;

	(void)screen;
	if (facts_queue(service, &waiting) && waiting > 0)
		buf_addf(out, "%.0f", waiting);
	return STYLE_PLAIN;
}

static enum style add_instances(struct buf *out, const struct screen *screen, const json_t *service)
{
	(void)screen;
	if (facts_instances(service))
		buf_addf(out, "%zu", facts_instances(service));
	return STYLE_PLAIN;
}

static enum style add_refused(struct buf *out, const struct screen *screen, const json_t *service)
{
	(void)screen;
	if (count_refused(service) > 0)
		buf_addf(out, "%.0f", count_refused(service));
	return STYLE_PLAIN;
}

const struct field_of_service fields[FIELDS] = {
	[FIELD_MARK] = { { .title = "" }, NULL, .add = add_mark },
	[FIELD_NAME] = { { .title = "SERVICE" }, "Service", .template = "[{service}]", .style = STYLE_BOLD },
	[FIELD_STATE] = { { .title = "STATE" }, "State", .add = add_state },
	[FIELD_ENDPOINTS] = { { .title = "LISTENS ON" }, "Listens on", .add = add_endpoints },
	[FIELD_MEMORY] = { { .title = "MEMORY", .right = true }, "Memory", .template = "[{?memory}{memory:bytes}]" },
	[FIELD_LAST_USED] = { { .title = "LAST USED", .right = true }, "Last used", .add = add_last_used },
	[FIELD_FOR] = { { .title = "FOR", .right = true }, NULL, .template = "[{?for}{for:age}]" },
	[FIELD_SINCE] = { { .title = "SINCE" }, "Since", .template = "[{?since}{since:clock}]" },
	[FIELD_QUEUE] = { { .title = "QUEUE", .right = true }, "Queue", .add = add_queue },
	[FIELD_INSTANCES] = { { .title = "INST", .right = true }, "Instances", .add = add_instances },
	[FIELD_STARTS] = { { .title = "STARTS", .right = true },
			   "Starts",
			   .template = "[{?activations}{activations}]" },
	[FIELD_FAILED] = { { .title = "FAILED", .right = true }, "Failed", .template = "[{?failures}{failures}]" },
	[FIELD_REFUSED] = { { .title = "REFUSED", .right = true }, "Refused", .add = add_refused },
	[FIELD_TIME] = { { .title = "TIME", .right = true }, "Processor time", .template = "[{?cpu}{cpu:span}]" },
	[FIELD_COMMAND] = { { .title = "COMMAND" }, "Command", .add = add_command },
	[FIELD_FAULT] = { { .title = "FAULT" }, "Fault", .template = "[{fault}]", .style = STYLE_RED },
};

enum style field_add(struct buf *out, enum field id, const struct screen *screen, const json_t *service)
{
	if (fields[id].add)
		return fields[id].add(out, screen, service);
	(void)template_add(out, service, fields[id].template);
	return fields[id].style;
}

void fields_say(struct columns *columns, enum style style, const json_t *object, const char *template)
{
	struct buf cell = { 0 };

	(void)template_add(&cell, object, template);
	columns_add(columns, style, &cell);
	buf_free(&cell);
}
