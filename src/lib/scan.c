/* Scalars from text: numbers, durations, sizes, modes, booleans.
 *
 * strtol(3) would accept blanks, signs and a half-read text, and saturate. The functions here read the whole text
 * or refuse it, check every sum and product for overflow, and a refusal names the accepted form. */
#include "lib/lib.h"

#include <arpa/inet.h>

static const char count_wrong[] = "a number is decimal, octal after 0 or hexadecimal after 0x";
static const char duration_wrong[] =
	"a duration is a number of seconds, or numbers with us, ms, s, min, h, d or w, such as 90, 5min or 1h30min";
static const char bytes_wrong[] = "a size is a number with a unit: K, M, G, T, P or E";
static const char mode_wrong[] = "a mode is octal, at most 07777";
static const char bool_wrong[] = "expected yes or no";
static const char too_large[] = "the number is too large";
static const char timespan_wrong[] =
	"a time span consists of numbers with units, us, ms, s, min, h, d, w, M or y, or is infinity";
static const char timespan_too_long[] = "the span is too long: infinity is one that never ends";

struct scan_unit {
	const char *name;
	int64_t factor;
};

/* The units of systemd.time(7). Months and years, whose length varies, are those of a time span of systemd alone. */
#define TIMESPAN_UNITS 6
static const struct scan_unit duration_units[] = {
	{ "", 1000000 },
	{ "us", 1 }, { "usec", 1 }, { "µs", 1 }, { "μs", 1 },
	{ "ms", 1000 }, { "msec", 1000 },
	{ "s", 1000000 }, { "sec", 1000000 }, { "second", 1000000 }, { "seconds", 1000000 },
	{ "m", 60000000 }, { "min", 60000000 }, { "minute", 60000000 }, { "minutes", 60000000 },
	{ "h", 3600000000 }, { "hr", 3600000000 }, { "hour", 3600000000 }, { "hours", 3600000000 },
	{ "d", 86400000000 }, { "day", 86400000000 }, { "days", 86400000000 },
	{ "w", 604800000000 }, { "week", 604800000000 }, { "weeks", 604800000000 },
	{ "M", 2629800000000 }, { "month", 2629800000000 }, { "months", 2629800000000 },
	{ "y", 31557600000000 }, { "year", 31557600000000 }, { "years", 31557600000000 },
};

static const struct scan_unit duration_shown[] = {
	{ "w", 604800000000 }, { "d", 86400000000 }, { "h", 3600000000 }, { "min", 60000000 }, { "s", 1000000 },
	{ "ms", 1000 }, { "us", 1 },
};

static const char byte_letters[] = "KMGTPE";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_infinity(const char *text)
{
	return !strcasecmp(text, "infinity") || !strcasecmp(text, "unlimited");
}

int scan_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Reads at least one digit, and moves *text behind the digits. Returns NULL, or why the text is refused. */
static const char *scan_digits(const char **text, int base, const char *wrong, int64_t *out)
{
	const char *at = *text;
	int64_t value = 0;

	for (; scan_digit(*at) < base; at++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, scan_digit(*at), &value))
			return too_large;
	if (at == *text)
		return wrong;
	*text = at;
	*out = value;
	return NULL;
}

const char *scan_count(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	const char *wrong;
	int64_t value;
	int base = 10;

	if (*text == '-' || *text == '+')
		text++;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	} else if (text[0] == '0') {
		base = 8;
	}
	wrong = scan_digits(&text, base, count_wrong, &value);
	if (wrong)
		return wrong;
	if (*text)
		return count_wrong;
	if (value == SCAN_INFINITY)
		return too_large;
	*out = negative ? -value : value;
	return NULL;
}

bool scan_unsigned(const char *text, size_t length, uint32_t most, uint32_t *out)
{
	uint64_t value = 0;

	for (size_t n = 0; n < length; n++) {
		if (!is_digit(text[n]))
			return false;
		value = value * 10 + (uint64_t)(text[n] - '0');
		if (value > most)
			return false;
	}
	if (length)
		*out = (uint32_t)value;
	return length;
}

const char *scan_unlimited(const char *text, int64_t *out)
{
	const char *wrong;

	if (is_infinity(text)) {
		*out = SCAN_INFINITY;
		return NULL;
	}
	wrong = scan_count(text, out);
	return wrong == count_wrong ? "expected a number or unlimited" : wrong;
}

/* A decimal number with at most six digits behind the point: the whole, and the fraction in millionths. is_lax: with
 * further digits, which are lost, or with none before the point. */
struct decimal {
	int64_t whole, millionths;
};

static const char *scan_decimal(const char **text, const char *wrong, bool is_lax, struct decimal *out)
{
	const char *refusal;
	int64_t scale = 1000000;

	*out = (struct decimal){ 0 };
	refusal = is_lax && **text == '.' ? NULL : scan_digits(text, 10, wrong, &out->whole);
	if (refusal || **text != '.')
		return refusal;
	if (!is_digit(*++*text))
		return wrong;
	for (; is_digit(**text); ++*text) {
		scale /= 10;
		if (!scale && !is_lax)
			return "a fraction has at most six digits";
		out->millionths += (**text - '0') * scale;
	}
	return NULL;
}

