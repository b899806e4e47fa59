/* An option: its names, also in messages, a hint for an unknown name; and its field, with its default.
 *
 * Administrators who know xinetd, systemd or launchd write the words of those systems; the hint names superd.conf's
 * word. The table of options has most of these words. A word without an option of its own (socket_type, ListenDatagram)
 * has a sentence below. */
#include "table/option/option.h"

#include <assert.h>

#define SLOTS 1024                      /* more than twice the entries */

/* Words without an option of their own, in any case. */
static const struct {
	const char *word, *answer;
} known_words[] = {
	{ "socket_type", "the endpoint contains it, as in listen = \"udp:69\"" },
	{ "protocol", "the endpoint contains it, as in listen = \"udp:69\"" },
	{ "port", "the endpoint contains it, as in listen = \"80\"" },
	{ "bind", "the endpoint contains it, as in listen = \"192.0.2.1:80\"" },
	{ "interface", "the endpoint contains it, as in listen = \"192.0.2.1:80\"" },
	{ "wait", "in superd.conf it is accept: wait = yes is accept = no, wait = no is accept = yes" },
	{ "server_args", "write the arguments after the program in exec" },
	{ "flags", "each flag is an option of its own, as keep_alive and no_delay" },
	{ "id", "the name after `service` is its id" },
	{ "ListenDatagram", "listen = \"udp:PORT\" or listen = \"unix-dgram:/path\"" },
	{ "ListenSequentialPacket", "listen = \"seqpacket:/path\"" },
	{ "ListenFIFO", "listen = \"fifo:/path\"" },
	{ "ListenSpecial", "listen = \"special:/path\"" },
	{ "ListenNetlink", "listen = \"netlink:FAMILY GROUP\"" },
	{ "FileDescriptorName", "socket NAME { listen = … } sets the name of a socket" },
	{ "IPAddressAllow", "superd.conf calls it only_from" },
	{ "IPAddressDeny", "superd.conf calls it no_access" },
	{ "page", "builtin = status is a page of all services, and builtin = health and metrics are for programs" },
	{ "status", "builtin = status is a page of all services, and builtin = health and metrics are for programs" },
	{ "cron", "nothing runs by the clock: restart = always with backoff_min runs a program again after a pause" },
	{ "timer", "nothing runs by the clock: restart = always with backoff_min runs a program again after a pause" },
	{ "container", "superd-sandbox(5) has the options that confine a program" },
	{ "sandbox", "superd-sandbox(5) has the options that confine a program" },
	{ "command", "superd.conf calls it exec" },
	{ "program", "superd.conf calls it exec" },
	{ "run", "superd.conf calls it exec" },
	{ "environment", "superd.conf calls it env" },
	{ "cwd", "superd.conf calls it working_directory" },
	{ "chdir", "superd.conf calls it working_directory" },
	{ "directory", "superd.conf calls it working_directory" },
	{ "chroot", "superd.conf calls it root_directory" },
	{ "stdout", "superd.conf calls it output" },
	{ "stderr", "superd.conf calls it error" },
	{ "stdin", "superd.conf calls it input" },
	{ "idle", "superd.conf calls it idle_timeout" },
	{ "sleep", "superd.conf calls it idle_timeout" },
	{ "start_priority", "remove it: at the limit of max_starting services start in the order of their clients" },
};

const char *const dialect_systems[DIALECTS] = { "superd", "xinetd", "systemd", "launchd" };

/* Hash table of the names: index + 1 of an option; 0: free. Reading a long table looks up some hundred thousand names,
 * and a linear search would take longer than the rest of the reading. */
static uint16_t slots[OPTION_NAMES][SLOTS];
static pthread_once_t slots_made = PTHREAD_ONCE_INIT;

/* Hashes letters without their case, as xinetd's names are case-insensitive. */
static size_t first_slot(const char *name)
{
	uint64_t hash = HASH_START;

	for (; *name; name++)
		hash = hash_add(hash, (unsigned char)(*name | 0x20));
	return (size_t)(hash ^ hash >> 32) & (SLOTS - 1);
}

static void fill_slots(void)
{
	assert(option_count < SLOTS / 2);
	for (int dialect = 0; dialect < OPTION_NAMES; dialect++) {
		for (size_t i = 0; i < option_count; i++) {
			const char *name = option_defs[i].name[dialect];
			size_t slot = name ? first_slot(name) : 0;

			while (name && slots[dialect][slot])
				slot = (slot + 1) & (SLOTS - 1);
			if (name)
				slots[dialect][slot] = (uint16_t)(i + 1);
		}
	}
}

const struct option_def *option_find(enum dialect dialect, const char *name)
{
	pthread_once(&slots_made, fill_slots);
	for (size_t slot = first_slot(name); slots[dialect][slot]; slot = (slot + 1) & (SLOTS - 1)) {
		const struct option_def *option = &option_defs[slots[dialect][slot] - 1];
		const char *known = option->name[dialect];

		if (dialect == XINETD ? !strcasecmp(known, name) : !strcmp(known, name))
			return option;
	}
	return NULL;
}

const struct option_def *option_listed(size_t n)
{
	return n < option_count + GLOBALS ? &option_defs[n] : NULL;
}

/* Whether a dialect's word is the written one, with its section or without: "Service.User" is also "User". */
static bool word_is_meant(const char *known, const char *written)
{
	const char *dot = known ? strrchr(known, '.') : NULL;

	return known && (!strcasecmp(known, written) || (dot && !strcasecmp(dot + 1, written)));
}

