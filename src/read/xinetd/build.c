/* Sets the values of an entry as options of its builder. */
#include "read/xinetd/build.h"

#include <ctype.h>
#include <string.h>

#include "lib/scan.h"

const struct xinetd_value *xinetd_value_of(const struct xinetd_service *service, enum xinetd_attribute attribute)
{
	return service->values[attribute].is_set ? &service->values[attribute] : NULL;
}

struct origin xinetd_place(const struct xinetd_service *service, enum xinetd_attribute attribute)
{
	return service->values[attribute].is_set ? service->values[attribute].at : service->entry->at;
}

bool xinetd_is_yes(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);
	bool truth = false;

	if (value && scan_bool(value->words[0], &truth))
		xinetd_entry_refuse(service->entry, value->word_at[0], "%s: '%s': expected yes or no",
				    xinetd_rule(attribute)->name, value->words[0]);
	return truth;
}

void xinetd_say_useless(struct xinetd_service *service, enum xinetd_attribute attribute, enum severity severity,
			const char *why)
{
	const struct xinetd_value *value = xinetd_value_of(service, attribute);

	if (value && !value->is_inherited)
		diags_add(&service->entry->diags, severity, value->at, "%s means nothing %s",
			  xinetd_rule(attribute)->name, why);
}

bool xinetd_any_broken(const struct xinetd_value *values)
{
	for (int i = 0; i < ATTRIBUTES; i++) {
		if (values[i].is_broken)
			return true;
	}
	return false;
}

bool xinetd_needs(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	if (xinetd_value_of(service, attribute))
		return true;
	service->entry->is_broken = true;
	if (!service->has_bad_line && !service->values[attribute].is_broken)
		xinetd_entry_refuse(service->entry, service->entry->at, "%s: %s is missing", service->entry->label,
				    xinetd_rule(attribute)->name);
	return false;
}

static void set_option(struct xinetd_service *service, const char *option, const struct value *value)
{
	if (service->keeps_options && builder_has(service->builder, option))
		return;
	if (!builder_set(service->builder, option, value, &service->entry->diags))
		service->entry->is_broken = true;
}

/* Drops zeros in front of a number, which would make it octal in superd.conf. */
static const char *plain_number(const char *word, struct pool *pool)
{
	const char *digits = word + (*word == '-');
	size_t zeros = strspn(digits, "0");

	if (!zeros)
		return word;
	digits += isdigit((unsigned char)digits[zeros]) ? zeros : zeros - 1;
	return *word == '-' ? pool_textf(pool, "-%s", digits) : digits;
}

void xinetd_set_as_is(struct xinetd_service *service, enum xinetd_attribute attribute)
{
	const struct xinetd_value *given = &service->values[attribute];
	struct value value = {
		.words = given->words, .count = given->count, .is_list = given->count != 1, .at = given->at,
		.word_at = given->word_at,
	};

	if (!given->is_set)
		return;
	if (xinetd_rule(attribute)->flags & ATTR_IS_DECIMAL) {
		const char **list = pool_alloc(service->xinetd->pool, (given->count + 1) * sizeof(*list));

		for (size_t i = 0; i < given->count; i++)
			list[i] = plain_number(given->words[i], service->xinetd->pool);
		value.words = list;
	}
	set_option(service, key_option(&xinetd_keys, xinetd_rule(attribute)), &value);
}

void xinetd_set_words(struct xinetd_service *service, const char *option, const char *const *list, size_t count,
		      const struct xinetd_value *value)
{
	struct value given = {
		.words = list, .count = count, .is_list = true, .at = value->at,
		.word_at = count == value->count ? value->word_at : NULL,
	};

	set_option(service, option, &given);
}

void xinetd_set_text(struct xinetd_service *service, const char *option, const char *text, struct origin at)
{
	struct value given = { .words = &text, .count = 1, .at = at, .word_at = &at };

	set_option(service, option, &given);
}

