/* Types of entries for single devices, and of the controllers of a control group.
 *
 * An entry is a path and its rights: two words in a unit, one word in superd.conf. Both forms are accepted and kept as
 * one word. */
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"
#include "table/words/resource_words.h"

#define BLANKS " \t"

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
static bool is_rights(const char *word)
{
	return *word && !word[strspn(word, "rwm")];
}

static const char *device_rules_parse(struct parse *parse, void *field)
{
	const char **list = calloc(parse->count + 1, sizeof(*list)), *reason = list ? NULL : NO_MEMORY;
	words given = parse->words;
	struct device_rule rule;
	size_t length = 0;

	for (size_t n = 0; !reason && n < parse->count; n++) {
		const char *word = given[n];

		parse->bad = n;
		if (!strpbrk(word, BLANKS) && n + 1 < parse->count && is_rights(given[n + 1]))
			word = pool_textf(parse->pool, "%s %s", word, given[++n]);
		if (!word)
			reason = NO_MEMORY;
		else if (!device_rule_read(word, &rule))
			reason = "expected a path in /dev, char-NAME or block-NAME of /proc/devices, and the allowed "
				 "rights of r, w and m, as in \"/dev/null rw\"";
		list[length++] = word;
	}
	if (!reason)
		reason = list_keep(parse, list, length, field);
	free(list);
	return reason;
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
