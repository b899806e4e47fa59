/* Builds the tree of a property list. A small file may ask for a huge tree, by nested elements or, in the binary form,
 * by an object that many others contain. So plist_new counts all elements. */
#include "parse/launchd/plist_internal.h"

#include <string.h>

#include "base/scan.h"

void plist_refuse_memory(struct plist_builder *builder)
{
	if (!builder->stopped)
		diags_out_of_memory(builder->diags, (struct origin){ .file = builder->source->file });
	builder->stopped = true;
}

struct plist *plist_new(struct plist_builder *builder, enum plist_kind kind, struct origin at)
{
	struct plist *element;

	if (builder->stopped)
		return NULL;
	if (builder->count++ == PLIST_MOST) {
		diag_error(builder->diags, at, "more than %d elements: this is no job's property list", PLIST_MOST);
		builder->stopped = true;
		return NULL;
	}
	element = pool_alloc(builder->pool, sizeof(*element));
	if (!element) {
		plist_refuse_memory(builder);
		return NULL;
	}
	*element = (struct plist){ .kind = kind, .at = at, .text = "" };
	return element;
}

/* Equal keys are one pointer, because the pool keeps one copy of a text. */
static const struct plist *find_same_key(const struct plist *holder, const struct plist *element)
{
	const struct plist *other = holder->kind == PLIST_DICT ? holder->first : NULL;

	while (other && other->key != element->key)
		other = other->next;
	return other;
}

void plist_add(struct plist_builder *builder, struct plist *holder, struct plist *element)
{
	const struct plist *other = find_same_key(holder, element);

	if (other) {
		diag_error(builder->diags, element->key_at, "%s occurs twice in one dictionary", element->key);
		diag_note(builder->diags, other->key_at, "%s is here, too", element->key);
		diags_tie(builder->diags);
		return;
	}
	if (holder->last)
		holder->last->next = element;
	else
		holder->first = element;
	holder->last = element;
}

const char *plist_scan_integer(const char *text, int64_t *number)
{
	static const char *const wrong = "an integer is a decimal number, or a hexadecimal one after 0x";
	bool negative = *text == '-';
	const char *digits = text + (negative || *text == '+');
	bool is_hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	size_t end = is_hexadecimal ? 2 + strspn(digits + 2, "0123456789abcdefABCDEF") : strspn(digits, "0123456789");

	if (digits[end] || end == (is_hexadecimal ? 2 : 0))
		return wrong;
	while (!is_hexadecimal && digits[0] == '0' && digits[1])
		digits++;
	if (!strcmp(digits, "9223372036854775807")) /* which lists write for no limit, and scan_count has for its own */
		*number = INT64_MAX;
	else if (scan_count(digits, number))
		return "an integer is at most 9223372036854775807";
	if (negative)
		*number = -*number;
	return NULL;
}
