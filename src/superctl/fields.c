/* The fields of a service, each in one line of a table. A zero or unknown value adds nothing, and a column without any
 * is left out, so that the services that do something stand out. */
#include "superctl/fields.h"

#include <stdint.h>

#include "superctl/facts.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"
#include "superctl/sentence.h"
#include "superctl/state_words.h"

#define ENDPOINTS_MOST 3                /* endpoints of a service on a terminal; superctl status has all */

static enum style add_mark(struct buf *out, const struct screen *screen, const json_t *service)
{
	const struct state_word *word = state_word_of(service);

	buf_text(out, screen->unicode ? word->dot : word->plain);
	return word->style;
}

static enum style add_name(struct buf *out, const struct screen *screen, const json_t *service)
{
	(void)screen;
	json_reply_show_text(out, service, "service");
	return STYLE_BOLD;
}

/* Adds the state; for a service that failed, also when superd tries again: "failing, retry in 12 s". */
static enum style add_state(struct buf *out, const struct screen *screen, const json_t *service)
{
	enum style style = state_word_of(service)->style;

	(void)screen;
	state_word_add(out, service);
	(void)sentence_add(out, service, "[, retry in {pause.left:age}]");
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
	double ago = sentence_now(service) - json_reply_number(service, "last_used");

	(void)screen;
	if (json_reply_has_number(service, "last_used") && ago < 1)
		buf_text(out, "now");
	else if (json_reply_has_number(service, "last_used"))
		human_units_add_age(out, ago);
	else if (json_reply_is(service, "state", "listening") && json_reply_has_number(service, "activations") &&
		 json_reply_number(service, "activations") <= 0)
		buf_text(out, "never");
	return STYLE_PLAIN;
}

/* The command of a service, or the reason if the service is left out. */
static enum style add_command(struct buf *out, const struct screen *screen, const json_t *service)
{
	if (!*json_reply_text(service, "left_out")) {
		facts_add_command(out, service, screen->is_terminal);
		return STYLE_PLAIN;
	}
	json_reply_show_text(out, service, "left_out");
	return STYLE_RED;
}

/* Adds the reason of the last failure, and when it was: "exit status 1, 16:20:11". */
static enum style add_failure(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *last = json_array_get(json_reply_list(service, "last_failures"), 0);

	(void)screen;
	if (last && !*json_reply_text(service, "left_out"))
		(void)sentence_add(out, last, ENDING_OF("") ", {at:clock}");
	else
		(void)sentence_add(out, service, "[left out: {left_out}|{pause.reason}]");
	return STYLE_RED;
}

static void add_count(struct buf *out, double number)
{
	buf_addf(out, "%.0f", number);
}

static bool count_instances(const json_t *service, double *number)
{
	*number = (double)facts_instances(service);
	return true;
}

static bool count_refused(const json_t *service, double *number)
{
	*number = facts_refused(service);
	return true;
}

const struct field_of_service fields[FIELDS] = {
	[FIELD_MARK] = { { .title = "" }, NULL, .add = add_mark },
	[FIELD_NAME] = { { .title = "SERVICE", .stays = true }, "Service", .add = add_name },
	[FIELD_STATE] = { { .title = "STATE", .stays = true }, "State", .add = add_state },
	[FIELD_ENDPOINTS] = { { .title = "LISTENS ON", .stays = true }, "Listens on", .add = add_endpoints },
	[FIELD_MEMORY] = { { .title = "MEMORY", .right = true }, "Memory",
			   .key = "memory", .unit = human_units_add_bytes },
	[FIELD_LAST_USED] = { { .title = "LAST USED", .right = true }, "Last used", .add = add_last_used },
	[FIELD_FOR] = { { .title = "FOR", .right = true }, NULL, .key = "for", .unit = human_units_add_age },
	[FIELD_SINCE] = { { .title = "SINCE" }, "Since", .key = "since", .unit = human_units_add_clock },
	[FIELD_QUEUE] = { { .title = "QUEUE", .right = true }, "Queue", .number = facts_queue, .unit = add_count },
	[FIELD_INSTANCES] = { { .title = "INST", .right = true }, "Instances",
			      .number = count_instances, .unit = add_count },
	[FIELD_STARTS] = { { .title = "STARTS", .right = true }, "Starts", .key = "activations", .unit = add_count },
	[FIELD_FAILED] = { { .title = "FAILED", .right = true }, "Failed", .key = "failures", .unit = add_count },
	[FIELD_REFUSED] = { { .title = "REFUSED", .right = true }, "Refused",
			    .number = count_refused, .unit = add_count },
	[FIELD_TIME] = { { .title = "TIME", .right = true }, "Processor time",
			 .key = "cpu", .unit = human_units_add_span },
	[FIELD_COMMAND] = { { .title = "COMMAND", .can_shrink = true }, "Command", .add = add_command },
	[FIELD_FAILURE] = { { .title = "LAST FAILURE", .can_shrink = true }, "Last failure", .add = add_failure },
	[FIELD_SHARE] = { .column = { .title = "CPU", .right = true } },
	[FIELD_RATE] = { .column = { .title = "RATE", .right = true } },
};

enum style field_add(struct buf *out, enum field id, const struct screen *screen, const json_t *service)
{
	const struct field_of_service *field = &fields[id];
	double number = field->key ? json_reply_number(service, field->key) : 0;

	if (field->add)
		return field->add(out, screen, service);
	if (field->number && !field->number(service, &number))
		return STYLE_PLAIN;
	if (number > 0)
		field->unit(out, number);
	return STYLE_PLAIN;
}

void fields_say(struct columns *columns, enum style style, const json_t *object, const char *sentence)
{
	struct buf cell = { 0 };

	(void)sentence_add(&cell, object, sentence);
	columns_add(columns, style, &cell);
	buf_free(&cell);
}

void fields_begin(struct columns *columns, const enum field *list, size_t count)
{
	struct column titles[COLUMNS_MOST];

	for (size_t n = 0; n < count && n < COLUMNS_MOST; n++)
		titles[n] = fields[list[n]].column;
	columns_begin(columns, titles, count);
}

void fields_add(struct columns *columns, const enum field *list, size_t count, const struct screen *screen,
		const json_t *service)
{
	for (size_t n = 0; n < count; n++) {
		struct buf cell = { 0 };
		enum style style = field_add(&cell, list[n], screen, service);

		columns_add(columns, style, &cell);
		buf_free(&cell);
	}
}
