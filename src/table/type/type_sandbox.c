/* Types of hardening options: system calls, address families, namespaces, errors.
 *
 * As in systemd, a ~ applies to its word and the words behind it, until a + allows again. Each word is kept with its
 * own sign, so that lists keep their meaning when they are appended. The first sign of the whole list decides about
 * everything that the list does not name. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"
#include "table/words/address_family.h"
#include "table/words/errno_name.h"
#include "table/words/syscall_groups.h"

/* Checks a word without its sign. Returns NULL, or why it is wrong. */
typedef const char *refuse_bare(const char *word, bool denied, struct pool *pool);

/* Gives each word its sign: ~ if it is denied, + if it is allowed behind a denied one. */
static const char *sign_words(struct parse *parse, bool behind_denied, const char **out, refuse_bare *refuse)
{
	bool denied = false;

	for (size_t i = 0; i < parse->count; i++) {
		const char *word = parse->words[i], *reason;
		bool has_sign = word[0] == '~' || word[0] == '+';

		parse->bad = i;
		if (has_sign)
			denied = word[0] == '~';
		behind_denied |= denied;
		reason = refuse(word + has_sign, denied, parse->pool);
		if (reason)
			return reason;
		out[i] = pool_textf(parse->pool, "%s%s", denied ? "~" : behind_denied ? "+" : "", word + has_sign);
		if (!out[i])
			return NO_MEMORY;
	}
	return NULL;
}

static const char *signed_parse(struct parse *parse, refuse_bare *refuse, void *field)
{
	const char **list = calloc(parse->count + 1, sizeof(*list)), *reason = list ? NULL : NO_MEMORY;
	words before = parse->append ? *(const words *)field : NULL;
	bool denied = false;

	for (words word = before; word && *word; word++)
		denied |= (*word)[0] == '~';
	if (list)
		reason = sign_words(parse, denied, list, refuse);
	if (!reason)
		reason = list_keep(parse, list, parse->count, field);
	free(list);
	return reason;
}

static bool is_call_name(const char *name, size_t length)
{
	return length && strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") >= length;
}

/* Checks a call or a group, and the error behind a colon. The names of calls depend on the machine and are checked
 * later. */
static const char *refuse_call(const char *word, bool denied, struct pool *pool)
{
	size_t length = strcspn(word, ":");
	const char *name = pool_text_n(pool, word, length);
	int64_t error;

	if (!name)
		return NO_MEMORY;
	if (word[length] && !errno_scan(word + length + 1, &error))
		return "a system call and a colon must be followed by the error: EPERM, a number up to 4095 or kill";
	if (word[length] && !denied)
		return "only denied calls (after ~) can have an error";
	if (*name == '@')
		return strcmp(name, CALL_GROUP_ALL) && !syscall_group_find(name)
			? words_refuse(syscall_group_names, name, pool)
			: NULL;
	return is_call_name(name, length) ? NULL : "expected the name of a system call, or a group that begins with @";
}

static const char *calls_parse(struct parse *parse, void *field)
{
	return signed_parse(parse, refuse_call, field);
}

const struct type type_calls = {
	.name = "list of system calls", .kind = FIELD_WORDS, .is_list = true,
	.parse = calls_parse,
};

static const char *refuse_family(const char *word, bool denied, struct pool *pool)
{
	int family;

	(void)denied;
	if (address_family_find(word, &family))
		return NULL;
	if (!strcmp(word, "none"))
		return "none must be the only word";
	return reason_or_memory(
		pool_textf(pool, "expected a family of addresses as AF_UNIX, AF_INET or AF_INET6, or none"));
}

static const char *families_parse(struct parse *parse, void *field)
{
	if (parse->count == 1 && !strcmp(parse->words[0], "none") && !parse->append)
		return list_field_parse(parse, field);
	if (parse->append && *(const words *)field && !strcmp((*(const words *)field)[0], "none")) {
		if (parse->count && parse->words[0][0] == '~')
			return NULL;    /* "none" without these is "none" */
		parse->append = false;  /* "none" and these are these */
	}
	return signed_parse(parse, refuse_family, field);
}

const struct type type_families = {
	.name = "list of address families", .kind = FIELD_WORDS, .is_list = true,
	.parse = families_parse,
};

static const char *const namespace_words[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts", NULL };

#define EVERY_NAMESPACE 0xffu

/* Reads yes or no, or the namespaces that stay allowed; with ~, those that are denied. Several assignments are
 * combined, as for RestrictNamespaces= in systemd.exec(5). */
static const char *namespaces_parse(struct parse *parse, void *field)
{
	unsigned denied = parse->append ? *(unsigned *)field : 0, bits = 0, bit;
	bool taken = parse->count && parse->words[0][0] == '~', yes;

	if (parse->count == 1 && !scan_bool(parse->words[0], &yes)) {
		*(unsigned *)field = yes ? EVERY_NAMESPACE : 0;
		return NULL;
	}
	for (size_t i = 0; i < parse->count; i++) {
		const char *word = parse->words[i] + (parse->words[i][0] == '~');

		parse->bad = i;
		if (parse->words[i][0] == '~' && !taken)
			return "~ must be at the first word, and applies to all";
		if (!words_find(namespace_words, word, &bit))
			return words_refuse(namespace_words, word, parse->pool);
		bits |= 1u << bit;
	}
	if (taken)
		denied |= bits;
	else if (parse->count)
		denied = (denied ? denied : EVERY_NAMESPACE) & ~bits;
	*(unsigned *)field = denied;
	return NULL;
}

/* All of them, or none, is yes or no. */
static bool is_some_namespaces(unsigned denied)
{
	return denied && denied != EVERY_NAMESPACE;
}

static void namespaces_format(const struct directive *directive, const void *field, struct buf *out)
{
	unsigned denied = *(const unsigned *)field;

	(void)directive;
	if (is_some_namespaces(denied)) {
		struct buf items = { 0 };

		bits_show(denied, namespace_words, "~", &items, native_quoted);
		native_braces(out, &items);
	} else {
		buf_text(out, denied ? "yes" : "no");
	}
}

static void namespaces_json(const struct directive *directive, const void *field, struct buf *out)
{
	unsigned denied = *(const unsigned *)field;

	(void)directive;
	buf_text(out, is_some_namespaces(denied) ? "[" : denied ? "true" : "false");
	if (is_some_namespaces(denied)) {
		bits_show(denied, namespace_words, "~", out, json_text);
		buf_char(out, ']');
	}
}

const struct type type_namespaces = {
	.name = "yes, no or a list of namespaces", .kind = FIELD_OWN, .is_list = true, .size = sizeof(unsigned),
	.parse = namespaces_parse, .format = namespaces_format, .json = namespaces_json,
};

static const char *error_parse(struct parse *parse, void *field)
{
	return errno_scan(parse->words[0], field) ? NULL : "expected an error as EPERM, a number up to 4095, or kill";
}

static void error_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	int64_t error = *(const int64_t *)field;

	(void)directive, (void)quote;
	if (errno_name(error))
		buf_text(out, errno_name(error));
	else
		buf_addf(out, "%" PRId64, error);
}

const struct type type_error = {
	.name = "error", .kind = FIELD_SHOWN, .empty_unsets = true, .size = sizeof(int64_t),
	.parse = error_parse, .show = error_show,
};
