/* Conditions of what the machine runs, and of how busy it is: os-release(5), the kernel's pressure files.
 *
 * The hard thing is a word as VERSION_ID>=12, of which key, sign and value have to be told apart by the sign alone.
 * Source: systemd.unit(5). */
#include "sys/condition.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sys/condition_parts.h"

#define RELEASE_MOST 4096

/* The value of a key, without its quotes; "": there is none. */
static void find_value(const char *key, size_t length, char *value, size_t size)
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

/* A sign alone means the text, a double one or one of order a version. */
static bool release_word_holds(const char *word)
{
	size_t length = strcspn(word, "<>=!$");
	const char *sign = word + length, *wanted;
	char value[256];
	unsigned comparison;

	find_value(word, length, value, sizeof(value));
	if (!strncmp(sign, "$=", 2))
		return condition_matches(sign + 2, value);
	if (!strncmp(sign, "!$=", 3))
		return !condition_matches(sign + 3, value);
	if (!strncmp(sign, "!=", 2))
		return strcmp(sign + 2, value) != 0;
	if (sign[0] == '=' && sign[1] != '=')
		return !strcmp(sign + 1, value);
	comparison = condition_comparison(sign, &wanted);
	return condition_compares(comparison, condition_compare_versions(value, wanted));
}

bool condition_release_holds(const char *text)
{
	char word[256];

	for (size_t length; *text; text += length + strspn(text + length, " \t")) {
		length = strcspn(text, " \t");
		if (length >= sizeof(word))
			return false;
		memcpy(word, text, length);
		word[length] = '\0';
		if (!release_word_holds(word))
			return false;
	}
	return true;
}

/* "12.34" as 1234. */
static int64_t read_hundredths(const char *text)
{
	int64_t value = 0;
	int digits = -1;

	for (; (*text >= '0' && *text <= '9' && digits < 2) || (*text == '.' && digits < 0); text++) {
		if (*text == '.') {
			digits = 0;
			continue;
		}
		value = value > 1000000 ? value : value * 10 + (*text - '0');
		digits += digits >= 0;
	}
	for (digits = digits < 0 ? 0 : digits; digits < 2; digits++)
		value *= 10;
	return value;
}

bool condition_pressure_holds(const char *path, const char *text)
{
	const char *span = strchr(text, '/'), *field = "avg300=", *found;
	char line[256];

	if (!condition_read_file(path, line, sizeof(line)))
		return true;            /* as by systemd: where it is not measured it keeps nothing from starting */
	if (span && !strcmp(span + 1, "10s"))
		field = "avg10=";
	else if (span && !strcmp(span + 1, "1min"))
		field = "avg60=";
	found = strstr(line, field);    /* the first line is "some" */
	return !found || read_hundredths(found + strlen(field)) <= read_hundredths(text);
}
