/* superd-read: reads tables of inetd, xinetd, systemd and launchd, and prints their services as superd.conf. Exit
 * status: 0; 1 if there is an error, and then what could be read is printed all the same. */
#include <getopt.h>
#include <sys/prctl.h>

#include "read/client/client.h"
#include "read/launchd/internal.h"
#include "read/systemd/systemd.h"
#include "superd/machine/machine.h"

#define EXIT_TABLE 1
#define REQUEST_MOST (1u << 30)         /* bytes: the names of READING_FILES files, and more */
#define BATCH (64u << 10)               /* bytes that are written at once */

static const char help[] =
	"Usage: superd-read [FORMAT[+COMPAT]:]PATH...\n"
	"Reads the configuration of inetd, xinetd, systemd and launchd, and prints its services as superd.conf.\n"
	"\n"
	"  --keys         print what superd does with each key of units and property lists, as JSON\n"
	"  -h, --help     print this help\n"
	"  -V, --version  print the version\n"
	"\n"
	"FORMAT is inetd, xinetd, systemd or launchd. PATH is a file, a folder, or - for standard input.\n";

static const char no_memory[] = "superd-read: out of memory\n";

/* Of all callbacks of the request. */
struct read_answer {
	bool is_for_superd;             /* with marks and records; else for a person */
	struct buf text;                /* whole lines that are not written yet */
};

static void answer_flush(struct read_answer *answer)
{
	if (!write_all(STDOUT_FILENO, buf_string(&answer->text), answer->text.length)) {
		fprintf(stderr, "superd-read: cannot write the configuration: %s\n", strerror(errno));
		exit(EXIT_TABLE);
	}
	buf_clear(&answer->text);
}

static void say(struct read_answer *answer, struct read_record record)
{
	if (answer->is_for_superd)
		read_record_write(&answer->text, record);
	if (answer->text.length >= BATCH)
		answer_flush(answer);
}

/* The callback read_request.take_builder. */
static bool print_builder(void *context, struct service_builder *builder)
{
	struct read_answer *answer = context;
	const struct conf_style style = {
		.places = answer->is_for_superd ? PLACES_MARKED : PLACES_OF_SERVICES, .last = &(struct origin){ 0 },
	};
	struct service row;
	bool good = builder_row(builder, NULL, &row);

	builder_free(builder);
	if (!good)
		return false;
	service_conf_add(&answer->text, &row, &style);
	buf_text(&answer->text, answer->is_for_superd ? "" : "\n");
	if (answer->text.length >= BATCH)
		answer_flush(answer);
	return true;
}

/* The callback read_request.on_source. */
static void say_read(void *context, const char *path, const char *format, size_t services)
{
	say(context, (struct read_record){ .kind = RECORD_READ, .at.file = path, .text = format,
					   .number = (unsigned)services });
}

/* The callback read_request.on_own. */
static void refuse_own(void *context, struct diags *diags, const char *path)
{
	struct read_answer *answer = context;

	if (answer->is_for_superd)
		return say(answer, (struct read_record){ .kind = RECORD_OWN });
	diag_error(diags, ((struct origin){ .file = path }), "this is superd.conf, which superd reads itself");
	diags_hint(diags, "another format is named, as in inetd:%s", path);
}

/* Writes what the table and the diagnostics have. */
static void say_records(struct read_answer *answer, const struct reading *reading)
{
	const struct table *table = reading->table;
	const struct diags *diags = reading->diags;

	for (size_t n = 0; n < diags->count; n++) {
		const struct diag *diag = &diags->list[n];

		say(answer, (struct read_record){ .kind = RECORD_DIAG, .at = { diag->file, diag->line, diag->column },
						  .text = diag->message, .hint = diag->hint,
						  .number = diag->severity, .flag = diag->follows });
	}
	for (size_t n = 0; n < table->skipped_count; n++) {
		const struct skipped *entry = &table->skipped[n];

		say(answer, (struct read_record){ .kind = RECORD_SKIPPED, .at = entry->at, .text = entry->name,
						  .flag = entry->is_doubtful, .other = entry->is_part });
	}
	for (size_t n = 0; n < table->role_count; n++) {
		const struct source_role *role = &table->roles[n];

		say(answer, (struct read_record){ .kind = RECORD_ROLE, .at = role->at, .text = role->name,
						  .number = role->kind });
	}
	say(answer, (struct read_record){ .kind = RECORD_END, .number = diags->dropped_errors + diags->lost });
}

