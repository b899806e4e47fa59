/* libFuzzer's own mutations know bytes. Here a text is a list of lines, and a line has words. A quarter of the
 * mutations are libFuzzer's all the same, so that nothing is out of reach.
 *
 * The keys come from the tables that the readers use themselves: an option that is added is fuzzed from that day on. */
#include "mutator.h"

#include "fuzzer.h"
#include "read/launchd/internal.h"
#include "read/systemd/systemd.h"

#define CHANGES_MOST 4 /* changes of one mutation */
#define WORD_ENDS " \t\n=,:;{}[]<>\"'()"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

struct span {
	size_t from, behind; /* offsets in a text */
};

/* splitmix64: a mutation follows from its seed alone. */
static size_t pick(uint64_t *state, size_t count)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return count ? (size_t)((z ^ z >> 31) % count) : 0;
}

#define PICK(state, list) (list)[pick(state, sizeof(list) / sizeof(*(list)))]

/* Values that many options have, and those at the edges. */
static const char *any_value(uint64_t *state)
{
	static const char *const values[] = {
		"0", "1", "-1", "yes", "no", "65535", "65536", "2147483648", "9223372036854775807",
		"18446744073709551616", "0777", "0x1f", "10%", "101%", "1.5", "1ms", "5min", "infinity", "unlimited",
		"64K", "1T", "", "root", "nobody:tty", "/", "/run/x.sock", "/usr/bin/env", "@abstract", "80",
		"[::1]:80", "127.0.0.1:80", "192.0.2.0/24", "2001:db8::/32", "ALL", "localhost", "08:00-18:00",
		"%{x}", "%i", "%%", "$A", "${B}", "~", "\\x41", "\\", "\xc3\xa9", "\xff", "a b", "-/x", "!", "+",
		"tcp", "udp", "stream", "dgram", "wait", "nowait",
	};

	return PICK(state, values);
}

/* An example as other languages have it: without the braces, quotes and commas of superd.conf. */
static void add_plain(struct buf *out, const char *example)
{
	for (const char *at = example; *at; at++) {
		if (!strchr("{}\",", *at))
			buf_char(out, *at);
	}
}

static void add_option_value(uint64_t *state, const struct option_def *option, struct buf *out, bool is_native)
{
	const char *example = option->example;
	const char *word = NULL;

	for (size_t n = 0; option->words && option->words[n]; n++) {
		if (!pick(state, n + 1))
			word = option->words[n];
	}
	if (pick(state, 4) == 0)
		example = any_value(state);
	else if (word && pick(state, 2))
		example = word;
	if (!example)
		example = any_value(state);
	if (is_native)
		buf_text(out, example);
	else
		add_plain(out, example);
}

static const struct option_def *pick_option(uint64_t *state, enum dialect dialect)
{
	const struct option_def *option;

	do
		option = &option_defs[pick(state, option_count)];
	while (!option->name[dialect]);
	return option;
}

static void add_superd_line(uint64_t *state, struct buf *out)
{
	static const char *const heads[] = {
		"service s {\n",
		"service t {\n",
		"defaults {\n",
		"socket x {\n",
		"}\n",
		"exec = \"/x\"\n",
		"listen = 80\n",
		"service u { exec = \"/x\" listen = \"/run/u\" user = root accept = yes }\n",
		"include \"/x\"\n",
	};
	const struct option_def *option = pick_option(state, NATIVE);
	bool is_block = option->flags & STRUCTURE && !strcmp(option->name[NATIVE], "socket");

	if (pick(state, 6) == 0) {
		buf_text(out, PICK(state, heads));
		return;
	}
	buf_addf(out, "%s%s", option->name[NATIVE], is_block ? " " : pick(state, 8) ? " = " : " += ");
	add_option_value(state, option, out, true);
	buf_char(out, '\n');
}

