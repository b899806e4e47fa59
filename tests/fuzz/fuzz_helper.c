/* What superd's own helpers send it, from any bytes: for a first byte from 128 on an answer of superd-filter, for
 * another odd one the traffic report of a redirect, else lines of superd-advise. Texts are visible ASCII within their
 * room, and a report that reads is the one that superd-builtin writes of the same numbers. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzzer.h"
#include "superd/service/client_report.h"
#include "superd/service/lookup.h"
#include "table/words/filter_request.h"

static void check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	require(length < size);
	for (size_t n = 0; n < length; n++)
		require(text[n] >= ' ' && text[n] <= '~');
}

static void check_reply(char *text)
{
	struct lookup_reply reply = { 0 };
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct lookup_reply one = { 0 };
		bool is_answer = lookup_reply_parse_line(line, &one);

		require(is_answer == (one.has_name || one.has_libwrap || one.twisted || one.has_user));
		require(lookup_reply_parse_line(line, &reply) == is_answer);
		check_text(reply.name, sizeof(reply.name));
		check_text(reply.user, sizeof(reply.user));
		require(!reply.knows_name || (reply.has_name && *reply.name));
		require(!reply.knows_user || (reply.has_user && *reply.user));
		require(!reply.allowed || reply.has_libwrap);
	}
}

static void check_traffic(const char *text)
{
	struct client_report report;
	char same[96], id[32] = "";

	if (!client_report_read(text, &report))
		return;
	if (report.question) {
		require(!strncmp(text, "ask id=", 7) && report.question > text + 8 && report.question[-1] == ' ');
		return;
	}
	if (strstr(text, " id="))
		snprintf(id, sizeof(id), " id=%" PRIu64, report.socket);
	snprintf(same, sizeof(same), "in=%" PRIu64 " out=%" PRIu64 "%s%s%s\n", report.in, report.out, id,
		 report.failed ? " failed" : "", strstr(text, " rests\n") ? " rests" : "");
	require(!strcmp(text, same));
}

/* An answer is taken only if all that it counts lies within it. */
static void check_filter(const uint8_t *data, size_t size)
{
	struct filter_answer head;
	size_t calls = size ? data[0] : 0;
	uint32_t index;

	if (!size || filter_answer_flaw(data + 1, size - 1, calls))
		return;
	memcpy(&head, data + 1, sizeof(head));
	require(head.error ? !head.instructions : head.instructions > 0);
	require(size - 1 == sizeof(head) + head.instructions * FILTER_INSTRUCTION + head.unknown * sizeof(index));
	for (uint32_t n = 0; n < head.unknown; n++) {
		memcpy(&index, data + size - (head.unknown - n) * sizeof(index), sizeof(index));
		require(index < calls);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size || size > LOOKUP_REPLY_MOST)
		return 0;
	if (data[0] & 128) {
		check_filter(data + 1, size - 1);
		return 0;
	}
	text = malloc(size);
	require(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] & 1)
		check_traffic(text);
	else
		check_reply(text);
	free(text);
	return 0;
}
