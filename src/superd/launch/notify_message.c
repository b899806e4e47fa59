/* Parses the lines KEY=VALUE of sd_notify(3). They come from a service that may be broken or hostile: each value is
 * checked alone, the first invalid one is noted for the log and ignored, and unknown keys are ignored. */
#include "superd/launch/notify_message.h"

#include <string.h>

#include "table/service/service.h"

#define NUMBER_MOST 24 /* digits */
#define NAME_MOST 255 /* bytes of FDNAME, as with systemd */

static bool text_is(struct note_text text, const char *word)
{
	return text.length == strlen(word) && !memcmp(text.at, word, text.length);
}

/* Reads a number of decimal digits only. */
static bool read_number(struct note_text text, int64_t most, int64_t *out)
{
	int64_t number = 0;

	if (!text.length || text.length > NUMBER_MOST)
		return false;
	for (size_t n = 0; n < text.length; n++) {
		int digit = text.at[n] - '0';

		if (digit < 0 || digit > 9 || number > (most - digit) / 10)
			return false;
		number = 10 * number + digit;
	}
	*out = number;
	return true;
}

/* A name in LISTEN_FDNAMES, where colons separate names. */
static bool is_name(struct note_text text)
{
	if (text.length > NAME_MOST)
		return false;
	for (size_t n = 0; n < text.length; n++) {
		if (text.at[n] < ' ' || text.at[n] > '~' || text.at[n] == ':')
			return false;
	}
	return true;
}

/* Error names of D-Bus and Varlink: words with dots between. */
static bool is_error_name(struct note_text text)
{
	bool dot = false;

	for (size_t n = 0; n < text.length; n++) {
		char c = text.at[n];

		dot |= c == '.' && n > 0;
		if (c != '.' && c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
		    (c < 'a' || c > 'z'))
			return false;
	}
	return dot && text.length <= NAME_MOST && text.at[text.length - 1] != '.';
}

/* Sets a flag. Its only valid value is 1. */
static bool set_flag(struct note_text value, bool *out)
{
	if (!text_is(value, "1"))
		return false;
	*out = true;
	return true;
}

static bool take_ready(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->ready);
}

static bool take_reloading(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->reloading);
}

static bool take_stopping(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->stopping);
}

static bool take_reset(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->reset);
}

static bool take_store(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->store);
}

static bool take_remove(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->remove);
}

static bool take_barrier(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->barrier);
}

static bool take_main_fd(struct note_text value, struct notify_message *message)
{
	return set_flag(value, &message->main_fd);
}

static bool take_poll(struct note_text value, struct notify_message *message)
{
	message->unpolled = text_is(value, "0");
	return message->unpolled || text_is(value, "1");
}

static bool take_watchdog(struct note_text value, struct notify_message *message)
{
	if (text_is(value, "trigger")) {
		message->trigger = true;
		return true;
	}
	return set_flag(value, &message->watchdog);
}

static bool take_every(struct note_text value, struct notify_message *message)
{
	return read_number(value, INT64_MAX - 1, &message->watchdog_every);
}

static bool take_extend(struct note_text value, struct notify_message *message)
{
	return read_number(value, INT64_MAX - 1, &message->extend);
}

static bool take_monotonic(struct note_text value, struct notify_message *message)
{
	return read_number(value, INT64_MAX - 1, &message->monotonic);
}

static bool take_main_pid(struct note_text value, struct notify_message *message)
{
	return read_number(value, INT32_MAX, &message->main_pid);
}

static bool take_main_id(struct note_text value, struct notify_message *message)
{
	int64_t id;

	if (!read_number(value, INT64_MAX - 1, &id))
		return false;
	message->main_id = (uint64_t)id;
	return true;
}

static bool take_error(struct note_text value, struct notify_message *message)
{
	return read_number(value, 4095, &message->error); /* the kernel's largest errno */
}

static bool take_access(struct note_text value, struct notify_message *message)
{
	static const char *const names[] = {
		[NOTIFY_NONE] = "none",
		[NOTIFY_MAIN] = "main",
		[NOTIFY_EXEC] = "exec",
		[NOTIFY_ALL] = "all",
	};

	for (int n = 0; n < (int)(sizeof(names) / sizeof(*names)); n++) {
		if (text_is(value, names[n])) {
			message->access = n;
			return true;
		}
	}
	return false;
}

static bool take_status(struct note_text value, struct notify_message *message)
{
	message->status = value;
	return true;
}

static bool take_bus_error(struct note_text value, struct notify_message *message)
{
	if (!is_error_name(value))
		return false;
	message->bus_error = value;
	return true;
}

static bool take_varlink_error(struct note_text value, struct notify_message *message)
{
	if (!is_error_name(value))
		return false;
	message->varlink_error = value;
	return true;
}

static bool take_name(struct note_text value, struct notify_message *message)
{
	if (!is_name(value))
		return false;
	message->name = value;
	return true;
}

static const struct key {
	const char *name;
	bool (*take)(struct note_text value, struct notify_message *message);
} keys[] = {
	{ "READY", take_ready },	  { "RELOADING", take_reloading },
	{ "STOPPING", take_stopping },	  { "MONOTONIC_USEC", take_monotonic },
	{ "STATUS", take_status },	  { "ERRNO", take_error },
	{ "BUSERROR", take_bus_error },	  { "VARLINKERROR", take_varlink_error },
	{ "MAINPID", take_main_pid },	  { "MAINPIDFDID", take_main_id },
	{ "MAINPIDFD", take_main_fd },	  { "WATCHDOG", take_watchdog },
	{ "WATCHDOG_USEC", take_every },  { "EXTEND_TIMEOUT_USEC", take_extend },
	{ "RESTART_RESET", take_reset },  { "FDSTORE", take_store },
	{ "FDSTOREREMOVE", take_remove }, { "FDNAME", take_name },
	{ "FDPOLL", take_poll },	  { "BARRIER", take_barrier },
	{ "NOTIFYACCESS", take_access },
};

static void take_line(struct note_text line, struct notify_message *message)
{
	const char *equals = memchr(line.at, '=', line.length);
	struct note_text key, value;

	if (!equals)
		return;
	key = (struct note_text){ line.at, (size_t)(equals - line.at) };
	value = (struct note_text){ equals + 1, line.length - key.length - 1 };
	for (size_t n = 0; n < sizeof(keys) / sizeof(*keys); n++) {
		if (!text_is(key, keys[n].name))
			continue;
		if (!keys[n].take(value, message) && !message->wrong.at)
			message->wrong = line;
		return;
	}
}

bool notify_message_parse(const char *text, size_t length, struct notify_message *message)
{
	const char *end = text + length;
	size_t lines = 0;

	*message = (struct notify_message){
		.monotonic = NOTE_UNSET,
		.watchdog_every = NOTE_UNSET,
		.extend = NOTE_UNSET,
		.main_pid = NOTE_UNSET,
		.error = NOTE_UNSET,
		.access = NOTE_UNSET,
	};
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if (stop > text) {
			take_line((struct note_text){ text, (size_t)(stop - text) }, message);
			lines++;
		}
		text = stop + 1;
	}
	return !message->barrier || lines == 1;
}
