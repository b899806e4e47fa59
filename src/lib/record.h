/* Values as text and back, by the same calls in the same order: "KEY=NUMBER" and "KEY=LENGTH:BYTES", each on a line.
 * The reader checks each key, length, number and count. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/pool.h"

struct record {
	struct buf out;                 /* what was written; or the text that record_open has read */
	char *at, *end;                 /* what is left to read, with a NUL at its end; NULL: this record is written */
	struct pool *pool;              /* for what is read */
	const char *flaw;               /* key of the first value that is missing, wrong or too large; NULL: none */
};

/* Begins to read a text, which the values then point to; arrays are in the pool. */
struct record record_of(char *text, size_t length, struct pool *pool);

/* Begins to read a file, or a pipe to its end, of at most so many bytes: nobody can change either. The text and the pool
 * live until the process ends. false and errno. */
bool record_open(struct record *record, int file, size_t most);

/* Whether the whole text was read without a flaw. */
bool record_is_read(const struct record *record);

static inline bool record_reads(const struct record *record)
{
	return record->at;
}

/* A number from least to most. */
void record_number(struct record *record, const char *key, int64_t *value, int64_t least, int64_t most);

/* Without what must be there, what was read under this key is a flaw. */
static inline void record_demand(struct record *record, const char *key, bool there)
{
	if (!there && !record->flaw)
		record->flaw = key;
}

/* A text, which may be NULL and has no NUL inside. */
void record_text(struct record *record, const char *key, const char **text);

/* Any bytes, which may be NULL. What is read has a NUL behind it. */
void record_bytes(struct record *record, const char *key, const char **bytes, size_t *length);

/* An array: its members, and how many there may be. */
struct record_array {
	const char *key;
	size_t size, most;              /* bytes of a member; members */
};

/* Writes how many members there are; or reads it, and allocates them and one more, all zeroed. The caller then writes
 * or reads each member. NULL, and count 0: there is a flaw, or there was no array. `present`: the array to write. */
void *record_array(struct record *record, struct record_array array, const void *present, size_t *count);

/* The same of members that are written as they are in memory. */
void record_block(struct record *record, struct record_array array, void **block, size_t *count);

/* A list of texts with a NULL at its end; it may be NULL. */
void record_list(struct record *record, const char *key, char ***list, size_t most);

/* Members of a struct in a record: the name of a member is its key. For the folders that write structs into records. */

/* Writes or reads a number. Another thread may use a struct that is written, so nothing in it is
 * set. */
#define NUMBER(record, from, member, least, most) \
	do { \
		int64_t number_ = (int64_t)(from)->member; \
		record_number(record, #member, &number_, least, most); \
		if (record_reads(record)) \
			(from)->member = (__typeof__((from)->member))number_; \
	} while (0)
#define FLAG(record, from, member) NUMBER(record, from, member, 0, 1)
#define ANY(record, from, member) NUMBER(record, from, member, INT64_MIN, INT64_MAX)
#define INT(record, from, member) NUMBER(record, from, member, INT_MIN, INT_MAX)
#define UNSIGNED(record, from, member) NUMBER(record, from, member, 0, UINT32_MAX)

#define OPTIONAL_TEXT(record, from, member) \
	do { \
		const char *text_ = (from)->member; \
		record_text(record, #member, &text_); \
		if (record_reads(record)) \
			(from)->member = (__typeof__((from)->member))(uintptr_t)text_; \
	} while (0)
#define TEXT(record, from, member) \
	do { \
		OPTIONAL_TEXT(record, from, member); \
		record_demand(record, #member, (from)->member); \
	} while (0)

#define LIST(record, from, member, most) \
	do { \
		char **list_ = (from)->member; \
		record_list(record, #member, &list_, most); \
		if (record_reads(record)) \
			(from)->member = list_; \
	} while (0)

#define BLOCK(record, from, member, number, most) \
	do { \
		void *block_ = (void *)(uintptr_t)(from)->member; \
		size_t count_ = (from)->number; \
		record_block(record, (struct record_array){ #member, sizeof(*(from)->member), most }, &block_, \
			     &count_); \
		if (record_reads(record)) { \
			(from)->member = block_; \
			(from)->number = (__typeof__((from)->number))count_; \
		} \
	} while (0)

/* An array, or a struct that may be missing: `made` is where its members are written from, or read to. */
#define ARRAY(record, from, member, number, most, made) \
	do { \
		size_t count_ = (from)->number; \
		made = record_array(record, (struct record_array){ #member, sizeof(*made), most }, (from)->member, \
				    &count_); \
		if (record_reads(record)) { \
			(from)->member = made; \
			(from)->number = count_; \
		} \
	} while (0)
#define STRUCT(record, from, member, made) \
	do { \
		size_t count_ = (from)->member != NULL; \
		made = record_array(record, (struct record_array){ #member, sizeof(*made), 1 }, (from)->member, \
				    &count_); \
		if (record_reads(record)) \
			(from)->member = made; \
	} while (0)
