/* What the backend "report" wrote, read back key by key. */
#pragma once

#include <stdbool.h>

struct reading {
	const char *text;
};

struct reading reading_wait(const char *path);          /* waits until the report is there, whole */
struct reading reading_of(const char *text);            /* of a report that came over a connection */

const char *reading_get(struct reading reading, const char *format, ...) __attribute__((format(printf, 2, 3)));  /* NULL: no such key */

/* Fails the test with both values unless the key has this value. */
void reading_expect(struct reading reading, const char *key, const char *value);
