/* The fields of a service that several views print: one table for the columns of list, top and the status page, and for
 * the lines on the page of a service. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"
#include "superctl/columns.h"

enum field {
	FIELD_MARK, FIELD_NAME, FIELD_STATE, FIELD_ENDPOINTS, FIELD_MEMORY, FIELD_LAST_USED, FIELD_FOR, FIELD_SINCE, FIELD_QUEUE,
	FIELD_INSTANCES, FIELD_STARTS, FIELD_FAILED, FIELD_REFUSED, FIELD_TIME, FIELD_COMMAND, FIELD_FAILURE,
	FIELD_SHARE, FIELD_RATE,        /* of top alone, which adds them: they need its answer before */
	FIELDS,
};

extern const struct field_of_service {
	struct column column;           /* in list and top */
	const char *name;               /* on the status page; NULL: not there */
	const char *key;                /* a number: its member of the service, */
	bool (*number)(const json_t *service, double *number);  /* or what reads it; false: unknown */
	void (*unit)(struct buf *out, double number);           /* adds the number */
	enum style (*add)(struct buf *out, const struct screen *screen, const json_t *service); /* no number: adds the value */
} fields[FIELDS];

/* Adds the value; nothing if it is unknown or 0. Returns its style. On a terminal long values are shortened. */
enum style field_add(struct buf *out, enum field id, const struct screen *screen, const json_t *service);

/* Adds a cell with a sentence. */
void fields_say(struct columns *columns, enum style style, const json_t *object, const char *sentence);

/* Begins a table of these columns, and adds the cells of a service. */
void fields_begin(struct columns *columns, const enum field *list, size_t count);
void fields_add(struct columns *columns, const enum field *list, size_t count, const struct screen *screen,
		const json_t *service);
