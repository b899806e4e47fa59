/* Values, which lines of xinetd.conf set, extend and shorten.
 *
 * -= of only_from must also find an address that is written in another way (10.0.0.0/8 for 10.0.0.0). If there is no
 * such word, more clients may connect than the author thinks, so that is an error. */
#include "read/xinetd/value.h"

#include <string.h>
#include <strings.h>

#include "table/access/access.h"

static bool no_network(void *context, const char *name, struct network *network)
{
	(void)context, (void)name, (void)network;
	return false;
}

/* The networks that a word stands for; NULL and 0: it is a host name, or has an interface. */
static const struct network *networks_of(const char *word, struct pool *pool, size_t *count)
{
	const char *list[] = { word, NULL };
	const struct access *access = access_compile(list, NULL, no_network, NULL, pool);

	*count = 0;
	if (access_has_names(access) || access_has_interfaces(access))
		return NULL;
	return access_networks(access, false, count);
}

static bool is_same_address(const char *a, const char *b, struct pool *pool)
{
	const struct network *of_a, *of_b;
	size_t count_a, count_b;

	if (!strcasecmp(a, b))
		return true;
	if (access_refuse_word(a) || access_refuse_word(b))
		return false;
	of_a = networks_of(a, pool, &count_a);
	of_b = networks_of(b, pool, &count_b);
	if (!of_a || !of_b || !count_a || count_a != count_b)
		return false;
	for (size_t i = 0; i < count_a; i++) {
		if (of_a[i].bits != of_b[i].bits || memcmp(of_a[i].address, of_b[i].address, 16) != 0)
			return false;
	}
	return true;
}

static bool words_match(enum xinetd_attribute attribute, const char *a, const char *b, struct pool *pool)
{
	if (attribute == ATTR_ONLY_FROM || attribute == ATTR_NO_ACCESS)
		return is_same_address(a, b, pool);
	return attribute == ATTR_PASSENV ? !strcmp(a, b) : !strcasecmp(a, b);
}

static bool list_has_word(const char *const *list, size_t count, enum xinetd_attribute attribute, const char *word,
			  struct pool *pool)
{
	for (size_t i = 0; i < count; i++) {
		if (words_match(attribute, list[i], word, pool))
			return true;
	}
	return false;
}

/* Copies words and word_at into own and own_at, with room for `more` words. The capacity at least doubles, so that many
 * lines of += do not copy the lists each time. */
static void make_lists_own(struct xinetd *xinetd, struct xinetd_value *value, size_t more)
{
	size_t count = value->count, capacity = count + (more > count ? more : count) + 1;

	if (value->capacity > count + more)
		return;
	value->own = pool_alloc(xinetd->pool, capacity * sizeof(*value->own));
	value->own_at = pool_alloc(xinetd->pool, capacity * sizeof(*value->own_at));
	for (size_t i = 0; i < count; i++) {
		value->own[i] = value->words[i];
		value->own_at[i] = value->word_at[i];
	}
	value->words = value->own;
	value->word_at = value->own_at;
	value->capacity = capacity;
}

void xinetd_value_set(struct xinetd_value *value, const struct xinetd_assignment *written)
{
	value->words = written->words;
	value->word_at = written->word_at;
	value->count = written->count;
	value->capacity = 0;
	value->is_broken = false;
}

void xinetd_value_add(struct xinetd *xinetd, struct xinetd_value *value, const struct xinetd_assignment *written)
{
	make_lists_own(xinetd, value, written->count);
	for (size_t i = 0; i < written->count; i++) {
		value->own[value->count] = written->words[i];
		value->own_at[value->count++] = written->word_at[i];
	}
	value->own[value->count] = NULL;
}

static void refuse_removal(struct xinetd_entry *entry, enum xinetd_attribute attribute,
			   const struct xinetd_assignment *written, size_t word)
{
	if (attribute == ATTR_ONLY_FROM) {
		xinetd_entry_refuse(entry, written->word_at[word], "only_from: there is no '%s' to remove",
				    written->words[word]);
		diags_hint(&entry->diags, "write the whole list with =");
	} else {
		diag_warning(&entry->diags, written->word_at[word], "%s: there is no '%s' to remove", written->name,
			     written->words[word]);
	}
}

void xinetd_value_remove(struct xinetd *xinetd, struct xinetd_entry *entry, enum xinetd_attribute attribute,
			 struct xinetd_value *value, const struct xinetd_assignment *written)
{
	size_t kept = 0;

	for (size_t i = 0; i < written->count; i++) {
		if (!list_has_word(value->words, value->count, attribute, written->words[i], xinetd->pool))
			refuse_removal(entry, attribute, written, i);
	}
	make_lists_own(xinetd, value, 0);
	for (size_t i = 0; i < value->count; i++) {
		if (list_has_word(written->words, written->count, attribute, value->own[i], xinetd->pool))
			continue;
		value->own[kept] = value->own[i];
		value->own_at[kept++] = value->own_at[i];
	}
	value->own[kept] = NULL;
	value->count = kept;
}

bool xinetd_value_equals(const struct xinetd_value *value, const struct xinetd_assignment *written)
{
	for (size_t i = 0; i < written->count && i < value->count; i++) {
		if (strcmp(value->words[i], written->words[i]) != 0)
			return false;
	}
	return value->count == written->count;
}
