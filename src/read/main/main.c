/* superd-read: reads tables of inetd, xinetd, systemd and launchd, and prints their services as superd.conf. Exit
 * status: 0; 1 if there is an error, and then what could be read is printed all the same. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/memory.h"
#include "lib/source_file.h"
#include "os/host/hosts_access.h"
#include "os/host/program.h"
#include "os/host/self_sandbox.h"
#include "read/launchd/internal.h"
#include "read/main/serve.h"
#include "read/systemd/systemd.h"
#include "superd/machine/machine.h"
#include "table/option/option_table.h"
#include "table/services/service_conf.h"
#include "table/sources/format.h"
#include "table/sources/source_name.h"
#include "table/sources/sources.h"

#define EXIT_TABLE 1

static const char help[] =
	"Usage: superd-read [FORMAT[+COMPAT]:]PATH...\n"
	"Reads the configuration of inetd, xinetd, systemd and launchd, and prints its services as superd.conf.\n"
	"\n"
	"  --explain KEY  say what superd does with a key of units or property lists; --json: with all, as JSON\n"
	"  -h, --help     print this help\n"
	"  -V, --version  print the version\n"
	"\n"
	"FORMAT is inetd, xinetd, systemd or launchd. PATH is a file, a folder, or - for standard input.\n";

static const char no_memory[] = "superd-read: out of memory\n";

/* The callback read_request.take_builder. */
static bool print_builder(void *context, struct service_builder *builder)
{
	const struct conf_style style = { .places = PLACES_OF_SERVICES };
	struct buf text = { 0 };
	struct service row;
	bool good = builder_row(builder, NULL, &row);

	(void)context;
	builder_free(builder);
	if (!good)
		return false;
	service_conf_add(&text, &row, &style);
	puts(buf_string(&text));
	buf_free(&text);
	return true;
}

/* Reads the sources and prints what they have. */
static int print_sources(const char *const *sources, size_t count)
{
	struct hosts_access hosts = { 0 };
	struct unit_machine machine;
	struct diags diags = { .keeps_all = true };
	struct pool *pool = pool_new();
	struct read_request request = {
		.sources = sources, .count = count, .take_builder = print_builder, .only_foreign = true,
		.has_host_rules = hosts_access_has_rules(&hosts),
	};
	struct reading reading = { .table = table_new(), .diags = &diags, .request = &request };
	bool good;

	if (os_info_read(&machine, NULL, pool)) {
		request.machine = &machine;
		request.unit_path = os_info_unit_path(&machine, pool);
	}
	self_sandbox_enter(&(const struct self_sandbox){ .rights = MAY_READ_FILES });
	for (size_t n = 0; n < count; n++)
		reading_source(&reading, sources[n], false, (struct origin){ 0 });
	formats_finish(&reading);
	reading_drop_states(&reading);
	diags_sort(&diags);
	diags_bound(&diags);
	diags_print(&diags, stderr);
	good = !diags.errors;
	if (fflush(stdout) != 0) {
		fprintf(stderr, "superd-read: cannot write the configuration: %s\n", strerror(errno));
		good = false;
	}
	diags_free(&diags);
	table_free(reading.table);
	pool_free(pool);
	return good ? EXIT_SUCCESS : EXIT_TABLE;
}

/* The key in "SECTION.KEY", or the whole name if it has no section. "", which is no key: the name has another
 * section. */
static const char *name_in(const char *section, const char *name)
{
	size_t length = strlen(section);

	if (!strncmp(name, section, length) && name[length] == '.')
		return name + length + 1;
	return strchr(name, '.') ? "" : name;
}

/* where: the section or dictionary. option: of superd; NULL: none. */
static void print_key(const char *where, const struct key_row *key, const char *option)
{
	fprintf(stderr, "superd: %s %s is %s", where, key->name, option ? "supported" : key_status_name(key->status));
	if (option)
		fprintf(stderr, " by %s", option);
	fprintf(stderr, "%s%s", key->reason ? ": " : "", key->reason ? key->reason : "");
	if (option)
		fprintf(stderr, " (see superd --explain %s)", option);
	fputc('\n', stderr);
}

