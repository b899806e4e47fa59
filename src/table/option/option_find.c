/* Finds an option by its name, and a hint for an unknown name.
 *
 * Administrators who know xinetd, systemd or launchd write the words of those systems; the hint names superd.conf's
 * word. The table of options has most of these words. A word without an option of its own (socket_type, ListenDatagram)
 * has a sentence below. */
#include "table/option/option_table.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/hash.h"
#include "lib/scan.h"

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

static const char *const systems[DIALECTS] = {
	[NATIVE] = "superd", [XINETD] = "xinetd", [UNIT] = "systemd", [LAUNCHD] = "launchd"
};

/* Hash table of the names: index + 1 of an option; 0: free. Reading a long table looks up some hundred thousand names,
 * and a linear search would take longer than the rest of the reading. */
static uint16_t slots[DIALECTS][SLOTS];
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
	for (int dialect = 0; dialect < DIALECTS; dialect++) {
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

/* The name of one of `count` options that is nearest to this one; NULL: none is near. */
static const char *find_nearest(const struct option_def *list, size_t count, enum dialect dialect, const char *name)
{
	struct scan_nearest nearest = scan_nearest_begin(name);

	for (size_t i = 0; i < count; i++) {
		if (list[i].name[dialect])
			scan_nearest_look(&nearest, list[i].name[dialect]);
	}
	return nearest.word;
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

static bool hint_known(const char *name, struct buf *out)
{
	for (size_t i = 0; i < sizeof(known_words) / sizeof(*known_words); i++) {
		if (!strcasecmp(known_words[i].word, name)) {
			buf_text(out, known_words[i].answer);
			return true;
		}
	}
	return false;
}

static bool hint_dialect(enum dialect dialect, const char *name, struct buf *out)
{
	for (size_t i = 0; i < option_count; i++) {
		if (word_is_meant(option_defs[i].name[dialect], name)) {
			buf_addf(out, "%s's %s is %s here", systems[dialect], name,
				 option_defs[i].name[NATIVE]);
			return true;
		}
	}
	return false;
}

void option_hint(enum dialect dialect, const char *name, struct buf *out)
{
	const char *nearest = find_nearest(option_defs, option_count, dialect, name);
	bool known = dialect == NATIVE && hint_known(name, out);

	if (dialect == NATIVE && !known && global_find(name)) {
		buf_text(out, "it is a setting of superd itself: write it in superd { }");
		return;
	}
	for (int other = XINETD; dialect == NATIVE && other < DIALECTS && !known; other++)
		known = hint_dialect((enum dialect)other, name, out);
	if (!known && nearest)
		buf_addf(out, "did you mean '%s'?", nearest);
}

void global_hint(const char *name, struct buf *out)
{
	const char *nearest = find_nearest(global_option_defs, GLOBALS, NATIVE, name);

	if (option_find(NATIVE, name))
		buf_text(out, "it is an option of services: write it in service { } or defaults { }");
	else if (nearest)
		buf_addf(out, "did you mean '%s'?", nearest);
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
