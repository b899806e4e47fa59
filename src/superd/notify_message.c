/* Parses the lines KEY=VALUE of sd_notify(3). They come from a service that may be broken or hostile: each value is
 * checked alone, the first invalid one is noted for the log and ignored, and unknown keys are ignored. A new key has a
 * row in keys[] and a member in values.h, and obey_message (notify.c) obeys it. */
#include "superd/main.h"

#define NUMBER_MOST 24 /* digits */
#define NAME_MOST 255  /* bytes of FDNAME, as with systemd */

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

enum value_kind {
	FLAG,	/* the only valid value is 1 */
	NUMBER, /* an int64_t, up to `most` */
	TEXT,
	NAME, /* a struct note_text */
	POLL,
	WATCHDOG /* of these keys alone */
};

#define MEMBER(member) offsetof(struct notify_message, member), INT64_MAX - 1

/* What is done with each: obey_message, notify.c. */
static const struct key {
	const char *name;
	enum value_kind kind;
	size_t where; /* enum note_flag; else the offset in struct notify_message */
	int64_t most;
} keys[] = {
	{ "READY", FLAG, NOTE_READY, 0 },
	{ "RELOADING", FLAG, NOTE_RELOADING, 0 },
	{ "STOPPING", FLAG, NOTE_STOPPING, 0 },
	{ "STATUS", TEXT, MEMBER(status) },
	{ "MAINPID", NUMBER, offsetof(struct notify_message, main_pid), INT32_MAX },
	{ "WATCHDOG", WATCHDOG, NOTE_WATCHDOG, 0 },
	{ "WATCHDOG_USEC", NUMBER, MEMBER(watchdog_every) },
	{ "EXTEND_TIMEOUT_USEC", NUMBER, MEMBER(extend) },
	{ "FDSTORE", FLAG, NOTE_STORE, 0 },
	{ "FDSTOREREMOVE", FLAG, NOTE_REMOVE, 0 },
	{ "FDNAME", NAME, MEMBER(name) },
	{ "FDPOLL", POLL, NOTE_UNPOLLED, 0 },
	{ "BARRIER", FLAG, NOTE_BARRIER, 0 },
};

/* false: the value is invalid, and the message stays as it is. */
static bool take_value(const struct key *key, struct note_text value, struct notify_message *message)
{
	void *out = (char *)message + key->where;
	bool is_one = text_is(value, "1");

	switch (key->kind) {
	case WATCHDOG:
		if (text_is(value, "trigger"))
			return message->flags |= NOTE_TRIGGER;
		/* fall through */
	case FLAG:
		message->flags |= is_one ? (unsigned)key->where : 0;
		return is_one;
	case NUMBER:
		return read_number(value, key->most, out);
	case POLL:
		message->flags &= ~(unsigned)NOTE_UNPOLLED;
		message->flags |= text_is(value, "0") ? NOTE_UNPOLLED : 0;
		return message->flags & NOTE_UNPOLLED || is_one;
	case TEXT:
		break;
	case NAME:
		if (!is_name(value))
			return false;
		break;
	}
	*(struct note_text *)out = value;
	return true;
}

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
		if (!take_value(&keys[n], value, message) && !message->wrong.at)
			message->wrong = line;
		return;
	}
}

bool notify_message_parse(const char *text, size_t length, struct notify_message *message)
{
	const char *end = text + length;
	size_t lines = 0;

	*message = (struct notify_message){
		.watchdog_every = NOTE_UNSET,
		.extend = NOTE_UNSET,
		.main_pid = NOTE_UNSET,
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
	return !(message->flags & NOTE_BARRIER) || lines == 1;
}