static void add_xinetd_line(uint64_t *state, struct buf *out)
{
	static const char *const heads[] = {
		"service s\n{\n",
		"defaults\n{\n",
		"}\n",
		"service tcpmux\n{\n",
		"include /x\n",
		"includedir /y\n",
		"\ttype = INTERNAL UNLISTED\n",
		"\ttype = RPC\n",
		"\trpc_version = 2-4\n",
		"\tserver = /usr/sbin/x\n",
		"\tserver_args = -a %A\n",
		"\tsocket_type = stream\n",
		"\tprotocol = tcp\n",
		"\tport = 80\n",
		"\twait = no\n",
		"\tid = x\n",
		"\tinstances = 5\n",
		"\tper_source = UNLIMITED\n",
		"\tflags = IPv6 REUSE\n",
	};
	static const char *const operators[] = { " = ", " += ", " -= ", "=" };
	const struct option_def *option;

	if (pick(state, 3) == 0) {
		buf_text(out, PICK(state, heads));
		return;
	}
	option = pick_option(state, XINETD);
	buf_addf(out, "\t%s%s", option->name[XINETD], PICK(state, operators));
	add_option_value(state, option, out, false);
	buf_char(out, '\n');
}

static void add_inetd_line(uint64_t *state, struct buf *out)
{
	static const char *const names[] = {
		"ftp",
		"80",
		"127.0.0.1:http",
		"[::1]:9",
		"rstatd/1-3",
		"/run/s",
		":root:wheel:0600:/run/t",
		"tcpmux/+a",
		"127.0.0.1,::1:",
		"#@ in ipsec",
		"*:",
		"echo",
		".include x",
	};
	static const char *const types[] = { "stream", "dgram", "raw", "seqpacket", "rdm", "stream,5" };
	static const char *const protocols[] = {
		"tcp",	   "udp",      "tcp6",		 "tcp46",    "udp6", "unix",
		"rpc/tcp", "rpc/udp6", "tcp,sndbuf=64k", "tcp/ttcp", "icmp",
	};
	static const char *const waits[] = { "nowait", "wait", "nowait.40", "nowait/3/10/2", "wait/5", "nowait:9" };
	static const char *const users[] = { "root", "nobody:tty", "root.sys", "u:g/c", "nobody.nogroup" };
	static const char *const programs[] = {
		"internal",	   "/usr/sbin/ftpd ftpd -l", "internal auth", "/bin/x \"a b\" 'c d'",
		"/bin/x a \\\n b",
	};

	buf_addf(out, "%s %s %s ", PICK(state, names), PICK(state, types), PICK(state, protocols));
	buf_addf(out, "%s %s %s\n", PICK(state, waits), PICK(state, users), PICK(state, programs));
}

static void add_unit_line(uint64_t *state, struct buf *out)
{
	static const char *const heads[] = {
		"[Unit]\n",	     "[Socket]\n",	   "[Service]\n",   "[Install]\n",
		"#@ fuzz.service\n", "#@ fuzz@.service\n", "#@ b.socket\n",
	};
	const struct key_table *table = unit_keys[pick(state, KEYS_SECTIONS)];
	struct key_list keys = key_list(table);
	const struct option_def *option = NULL;
	const struct key_row *key;
	char name[128];

	if (pick(state, 5) == 0) {
		buf_text(out, PICK(state, heads));
		return;
	}
	key = &keys.list[pick(state, keys.count)];
	snprintf(name, sizeof(name), "%s.%s", table->section, key->name);
	option = option_find(UNIT, name);
	buf_addf(out, "%s=", key->name);
	if (option)
		add_option_value(state, option, out, false);
	else
		buf_text(out, any_value(state));
	buf_char(out, '\n');
}

static void add_plist_line(uint64_t *state, struct buf *out)
{
	static const char *const values[] = {
		"<string>%s</string>\n",
		"<integer>%s</integer>\n",
		"<true/>\n",
		"<false/>\n",
		"<array><string>%s</string></array>\n",
		"<dict><key>%s</key><true/></dict>\n",
		"<real>%s</real>\n",
		"<dict>\n",
		"</dict>\n",
		"<array>\n",
		"</array>\n",
		"<data>%s</data>\n",
	};
	struct key_list keys = key_list(&launchd_keys[pick(state, LAUNCHD_DICTIONARIES)]);
	const char *value = PICK(state, values), *hole = strstr(value, "%s");

	if (pick(state, 4))
		buf_addf(out, "<key>%s</key>", keys.list[pick(state, keys.count)].name);
	buf_add(out, value, hole ? (size_t)(hole - value) : strlen(value));
	if (!hole)
		return;
	buf_text(out, any_value(state));
	buf_text(out, hole + 2);
}

static void add_line(uint64_t *state, struct buf *out)
{
	switch (mutator_language) {
	case LANGUAGE_SUPERD:
		return add_superd_line(state, out);
	case LANGUAGE_INETD:
		return add_inetd_line(state, out);
	case LANGUAGE_XINETD:
		return add_xinetd_line(state, out);
	case LANGUAGE_UNIT:
		return add_unit_line(state, out);
	case LANGUAGE_PLIST:
		return add_plist_line(state, out);
	}
}

