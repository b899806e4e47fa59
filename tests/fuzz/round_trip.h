/* What every fuzzer of a reader claims: no crash, no leak, every diagnostic says something at a place of the file; and
 * a table without an error prints as superd.conf that reads back without one and prints the same again. */
#pragma once

#include "read/client/client.h"

/* A reader as far as a text in memory goes. */
struct round_trip {
	const struct reader *reader;
	bool (*read)(struct reading *reading, const struct source_file *source);
	enum compat compat;
};

/* Reads the text as the reader's language has it, and checks what came of it. No include is read: a text does the same
 * on every machine. */
void round_trip_text(const struct round_trip *way, const char *text, size_t size);

/* The same for what a fuzzer has read itself, as a table of several texts: finishes and frees the reading.
 * is_foreign: what superd-read writes must make the same rows. */
void round_trip_reading(struct reading *reading, bool is_foreign);
