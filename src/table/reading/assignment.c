/* Sets options of a service, and says what is wrong. */
#include "table/reading/assignment.h"

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
