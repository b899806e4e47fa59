/* Parts that types share: writing superd.conf's syntax, splitting and keeping words. For type*.c
 * alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/pool.h"
#include "config/service/service.h"
#include "config/type/directive.h"
#include "config/type/type.h"

#define NO_MEMORY "out of memory"

/* A value as superd.conf has it: bare where that is safe, else in double quotes; NULL and "" are both "". */
void native_value(struct buf *out, const char *text);
void native_quoted(struct buf *out, const char *text);          /* quoted always */
void native_list(struct buf *out, words list);                  /* {"a", "b"} */
void native_take(struct buf *out, struct buf *text);            /* the value of text, which is freed */

void json_list(struct buf *out, words list);

/* Puts what the directive calls unset into the field. */
void value_unset(const struct directive *directive, void *field);
bool value_is_unset(const struct directive *directive, const void *field);

/* Keeps a text in a field of type const char *; the empty text is the unset one. */
const char *text_keep(struct pool *pool, const char *text, void *field);

/* Keeps these words as the list of a field, behind those already there where parse->append says so. */
const char *list_keep(struct parse *parse, const char *const *list, size_t count, void *field);

/* NO_MEMORY for NULL; for reasons made by pool_textf. */
const char *reason_or_memory(const char *reason);

/* The word of a NULL-terminated list that is nearest to text, NULL when none is near. */
const char *word_suggest(const char *const *known, const char *text);

/* Writes "a, b or c". */
void words_enumerate(struct buf *out, const char *const *known);

/* Checks a path, for type_path and for each path of type_paths. NULL, or why it is wrong. */
const char *path_refuse(const struct directive *directive, const char *path);

/* What types with the same field share: const char *, words, bool, int64_t, unsigned. */
const char *text_field_parse(struct parse *parse, void *field);
const char *list_field_parse(struct parse *parse, void *field);
bool text_field_equal(const void *a, const void *b);
bool list_field_equal(const void *a, const void *b);
bool bool_field_equal(const void *a, const void *b);
bool number_field_equal(const void *a, const void *b);
bool unsigned_field_equal(const void *a, const void *b);
void bool_field_format(const struct directive *directive, const void *field, struct buf *out);
void bool_field_json(const struct directive *directive, const void *field, struct buf *out);
void text_field_format(const struct directive *directive, const void *field, struct buf *out);
void text_field_json(const struct directive *directive, const void *field, struct buf *out);
void list_field_format(const struct directive *directive, const void *field, struct buf *out);
void list_field_json(const struct directive *directive, const void *field, struct buf *out);
void command_field_format(const struct directive *directive, const void *field, struct buf *out);        /* as one text */

/* "it is one of a, b or c", with the near one. */
const char *words_refuse(const char *const *known, const char *text, struct pool *pool);

/* The index of a word in any case; false: it is none of them. */
bool words_find(const char *const *known, const char *text, unsigned *out);