/* Reads the sources and prints what they have. */
static int print_sources(struct read_answer *answer, struct read_request *request)
{
	struct diags diags = { 0 };
	struct reading reading = {
		.table = table_new(), .diags = &diags, .request = request, .compat = request->compat,
		.inetd = request->inetd,
	};
	bool good;

	request->context = answer;
	request->take_builder = print_builder;
	request->on_source = say_read;
	request->on_own = refuse_own;
	request->has_host_rules = hosts_access_has_rules();
	self_sandbox_enter(&(const struct self_sandbox){ .rights = MAY_READ_FILES });
	for (size_t n = 0; n < request->count; n++) {
		if (!request->sources[n])       /* superd reads it itself */
			continue;
		say(answer, (struct read_record){ .kind = RECORD_SOURCE, .number = (unsigned)n });
		answer_flush(answer);           /* superd names a file that hangs */
		reading_source(&reading, request->sources[n], request->from ? request->from[n] : (struct origin){ 0 });
	}
	say(answer, (struct read_record){ .kind = RECORD_SOURCE, .number = (unsigned)request->count });
	formats_finish(&reading);
	reading_end(&reading);
	if (answer->is_for_superd) {
		say_records(answer, &reading);
	} else {
		diags_sort(&diags);
		diags_bound(&diags);
		diags_print(&diags, stderr);
	}
	answer_flush(answer);
	good = answer->is_for_superd || !diags.errors;
	diags_free(&diags);
	table_free(reading.table);
	buf_free(&answer->text);
	return good ? EXIT_SUCCESS : EXIT_TABLE;
}

/* Standard output is a channel, from which the request comes, too. */
static int print_for_superd(void)
{
	struct read_answer answer = { .is_for_superd = true };
	struct pool *pool = pool_new();
	struct read_request request;
	size_t length;
	char *text;
	int status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);       /* a file that does not answer may hold it longer than superd waits */
	text = fd_read_all(STDOUT_FILENO, REQUEST_MOST, &length);
	if (!text || !request_read(text, pool, &request)) {
		fputs("superd-read: --marks is for superd\n", stderr);
		return EXIT_TABLE;
	}
	status = print_sources(&answer, &request);
	free(text);
	pool_free(pool);
	return status;
}

static int print_by_hand(const char *const *sources, size_t count)
{
	struct pool *pool = pool_new();
	struct read_request request = { .sources = sources, .count = count };
	struct read_answer answer = { 0 };
	struct specifier_values machine;
	int status;

	for (size_t n = 0; n < count; n++) {
		if (!strcmp(source_name_path(sources[n]), "-"))
			fd_make_rewindable(STDIN_FILENO, SOURCE_MOST);  /* the sandbox has no files in memory */
	}
	if (os_info_read(&machine, NULL, pool)) {
		request.machine = &machine;
		request.unit_path = os_info_unit_path(&machine, pool);
	}
	status = print_sources(&answer, &request);
	pool_free(pool);
	return status;
}

static void add_json_keys(struct buf *out, const struct key_table *keys)
{
	struct key_list known = key_list(keys);

	json_object_open(out);
	json_text_field(out, "system", keys->dialect == UNIT ? "systemd" : "launchd");
	json_text_field(out, "title", keys->title);
	json_list_field(out, "keys");
	for (size_t n = 0; n < known.count; n++) {
		const struct key_row *key = &known.list[n];

		json_object_open(out);
		json_text_field(out, "name", key->name);
		json_text_field(out, "status", key_status_name(key->status));
		json_text_field(out, "option", key->status == KEY_DONE ? key_option(keys, key) : NULL);
		json_text_field(out, "reason", key->reason);
		json_object_close(out);
	}
	json_list_close(out);
	json_object_close(out);
}

/* Prints {"lists": [{"system": …, "title": …, "keys": [{"name": …, "status": …, "option": …, "reason": …}]}]}, with a
 * list for each that the manuals have. */
static int print_keys(void)
{
	struct buf text = { 0 };
	bool good;

	json_object_open(&text);
	json_list_field(&text, "lists");
	for (int n = 0; n < KEYS_SECTIONS; n++)
		add_json_keys(&text, unit_keys[n]);
	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++)
		add_json_keys(&text, &launchd_keys[n]);
	json_list_close(&text);
	json_object_close(&text);
	good = puts(buf_string(&text)) >= 0 && fflush(stdout) == 0;
	buf_free(&text);
	return good ? EXIT_SUCCESS : EXIT_TABLE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "keys", no_argument, NULL, 'k' }, { "marks", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 },
	};
	int option;

	program_begin("superd-read", true, &argc, argv);
	memory_ends_process(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
	while ((option = getopt_long(argc, argv, "hV", options, NULL)) >= 0) {
		if (option == 'h')
			return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? EXIT_TABLE : EXIT_SUCCESS;
		if (option == 'm')
			return print_for_superd();
		if (option == 'k')
			return print_keys();
		if (option == 'V')
			return printf("superd-read %s\n", build_version()) < 0 || fflush(stdout) != 0 ? EXIT_TABLE
												       : EXIT_SUCCESS;
		return EXIT_TABLE;
	}
	if (optind == argc) {
		fputs("superd-read: name a configuration: superd-read [FORMAT:]PATH\n", stderr);
		return EXIT_TABLE;
	}
	return print_by_hand((const char *const *)(argv + optind), (size_t)(argc - optind));
}
