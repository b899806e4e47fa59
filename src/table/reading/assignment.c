/* Sets options of a service, and says what is wrong. */
#include "table/reading/assignment.h"

#include "lib/buf.h"

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

bool draft_refuse(const struct draft *draft, struct origin at, const char *format, ...)
{
	struct buf message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&message, format, arguments);
	va_end(arguments);
	diag_error(draft->diags, at, "%s", buf_string(&message));
	buf_free(&message);
	return false;
}
