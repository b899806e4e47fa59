/* Types of capabilities and I/O scheduling.
 *
 * A set of capabilities with ~ is "all but these" and includes capabilities of later kernels. So all bits above the
 * known ones are set, and bit 63 shows that the set was written with ~. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/scan.h"
#include "table/type/type_internal.h"

/* By the numbers of linux/capability.h. */
static const char *const capability_names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
	"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
	"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore", NULL
};

#define CAPABILITIES (sizeof(capability_names) / sizeof(capability_names[0]) - 1)
#define OTHERS (UINT64_C(1) << 63)      /* set in a set that was written with ~ */

_Static_assert(sizeof(capability_names) / sizeof(capability_names[0]) - 1 == 41, "CAP_CHECKPOINT_RESTORE is 40");

bool capability_find(const char *name, unsigned *number)
{
	if (!strncasecmp(name, "cap_", 4))
		name += 4;
	return words_find(capability_names, name, number);
}

const char *capability_name(unsigned number)
{
	return number < CAPABILITIES ? capability_names[number] : NULL;
}

/* Reads a name with or without CAP_, or the number of an unknown capability. */
static const char *capability_read(const char *word, struct pool *pool, uint64_t *out)
{
	const char *name = strncasecmp(word, "cap_", 4) ? word : word + 4, *nearest;
	int64_t number;

	for (size_t i = 0; i < CAPABILITIES; i++) {
		if (!strcasecmp(name, capability_names[i])) {
			*out = UINT64_C(1) << i;
			return NULL;
		}
	}
	if (isdigit((unsigned char)*name) && !scan_count(name, &number) && number < 63) {
		*out = UINT64_C(1) << number;
		return NULL;
	}
	nearest = word_suggest(capability_names, name);
	if (nearest)
		return reason_or_memory(pool_textf(pool, "there is no such capability; did you mean '%s'?", nearest));
	return "a capability is a name of capabilities(7) such as net_bind_service";
}

static const char *capabilities_parse(struct parse *parse, void *field)
{
	bool inverted = parse->count && parse->words[0][0] == '~';
	uint64_t set = 0, before = *(const uint64_t *)field, bit = 0;

	for (size_t i = 0; i < parse->count; i++) {
		const char *word = parse->words[i] + (i == 0 && inverted), *reason;

		if (!*word && i == 0 && inverted)
			continue;       /* ~ alone in front of nothing: all */
		reason = capability_read(word, parse->pool, &bit);
		parse->bad = i;
		if (reason)
			return reason;
		set |= bit;
	}
	if (parse->append)
		set = inverted ? before & ~set : before | set;
	else if (inverted)
		set = ~set;
	*(uint64_t *)field = set;
	return NULL;
}

/* Writes the words that capabilities_parse reads back. */
static void capabilities_show(const struct directive *directive, const void *field, struct buf *out, quote_text *quote)
{
	uint64_t set = *(const uint64_t *)field;
	bool inverted = set & OTHERS, first = true;
	uint64_t named = inverted ? ~set : set;
	char word[64];

	(void)directive;
	for (unsigned i = 0; i < 63; i++) {
		if (!(named >> i & 1))
			continue;
		if (i < CAPABILITIES)
			snprintf(word, sizeof(word), "%s%s", first && inverted ? "~" : "", capability_names[i]);
		else
			snprintf(word, sizeof(word), "%s%u", first && inverted ? "~" : "", i);
		if (!first)
			buf_text(out, ", ");
		quote(out, word);
		first = false;
	}
	if (first && inverted)
		quote(out, "~");
}

const struct type type_capabilities = {
	.name = "list of capabilities", .kind = FIELD_SET, .is_list = true, .size = sizeof(uint64_t),
	.parse = capabilities_parse, .show = capabilities_show,
};

/* The value always has its level, so that a class has one text; the default is 4, as the kernel's (ioprio_set(2)). */
static const char *scheduling_parse(struct parse *parse, void *field)
{
	static const char *const classes[] = { "best-effort", "realtime" };
	const char *text = parse->words[0];
	char level[32];

	if (!*text || !strcmp(text, "idle"))
		return text_keep(parse->pool, text, field);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		size_t length = strlen(classes[i]);

		if (strncmp(text, classes[i], length) != 0)
			continue;
		if (!text[length]) {
			snprintf(level, sizeof(level), "%s:4", classes[i]);
			return text_keep(parse->pool, level, field);
		}
		if (text[length] == ':' && text[length + 1] >= '0' && text[length + 1] <= '7' && !text[length + 2])
			return text_keep(parse->pool, text, field);
	}
	return "expected idle, best-effort or realtime, the latter two optionally with a level, :0 to :7";
}

const struct type type_scheduling = { .name = "I/O scheduling", .kind = FIELD_TEXT, .parse = scheduling_parse };
