/* Types of hardening options: system calls, address families, namespaces, errors.
 *
 * As in systemd, a ~ holds for its word and the words behind it, until a + allows again. Each word is kept with its
 * own sign, so that lists keep their meaning when they are added to one another. The first sign of the whole list
 * decides what happens to everything that it does not name. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "config/type/type_parts.h"
#include "config/words/call_groups.h"
#include "config/words/error_names.h"
#include "config/words/families.h"

/* Checks a word without its sign. NULL, or why it is wrong. */
typedef const char *refuse_bare(const char *word, bool denied, struct pool *pool);

/* The words with their signs: ~ in front of each that is denied, + in front of one that is allowed behind such. */
static const char *sign_words(const char *const *given, size_t count, bool behind_denied, struct pool *pool,
			      const char **out, size_t *bad, refuse_bare *refuse)
{
	bool denied = false;

	for (size_t i = 0; i < count; i++) {
		bool has_sign = given[i][0] == '~' || given[i][0] == '+';
		const char *bare = given[i] + has_sign, *reason;

		*bad = i;
		if (has_sign)
			denied = given[i][0] == '~';
		behind_denied |= denied;
		reason = refuse(bare, denied, pool);
		if (reason)
			return reason;
		out[i] = pool_textf(pool, "%s%s", denied ? "~" : behind_denied ? "+" : "", bare);
		if (!out[i])
			return NO_MEMORY;
	}
	*bad = 0;
	return NULL;
}

static const char *signed_parse(const char *const *given, size_t count, bool append, struct pool *pool, void *field,
				size_t *bad, refuse_bare *refuse)
{
	const char **list = calloc(count + 1, sizeof(*list)), *reason = list ? NULL : NO_MEMORY;
	words before = append ? *(const words *)field : NULL;
	bool denied = false;

	for (words word = before; word && *word; word++)
		denied |= (*word)[0] == '~';
	*bad = 0;
	if (list)
		reason = sign_words(given, count, denied, pool, list, bad, refuse);
	if (!reason)
		reason = value_keep_list(list, count, append, pool, field);
	free(list);
	return reason;
}

static bool is_call_name(const char *name, size_t length)
{
	return length && strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") >= length;
}

/* A call or a group, and behind a colon the error it gives. Which calls there are only the machine knows. */
static const char *refuse_call(const char *word, bool denied, struct pool *pool)
{
	size_t length = strcspn(word, ":");
	const char *name = pool_text_n(pool, word, length);
	int64_t error;

	if (!name)
		return NO_MEMORY;
	if (word[length] && !error_scan(word + length + 1, &error))
		return "behind a system call and a colon stands the error it gives: EPERM, a number up to 4095 or kill";
	if (word[length] && !denied)
		return "only what is denied gives an error: it has a ~ in front";
	if (*name == '@')
		return strcmp(name, CALL_GROUP_ALL) && !call_group_find(name)
			? words_refuse(call_group_names, name, pool)
			: NULL;
	return is_call_name(name, length) ? NULL : "it is the name of a system call, or a group with an @ in front";
}

static const char *calls_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			       struct pool *pool, void *field, size_t *bad)
{
	(void)directive;
	return signed_parse(given, count, append, pool, field, bad, refuse_call);
}