/* A span of 1 to `most` lines. */
static struct span pick_lines(uint64_t *state, const char *text, size_t length, size_t most)
{
	size_t at = pick(state, length + 1), behind, lines = pick(state, most) + 1;

	while (at && text[at - 1] != '\n')
		at--;
	for (behind = at; behind < length && lines; behind++)
		lines -= text[behind] == '\n';
	return (struct span){ at, behind };
}

static struct span pick_word(uint64_t *state, const char *text, size_t length)
{
	size_t at = pick(state, length), behind;

	while (at < length && strchr(WORD_ENDS, text[at]))
		at++;
	while (at && at <= length && !strchr(WORD_ENDS, text[at - 1]))
		at--;
	for (behind = at; behind < length && !strchr(WORD_ENDS, text[behind]); behind++)
		;
	return (struct span){ at, behind };
}

static void replace(struct buf *text, struct span span, const char *bytes, size_t length)
{
	struct buf out = { 0 };

	buf_add(&out, buf_string(text), span.from);
	buf_add(&out, bytes, length);
	buf_add(&out, buf_string(text) + span.behind, text->length - span.behind);
	require(!out.failed);
	buf_free(text);
	*text = out;
}

enum mutation {
	ADD_LINE,
	COPY_LINES,
	DROP_LINES,
	MOVE_LINES,
	VALUE_OF_WORD,
	WORD_OF_WORD,
	NUMBER_OF_WORD,
	DOUBLE_WORD,
	KINDS
};

static void change_lines(uint64_t *state, struct buf *text, enum mutation kind)
{
	const char *bytes = buf_string(text);
	struct span lines = pick_lines(state, bytes, text->length, 6), place;
	struct buf taken = { 0 };

	if (kind == ADD_LINE)
		add_line(state, &taken);
	else
		buf_add(&taken, bytes + lines.from, lines.behind - lines.from);
	if (kind == DROP_LINES || kind == MOVE_LINES)
		replace(text, lines, "", 0);
	if (kind != DROP_LINES) {
		place = pick_lines(state, buf_string(text), text->length, 1);
		place.behind = place.from;
		replace(text, place, buf_string(&taken), taken.length);
	}
	buf_free(&taken);
}

static void change_word(uint64_t *state, struct buf *text, enum mutation kind)
{
	const char *bytes = buf_string(text);
	struct span word = pick_word(state, bytes, text->length), other = pick_word(state, bytes, text->length);
	struct buf new = { 0 };

	if (kind == VALUE_OF_WORD)
		buf_text(&new, any_value(state));
	else if (kind == NUMBER_OF_WORD)
		buf_addf(&new, "%lld",
			 (long long)(pick(state, 2) ? (int64_t)pick(state, 300) - 3 : INT64_C(1) << pick(state, 63)));
	else if (kind == DOUBLE_WORD)
		buf_addf(&new, "%.*s %.*s", (int)(word.behind - word.from), bytes + word.from,
			 (int)(word.behind - word.from), bytes + word.from);
	else
		buf_add(&new, bytes + other.from, other.behind - other.from);
	replace(text, word, buf_string(&new), new.length);
	buf_free(&new);
}

static size_t mutate_text(uint8_t *data, size_t size, size_t most, uint64_t *state)
{
	size_t changes = pick(state, CHANGES_MOST) + 1;
	struct buf text = { 0 };

	buf_add(&text, (const char *)data, size);
	while (changes--) {
		enum mutation kind = (enum mutation)pick(state, KINDS);

		if (kind == ADD_LINE || pick(state, 4) == 0)
			change_lines(state, &text, ADD_LINE);
		else if (kind <= MOVE_LINES)
			change_lines(state, &text, kind);
		else
			change_word(state, &text, kind);
	}
	require(!text.failed);
	size = text.length < most ? text.length : most;
	memcpy(data, buf_string(&text), size);
	buf_free(&text);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	size_t head = mutator_language == LANGUAGE_INETD && size; /* the byte that chooses the dialect */
	uint64_t state = seed;

	if (pick(&state, 4) == 0)
		return LLVMFuzzerMutate(data, size, most);
	return head + mutate_text(data + head, size - head, most - head, &state);
}
