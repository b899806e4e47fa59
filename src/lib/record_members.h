/* Members of a struct in a record: the name of a member is its key. For the folders that write structs into records. */
#pragma once

#include <limits.h>

#include "lib/record.h"

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
