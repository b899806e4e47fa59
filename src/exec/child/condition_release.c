/* Conditions about the system's release and load: os-release(5), the kernel's pressure files (psi.rst). Source:
 * systemd.unit(5). */
#include "exec/child/condition.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "exec/child/condition_internal.h"

#define RELEASE_MOST 4096

/* Finds the value of a key and removes its quotes; "": there is none. */
static void find_release_value(const char *key, size_t length, char *value, size_t size)
{
	char text[RELEASE_MOST];
	const char *line = text;
	size_t count = 0;

	*value = '\0';
	if (!condition_read_file("/etc/os-release", text, sizeof(text)) &&
	    !condition_read_file("/usr/lib/os-release", text, sizeof(text)))
		return;
	while (line && (strncmp(line, key, length) != 0 || line[length] != '=')) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	for (line = line ? line + length + 1 : ""; *line && *line != '\n' && count + 1 < size; line++) {
		if (*line == '\\' && line[1])
			line++;
		else if (*line == '"' || *line == '\'')
			continue;
		value[count++] = *line;
	}
	value[count] = '\0';
}

bool condition_release_holds(const char *text)
{
	struct condition_word word;
	char value[256];
	int taken;

	while ((taken = condition_next_release(&text, &word)) > 0) {
		find_release_value(word.text, word.key, value, sizeof(value));
		if (!condition_version_holds(word.comparison, value, word.wanted))
			return false;
	}
	return !taken;
}

bool condition_pressure_holds(const char *path, const char *text)
{
	static const char *const fields[] = {
		[SPAN_10_S] = "avg10=", [SPAN_1_MIN] = "avg60=", [SPAN_5_MIN] = "avg300="
	};
	enum condition_span span;
	const char *found;
	char line[256];
	int64_t most;

	if (condition_read_pressure(text, &most, &span))
		return false;
	if (!condition_read_file(path, line, sizeof(line)))
		return true;            /* as in systemd, the condition holds if pressure is not measured */
	found = strstr(line, fields[span]);     /* the first line is "some" */
	if (!found)
		return true;
	found += strlen(fields[span]);
	return condition_read_hundredths(&found) <= most;
}
