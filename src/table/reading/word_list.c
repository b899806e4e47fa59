/* Lists of words, and words of other languages, which have no templates. */
#include "table/reading/word_list.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

void word_list_free(struct word_list *list)
{
	free(list->words);
	free(list->places);
	*list = (struct word_list){ 0 };
}

bool word_list_add(struct reading *reading, struct word_list *list, const char *word, struct origin at)
{
	size_t capacity = list->capacity;
	const char **grown = word ? array_grow(list->words, &capacity, list->count, sizeof(*grown)) : NULL;
	struct origin *places;

	if (grown)
		list->words = grown;
	places = grown ? array_grow(list->places, &list->capacity, list->count, sizeof(*places)) : NULL;
	if (!places)
		return reading_refuse_memory(reading);
	list->places = places;
	places[list->count] = at;
	grown[list->count++] = word;
	return true;
}

struct value word_list_value(const struct word_list *list)
{
	return (struct value){
		.words = list->words, .count = list->count, .is_list = true, .at = list->at, .word_at = list->places,
	};
}

void template_escape(struct buf *out, const char *text)
{
	for (; *text; text++) {
		buf_char(out, *text);
		if (*text == '%' && (text[1] == '%' || text[1] == '{'))
			buf_char(out, '%');
	}
}

void endpoint_add(struct buf *out, const char *kind, const char *family, const char *host, const char *port)
{
	size_t length = host ? strcspn(host, "%") : 0;

	buf_addf(out, "%s%s:", kind, family);
	if (length)
		buf_addf(out, memchr(host, ':', length) ? "[%.*s]:" : "%.*s:", (int)length, host);
	buf_addf(out, "%s%s", port, host ? host + length : "");
}
