/* Parses one line of the control socket into a request.
 *
 * Any process may have sent the line. The parser splits it into words and compares them with those it knows. It expands
 * nothing. */
#include "superd/control/request.h"

#include <string.h>

#include "lib/scan.h"
#include "lib/shell_words.h"

#define LINES_DEFAULT 10
#define LINES_MOST 1000000
#define SINCE_DEFAULT (6 * 3600.)       /* seconds */

static const struct {
	const char *name;
	enum request_option option;
	bool needs_value;               /* true: the option needs a value */
} request_options[] = {
	{ "no-wait", ASKS_NO_WAIT, false }, { "timeout", ASKS_TIMEOUT, true }, { "check", ASKS_CHECK, false },
	{ "service", ASKS_SERVICE, true },  { "level", ASKS_LEVEL, true },     { "interval", ASKS_INTERVAL, true },
	{ "progress", ASKS_PROGRESS, false }, { "failed", ASKS_FAILED, false }, { "follow", ASKS_FOLLOW, false },
	{ "lines", ASKS_LINES, true },	    { "signal", ASKS_SIGNAL, true }, { "boot", ASKS_BOOT, false },
	{ "since", ASKS_SINCE, true },	    { "cells", ASKS_CELLS, true },
	{ "allow-empty", ASKS_ALLOW_EMPTY, false }, { "asleep", ASKS_ASLEEP, false }, { "awake", ASKS_AWAKE, false },
};

/* A duration from 100 ms to 1 d, in seconds. NULL, or the reason to refuse it. */
static const char *read_seconds(const char *text, double *seconds)
{
	int64_t microseconds;
	const char *refusal = scan_duration(text, &microseconds);

	if (refusal)
		return refusal;
	if (microseconds < 100000 || microseconds > INT64_C(86400000000))
		return "expected a time of 100ms to 1d";
	*seconds = (double)microseconds / 1e6;
	return NULL;
}

/* wrong: the reason to refuse a number out of these bounds. */
static const char *read_number(const char *text, int64_t least, int64_t most, const char *wrong, size_t *number)
{
	int64_t count;
	const char *refusal = scan_count(text, &count);

	if (!refusal && (count < least || count > most))
		refusal = wrong;
	if (!refusal)
		*number = (size_t)count;
	return refusal;
}

static const char *read_signal(const char *text, int *signal)
{
	const char *refusal = scan_signal(text, signal);

	if (!refusal && *signal <= 0)
		return "expected the name or number of a signal";
	return refusal;
}

/* Parses the value of an option. NULL, or the reason to refuse it. */
static const char *read_value(struct request *request, enum request_option option, const char *value)
{
	switch (option) {
	case ASKS_TIMEOUT:
		return read_seconds(value, &request->timeout);
	case ASKS_INTERVAL:
		return read_seconds(value, &request->interval);
	case ASKS_LEVEL:
		return log_parse_level(value, &request->level);
	case ASKS_SERVICE:
		request->service = value;
		break;
	case ASKS_LINES:
		return read_number(value, 0, LINES_MOST, "expected a number of lines, at most 1000000",
				   &request->lines);
	case ASKS_SINCE:
		return read_seconds(value, &request->since);
	case ASKS_CELLS:
		return read_number(value, 1, REQUEST_CELLS, "expected a number from 1 to 512", &request->cells);
	case ASKS_SIGNAL:
		return read_signal(value, &request->signal);
	default:                        /* the others have no value */
		break;
	}
	return NULL;
}

static bool read_option(struct request *request, const char *word, struct buf *why)
{
	size_t length = strcspn(word, "=");

	for (size_t n = 0; n < sizeof(request_options) / sizeof(*request_options); n++) {
		const char *value = word[length] ? word + length + 1 : NULL, *refusal;

		if (strlen(request_options[n].name) != length || strncmp(request_options[n].name, word, length))
			continue;
		if (!value == request_options[n].needs_value)
			refusal = value ? "it has no value" : "it needs a value";
		else
			refusal = value ? read_value(request, request_options[n].option, value) : NULL;
		if (refusal)
			buf_addf(why, "--%s: %s", word, refusal);
		request->options |= request_options[n].option;
		return !refusal;
	}
	buf_addf(why, "--%s is no option", word);
	return false;
}

static bool read_words(struct request *request, size_t count, struct buf *why)
{
	const char *word = request->words.data;
	bool options = true;

	if (count > REQUEST_WORDS) {
		buf_addf(why, "a request has at most %d words", REQUEST_WORDS);
		return false;
	}
	for (size_t n = 0; n < count; n++, word += strlen(word) + 1) {
		if (options && !strcmp(word, "--"))
			options = false;
		else if (options && !strncmp(word, "--", 2) && !read_option(request, word + 2, why))
			return false;
		else if (options && !strncmp(word, "--", 2))
			continue;
		else if (!request->verb)
			request->verb = word;
		else
			request->names[request->name_count++] = word;
	}
	if (!request->verb)
		buf_text(why, "a request begins with a verb, as list");
	return request->verb;
}

bool request_read(struct request *request, const char *line, struct buf *why)
{
	const char *refusal;
	size_t count;

	buf_clear(&request->words);
	buf_clear(&request->long_names);
	request->verb = request->service = NULL;
	request->name_count = 0;
	request->options = 0;
	request->timeout = 0;
	request->interval = 1;
	request->lines = LINES_DEFAULT;
	request->signal = 0;
	request->since = SINCE_DEFAULT;
	request->cells = 0;
	request->level = LEVEL_INFO;
	refusal = shell_words_split_into(&request->words, line, &count);
	if (!refusal && request->words.failed)
		refusal = "out of memory";
	if (!refusal)
		return read_words(request, count, why);
	buf_text(why, refusal);
	return false;
}

void request_free(struct request *request)
{
	buf_free(&request->words);
	buf_free(&request->long_names);
}
