/* Functions for the readers of all kinds of endpoints. */
#include "table/endpoint/endpoint_internal.h"

#include <ctype.h>
#include <string.h>

#include "lib/pool.h"

const char *endpoint_parse_or_memory(const char *reason)
{
	return reason ? reason : NO_MEMORY;
}

const char *endpoint_parse_text(struct endpoint_parsing *parsing, const char *text, const char **field)
{
	*field = pool_text(parsing->pool, text);
	return *field ? NULL : NO_MEMORY;
}

bool endpoint_parse_number(const char *text, size_t length, uint32_t *out)
{
	uint64_t value = 0;

	if (!length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)value;
	return true;
}

bool text_only(const char *text, const char *set)
{
	return *text && !text[strspn(text, set)];
}

bool text_is_name(const char *text)
{
	return isalnum((unsigned char)text[0]) && text_only(text, LETTERS DIGITS "-_.+") && strpbrk(text, LETTERS);
}