/* Adds number × factor to *sum, rounded down. */
static const char *add_product(const struct decimal *number, int64_t factor, int64_t *sum)
{
	int64_t whole, fraction =
		number->millionths * (factor / 1000000) + number->millionths * (factor % 1000000) / 1000000;

	if (__builtin_mul_overflow(number->whole, factor, &whole) ||
	    __builtin_add_overflow(*sum, whole, sum) ||
	    __builtin_add_overflow(*sum, fraction, sum) || *sum == SCAN_INFINITY)
		return too_large;
	return NULL;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* Returns the microseconds of the unit at *text, the first `count` of which are known, and moves *text behind it; 0:
 * there is no such unit. */
static int64_t take_duration_unit(const char **text, size_t count)
{
	size_t length = strcspn(*text, " \t\r\n0123456789.+-");

	for (size_t n = 0; n < count; n++) {
		if (!scan_is_word(*text, length, duration_units[n].name))
			continue;
		*text += length;
		return duration_units[n].factor;
	}
	return 0;
}

/* Adds up numbers with their units. */
static const char *add_durations(const char *text, bool is_timespan, int64_t *out)
{
	size_t count = sizeof(duration_units) / sizeof(duration_units[0]) - (is_timespan ? 0 : TIMESPAN_UNITS);
	int64_t sum = 0;

	do {
		struct decimal number;
		const char *wrong = scan_decimal(&text, duration_wrong, is_timespan, &number), *behind = text;
		int64_t factor;

		if (wrong)
			return wrong;
		text = skip_spaces(text);
		factor = take_duration_unit(&text, count);
		if (!factor || (text == behind && *text))
			return duration_wrong;
		wrong = add_product(&number, factor, &sum);
		if (wrong)
			return wrong;
		text = skip_spaces(text);
	} while (*text);
	*out = sum;
	return NULL;
}

const char *scan_duration(const char *text, int64_t *out)
{
	if (is_infinity(text)) {
		*out = SCAN_INFINITY;
		return NULL;
	}
	return *text == '-' ? "a duration is never negative" : add_durations(text, false, out);
}

const char *scan_timespan(const char *text, int64_t *out)
{
	const char *wrong;

	text = skip_spaces(text);
	if (!strncmp(text, "infinity", 8) && !*skip_spaces(text + 8)) {
		*out = SCAN_INFINITY;
		return NULL;
	}
	wrong = add_durations(text, true, out);
	return wrong == too_large ? timespan_too_long : wrong ? timespan_wrong : NULL;
}

/* Returns the factor of the unit at *text ("", "B", "K", "KB", "Ki", "KiB" …) and moves *text behind it. */
static int64_t take_byte_factor(const char **text)
{
	const char *at = *text, *letter = *at ? strchr(byte_letters, toupper((unsigned char)*at)) : NULL;

	if (letter && *++at == 'i')
		at++;
	if (*at == 'B' || *at == 'b')
		at++;
	*text = at;
	return letter ? (int64_t)1 << (10 * (letter - byte_letters + 1)) : 1;
}

/* As in systemd, a point may have no digits behind it. */
const char *scan_bytes(const char *text, int64_t *out)
{
	int64_t factor = INT64_MAX, before, sum = 0;

	if (is_infinity(text)) {
		*out = SCAN_INFINITY;
		return NULL;
	}
	if (*text == '-')
		return "a size is never negative";
	for (;;) {
		struct decimal number = { 0 };
		size_t digits = strspn(text, "0123456789");
		bool bare = digits && text[digits] == '.' && !is_digit(text[digits + 1]);
		const char *wrong = bare ? scan_digits(&text, 10, bytes_wrong, &number.whole)
					 : scan_decimal(&text, bytes_wrong, false, &number), *unit;

		if (wrong)
			return wrong;
		unit = text = scan_skip_blanks(text + bare);
		before = factor;
		factor = take_byte_factor(&text);
		/* Units must decrease; B may follow K, but nothing may follow a bare number. */
		if (factor >= before || (factor == 1 && number.millionths) ||
		    (unit == text && *scan_skip_blanks(text)))
			return bytes_wrong;
		wrong = add_product(&number, factor, &sum);
		if (wrong)
			return wrong;
		if (!*text)
			break;
		text = scan_skip_blanks(text);
		if (!*text)
			return bytes_wrong;
	}
	*out = sum;
	return NULL;
}

const char *scan_mode(const char *text, mode_t *out)
{
	int64_t value;

	if (scan_digits(&text, 8, mode_wrong, &value) || *text || value > 07777)
		return mode_wrong;
	*out = (mode_t)value;
	return NULL;
}

const char *scan_bool(const char *text, bool *out)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" }, { "n", "y" }, { "f", "t" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (int value = 0; value < 2; value++)
			if (!strcasecmp(text, words[i][value])) {
				*out = value;
				return NULL;
			}
	return bool_wrong;
}