const struct type type_calls = {
	.name = "list of system calls", .complete = "", .is_list = true, .size = sizeof(words),
	.parse = calls_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *refuse_family(const char *word, bool denied, struct pool *pool)
{
	int family;

	(void)denied;
	if (family_find(word, &family))
		return NULL;
	if (!strcmp(word, "none"))
		return "none stands alone";
	return reason_or_memory(
		pool_textf(pool, "it is a family of addresses as AF_UNIX, AF_INET or AF_INET6, or none"));
}

static const char *families_parse(const struct directive *directive, const char *const *given, size_t count,
				  bool append, struct pool *pool, void *field, size_t *bad)
{
	(void)directive;
	if (count == 1 && !strcmp(given[0], "none") && !append)
		return value_keep_list(given, count, false, pool, field);
	if (append && *(const words *)field && !strcmp((*(const words *)field)[0], "none")) {
		*bad = 0;
		if (count && given[0][0] == '~')
			return NULL;    /* from none nothing is taken */
		append = false;         /* none and these are these */
	}
	return signed_parse(given, count, append, pool, field, bad, refuse_family);
}

const struct type type_families = {
	.name = "list of address families", .complete = "", .is_list = true, .size = sizeof(words),
	.parse = families_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *const namespace_words[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts", NULL };

#define EVERY_NAMESPACE 0xffu

/* yes and no, or words: those that stay allowed, with ~ those that go. Over several assignments sets are joined. */
static const char *namespaces_parse(const struct directive *directive, const char *const *given, size_t count,
				    bool append, struct pool *pool, void *field, size_t *bad)
{
	unsigned denied = append ? *(unsigned *)field : 0, bits = 0, bit;
	bool taken = count && given[0][0] == '~', yes;

	(void)directive;
	*bad = 0;
	if (count == 1 && !scan_bool(given[0], &yes)) {
		*(unsigned *)field = yes ? EVERY_NAMESPACE : 0;
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const char *word = given[i] + (given[i][0] == '~');

		*bad = i;
		if (given[i][0] == '~' && !taken)
			return "~ stands in front of the first, and is meant for all";
		if (!words_find(namespace_words, word, &bit))
			return words_refuse(namespace_words, word, pool);
		bits |= 1u << bit;
	}
	*bad = 0;
	if (taken)
		denied |= bits;
	else if (count)
		denied = (denied ? denied : EVERY_NAMESPACE) & ~bits;
	*(unsigned *)field = denied;
	return NULL;
}

static void namespaces_show(unsigned denied, struct buf *out, void (*quote)(struct buf *out, const char *text))
{
	const char *comma = "";

	for (unsigned i = 0; namespace_words[i]; i++) {
		char word[16] = "~";

		if (!(denied >> i & 1))
			continue;
		buf_text(out, comma);
		strncat(word, namespace_words[i], sizeof(word) - 2);
		quote(out, word);
		comma = ", ";
	}
}

static void namespaces_format(const struct directive *directive, const void *field, struct buf *out)
{
	unsigned denied = *(const unsigned *)field;

	(void)directive;
	if (!denied || denied == EVERY_NAMESPACE) {
		buf_text(out, denied ? "yes" : "no");
		return;
	}
	buf_char(out, '{');
	namespaces_show(denied, out, native_quoted);
	buf_char(out, '}');
}

static void namespaces_json(const struct directive *directive, const void *field, struct buf *out)
{
	unsigned denied = *(const unsigned *)field;

	(void)directive;
	if (!denied || denied == EVERY_NAMESPACE) {
		buf_text(out, denied ? "true" : "false");
		return;
	}
	buf_char(out, '[');
	namespaces_show(denied, out, json_text);
	buf_char(out, ']');
}

static bool unsigned_equal(const void *a, const void *b)
{
	return *(const unsigned *)a == *(const unsigned *)b;
}

const struct type type_namespaces = {
	.name = "yes, no or a list of namespaces", .complete = "word", .is_list = true, .size = sizeof(unsigned),
	.parse = namespaces_parse, .format = namespaces_format, .json = namespaces_json, .equal = unsigned_equal,
};

static const char *error_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			       struct pool *pool, void *field, size_t *bad)
{
	const char *text, *reason = value_single(given, count, append, &text);

	(void)pool;
	*bad = 0;
	if (reason)
		return reason;
	if (!*text) {
		value_unset(directive, field);
		return NULL;
	}
	return error_scan(text, field) ? NULL : "it is an error as EPERM, a number up to 4095, or kill";
}

static void error_show(int64_t error, struct buf *out)
{
	if (error_name(error))
		buf_text(out, error_name(error));
	else
		buf_addf(out, "%" PRId64, error);
}

static void error_format(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	error_show(*(const int64_t *)field, out);
}

static void error_json(const struct directive *directive, const void *field, struct buf *out)
{
	(void)directive;
	buf_char(out, '"');
	error_show(*(const int64_t *)field, out);
	buf_char(out, '"');
}

const struct type type_error = {
	.name = "error", .complete = "", .size = sizeof(int64_t),
	.parse = error_parse, .format = error_format, .json = error_json, .equal = number_field_equal,
};
