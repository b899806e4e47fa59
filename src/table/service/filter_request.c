/* Writes and reads the requests to superd-filter, and checks its answers. */
#include "table/service/service.h"

void filter_request_write(const struct filter_request *request, struct buf *out)
{
	const words lists[] = { request->calls, request->families };

	for (size_t n = 0; n < sizeof(lists) / sizeof(*lists); n++) {
		for (words word = lists[n]; word && *word; word++)
			buf_addf(out, " %s", *word);
		buf_char(out, '\n');
	}
	for (size_t n = 0; n < FILTER_NUMBERS; n++)
		buf_addf(out, " %" PRId64, request->numbers[n]);
	buf_char(out, '\n');
}

/* Keeps the words of a line, whose text it changes. false: out of memory. */
static bool read_list(char *line, struct pool *pool, words *out)
{
	const char **list = calloc(strlen(line) / 2 + 1, sizeof(*list));
	size_t count = 0;
	char *rest;

	for (char *word = list ? strtok_r(line, " ", &rest) : NULL; word; word = strtok_r(NULL, " ", &rest))
		list[count++] = word;
	*out = count ? pool_list(pool, list, count) : NULL;
	free(list);
	return list && (*out || !count);
}

bool filter_request_read(char *text, struct pool *pool, struct filter_request *out)
{
	char *families = strchr(text, '\n'), *numbers = families ? strchr(families + 1, '\n') : NULL, *end;

	if (!numbers)
		return false;
	*families++ = *numbers++ = '\0';
	for (size_t n = 0; n < FILTER_NUMBERS; n++, numbers = end) {
		out->numbers[n] = strtoll(numbers, &end, 10);
		if (end == numbers)
			return false;
	}
	return !strcmp(numbers, "\n") && read_list(text, pool, &out->calls) &&
	       read_list(families, pool, &out->families);
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