void option_hint(const char *name, bool is_global, struct buf *out)
{
	const struct option_def *list = is_global ? global_option_defs : option_defs;
	struct scan_nearest nearest = scan_nearest_begin(name);

	if (is_global && option_find(NATIVE, name))
		return buf_text(out, "it is an option of services: write it in service { } or defaults { }");
	for (size_t n = 0; !is_global && n < sizeof(known_words) / sizeof(*known_words); n++) {
		if (!strcasecmp(known_words[n].word, name))
			return buf_text(out, known_words[n].answer);
	}
	if (!is_global && global_find(name))
		return buf_text(out, "it is a setting of superd itself: write it in superd { }");
	for (int dialect = XINETD; !is_global && dialect < DIALECTS; dialect++) {
		for (size_t n = 0; n < option_count; n++) {
			if (word_is_meant(option_defs[n].name[dialect], name))
				return buf_addf(out, "%s's %s is %s here", dialect_systems[dialect], name,
						option_defs[n].name[NATIVE]);
		}
	}
	for (size_t n = 0; n < (is_global ? GLOBALS : option_count); n++) {
		const char *known = list[n].name[NATIVE];
		size_t length = strlen(name);

		if (length > 2 && !strncmp(known, name, length) && known[length] == '_')
			return buf_addf(out, "did you mean '%s'?", known);
		scan_nearest_look(&nearest, known);
	}
	if (nearest.word)
		buf_addf(out, "did you mean '%s'?", nearest.word);
}

const char *option_name_in(enum dialect dialect, const struct option_def *option)
{
	const char *key = dialect == UNIT && option->unit_key ? option->unit_key : option->name[dialect], *dot;

	dot = key ? strrchr(key, '.') : NULL;
	return dot ? dot + 1 : key ? key : option->name[NATIVE];
}

const char *option_name_of(const struct service *service, const char *name)
{
	bool has_keys = service->dialect == UNIT || service->dialect == LAUNCHD;
	const struct option_def *option = has_keys ? option_find(NATIVE, name) : NULL;

	return option ? option_name_in(service->dialect, option) : name;
}

void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out)
{
	buf_addf(out, service->dialect == UNIT ? "%s=%s" : "%s = %s", option_name_of(service, option), value);
}

bool option_has_value(const struct option_def *option)
{
	return !(option->flags & STRUCTURE);
}

const void *option_field(const struct option_def *option, const struct service *service)
{
	if (!option_has_value(option))
		return NULL;
	return (const char *)service_group(service, option->group) + option->offset;
}

static bool fill_default(const struct option_def *option, void *field, struct pool *pool)
{
	struct parse parse = { .option = option, .words = &option->fallback, .count = 1, .pool = pool };

	type_unset(option, field);
	return option->unset || !option->fallback || !type_parse(&parse, field);
}

bool option_fill_defaults(enum option_group group, void *values, struct pool *pool)
{
	memset(values, 0, group_sizes[group]);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];

		if (option->group != group || !option_has_value(option))
			continue;
		if (!fill_default(option, (char *)values + option->offset, pool))
			return false;
	}
	return true;
}

bool option_is_default(const struct option_def *option, const void *field, struct pool *scratch)
{
	union field_value value;

	return fill_default(option, &value, scratch) && type_equal(option, field, &value);
}

bool option_takes_default(const struct option_def *option, const struct exec_options *exec)
{
	const char *name = option->name[NATIVE];

	if (option->group == GROUP_ACCESS && (!strcmp(name, "instances") || !strcmp(name, "overload")))
		return exec->accept;
	if (option->group == GROUP_STREAMS && !strcmp(name, "error"))
		return exec->exec || (!exec->builtin && !exec->redirect);
	return true;
}

/* The name of the option whose field is at this place of a group; NULL: there is none. */
static const char *option_at(enum option_group group, size_t offset)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];

		if (option->group == group && option->offset == offset && option_has_value(option))
			return option->name[NATIVE];
	}
	return NULL;
}

const char *limit_option(int resource)
{
	return option_at(GROUP_LIMITS, (size_t)resource * sizeof(struct limit));
}

const char *command_option(enum command_phase phase)
{
	return option_at(GROUP_COMMANDS, offsetof(struct command_options, of) + (size_t)phase * sizeof(words));
}

const char *chapter_title(enum chapter chapter)
{
	static const char *const titles[CHAPTERS] = {
		[CHAPTER_EXEC] = "What to run", [CHAPTER_SOCKETS] = "Sockets",
		[CHAPTER_IDENTITY] = "User and privileges", [CHAPTER_ENVIRONMENT] = "Environment",
		[CHAPTER_FILES] = "Directories, files and credentials", [CHAPTER_STREAMS] = "Input and output",
		[CHAPTER_ACCESS] = "Access", [CHAPTER_COMMANDS] = "Commands",
		[CHAPTER_LIFECYCLE] = "Start and stop", [CHAPTER_RESTART] = "Failures and restarts",
		[CHAPTER_NOTIFICATIONS] = "Notifications", [CHAPTER_IDLE] = "Sleep and probes",
		[CHAPTER_SUPERD] = "superd itself", [CHAPTER_XINETD] = "Options of xinetd",
		[CHAPTER_UNITS] = "Options of systemd units", [CHAPTER_LIMITS] = "Limits and scheduling",
		[CHAPTER_RESOURCES] = "Resources", [CHAPTER_HARDENING] = "Hardening",
	};

	return titles[chapter];
}

const char *chapter_page(enum chapter chapter)
{
	return chapter > CHAPTER_UNITS ? "superd-sandbox" : "superd.conf";
}
