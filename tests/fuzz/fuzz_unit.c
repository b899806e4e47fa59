/* Unit files from any bytes: a line "#@ NAME" begins a further unit, the first is fuzz.socket. What every fuzzer of a
 * reader claims; and of each value, that it splits within its bounds, and that each of its bytes has a place in the
 * text. */

#include "fuzzer.h"
#include "mutator.h"
#include "read/systemd/internal.h"
#include "round_trip.h"
#include "tests/unit/source_text.h"

const enum language mutator_language = LANGUAGE_UNIT;

#define UNITS_MOST 16
#define MARK "#@ "

static const struct specifier_values machine = {
	.host_name = "host.example.org", .short_host_name = "host", .pretty_host_name = "100% host", .machine_id = "1",
	.boot_id = "2", .kernel = "6", .architecture = "x86-64", .os_id = "linux", .os_version_id = "", .user = "root",
	.group = "root", .user_id = "0", .group_id = "0", .home = "/root", .shell = "/bin/sh", .runtime = "/run",
	.state = "/var/lib", .cache = "/var/cache", .logs = "/var/log", .configuration = "/etc", .data = "/usr/share",
	.temporary = "/tmp", .lasting_temporary = "/var/tmp",
};

static void check_words(struct pool *pool, const struct unit_names *names, const struct unit_assignment *assignment)
{
	size_t length = strlen(assignment->value);
	struct unit_split split = { 0 };
	const char *wrong = unit_split(pool, names, assignment->value, 0, &split);

	require(wrong ? split.wrong_at <= length && *wrong : split.wrong_at == 0);
	for (size_t n = 0; !wrong && n < split.count; n++)
		require(split.list[n].offset < length && (!n || split.list[n - 1].offset < split.list[n].offset));
}

/* Without a letter behind it a percent sign stays; doubled for superd, none is left alone. */
static void check_expansion(const struct unit_names *names, const char *value)
{
	struct buf out = { 0 };
	size_t at = 0;
	const char *wrong = unit_expand(names, value, &out, &at);

	require(wrong ? at < strlen(value) && value[at] == '%' : true);
	for (const char *c = buf_string(&out); !wrong && names->for_superd && (c = strchr(c, '%')); c += 2)
		require(c[1] == '%' || (c[1] == '{' && names->per_connection));
	buf_free(&out);
}

static void check_value(struct pool *pool, const struct unit *unit, const struct unit_assignment *assignment)
{
	struct unit_names names = { .unit = unit, .machine = &machine };
	size_t length = strlen(assignment->value);
	int64_t span;

	require(assignment->at.line && assignment->at.column && assignment->section && *assignment->key);
	for (size_t n = 0; n < length; n++) {
		struct origin at = unit_place(assignment, n);

		require(at.line >= assignment->at.line && at.column);
	}
	for (unsigned n = 0; n < 4; n++) {
		names.per_connection = n & 1;
		names.for_superd = n & 2;
		check_words(pool, &names, assignment);
		check_expansion(&names, assignment->value);
	}
	require(scan_timespan(assignment->value, &span) || span >= 0);
}

static char folder[] = "/tmp/superd-fuzz-XXXXXX";

static void remove_folder(void)
{
	rmdir(folder);
}

/* Writes one unit's text under its name. */
static void give(struct reading *reading, const char *path, const char *text, size_t length)
{
	const char *name = scan_base_name(path);
	struct source_file source;
	FILE *file;

	if (source_from_text(&source, name, text, length, reading->table->pool, reading->diags)) {
		unit_text_recognises(&source);
		source_free(&source);
	}
	if (!unit_name_is_valid(name))
		return;
	file = fopen(path, "w");
	require(file && fwrite(text, 1, length, file) == length && fclose(file) == 0);
}

/* Reads the unit of a path, as a source and by itself. */
static void take(struct reading *reading, const char *path)
{
	bool failed = false;
	const struct unit *unit = unit_find(reading, folder, scan_base_name(path), &failed);

	for (size_t n = 0; unit && n < unit->count; n++)
		check_value(reading->table->pool, unit, &unit->list[n]);
	reader_systemd.read(reading, path);
}

/* The end of the text that begins here, and the name of what follows it, which leads to no other folder. */
static const char *find_mark(const char *text, const char *end, char name[64])
{
	for (const char *line = text; line < end; line++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline ? newline : end) - line), mark = strlen(MARK);

		if (line > text && length > mark && length - mark < 64 && !memcmp(line, MARK, mark) &&
		    !memchr(line + mark, '/', length - mark)) {
			memcpy(name, line + mark, length - mark);
			name[length - mark] = '\0';
			return line;
		}
		line += length;
	}
	return end;
}

static size_t give_all(struct reading *reading, const char *text, const char *end, char paths[UNITS_MOST][96])
{
	char name[64] = "fuzz.socket", next[64] = "";
	size_t count = 0;

	do {
		const char *stop = find_mark(text, end, next);

		snprintf(paths[count], sizeof(paths[count]), "%s/%s", folder, name);
		give(reading, paths[count++], text, (size_t)(stop - text));
		snprintf(name, sizeof(name), "%s", next);
		text = stop;
	} while (text < end && count < UNITS_MOST);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const nowhere[] = { NULL };
	const struct read_request request = {
		.machine = &machine, .unit_path = nowhere, .warns_of_unsupported = size % 2,
	};
	struct diags diags = { 0 };
	struct reading reading = {
		.table = table_new(), .diags = &diags, .request = &request, .files = READING_FILES,
	};
	char paths[UNITS_MOST][96];
	size_t count;

	if (scan_ends_with(folder, "XXXXXX"))
		require(mkdtemp(folder) && atexit(remove_folder) == 0);
	count = give_all(&reading, (const char *)data, (const char *)data + size, paths);
	for (size_t n = 0; n < count; n++)
		take(&reading, paths[n]);
	round_trip_reading(&reading, true);
	for (size_t n = 0; n < count; n++)
		unlink(paths[n]);
	return 0;
}
