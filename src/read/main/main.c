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
#include "lib/memory.h"
#include "lib/source_file.h"
#include "os/host/hosts_access.h"
#include "os/host/program_begin.h"
#include "os/host/self_sandbox.h"
#include "read/main/explain_key.h"
#include "read/main/serve.h"
#include "superd/machine/os_info.h"
#include "table/option/option_table.h"
#include "table/sources/format.h"
#include "table/sources/source_name.h"
#include "table/sources/sources.h"

#define EXIT_TABLE 1

static const char help[] =
	"Usage: superd-read [FORMAT[+COMPAT]:]PATH...\n"
	"Reads the configuration of inetd, xinetd, systemd and launchd, and prints its services as superd.conf.\n"
	"\n"
	"  --explain KEY  say what superd does with a key of units or property lists\n"
	"  -h, --help     print this help\n"
	"  -V, --version  print the version\n"
	"\n"
	"FORMAT is inetd, xinetd, systemd or launchd. PATH is a file, a folder, or - for standard input.\n";

static const char no_memory[] = "superd-read: out of memory\n";

/* The callback read_request.take_builder. */
static bool print_builder(void *context, struct service_builder *builder)
{
	struct buf text = { 0 };

	(void)context;
	builder_write(builder, false, &text);
	puts(buf_string(&text));
	buf_free(&text);
	builder_free(builder);
	return true;
}

static void read_sources(struct reading *reading)
{
	const struct read_request *request = reading->request;

	for (size_t n = 0; n < request->count; n++)
		reading_source(reading, request->sources[n], false, (struct origin){ 0 });
	formats_finish(reading);
	reading_drop_states(reading);
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
		.may_be_denied = hosts_access_has_rules(&hosts) ? hosts_access_may_deny : NULL,
	};
	struct reading reading = { .table = table_new(), .diags = &diags, .request = &request };
	bool good;

	if (os_info_read(&machine, NULL, pool)) {
		request.machine = &machine;
		request.unit_path = os_info_unit_path(&machine, pool);
	}
	self_sandbox_enter(&(const struct self_sandbox){ .reads_files = true });
	reading.table->writes_builders = true;
	read_sources(&reading);
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

/* superd prints what it knows itself. */
static int explain_name(const char *name)
{
	struct buf hint = { 0 };

	if (!explain_key(name, stderr)) {
		directive_hint(NATIVE, name, &hint);
		fprintf(stderr, "superd: --explain %s: there is no such option%s%s\n", name, hint.length ? ": " : "",
			buf_string(&hint));
		buf_free(&hint);
	}
	return EXIT_TABLE;
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
			return explain_name(optarg);
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
