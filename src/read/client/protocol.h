/* What superd and superd-read say to each other: lines.
 *
 * superd sends a request and closes its direction. superd-read answers with services of superd.conf, with marks
 * (table/services/service_conf.h), and between them records: lines that begin with # and no blank. */
#pragma once

#include "lib/buf.h"
#include "table/reading/reading.h"

enum record_kind {
	RECORD_SOURCE,                  /* number: it reads this source of the request; behind the last: what all have */
	RECORD_OWN,                     /* that source is superd.conf, which superd-read does not read */
	RECORD_READ,                    /* at.file: the path; text: title of its language; number: services */
	RECORD_DIAG,                    /* at, text, hint; number: severity; flag: it follows the one before */
	RECORD_SKIPPED,                 /* at, text: the name; flag: is_doubtful; other: is_part */
	RECORD_ROLE,                    /* at, text: the name; number: enum role_kind */
	RECORD_END,                     /* the last one; number: errors that no record has */
	RECORDS
};

/* All that any kind has; the rest is zero. */
struct read_record {
	enum record_kind kind;
	struct origin at;
	const char *text, *hint;        /* NULL: none */
	unsigned number;
	bool flag, other;
};

void read_record_write(struct buf *out, struct read_record record);

/* Whether a line is a record. */
static inline bool record_begins(const char *line)
{
	return line[0] == '#' && line[1] != ' ';
}

/* Reads a line, in which the texts of the record then lie. false: it is wrong. */
bool read_record_parse(char *line, struct read_record *record);

/* The part of a request that superd-read needs. What is read lies in the text and in the pool. false: it is wrong. */
void request_write(struct buf *out, struct read_request request);
bool request_read(char *text, struct pool *pool, struct read_request *request);
