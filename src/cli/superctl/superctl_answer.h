/* What superd said, taken apart: members of a JSON object, each as what it should be or as nothing. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A line; NULL when it is no JSON object. json_decref it. */
json_t *answer_parse(const char *line, size_t length);

const char *answer_text(const json_t *object, const char *key);         /* "" when it is no text */
bool answer_is(const json_t *object, const char *key, const char *text);
bool answer_flag(const json_t *object, const char *key);                /* false when it is not true */
bool answer_has_number(const json_t *object, const char *key);
double answer_number(const json_t *object, const char *key);            /* 0 when it is none */
const json_t *answer_list(const json_t *object, const char *key);       /* NULL, or an array */
const json_t *answer_object(const json_t *object, const char *key);     /* NULL, or an object */

/* Adds a text for a terminal; nothing when it is none. */
void answer_show(struct buf *out, const json_t *text);
void answer_show_text(struct buf *out, const json_t *object, const char *key);

/* Adds a command, its words quoted as a table has them, with another word in the place of the first. */
void answer_show_words(struct buf *out, const char *first, const json_t *words);
