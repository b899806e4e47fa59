/* The words for the states of a service.
 *
 * superd's own states are those of its sockets and instances. For a person a service that listens is asleep, or has
 * instances that serve clients; one in backoff may have failed, or may wait for a limit. */
#include "superctl/state_words.h"

#include <string.h>

#include "superctl/facts.h"
#include "superctl/json_reply.h"

enum index {
	ASLEEP, FROZEN, AWAKE, FULL, QUEUED, STARTING, STOPPING, FAILING, PAUSED, HELD, NO_PORT, OPENING,
	CLOSING, CONDITION, DISABLED, LEFT_OUT, LEAVING, UNKNOWN,
};

const struct state_word state_words[STATE_WORDS] = {
	[ASLEEP] = { "asleep", STYLE_GREEN, "○", "o", "sleep", true },
	[FROZEN] = { "frozen", STYLE_BLUE, "●", "*", "sleep", true },
	[AWAKE] = { "awake", STYLE_GREEN, "●", "*", "good", true },
	[FULL] = { "full", STYLE_YELLOW, "●", "*", "good", true },
	[QUEUED] = { "queued", STYLE_YELLOW, "○", "o", "warn", true },
	[STARTING] = { "starting", STYLE_YELLOW, "●", "*", "warn", true },
	[STOPPING] = { "stopping", STYLE_YELLOW, "●", "*", "warn", true },
	[FAILING] = { "failing", STYLE_RED, "×", "x", "bad", false },
	[PAUSED] = { "paused", STYLE_YELLOW, "‖", "=", "warn", false },
	[HELD] = { "held", STYLE_YELLOW, "‖", "=", "warn", false },
	[NO_PORT] = { "no port", STYLE_RED, "×", "x", "bad", false },
	[OPENING] = { "opening", STYLE_YELLOW, "○", "o", "warn", false },
	[CLOSING] = { "closing", STYLE_YELLOW, "○", "o", "warn", false },
	[CONDITION] = { "condition", STYLE_YELLOW, "‖", "=", "warn", false },
	[DISABLED] = { "disabled", STYLE_DIM, "○", "-", "warn", false },
	[LEFT_OUT] = { "left out", STYLE_RED, "×", "x", "bad", false },
	[LEAVING] = { "leaving", STYLE_YELLOW, "●", "*", "warn", false },
	[UNKNOWN] = { "", STYLE_PLAIN, "○", "o", "warn", false },
};

/* Else it waits for a limit such as cps, or is about to open the sockets. */
static bool has_failed(const json_t *service)
{
	return json_reply_flag(json_reply_object(service, "pause"), "failed");
}

static enum index index_of(const json_t *service)
{
	static const struct {
		const char *state;
		enum index index;
	} same[] = {
		{ "frozen", FROZEN },	  { "running", AWAKE },	    { "full", FULL },	  { "queued", QUEUED },
		{ "starting", STARTING }, { "stopping", STOPPING }, { "held", HELD },	  { "closing", CLOSING },
		{ "off", DISABLED },	  { "left out", LEFT_OUT }, { "leaving", LEAVING },
		{ "condition", CONDITION },
	};
	const char *state = json_reply_text(service, "state");

	if (!strcmp(state, "listening"))
		return facts_instances(service) ? AWAKE : ASLEEP;
	if (!strcmp(state, "backoff"))
		return has_failed(service) ? FAILING : PAUSED;
	if (!strcmp(state, "binding"))
		return has_failed(service) ? NO_PORT : OPENING;
	for (size_t n = 0; n < sizeof(same) / sizeof(*same); n++) {
		if (!strcmp(same[n].state, state))
			return same[n].index;
	}
	return UNKNOWN;
}

const struct state_word *state_word_of(const json_t *service)
{
	return &state_words[index_of(service)];
}

bool state_word_is_asleep(const struct state_word *word)
{
	return !strcmp(word->class, "sleep");
}

bool state_word_is_awake(const struct state_word *word)
{
	return !strcmp(word->class, "good");
}

void state_word_add_dot(const struct state_word *word, const struct screen *screen, struct buf *out)
{
	screen_add(screen, out, word->style, screen->unicode ? word->dot : word->plain);
}

static const char *ordinal_ending(int place)
{
	static const char *const endings[] = { "th", "st", "nd", "rd" };

	return place % 10 > 3 || (place % 100 > 10 && place % 100 < 14) ? "th" : endings[place % 10];
}

void state_word_add_sentence(struct buf *out, const json_t *service)
{
	enum index index = index_of(service);

	if (index == NO_PORT || index == CONDITION) {
		buf_text(out, index == NO_PORT ? "it has no port" : "its conditions do not hold");
		return;
	}
	buf_text(out, "it is ");
	if (index == UNKNOWN)
		json_reply_show_text(out, service, "state");
	else
		buf_text(out, state_words[index].word);
}

void state_word_add(struct buf *out, const json_t *service)
{
	const struct state_word *word = state_word_of(service);
	int place = json_reply_count(service, "place");

	if (*word->word)
		buf_text(out, word->word);
	else
		json_reply_show_text(out, service, "state");
	if (place)
		buf_addf(out, ", %d%s in line", place, ordinal_ending(place));
	if (json_reply_flag(service, "held") && !json_reply_is(service, "state", "held"))
		buf_text(out, ", held");
	if (json_reply_flag(service, "degraded"))
		buf_text(out, ", degraded");
	if (json_reply_number(service, "outdated") > 0)
		buf_text(out, ", outdated");
}

bool state_word_is_active(const json_t *service)
{
	return state_word_of(service)->is_active && !json_reply_flag(service, "held");
}
