/* The value that a reader makes of an option: words with their places. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/reading/reading.h"

struct word_list {
	const char **words;             /* owned; the words are not */
	struct origin *places;          /* owned */
	size_t count, capacity;
	struct origin at;               /* of the option; file NULL: nothing sets it */
	bool failed;                    /* a part of the value was refused */
};

void word_list_free(struct word_list *list);

void word_list_add(struct word_list *list, const char *word, struct origin at);

/* The list as the value of an option. */
struct value word_list_value(const struct word_list *list);

/* The text for the value of an option with templates, where %{ and %% mean something. */
const char *template_escaped(struct pool *pool, const char *text);

/* Adds KIND[FAMILY]:[HOST:]PORT[%INTERFACE]. host: without brackets; the interface of fe80::1%eth0 goes to the end;
 * NULL: any. */
void endpoint_add(struct buf *out, const char *kind, const char *family, const char *host, const char *port);
