/* The fourth field: wait or nowait, and the limits behind it.
 *
 * Systems differ in what the number means: with OpenBSD, NetBSD and GNU, behind a dot or a colon, it limits starts a
 * minute; with FreeBSD, behind a slash, it limits running servers. 0 means no limit to some, and no start to others. */
#include <string.h>
#include <strings.h>

#include "read/inetd/entry.h"

#define NUMBER_DIGITS 15 /* an int64_t holds any of them */

bool inetd_number(const char *text, int64_t most, int64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	int64_t value = 0;

	if (!digits || digits > NUMBER_DIGITS || text[digits])
		return false;
	for (; *text; text++)
		value = value * 10 + (*text - '0');
	*out = value;
	return value <= most;
}

void inetd_set_never(struct inetd *inetd, struct inetd_entry *entry, struct origin at, const char *why)
{
	entry->never = true;
	diag_warning(inetd->reading->diags, at, "%s: %s: it is checked and left closed", entry->service, why);
}

/* Sets the limit of starts a minute, N of nowait.N. 0 is no limit or no start, as the dialect has it. */
static void set_rate(struct inetd *inetd, struct inetd_entry *entry, int64_t number, struct origin at)
{
	if (!number && inetd->dialect->zero_is_never) {
		entry->burst = 0;
		diag_warning(inetd->reading->diags, at, "%s: a limit of 0 starts no server: clients wait",
			     entry->service);
	} else if (!number && inetd->dialect->zero_is_default) {
		diag_warning(inetd->reading->diags, at,
			     "%s: a limit of 0 means the default, as with Debian's openbsd-inetd and inetutils-inetd",
			     entry->service);
	} else if (!number) {
		entry->burst = UNLIMITED;
		diag_warning(inetd->reading->diags, at,
			     "%s: a limit of 0 is none, as busybox's inetd has it; "
			     "NetBSD's starts nothing then",
			     entry->service);
	} else {                        /* the first is always let in */
		entry->burst = number > 1 ? number - inetd->dialect->number_less : number;
	}
}

/* Accepts, with a warning, numbers that other inetds accept and that limit nothing: none at all, or one too large. */
static bool read_useless_rate(struct inetd *inetd, struct inetd_entry *entry, const char *text, struct origin at)
{
	struct diags *diags = inetd->reading->diags;

	if (!*text) {
		diag_warning(diags, at, "%s: the number after the dot is missing; the dot is ignored", entry->service);
		return true;
	}
	if (text[strspn(text, "0123456789")])
		return false;
	entry->burst = UNLIMITED;
	diag_warning(diags, at, "%s: %s is more than can be counted: there is no limit", entry->service, text);
	return true;
}

/* Reads ".N" and ":N". Only NetBSD has the colon. */
static bool read_rate(struct inetd *inetd, struct inetd_entry *entry, const char *text, struct origin at)
{
	struct origin number_at = inetd_shift(at, 1);
	int64_t number;

	if (!inetd_number(text + 1, INT32_MAX, &number))
		return read_useless_rate(inetd, entry, text + 1, number_at) ||
			inetd_refuse(inetd, number_at,
				    "%s: %s%c must be followed by the number of starts in a minute; '%s' is no number",
				    entry->service, entry->accepts ? "nowait" : "wait", *text, text + 1);
	if (!number && *text == ':' && !inetd->dialect->zero_is_never) {
		inetd_set_never(inetd, entry, number_at, "a limit of 0 starts nothing");
		return true;
	}
	inetd_note(inetd, INETD_NOTE_NUMBER, number_at,
		   "nowait.N starts N a minute here, as with NetBSD and GNU; OpenBSD's "
		   "and busybox's inetd start one less (see --compat)");
	set_rate(inetd, entry, number, number_at);
	return true;
}

/* Reads FreeBSD's "/MAX/CPM/PER-ADDRESS"; 0 is no limit. */
static bool read_freebsd_limits(struct inetd *inetd, struct inetd_entry *entry, const char *text, struct origin at)
{
	int64_t *const fields[] = { &entry->instances, &entry->per_source_cpm, &entry->per_source };

	for (size_t i = 0; *text; i++) {
		size_t length = strcspn(text + 1, "/");
		const char *word = inetd_keep(inetd, text + 1, length);

		at = inetd_shift(at, 1);
		if (i == sizeof(fields) / sizeof(fields[0]))
			return inetd_refuse(inetd, at,
					    "%s: nowait may be followed by at most three numbers: how many at once, "
					    "how many a minute and how many at once from one address",
					    entry->service);
		if (!inetd_number(word, INT32_MAX, fields[i]))
			return inetd_refuse(inetd, at, "%s: '%s' is no number", entry->service, word);
		if (!*fields[i])
			*fields[i] = UNLIMITED;
		text += 1 + length;
		at = inetd_shift(at, length);
	}
	return true;
}

/* Accepts another word that some inetds read as wait or nowait. */
static bool read_lenient_word(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	entry->accepts = inetd->dialect->wait == WAIT_ELSE || strchr("nN", field[0]);
	diag_warning(inetd->reading->diags, at, "%s: '%s' is neither wait nor nowait; it is taken for %s",
		     entry->service, field, entry->accepts ? "nowait" : "wait");
	return true;
}

/* The signs behind the word that may start a limit. OpenBSD's and GNU's inetd know the dot alone: with anything else
 * there it is another word to them. */
static bool starts_limit(const struct inetd *inetd, char sign)
{
	return sign == '.' || (inetd->dialect->wait != WAIT_ELSE && (sign == ':' || sign == '/'));
}

/* Case does not matter, but for dialects with WAIT_ELSE. */
static bool word_begins_with(const struct inetd *inetd, const char *field, const char *word)
{
	if (inetd->dialect->wait == WAIT_ELSE)
		return !strncmp(field, word, strlen(word));
	return !strncasecmp(field, word, strlen(word));
}

bool inetd_take_wait(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *end = field;

	entry->wait_at = at;
	entry->accepts = word_begins_with(inetd, field, "nowait");
	if (entry->accepts || word_begins_with(inetd, field, "wait"))
		end = field + (entry->accepts ? 6 : 4);
	if (end > field && !*end)
		return true;
	at = inetd_shift(at, (size_t)(end - field));
	if (end > field && starts_limit(inetd, *end))
		return *end == '/' ? read_freebsd_limits(inetd, entry, end, at) : read_rate(inetd, entry, end, at);
	if (inetd->dialect->wait == WAIT_ELSE || (inetd->dialect->wait == WAIT_PREFIX && end > field))
		return read_lenient_word(inetd, entry, field, entry->wait_at);
	inetd_refuse(inetd, entry->wait_at, "%s: '%s' is neither wait nor nowait", entry->service, field);
	diags_hint(inetd->reading->diags,
		   "with nowait superd accepts and starts a program for each client; with wait the program receives "
		   "the socket itself");
	return false;
}
