/* Types of entries for single devices, and of the controllers of a control group.
 *
 * An entry is a path and its limit or rights: two words in a unit, one word in superd.conf. Both forms are accepted and
 * kept as one word. K, M and G are powers of 1000 for rates, as in systemd.resource-control(5). */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"
#include "table/words/resource_words.h"

#define BLANKS " \t"

/* Reads a number with K, M, G or T, which are powers of 1000 here, or infinity. */
static bool rate_scan(const char *text, int64_t *out)
{
	static const char suffixes[] = "KMGT";
	int64_t value = 0, factor = 1;
	const char *at = text;

	if (!scan_unlimited(text, out))
		return *out >= 0;
	for (; isdigit((unsigned char)*at) && value < INT32_MAX; at++)
		value = 10 * value + (*at - '0');
	if (at == text || !*at || at[1] || !strchr(suffixes, *at))
		return false;
	for (const char *suffix = suffixes; suffix <= strchr(suffixes, *at); suffix++)
		factor *= 1000;
	return !__builtin_mul_overflow(value, factor, out);
}

bool device_limit_read(const char *word, struct device_limit *limit)
{
	const char *text = word + strcspn(word, BLANKS);

	limit->path = word;
	limit->path_length = (size_t)(text - word);
	text += strspn(text, BLANKS);
	return *word == '/' && rate_scan(text, &limit->most) && limit->most > 0;
}

bool device_rule_read(const char *word, struct device_rule *rule)
{
	const char *text = word + strcspn(word, BLANKS);

	*rule = (struct device_rule){ .name = word, .length = (size_t)(text - word) };
	rule->is_block = !strncmp(word, "block-", 6);
	rule->is_kind = rule->is_block || !strncmp(word, "char-", 5);
	if (rule->is_kind) {
		size_t prefix = rule->is_block ? 6 : 5;

		rule->name += prefix;
		rule->length -= prefix;
	}
	text += strspn(text, BLANKS);
	if (!*text)
		rule->rights = DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD;
	for (; *text; text++) {
		unsigned right = *text == 'r' ? DEVICE_READ
			: *text == 'w'	      ? DEVICE_WRITE
			: *text == 'm'	      ? DEVICE_MKNOD
					      : 0;

		if (!right)
			return false;
		rule->rights |= right;
	}
	return rule->length && (rule->is_kind || (!strncmp(word, "/dev/", 5) && rule->length > 5));
}

/* Whether a word is the second of an entry, behind a path. */
typedef bool completes_entry(const char *word);

static bool is_rate(const char *word)
{
	return isdigit((unsigned char)*word) || !strcmp(word, "infinity");
}

static bool is_rights(const char *word)
{
	return *word && !word[strspn(word, "rwm")];
}

typedef bool reads_entry(const char *word);

static bool reads_limit(const char *word)
{
	struct device_limit limit;

	return device_limit_read(word, &limit);
}

static bool reads_rule(const char *word)
{
	struct device_rule rule;

	return device_rule_read(word, &rule);
}

static const char *pairs_parse(struct parse *parse, completes_entry *completes, reads_entry *reads, const char *wrong,
			       void *field)
{
	const char **list = calloc(parse->count + 1, sizeof(*list)), *reason = list ? NULL : NO_MEMORY;
	words given = parse->words;
	size_t length = 0;

	for (size_t n = 0; !reason && n < parse->count; n++) {
		const char *word = given[n];

		parse->bad = n;
		if (!strpbrk(word, BLANKS) && n + 1 < parse->count && completes(given[n + 1]))
			word = pool_textf(parse->pool, "%s %s", word, given[++n]);
		reason = !word ? NO_MEMORY : reads(word) ? NULL : wrong;
		list[length++] = word;
	}
	if (!reason)
		reason = list_keep(parse, list, length, field);
	free(list);
	return reason;
}

static const char *device_limits_parse(struct parse *parse, void *field)
{
	return pairs_parse(parse, is_rate, reads_limit,
			   "expected the path of a device or of a file on it, and an amount a second, as in "
			   "\"/dev/sda 10M\"",
			   field);
}

const struct type type_device_limits = {
	.name = "list of limits of devices", .kind = FIELD_WORDS, .is_list = true,
	.parse = device_limits_parse,
};

static const char *device_rules_parse(struct parse *parse, void *field)
{
	return pairs_parse(parse, is_rights, reads_rule,
			   "expected a path in /dev, char-NAME or block-NAME of /proc/devices, and the allowed "
			   "rights of r, w and m, as in \"/dev/null rw\"",
			   field);
}

const struct type type_device_rules = {
	.name = "list of devices", .kind = FIELD_WORDS, .is_list = true,
	.parse = device_rules_parse,
};

static const char *const controllers[] = {
	"cpu", "cpuacct", "cpuset", "io", "blkio", "memory", "devices", "pids", "bpf-firewall", "bpf-devices",
	"bpf-foreign", "bpf-socket-bind", "bpf-restrict-network-interfaces", "bpf-bind-network-interface", NULL
};

/* A list of controllers delegates all of them, as yes does. */
static const char *delegation_parse(struct parse *parse, void *field)
{
	unsigned at;

	if (parse->count == 1 && !scan_bool(parse->words[0], field))
		return NULL;
	for (; parse->bad < parse->count; parse->bad++) {
		if (!words_find(controllers, parse->words[parse->bad], &at))
			return words_refuse(controllers, parse->words[parse->bad], parse->pool);
	}
	*(bool *)field = parse->count;
	return NULL;
}

const struct type type_delegation = {
	.name = "yes, no or a list of controllers", .kind = FIELD_BOOL, .is_list = true, .size = sizeof(bool),
	.parse = delegation_parse,
};