static bool explain_unit_key(const char *name)
{
	static const char *const sections[][2] = {
		{ "Unit", "[Unit]" }, { "Service", "[Service]" }, { "Socket", "[Socket]" }, { "Install", "[Install]" }
	};
	const struct key_row *printed = NULL;

	for (size_t n = 0; n < sizeof(sections) / sizeof(*sections); n++) {
		const char *section = sections[n][0], *own = name_in(section, name);
		const struct key_row *key = unit_key_find(section, own);

		if (!key || key == printed)
			continue;
		print_key(sections[n][1], key, unit_key_option(section, key));
		printed = key;
	}
	return printed;
}

static bool explain_launchd_key(const char *name)
{
	bool any = false;

	for (size_t n = 0; n < LAUNCHD_DICTIONARIES; n++) {
		const struct key_table *keys = &launchd_keys[n];
		const char *own = keys->section ? name_in(keys->section, name) : name;
		const struct key_row *key = launchd_key_find(keys, own);

		if (key)
			print_key(keys->section ? keys->section : "launchd's", key, key_option(keys, key));
		any |= key != NULL;
	}
	return any;
}

/* Prints a line for each section or dictionary that has a key of this name: "[Service] RootImage is refused: superd
 * mounts no images". The name may begin with its section or dictionary: Service.RootImage. superd itself prints what it
 * knows of options. */
static int explain_name(const char *name)
{
	bool is_of_units = explain_unit_key(name);
	struct buf hint = { 0 };

	if (explain_launchd_key(name) || is_of_units)
		return EXIT_TABLE;
	directive_hint(NATIVE, name, &hint);
	fprintf(stderr, "superd: --explain %s: there is no such option%s%s\n", name, hint.length ? ": " : "",
		buf_string(&hint));
	buf_free(&hint);
	return EXIT_TABLE;
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
static int explain_all(void)
{
	struct buf text = { 0 };

	json_object_open(&text);
	json_list_field(&text, "lists");
	for (int n = 0; n < KEYS_SECTIONS; n++)
		add_json_keys(&text, unit_keys[n]);
	for (int n = 0; n < LAUNCHD_DICTIONARIES; n++)
		add_json_keys(&text, &launchd_keys[n]);
	json_list_close(&text);
	json_object_close(&text);
	puts(buf_string(&text));
	buf_free(&text);
	return fflush(stdout) != 0 ? EXIT_TABLE : EXIT_SUCCESS;
}

static int read_for_superd(void)
{
	socklen_t size = sizeof(int);
	int type;

	if (getsockopt(STDOUT_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM)
		return serve_superd();
	fputs("superd-read: --marks is for superd\n", stderr);
	return EXIT_TABLE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "explain", required_argument, NULL, 'e' }, { "marks", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 },
	};
	int option;

	program_begin("superd-read", true, &argc, argv);
	memory_ends_process(STDERR_FILENO, no_memory, sizeof(no_memory) - 1);
	while ((option = getopt_long(argc, argv, "hV", options, NULL)) >= 0) {
		if (option == 'h')
			return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? EXIT_TABLE : EXIT_SUCCESS;
		if (option == 'm')
			return read_for_superd();
		if (option == 'e')
			return strcmp(optarg, "--json") != 0 ? explain_name(optarg) : explain_all();
		if (option == 'V')
			return printf("superd-read %s\n", build_version()) < 0 || fflush(stdout) != 0 ? EXIT_TABLE
												       : EXIT_SUCCESS;
		return EXIT_TABLE;
	}
	if (optind == argc) {
		fputs("superd-read: name a configuration: superd-read [FORMAT:]PATH\n", stderr);
		return EXIT_TABLE;
	}
	for (int n = optind; n < argc; n++) {
		if (!strcmp(source_name_path(argv[n]), "-"))
			fd_make_rewindable(STDIN_FILENO, SOURCE_MOST);  /* the sandbox has no files in memory */
	}
	return print_sources((const char *const *)(argv + optind), (size_t)(argc - optind));
}
