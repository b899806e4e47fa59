/* Writes and reads the requests to superd-filter by one table, and checks its answers. */
#include "table/words/filter_request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

/* The keys. A number that is not written is 0, or -1 for the personality. */
static const struct request_key {
	const char *name;
	size_t at;                      /* in struct filter_request */
	bool is_list;
} keys[] = {
	{ "calls", offsetof(struct filter_request, calls), true },
	{ "families", offsetof(struct filter_request, families), true },
	{ "architectures", offsetof(struct filter_request, architectures), false },
	{ "error", offsetof(struct filter_request, error), false },
	{ "namespaces", offsetof(struct filter_request, namespaces), false },
	{ "personality", offsetof(struct filter_request, personality), false },
	{ "realtime", offsetof(struct filter_request, realtime), false },
	{ "suid-sgid", offsetof(struct filter_request, suid_sgid), false },
	{ "executable-memory", offsetof(struct filter_request, executable_memory), false },
	{ "sysctl", offsetof(struct filter_request, sysctl), false },
	{ "modules", offsetof(struct filter_request, modules), false },
	{ "logs", offsetof(struct filter_request, logs), false },
	{ "clock", offsetof(struct filter_request, clock), false },
	{ "raw-io", offsetof(struct filter_request, raw_io), false },
	{ "hostname", offsetof(struct filter_request, hostname), false },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static const struct filter_request none = { .personality = -1 };

void filter_request_write(const struct filter_request *request, struct buf *out)
{
	for (size_t n = 0; n < KEYS; n++) {
		const char *at = (const char *)request + keys[n].at;
		words list = keys[n].is_list ? *(const words *)(const void *)at : NULL;

		if (keys[n].is_list ? !list : !memcmp(at, (const char *)&none + keys[n].at, sizeof(int64_t)))
			continue;
		buf_text(out, keys[n].name);
		for (; list && *list; list++)
			buf_addf(out, " %s", *list);
		if (!keys[n].is_list)
			buf_addf(out, " %" PRId64, *(const int64_t *)(const void *)at);
		buf_char(out, '\n');
	}
}

static bool read_list(char *text, struct pool *pool, words *out)
{
	const char **list = calloc(strlen(text) / 2 + 2, sizeof(*list));
	size_t count = 0;
	char *rest;

	for (char *word = list ? strtok_r(text, " ", &rest) : NULL; word; word = strtok_r(NULL, " ", &rest))
		list[count++] = word;
	*out = list ? pool_list(pool, list, count) : NULL;
	free(list);
	return *out;
}

/* Reads one line without its end. */
static bool read_line(char *line, struct pool *pool, struct filter_request *out)
{
	char *value = line + strcspn(line, " ");

	if (*value)
		*value++ = '\0';
	for (size_t n = 0; n < KEYS; n++) {
		void *at = (char *)out + keys[n].at;

		if (!strcmp(line, keys[n].name))
			return keys[n].is_list ? read_list(value, pool, at) : !scan_count(value, at);
	}
	return false;
}

bool filter_request_read(char *text, struct pool *pool, struct filter_request *out)
{
	char *end;

	*out = none;
	for (; *text; text = end) {
		end = text + strcspn(text, "\n");
		if (!*end)
			return false;
		*end++ = '\0';
		if (!read_line(text, pool, out))
			return false;
	}
	return true;
}

const char *filter_answer_flaw(const void *answer, size_t length, size_t count)
{
	const char *at = answer;
	struct filter_answer head;
	uint32_t last = 0, index;

	if (length < sizeof(head))
		return "it is too short";
	memcpy(&head, at, sizeof(head));
	if (head.error > 4095)
		return "its error is none";
	if (head.instructions > FILTER_INSTRUCTIONS_MOST || !head.instructions == !head.error)
		return "its number of instructions cannot be";
	if (head.unknown > FILTER_UNKNOWN_MOST ||
	    length != sizeof(head) + head.instructions * FILTER_INSTRUCTION + head.unknown * sizeof(index))
		return "its length is wrong";
	at += length - head.unknown * sizeof(index);
	for (uint32_t n = 0; n < head.unknown; n++) {
		memcpy(&index, at + n * sizeof(index), sizeof(index));
		if (index >= count || (n && index <= last))
			return "it names words that were not asked for";
		last = index;
	}
	return NULL;
}
