/* Requests of the control socket from any bytes: each is refused in words, or has a verb, and its names and numbers are
 * within their bounds. It includes the source, as only that knows the options. */
#include "superd/requests.c"

#include "fuzzer.h"

static unsigned refusals;

void __wrap_session_fail(struct session *session, const char *code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

void __wrap_session_fail(struct session *session, const char *code, const char *hint, const char *format, ...)
{
	char text[2 * REQUEST_MOST];
	va_list list;

	(void)session;
	va_start(list, format);
	require(vsnprintf(text, sizeof(text), format, list) > 0 && *code && hint);
	va_end(list);
	refusals++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session session;
	const struct request *request = &session.request;
	char *line;
	const char *verb;

	if (size >= REQUEST_MOST)
		return 0;
	line = malloc(size + 1);
	require(line);
	if (size)
		memcpy(line, data, size);
	line[size] = '\0';
	refusals = 0;
	verb = read_request(&session, line);
	require(verb ? !refusals : refusals == 1);
	if (verb) {
		const char *begin = request->words.data, *end = begin + request->words.length;

		require(request->count < WORDS_MOST && verb >= begin && verb < end);
		for (size_t n = 0; n < request->count; n++)
			require(request->names[n] >= begin && request->names[n] < end);
		require(request->timeout >= 0 && request->since >= 0);
		require(request->level <= LEVEL_DEBUG && request->signal >= 0 && request->signal < 65);
	}
	free(line);
	return 0;
}
