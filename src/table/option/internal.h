/* Functions for all types: writing superd.conf's syntax, splitting and keeping words. For type*.c alone. */
#pragma once

#include "table/option/option.h"

/* How a number is read and shown, with the decimals that its unit has: JSON has microseconds as seconds. */
struct number {
	const char *noun;               /* for messages; NULL: `scan` names the bounds itself */
	const char *(*scan)(const char *text, int64_t *out);
	void (*show)(int64_t value, char *buf);         /* 32 bytes */
	int64_t least, most;            /* bounds if the option has none */
	int decimals;                   /* of the field's unit */
};

/* type.parse of types with a `number`. */
const char *number_parse(struct parse *parse, void *field);

#define NUMBER_TYPE(title, numbers) \
	{ .name = title, .kind = FIELD_NUMBER, .size = sizeof(int64_t), .number = &(numbers), .parse = number_parse }

/* A list of words: each is checked by itself, or parsed with the others. */
#define WORDS_TYPE(title, check) { \
	.name = title, .kind = FIELD_WORDS, .is_list = true, .judges_each = true, .refuse = check, \
}
#define PARSED_WORDS_TYPE(title, reads) { .name = title, .kind = FIELD_WORDS, .is_list = true, .parse = reads }

/* A value of its own C type. */
#define SHOWN_TYPE(title, stored, reads, writes) \
	.name = title, .kind = FIELD_SHOWN, .size = sizeof(stored), .parse = reads, .show = writes
#define SET_TYPE(title, stored, reads, writes) \
	.name = title, .kind = FIELD_SET, .size = sizeof(stored), .parse = reads, .show = writes

void count_show(int64_t value, char *buf);      /* as struct number's `show` */

/* Keeps a text in the pool and stores it in a field of type const char *; the empty text is NULL. Returns NULL or
 * NO_MEMORY. */
const char *text_keep(struct pool *pool, const char *text, void *field);

/* Stores a list of words in a field of type words; with parse->append, adds them to its list. Returns NULL or
 * NO_MEMORY. */
const char *list_keep(struct parse *parse, const char *const *list, size_t count, void *field);

/* Returns the word of a NULL-terminated list that is nearest to text; NULL: none is near. */
const char *word_suggest(const char *const *known, const char *text);

/* Stores the list as it is, or adds it. */
const char *list_field_parse(struct parse *parse, void *field);

/* Write the value with as many decimals as needed, of `decimals`, to 32 bytes; and read one with no more, and at most ten
 * digits in front. Returns the text behind it; NULL: it is none. */
void decimal_show(int64_t value, int decimals, char *buf);
const char *decimal_scan(const char *text, int decimals, int64_t *out);

/* Writes those of the words whose bits are set, with a sign in front of each. */
void bits_show(uint64_t set, const char *const *known, const char *sign, struct buf *out);

/* Adds a word to what `show` writes. */
void word_add(struct buf *out, const char *word);

/* Returns "expected one of a, b or c", with the nearest word. */
const char *words_refuse(const char *const *known, const char *text, struct pool *pool);

/* Finds the index of a word, case-insensitive; false: it is none of them. */
bool words_find(const char *const *known, const char *text, unsigned *out);
