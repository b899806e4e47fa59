/* The words by which people know the states of a service: one table for list, status, why, top and the status page. The
 * states of the control socket are an interface, and stay as they are. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "superctl/screen.h"

struct state_word {
	const char *word;
	enum style style;
	const char *dot, *plain;        /* the mark with and without Unicode */
	const char *class;              /* of the page: good, sleep, warn or bad */
	bool is_active;                 /* unless it is held, it serves clients, or would serve the next one */
};

#define STATE_WORDS 18

extern const struct state_word state_words[STATE_WORDS];        /* in the order of totals; the last one: unknown */

/* service: any line about it. Needs state and instances, and pause for a service that tries again. */
const struct state_word *state_word_of(const json_t *service);

/* Adds the word as a sentence: "it is failing", "it has no port". */
void state_word_add_sentence(struct buf *out, const json_t *service);

/* Adds the word, the place in line, and what else marks the service: "queued, 3rd in line", "awake, outdated". */
void state_word_add(struct buf *out, const json_t *service);

/* Whether the service serves clients, or would serve the next one. */
bool state_word_is_active(const json_t *service);
bool state_word_is_asleep(const struct state_word *word);       /* it waits for a client, without using the processor */
bool state_word_is_awake(const struct state_word *word);
void state_word_add_dot(const struct state_word *word, const struct screen *screen, struct buf *out);
