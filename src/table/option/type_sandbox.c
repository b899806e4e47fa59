/* Types of hardening: system calls, mounts, devices, resources, credentials, capabilities. */
#include "table/option/internal.h"

/* Types of hardening options: system calls, address families, namespaces, errors.
 *
 * As in systemd, a ~ applies to its word and the words behind it, until a + allows again. Each word is kept with its
 * own sign, so that lists keep their meaning when they are appended. The first sign of the whole list decides about
 * everything that the list does not name. */

/* Checks a word without its sign. Returns NULL, or why it is wrong. */
typedef const char *refuse_bare(const char *word, bool denied, struct pool *pool);

/* Gives each word its sign: ~ if it is denied, + if it is allowed behind a denied one. */
static const char *signed_parse(struct parse *parse, refuse_bare *refuse, void *field)
{
	const char **list = calloc(parse->count + 1, sizeof(*list)), *reason = list ? NULL : NO_MEMORY;
	words before = parse->append ? *(const words *)field : NULL;
	bool denied = false, behind_denied = false;

	for (words word = before; word && *word; word++)
		behind_denied |= (*word)[0] == '~';
	for (size_t i = 0; !reason && i < parse->count; i++) {
		const char *word = parse->words[i];
		bool has_sign = word[0] == '~' || word[0] == '+';

		parse->bad = i;
		if (has_sign)
			denied = word[0] == '~';
		behind_denied |= denied;
		reason = refuse(word + has_sign, denied, parse->pool);
		list[i] = pool_textf(parse->pool, "%s%s", denied ? "~" : behind_denied ? "+" : "", word + has_sign);
		if (!reason && !list[i])
			reason = NO_MEMORY;
	}
	if (!reason)
		reason = list_keep(parse, list, parse->count, field);
	free(list);
	return reason;
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
	if (*name == '@' && strcmp(name, CALL_GROUP_ALL) && !syscall_group_find(name)) {
		const char **known = pool_alloc(pool, (syscall_group_count + 1) * sizeof(*known));

		for (size_t n = 0; known && n < syscall_group_count; n++)
			known[n] = syscall_groups[n].name;
		return known ? words_refuse(known, name, pool) : NO_MEMORY;
	}
	if (*name == '@' || (length && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")]))
		return NULL;
	return "expected the name of a system call, or a group that begins with @";
}

static const char *calls_parse(struct parse *parse, void *field)
{
	return signed_parse(parse, refuse_call, field);
}

const struct type type_calls = PARSED_WORDS_TYPE("list of system calls", calls_parse);

static const char *refuse_family(const char *word, bool denied, struct pool *pool)
{
	int family;

	(void)denied, (void)pool;
	if (address_family_find(word, &family))
		return NULL;
	return !strcmp(word, "none") ? "none must be the only word"
				     : "expected a family of addresses as AF_UNIX, AF_INET or AF_INET6, or none";
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

const struct type type_families = PARSED_WORDS_TYPE("list of address families", families_parse);

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

static void namespaces_show(const struct option_def *option, const void *field, struct buf *out)
{
	unsigned denied = *(const unsigned *)field;

	(void)option;
	if (denied && denied != EVERY_NAMESPACE)
		bits_show(denied, namespace_words, "~", out);
	else
		word_add(out, denied ? "yes" : "no");
}

const struct type type_namespaces = {
	SET_TYPE("yes, no or a list of namespaces", unsigned, namespaces_parse, namespaces_show), .is_list = true,
};

/* Nothing is the default, as in systemd.exec(5), SystemCallErrorNumber=. */
static const char *error_parse(struct parse *parse, void *field)
{
	return errno_scan(*parse->words[0] ? parse->words[0] : "kill", field)
		? NULL : "expected an error as EPERM, a number up to 4095, or kill";
}

static void error_show(const struct option_def *option, const void *field, struct buf *out)
{
	int64_t error = *(const int64_t *)field;

	(void)option;
	if (errno_name(error))
		buf_text(out, errno_name(error));
	else
		buf_addf(out, "%" PRId64, error);
}

const struct type type_error = { SHOWN_TYPE("error", int64_t, error_parse, error_show) };

/* Types of a backend's own view of the file system: protected paths, bind mounts, temporary file systems. Their words
 * have prefixes, colons and options; mistakes are found here and not when superd starts a backend as root. Source:
 * systemd.exec(5), "SANDBOXING". */

#define PATHS_FORM \
	"a path starts with /; after - it may be missing, after + it is inside root_directory"

const char *protected_path(const char *word, bool *optional, bool *inside)
{
	*optional = *inside = false;
	for (; *word == '-' || *word == '+'; word++) {
		if (*word == '-')
			*optional = true;
		else
			*inside = true;
	}
	return word;
}

/* Where the next part of a path begins. */
static const char *skip_no_parts(const char *path)
{
	while (*path == '/' || (*path == '.' && (path[1] == '/' || !path[1])))
		path++;
	return path;
}

const char *path_below_root(const char *path, const char *root)
{
	for (root = skip_no_parts(root ? root : ""); *root; root = skip_no_parts(root)) {
		size_t length = strcspn(root, "/");

		path = skip_no_parts(path);
		if (strncmp(path, root, length) != 0 || (path[length] && path[length] != '/'))
			return NULL;
		path += length;
		root += length;
	}
	return *path ? path : "/";
}

/* Whether a path has a part "..". */
static bool has_dot_dot(const char *path, size_t length)
{
	for (size_t i = 0; i + 2 < length; i++) {
		if (!memcmp(path + i, "/..", 3) && (i + 3 == length || path[i + 3] == '/'))
			return true;
	}
	return false;
}

static const char *refuse_protected(const char *word)
{
	bool optional, inside;
	const char *path = protected_path(word, &optional, &inside);

	if (*path != '/')
		return PATHS_FORM;
	return has_dot_dot(path, strlen(path)) ? "a path has no part .." : NULL;
}

const struct type type_protected_paths = WORDS_TYPE("list of paths", refuse_protected);

bool bind_path_read(const char *word, struct bind_path *out)
{
	size_t length;

	*out = (struct bind_path){ .optional = *word == '-', .recursive = true };
	word += out->optional;
	length = strcspn(word, ":");
	out->source = out->target = word;
	out->source_length = out->target_length = length;
	if (!word[length])
		return length;
	word += length + 1;
	length = strcspn(word, ":");
	if (length) {
		out->target = word;
		out->target_length = length;
	}
	if (!word[length])
		return true;
	word += length + 1;
	out->recursive = !strcmp(word, "rbind");
	return out->recursive || !strcmp(word, "norbind");
}

static const char *refuse_binding(const char *word)
{
	struct bind_path binding;

	if (!bind_path_read(word, &binding) || *binding.source != '/' || *binding.target != '/')
		return "expected SOURCE, SOURCE:TARGET or SOURCE:TARGET:norbind, paths that start with /; a - "
		       "before the source lets it be missing";
	if (has_dot_dot(binding.source, binding.source_length) || has_dot_dot(binding.target, binding.target_length))
		return "a path has no part ..";
	return binding.target_length == 1 ? "a mount over / is the task of root_directory" : NULL;
}

const struct type type_bindings = WORDS_TYPE("list of bindings", refuse_binding);

/* Behind a colon are options of tmpfs(5) and mount(8), which the kernel knows better. */
static const char *refuse_temporary(const char *word)
{
	size_t length = strcspn(word, ":");

	return *word != '/' || has_dot_dot(word, length)
		? "expected a path that starts with /, and after a colon options such as ro or size=10M" : NULL;
}

const struct type type_temporary = WORDS_TYPE("list of temporary file systems", refuse_temporary);

/* Types of entries for single devices, and of the controllers of a control group.
 *
 * An entry is a path and its rights: two words in a unit, one word in superd.conf. Both forms are accepted and kept as
 * one word. */

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

static const char *device_rules_parse(struct parse *parse, void *field)
{
	const char **list = calloc(parse->count + 1, sizeof(*list)), *reason = list ? NULL : NO_MEMORY;
	words given = parse->words;
	struct device_rule rule;
	size_t length = 0;

	for (size_t n = 0; !reason && n < parse->count; n++) {
		const char *word = given[n], *next = n + 1 < parse->count ? given[n + 1] : "";

		parse->bad = n;
		if (!strpbrk(word, BLANKS) && *next && !next[strspn(next, "rwm")])
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

const struct type type_device_rules = PARSED_WORDS_TYPE("list of devices", device_rules_parse);

/* A list of controllers delegates all of them, as yes does. */
static const char *delegation_parse(struct parse *parse, void *field)
{
	if (parse->count != 1 || scan_bool(parse->words[0], field))
		*(bool *)field = parse->count;
	return NULL;
}

const struct type type_delegation = {
	.name = "yes, no or a list of controllers", .kind = FIELD_BOOL, .is_list = true, .size = sizeof(bool),
	.parse = delegation_parse,
};

/* Types of resource limits: memory and tasks by number or by share, percentages, weights. A share stays a share in the
 * table, because it depends on the machine. */

#define WEIGHT_MOST 10000               /* cgroups(7): cpu.weight */

/* Reads "12.5%" in hundredths of a percent. false: it is no percentage. */
static bool percent_scan(const char *text, int64_t *hundredths)
{
	const char *end = decimal_scan(text, 2, hundredths);

	return end && !strcmp(end, "%");
}

static void percent_show(int64_t hundredths, char *buf)
{
	char number[32];

	decimal_show(hundredths, 2, number);
	snprintf(buf, 32, "%.30s%%", number);
}

/* Memory and tasks, which may be a share; number->noun is the whole message. An option whose `least` is not 0 needs
 * some. */
static const char *amount_parse(struct parse *parse, void *field)
{
	const struct number *kind = parse->option->type->number;
	struct amount amount = { -1, -1 };
	bool is_share = percent_scan(parse->words[0], &amount.share);

	if (is_share ? amount.share > WHOLE : kind->scan(parse->words[0], &amount.number) || amount.number < 0)
		return kind->noun;
	if (parse->option->least && (is_share ? !amount.share : !amount.number))
		return "no program runs without any";
	*(struct amount *)field = is_share ? (struct amount){ -1, amount.share } : (struct amount){ amount.number, -1 };
	return NULL;
}

static void amount_show(const struct option_def *option, const void *field, struct buf *out)
{
	const struct amount *amount = field;
	char text[32];

	if (amount->share >= 0)
		percent_show(amount->share, text);
	else
		option->type->number->show(amount->number, text);
	buf_text(out, text);
}

static void tasks_show(int64_t tasks, char *buf)
{
	(tasks == SCAN_INFINITY ? scan_bytes_format : count_show)(tasks, buf);
}

static const struct number memory_kind = {
	.noun = "expected a size with the unit K, M, G or T, a share of the machine's as 10%, or infinity",
	.scan = scan_bytes, .show = scan_bytes_format,
};
static const struct number tasks_kind = {
	.noun = "expected a number of at least 1, a share of the machine's maximum such as 10%, or infinity",
	.scan = scan_unlimited, .show = tasks_show,
};

#define AMOUNT_TYPE(title, numbers) { \
	.name = title, .kind = FIELD_NUMBER, .size = sizeof(struct amount), .number = &(numbers), \
	.parse = amount_parse, .show = amount_show, \
}

const struct type type_memory = AMOUNT_TYPE("amount of memory", memory_kind);

const struct type type_tasks = AMOUNT_TYPE("number or share", tasks_kind);

static const char *quota_scan(const char *text, int64_t *out)
{
	return percent_scan(text, out) && *out ? NULL : "expected a share of one processor as 20%; 200% is two "
							"processors";
}

static const struct number quota_kind = { .scan = quota_scan, .show = percent_show, .most = INT64_MAX };

const struct type type_quota = NUMBER_TYPE("share of a processor", quota_kind);

/* "idle" is 0: the backend runs when nothing else does. */
static const char *weight_scan(const char *text, int64_t *out)
{
	*out = 0;
	return strcmp(text, "idle") != 0 && (scan_count(text, out) || *out < 1 || *out > WEIGHT_MOST)
		? "expected a number from 1 to 10000, or idle" : NULL;
}

static void weight_show(int64_t value, char *buf)
{
	snprintf(buf, 32, value ? "%" PRId64 : "idle", value);
}

static const struct number weight_kind = { .scan = weight_scan, .show = weight_show, .most = WEIGHT_MOST };

const struct type type_weight = NUMBER_TYPE("weight", weight_kind);

/* Types of load_credential and set_credential. A message must not show the value of a credential, so a wrong
 * set_credential is reported by its place alone (table/service/credential_words). */

const struct type type_loaded_credentials = WORDS_TYPE("list of credentials", load_credential_refuse);

const struct type type_set_credentials = {
	.name = "list of credentials with values", .kind = FIELD_WORDS, .is_list = true, .is_secret = true,
	.refuse = set_credential_refuse,
};

/* The type of capabilities.
 *
 * A set of capabilities with ~ is "all but these" and includes capabilities of later kernels. So all bits above the
 * known ones are set, and bit 63 shows that the set was written with ~. */

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

/* A word is a name with or without CAP_, or the number of an unknown capability. */
static const char *capabilities_parse(struct parse *parse, void *field)
{
	bool inverted = parse->count && parse->words[0][0] == '~';
	uint64_t set = 0, before = *(const uint64_t *)field;

	for (size_t i = 0; i < parse->count; i++) {
		const char *word = parse->words[i] + (i == 0 && inverted);
		const char *name = strncasecmp(word, "cap_", 4) ? word : word + 4, *nearest;
		unsigned known;
		int64_t number;

		parse->bad = i;
		if (!*word && i == 0 && inverted)
			continue;       /* ~ alone in front of nothing: all */
		if (capability_find(word, &known)) {
			set |= UINT64_C(1) << known;
		} else if (isdigit((unsigned char)*name) && !scan_count(name, &number) && number < 63) {
			set |= UINT64_C(1) << number;
		} else {
			nearest = word_suggest(capability_names, name);
			if (!nearest)
				return "a capability is a name of capabilities(7) such as net_bind_service";
			return reason_or_memory(pool_textf(parse->pool,
							   "there is no such capability; did you mean '%s'?", nearest));
		}
	}
	if (parse->append)
		set = inverted ? before & ~set : before | set;
	else if (inverted)
		set = ~set;
	*(uint64_t *)field = set;
	return NULL;
}

/* Writes the words that capabilities_parse reads back. */
static void capabilities_show(const struct option_def *option, const void *field, struct buf *out)
{
	uint64_t set = *(const uint64_t *)field;
	bool inverted = set & OTHERS;
	uint64_t named = inverted ? ~set : set;
	char number[16];

	(void)option;
	if (inverted)
		buf_char(out, '~');     /* in front of the first */
	if (inverted && !named)
		word_add(out, "");
	for (unsigned i = 0; i < 63; i++) {
		snprintf(number, sizeof(number), "%u", i);
		if (named >> i & 1)
			word_add(out, i < CAPABILITIES ? capability_names[i] : number);
	}
}

const struct type type_capabilities = {
	SET_TYPE("list of capabilities", uint64_t, capabilities_parse, capabilities_show), .is_list = true,
};
