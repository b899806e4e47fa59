/* Reads superd-builtin's command line.
 *
 * Its options restrict clients. So an unknown or wrong option ends the program; it is never ignored. */
#include "builtin/argv.h"

#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"

/* Milliseconds. A client that neither sends nor reads would stay for ever. */
#define FLOW_TIMEOUT 60000              /* unless --flow-timeout is given */
#define IDLE_TIMEOUT (5 * 60 * 1000)    /* of a connection of another service than a redirect, without a byte */
#define TOTAL_TIMEOUT (60 * 60 * 1000)  /* of such a connection in any case */

struct argv_reading {
	struct settings *settings;
	const char **only_from, **no_access;    /* NULL-terminated lists of words, in settings->pool */
	size_t only_from_count, no_access_count;
	uint16_t *loops;
};

/* The value behind `name` and "="; NULL: the word is another option. */
static const char *option_value(const char *word, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(word, name, length) && word[length] == '=' ? word + length + 1 : NULL;
}

static bool read_number(const char *text, int64_t most, int64_t *out)
{
	return !scan_count(text, out) && *out >= 0 && *out <= most;
}

static bool read_option(struct argv_reading *reading, const char *word)
{
	const char *value;
	int64_t number;

	if ((value = option_value(word, "--only-from"))) {
		reading->only_from[reading->only_from_count++] = value;
		return !access_refuse_word(value);
	}
	if ((value = option_value(word, "--no-access"))) {
		reading->no_access[reading->no_access_count++] = value;
		return !access_refuse_word(value);
	}
	if ((value = option_value(word, "--loop"))) {
		if (!read_number(value, 65535, &number))
			return false;
		reading->loops[reading->settings->loop_count++] = (uint16_t)number;
		return true;
	}
	if ((value = option_value(word, "--proxy-protocol"))) {
		reading->settings->proxy = !strcmp(value, "v1") ? 1 : !strcmp(value, "v2") ? 2 : 0;
		return reading->settings->proxy;
	}
	if ((value = option_value(word, "--flow-timeout")))
		return read_number(value, INT64_MAX / 2, &reading->settings->flow_timeout);
	if ((value = option_value(word, "--idle-timeout")))
		return read_number(value, INT64_MAX / 2, &reading->settings->idle_timeout);
	if ((value = option_value(word, "--per-source")))
		return read_number(value, INT64_MAX / 2, &reading->settings->per_source);
	if ((value = option_value(word, "--source-prefix")))
		return read_number(value, 128, &reading->settings->source_prefix);
	if (!strcmp(word, "--relay"))
		return reading->settings->relays = true;
	if (!strcmp(word, "--shares"))
		return reading->settings->shares = reading->settings->channel >= 0;
	if ((value = option_value(word, "--channel"))) {
		if (!read_number(value, 4096, &number))
			return false;
		reading->settings->channel = (int)number;
		return true;
	}
	return false;
}

/* superd passes networks as numbers. A name could only be a host's, which matches no sender. */
static bool find_network(void *context, const char *name, struct network *network)
{
	(void)context, (void)name, (void)network;
	return false;
}

static bool compile_access(struct argv_reading *reading)
{
	struct settings *settings = reading->settings;

	settings->loops = reading->loops;
	if (!reading->only_from_count && !reading->no_access_count)
		return true;
	settings->access = access_compile(reading->only_from_count ? reading->only_from : NULL,
					  reading->no_access_count ? reading->no_access : NULL, find_network, NULL,
					  settings->pool);
	if (!settings->access)
		builtin_log("out of memory");
	return settings->access;
}

static bool read_builtin(struct settings *settings, char *const *argv)
{
	const char *reason, *bad;

	settings->words = (const char *const *)argv;
	settings->builtin = argv[0] ? builtin_find(argv[0]) : NULL;
	if (!settings->builtin) {
		builtin_log("there is no builtin '%s'", argv[0] ? argv[0] : "");
		return false;
	}
	if (!strcmp(argv[0], "redirect")) {
		if (argv[1] && (!argv[2] || !argv[3]))
			return true;
		builtin_log("redirect has a host and a port, or a path");
		return false;
	}
	settings->idle_timeout = IDLE_TIMEOUT;
	settings->total_timeout = TOTAL_TIMEOUT;
	reason = builtin_read_options(settings->words, &settings->options, &bad);
	if (reason)
		builtin_log("%s: '%s': %s", argv[0], bad ? bad : "", reason);
	return !reason;
}

bool builtin_argv_read(struct settings *settings, char *const *argv)
{
	struct argv_reading reading = { .settings = settings };
	size_t count = 0;

	*settings = (struct settings){ .channel = -1, .flow_timeout = FLOW_TIMEOUT, .pool = pool_new() };
	while (argv[count])
		count++;
	if (settings->pool) {
		reading.only_from = pool_alloc(settings->pool, (count + 1) * sizeof(char *));
		reading.no_access = pool_alloc(settings->pool, (count + 1) * sizeof(char *));
		reading.loops = pool_alloc(settings->pool, (count + 1) * sizeof(uint16_t));
	}
	if (!reading.only_from || !reading.no_access || !reading.loops) {
		builtin_log("out of memory");
		return false;
	}
	for (; *argv && !strncmp(*argv, "--", 2); argv++) {
		if (read_option(&reading, *argv))
			continue;
		builtin_log("'%s' is no option of superd-builtin", *argv);
		return false;
	}
	return read_builtin(settings, argv) && compile_access(&reading);
}
