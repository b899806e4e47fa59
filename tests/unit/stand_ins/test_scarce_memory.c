/* superd.conf and look-ups while memory runs out: either it is said, or nothing is lost.
 *
 * What the project's own code asks for is refused here, as the linker hands its calls over (scarce.c). What a
 * library asks for is not to be had where the whole process has no more, so that is tried in a child. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "superd/loop/engine.h"
#include "superd/machine/account.h"
#include "superd/machine/gids.h"
#include "superd/machine/resolve_internal.h"
#include "superd/saved/state_stream.h"
#include "superd/service/operator_locks.h"
#include "table/sources/sources.h"
#include "table/superd_conf/superd.h"
#include "scarce.h"
#include "tests/unit/unit.h"

/* All that malloc has, in pieces; from now on no more comes. */
static void use_up_memory(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_AS, &none);
	for (size_t size = 1 << 20; size >= 16; size /= 2) {
		while (malloc(size))
			continue;
	}
}

/* The child's end where the table was read, or was not: a library that ends the process does so with another. */
#define WAS_HERE 77

/* A library that ended or crashed the process would do so in `read`. */
static int status_with_memory(void (*read)(struct reading *reading, const struct source_file *source),
			      const char *text, size_t bytes)
{
	int status;
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (!child) {
		struct diags diags = { 0 };
		struct reading reading = { .table = table_new(), .diags = &diags, .import = reading_source };
		struct source_file source;
		void *room = malloc(bytes);

		if (!room || !reading.table ||
		    !source_from_text(&source, "t", text, strlen(text), reading.table->pool, &diags))
			_exit(1);
		use_up_memory();
		free(room);
		read(&reading, &source);
		_exit(WAS_HERE);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool is_sanitized(void)
{
	const char *sanitized = getenv("SANITIZED");

	return sanitized && !strcmp(sanitized, "yes"); /* sanitizers have an allocator of their own */
}

static void read_conf(struct reading *reading, const struct source_file *source)
{
	superd_read_source(reading, source);
}

Test(scarce_memory, a_statement_of_superd_conf_never_ends_the_process)
{
	if (is_sanitized())
		cr_skip_test("no limit of memory holds here");
	for (size_t kilobytes = 1; kilobytes < 200; kilobytes++)
		cr_expect_eq(status_with_memory(read_conf,
						"defaults { umask = 022 }\n"
						"service web { listen = \"tcp:127.0.0.1:80\" exec = \"/bin/true\" }\n",
						kilobytes << 10),
			     WAS_HERE, "with %zu KiB", kilobytes);
}

/* Each look-up as the first of its process: glibc sets up NSS then. */
static void look_up_user(struct reading *reading, const struct source_file *source)
{
	struct accounts accounts;

	(void)source;
	accounts_open(&accounts, reading->table->pool, reading->diags);
	accounts_user(&accounts, "nobody");
	accounts_user(&accounts, "nobodi");     /* looks for a name that is near */
}

static void look_up_group(struct reading *reading, const struct source_file *source)
{
	struct accounts accounts;

	(void)source;
	accounts_open(&accounts, reading->table->pool, reading->diags);
	accounts_group(&accounts, "daemon");
	accounts_group(&accounts, "deamon");
}

static void look_up_groups(struct reading *reading, const struct source_file *source)
{
	struct gids gids = { 0 };

	(void)reading, (void)source;
	gids_of_user(&gids, NULL, "nobody", 65534);
}

static void look_up_address(struct reading *reading, const char *address, const char *port, unsigned kind)
{
	struct endpoint endpoint = { .kind = (uint8_t)kind, .address = address, .port_name = port };
	struct exec_options exec = { 0 };
	struct stream_options streams = { 0 };
	struct option_groups groups = { .streams = &streams };
	struct service service = { .name = "web", .exec = &exec, .groups = &groups };
	struct socket_options options = { 0 };
	struct listen listen = { .endpoint = &endpoint, .options = &options };
	struct addresses addresses;

	addresses_open(&addresses, reading->table->pool, reading->diags);
	addresses_resolve(&addresses, &service, &listen);
}

static void look_up_port(struct reading *reading, const struct source_file *source)
{
	(void)source;
	look_up_address(reading, NULL, "http", ENDPOINT_TCP);
	look_up_address(reading, NULL, "htttp", ENDPOINT_TCP);
}

static void look_up_host(struct reading *reading, const struct source_file *source)
{
	(void)source;
	look_up_address(reading, "localhost", NULL, ENDPOINT_TCP);
}

static void look_up_protocol(struct reading *reading, const struct source_file *source)
{
	(void)source;
	look_up_address(reading, NULL, "tcp", ENDPOINT_RAW);
}

static void look_up_program(struct reading *reading, const struct source_file *source)
{
	(void)source;
	look_up_address(reading, NULL, "rusersd", ENDPOINT_RPC_TCP);
}

Test(scarce_memory, a_look_up_never_ends_the_process)
{
	static void (*const ways[])(struct reading *, const struct source_file *) = {
		look_up_user, look_up_group, look_up_groups, look_up_port, look_up_host, look_up_protocol,
		look_up_program,
	};

	if (is_sanitized())
		cr_skip_test("no limit of memory holds here");
	for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++) {
		for (size_t bytes = 0; bytes < 100 << 10; bytes += bytes < 8 << 10 ? 128 : 2 << 10)
			cr_expect_eq(status_with_memory(ways[way], "\n", bytes), WAS_HERE, "way %zu with %zu bytes",
				     way, bytes);
	}
}

/* Its name's copy, and the list's first room. */
Test(scarce_memory, a_lock_without_memory_is_no_flaw_of_its_file)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	struct buf text = { 0 }, found = { 0 };
	struct state_stream stream;
	size_t length;

	cr_assert(engine);
	state_stream_begin(&text);
	state_open_section(&text, "lock");
	state_add(&text, "name", "web");
	state_add_number(&text, "held_since", 1);
	state_stream_end(&text);
	length = text.length;
	cr_assert(!text.failed && !state_stream_parse(&stream, buf_take(&text), length, &found));
	for (unsigned n = 1; n <= 3; n++) {
		struct locks locks = { 0 };

		engine->locks = &locks;
		scarce.asked = 0;
		scarce.refused = n;
		cr_expect_eq(locks_load(engine, &stream.sections[0]), n == 3, "refused the %uth time", n);
		scarce.refused = 0;
		cr_expect_eq(locks.count, n == 3);
		cr_expect_null(stream.flaw);
		locks_free(&locks);
	}
	state_stream_free(&stream);     /* and its text */
	buf_free(&found);
	free(engine);
}
