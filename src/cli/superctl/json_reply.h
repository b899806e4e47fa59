/* What superd said, taken apart: members of a JSON object, each as what it should be or as nothing. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A line; NULL when it is no JSON object. json_decref it. */
json_t *json_reply_parse(const char *line, size_t length);

const char *json_reply_text(const json_t *object, const char *key);     /* "" when it is no text */
bool json_reply_is(const json_t *object, const char *key, const char *text);
bool json_reply_flag(const json_t *object, const char *key);            /* false when it is not true */
bool json_reply_has_number(const json_t *object, const char *key);
double json_reply_number(const json_t *object, const char *key);        /* 0 when it is none */
const json_t *json_reply_list(const json_t *object, const char *key);   /* NULL, or an array */
const json_t *json_reply_object(const json_t *object, const char *key); /* NULL, or an object */

/* Adds a text for a terminal; nothing when it is none. */
void json_reply_show(struct buf *out, const json_t *text);
void json_reply_show_text(struct buf *out, const json_t *object, const char *key);

/* Adds a command, its words quoted as a table has them, with another word in the place of the first. */
void json_reply_show_words(struct buf *out, const char *first, const json_t *words);
