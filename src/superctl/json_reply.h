/* Reads superd's JSON. A member that is missing or has another type gives the value beside the function. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* From now on superctl ends with these last words, static, if a text or a JSON value gets no memory: it has one short
 * job. */
void json_reply_need_memory(const char *words);

/* Parses a line. The caller calls json_decref. NULL: it is no JSON object. */
json_t *json_reply_parse(const char *line, size_t length);

const char *json_reply_text(const json_t *object, const char *key);     /* "" */
bool json_reply_is(const json_t *object, const char *key, const char *text);
bool json_reply_flag(const json_t *object, const char *key);            /* false */
bool json_reply_has_number(const json_t *object, const char *key);
double json_reply_number(const json_t *object, const char *key);        /* 0 */
int json_reply_count(const json_t *object, const char *key);            /* 0 to INT_MAX, rounded down; else 0 */
const json_t *json_reply_list(const json_t *object, const char *key);   /* an array; NULL */
const json_t *json_reply_object(const json_t *object, const char *key); /* an object; NULL */

/* Adds a string, escaped for a terminal; nothing if it is no string. */
void json_reply_show(struct buf *out, const json_t *text);
void json_reply_show_text(struct buf *out, const json_t *object, const char *key);

/* Adds a command with its words quoted as in a table. `first` replaces the first word. */
void json_reply_show_words(struct buf *out, const char *first, const json_t *words);
