/* Writes and reads values as text. After a flaw, reading changes nothing more. */
#include "lib/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct record record_of(char *text, size_t length, struct pool *pool)
{
	return (struct record){ .at = text, .end = text + length, .pool = pool };
}

bool record_open(struct record *record, int file, size_t most)
{
	struct buf text = { 0 };
	char bytes[16384];
	ssize_t got;

	while ((got = read(file, bytes, sizeof(bytes))) > 0 && text.length < most)
		buf_add(&text, bytes, (size_t)got);
	if (got >= 0)
		errno = text.failed ? ENOMEM : EPROTO;
	*record = record_of(text.data, text.length, got || !text.data || text.failed ? NULL : pool_new());
	record->out = text;
	if (record->pool)
		return true;
	buf_free(&record->out);
	*record = (struct record){ 0 };
	return false;
}

bool record_is_read(const struct record *record)
{
	return !record->flaw && record->at == record->end;
}

static bool fail(struct record *record, const char *key)
{
	record_demand(record, key, false);
	return false;
}

/* Goes past "KEY=". */
static bool find_key(struct record *record, const char *key)
{
	size_t length = strlen(key);

	if (record->flaw || strncmp(record->at, key, length) != 0 || record->at[length] != '=')
		return fail(record, key);
	record->at += length + 1;
	return true;
}

/* Reads a number with this byte behind it. */
static bool read_number(struct record *record, const char *key, char end, int64_t *value)
{
	char *after;

	errno = 0;
	*value = strtoll(record->at, &after, 10);
	if (after == record->at || errno || *after != end)
		return fail(record, key);
	record->at = after + 1;
	return true;
}

void record_number(struct record *record, const char *key, int64_t *value, int64_t least, int64_t most)
{
	int64_t found;

	if (!record_reads(record))
		buf_addf(&record->out, "%s=%" PRId64 "\n", key, *value);
	else if (find_key(record, key) && read_number(record, key, '\n', &found) &&
		 (found >= least && found <= most ? true : fail(record, key)))
		*value = found;
}

void record_bytes(struct record *record, const char *key, const char **bytes, size_t *length)
{
	int64_t found;

	if (!record_reads(record)) {
		buf_addf(&record->out, "%s=%" PRId64 ":", key, *bytes ? (int64_t)*length : -1);
		buf_add(&record->out, *bytes ? *bytes : "", *bytes ? *length : 0);
		buf_char(&record->out, '\n');
		return;
	}
	*bytes = NULL;
	*length = 0;
	if (!find_key(record, key) || !read_number(record, key, ':', &found))
		return;
	if (found < -1 || found >= record->end - record->at || record->at[found < 0 ? 0 : found] != '\n') {
		fail(record, key);
		return;
	}
	if (found >= 0) {
		*bytes = record->at;
		*length = (size_t)found;
		record->at += found;
	}
	*record->at++ = '\0';
}

void record_text(struct record *record, const char *key, const char **text)
{
	size_t length = !record_reads(record) && *text ? strlen(*text) : 0;

	record_bytes(record, key, text, &length);
	if (record_reads(record) && *text && strlen(*text) != length) {
		*text = NULL;
		fail(record, key);
	}
}

void *record_array(struct record *record, struct record_array array, const void *present, size_t *count)
{
	int64_t number = record_reads(record) ? 0 : (int64_t)*count;
	void *made;

	record_number(record, array.key, &number, 0, (int64_t)array.most);
	if (!record_reads(record))
		return number ? (void *)(uintptr_t)present : NULL;
	made = number ? pool_alloc(record->pool, ((size_t)number + 1) * array.size) : NULL;
	if (number && !made)
		fail(record, array.key);
	*count = made ? (size_t)number : 0;
	return made;
}

void record_block(struct record *record, struct record_array array, void **block, size_t *count)
{
	const char *bytes = *block;
	size_t length = *count * array.size;

	record_bytes(record, array.key, &bytes, &length);
	if (!record_reads(record))
		return;
	*block = NULL;
	*count = 0;
	if (!bytes)
		return;
	if (length % array.size || length / array.size > array.most || !(*block = pool_alloc(record->pool, length + 1)))
		fail(record, array.key);
	else
		*count = length / array.size, memcpy(*block, bytes, length);
}

void record_list(struct record *record, const char *key, char ***list, size_t most)
{
	size_t count = 0;
	char **made;

	while (!record_reads(record) && *list && (*list)[count])
		count++;
	made = record_array(record, (struct record_array){ key, sizeof(*made), most }, *list, &count);
	for (size_t n = 0; n < count; n++)
		record_text(record, key, (const char **)(uintptr_t)&made[n]);
	if (record_reads(record))
		*list = made;
}