void scan_duration_format(int64_t microseconds, char *buf)
{
	const struct scan_unit *unit = duration_shown;

	if (microseconds == SCAN_INFINITY || microseconds == 0) {
		snprintf(buf, 32, "%s", microseconds ? "infinity" : "0");
		return;
	}
	while (microseconds % unit->factor)
		unit++;
	snprintf(buf, 32, "%" PRId64 "%s", microseconds / unit->factor, unit->name);
}

void scan_bytes_format(int64_t bytes, char *buf)
{
	const char *letter = byte_letters;

	if (bytes == SCAN_INFINITY) {
		snprintf(buf, 32, "infinity");
		return;
	}
	if (!bytes || bytes % 1024) {
		snprintf(buf, 32, "%" PRId64, bytes);
		return;
	}
	for (bytes /= 1024; bytes % 1024 == 0 && letter[1]; bytes /= 1024)
		letter++;
	snprintf(buf, 32, "%" PRId64 "%c", bytes, *letter);
}

#define WORD_MOST 63

static unsigned smaller_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* A row has the distances between a's first i letters and all prefixes of b; each takes the two before it
 * (Damerau-Levenshtein, optimal string alignment). */
unsigned scan_distance(const char *a, const char *b, unsigned most)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	size_t gap = a_length > b_length ? a_length - b_length : b_length - a_length;
	unsigned rows[3][WORD_MOST + 1];

	if (!strcmp(a, b))
		return 0;
	if (gap > most || a_length > WORD_MOST || b_length > WORD_MOST)
		return most + 1;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = smaller_of(above[j - 1] + (a[i - 1] != b[j - 1]),
					    smaller_of(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smaller_of(row[j], second[j - 2] + 1);
		}
	}
	return smaller_of(rows[a_length % 3][b_length], most + 1);
}

struct scan_nearest scan_nearest_begin(const char *name)
{
	size_t length = strlen(name);

	return (struct scan_nearest){ .name = name, .most = length < 4 ? 2 : length < 8 ? 3 : 4 };
}

bool scan_nearest_look(struct scan_nearest *nearest, const char *known)
{
	unsigned distance = scan_distance(nearest->name, known, nearest->most);

	/* A known word of three letters is two edits away from nearly anything. */
	if (distance >= nearest->most || distance >= strlen(known))
		return false;
	nearest->word = known;
	nearest->most = distance;
	return true;
}

char scan_hex_byte(const char *text)
{
	int high = scan_digit(text[0]), low = high < 16 ? scan_digit(text[1]) : 16;

	return low < 16 ? (char)(high * 16 + low) : '\0';
}

int scan_address(const char *text, size_t length, struct in6_addr *out)
{
	char copy[INET6_ADDRSTRLEN];

	if (length >= sizeof(copy))
		return 0;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (inet_pton(AF_INET6, copy, out) == 1)
		return AF_INET6;
	*out = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	return inet_pton(AF_INET, copy, &out->s6_addr[12]) == 1 ? AF_INET : 0;
}

/* Signals by name and number.
 *
 * The table has the signals of every Linux architecture; their numbers differ (signal(7)). Real-time signals have no
 * names and count from SIGRTMIN, which libc sets at run time. */

/* If a signal has two names, superd prints the first. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL }, { "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE }, { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV }, { "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF }, { "WINCH", SIGWINCH }, { "IO", SIGIO }, { "PWR", SIGPWR }, { "SYS", SIGSYS },
	{ "IOT", SIGABRT }, { "CLD", SIGCHLD }, { "POLL", SIGIO },
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* Whether a text is a number of one to three digits. */
static bool read_number(const char *text, uint32_t *number)
{
	size_t length = strlen(text);

	return length <= 3 && scan_unsigned(text, length, 999, number);
}

/* Reads "RTMIN+3", "RTMAX-2" or "RTMIN"; 0: the text is something else. */
static int scan_realtime(const char *text)
{
	bool from_least = !strncasecmp(text, "RTMIN", 5);
	uint32_t offset = 0;

	if (!from_least && strncasecmp(text, "RTMAX", 5) != 0)
		return 0;
	text += 5;
	if (*text) {
		if (*text != (from_least ? '+' : '-') || !read_number(text + 1, &offset) ||
		    offset > (uint32_t)(SIGRTMAX - SIGRTMIN))
			return 0;
	}
	return from_least ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
}

const char *scan_signal(const char *text, int *out)
{
	const char *name = strncasecmp(text, "SIG", 3) ? text : text + 3;
	uint32_t given;
	int number = read_number(text, &given) ? (int)given : scan_realtime(name);

	for (size_t i = 0; i < SIGNALS && !number; i++)
		if (!strcasecmp(name, signals[i].name))
			number = signals[i].number;
	if (number < 1 || number > SIGRTMAX)
		return "a signal is a name like TERM, RTMIN+3, or its number";
	*out = number;
	return NULL;
}

const char *scan_signal_name(int signal, char *buf)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		if (signals[i].number != signal)
			continue;
		snprintf(buf, 32, "%s", signals[i].name);
		return buf;
	}
	if (signal == SIGRTMIN)
		snprintf(buf, 32, "RTMIN");
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(buf, 32, "RTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(buf, 32, "%d", signal);
	return buf;
}
