/* Reports read back. The hard thing is to take only whole ones: a report ends with "end=1", and its file appears
 * by a rename. */
#include "reading.h"

#include "harness.h"

struct reading reading_of(const char *text)
{
	cr_assert_not_null(strstr(text, "\nend=1\n"), "no whole report: %s\n%s", text, world_logs());
	return (struct reading){ .text = text };
}

struct reading reading_wait(const char *path)
{
	const char *text = NULL;

	WAIT_UNTIL((text = read_text(path)) != NULL);
	return reading_of(text);
}

const char *reading_get(struct reading reading, const char *format, ...)
{
	va_list arguments;
	char key[256];
	size_t length;

	va_start(arguments, format);
	length = (size_t)vsnprintf(key, sizeof(key) - 1, format, arguments);
	va_end(arguments);
	cr_assert_lt(length, sizeof(key) - 1);
	key[length++] = '=';
	for (const char *line = reading.text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0)
			return text_of("%.*s", (int)strcspn(line + length, "\n"), line + length);
	}
	return NULL;
}

void reading_expect(struct reading reading, const char *key, const char *value)
{
	const char *got = reading_get(reading, "%s", key);

	cr_assert(got && strcmp(got, value) == 0, "%s is '%s' instead of '%s' in:\n%s", key, got ? got : "(not there)",
		  value, reading.text);
}
