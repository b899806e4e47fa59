/* Sets options of a service, and says what is wrong; lists of words, and words of other languages, which have no
 * templates. */
#include "table/reading/reading.h"

void draft_set(const struct draft *draft, const char *option, const struct value *value)
{
	if (!draft->keeps || !builder_has(draft->builder, option))
		builder_set(draft->builder, option, value, draft->diags);
}

void draft_set_text(const struct draft *draft, const char *option, const char *text, struct origin at)
{
	if (text)
		draft_set(draft, option, &(struct value){ .words = &text, .count = 1, .at = at, .word_at = &at });
}

void draft_set_words(const struct draft *draft, const char *option, const char *const *list, size_t count,
		     const struct assignment *from)
{
	const struct origin *places = count == from->count ? from->word_at : NULL;

	draft_set(draft, option,
		  &(struct value){ .words = list, .count = count, .is_list = true, .at = from->at, .word_at = places });
}

void draft_set_pair(const struct draft *draft, const char *option, const char *first, const char *second,
		    struct origin at)
{
	const char *list[] = { first, second };
	const struct origin places[] = { at, at };

	draft_set(draft, option,
		  &(struct value){ .words = list, .count = 2, .is_list = true, .at = at, .word_at = places });
}

void word_list_free(struct word_list *list)
{
	free(list->words);
	free(list->places);
	*list = (struct word_list){ 0 };
}

void word_list_add(struct word_list *list, const char *word, struct origin at)
{
	size_t capacity = list->capacity;

	list->words = array_grow(list->words, &capacity, list->count, sizeof(*list->words));
	list->places = array_grow(list->places, &list->capacity, list->count, sizeof(*list->places));
	list->places[list->count] = at;
	list->words[list->count++] = word;
}

struct value word_list_value(const struct word_list *list)
{
	return (struct value){
		.words = list->words, .count = list->count, .is_list = true, .at = list->at, .word_at = list->places,
	};
}

const char *template_escaped(struct pool *pool, const char *text)
{
	struct buf out = { 0 };

	if (!strchr(text, '%'))
		return text;
	for (; *text; text++) {
		buf_char(&out, *text);
		if (*text == '%' && (text[1] == '%' || text[1] == '{'))
			buf_char(&out, '%');
	}
	return buf_keep(&out, pool);
}

void endpoint_add(struct buf *out, const char *kind, const char *family, const char *host, const char *port)
{
	size_t length = host ? strcspn(host, "%") : 0;

	bool is_six = length && memchr(host, ':', length);

	buf_text(out, kind);
	buf_text(out, family);
	buf_char(out, ':');
	if (length) {
		buf_text(out, is_six ? "[" : "");
		buf_add(out, host, length);
		buf_text(out, is_six ? "]:" : ":");
	}
	buf_text(out, port);
	buf_text(out, host ? host + length : "");
}

void service_name_add(struct buf *out, const char *text, size_t length, char colon)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		buf_char(out, c == ':' ? colon : c == '/' ? '-' : isgraph((unsigned char)c) ? c : '_');
	}
}
