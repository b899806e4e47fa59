/* The services that are disabled at boot: what superd reads of their file, and writes to it in a thread. */
#include "superd/service/boot_locks.h"
#include "tests/unit/unit.h"

#include "superd/instance/runtime.h"
#include "superd/saved/state_stream.h"
#include "superd/service/operator_locks.h"

static char state[] = "/tmp/superd-boot-XXXXXX";
static struct engine engine;
static struct locks locks;
static struct boot_locks boot_locks;

static void set_up(void)
{
	cr_assert(mkdtemp(state));
	cr_assert_eq(chdir(state), 0);
	cr_assert_eq(mkdir("superd", 0755), 0);
	engine = (struct engine){ .loop = ev_loop_new(0), .defaults.state_directory = state };
	locks_init(&locks, &engine);
	boot_locks_init(&boot_locks, &engine);
}

static void tear_down(void)
{
	char command[128];

	boot_locks_end(&boot_locks);
	locks_free(&locks);
	ev_loop_destroy(engine.loop);
	snprintf(command, sizeof(command), "rm -rf '%s'", state);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(system(command), 0);
}

TestSuite(boot_locks, .init = set_up, .fini = tear_down);

static void write_boot_file(const char *text)
{
	FILE *file = fopen("superd/control.disabled", "w");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	cr_assert_eq(chmod("superd/control.disabled", 0600), 0);
}

static const char *read_boot_file(void)
{
	static char text[1000];
	FILE *file = fopen("superd/control.disabled", "r");

	cr_assert(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static uint64_t change(const char *name, bool disable)
{
	const struct service service = { .name = name };
	struct service_runtime runtime = { .engine = &engine, .service = &service };

	return boot_locks_change(&runtime, disable, 7);
}

/* What the file says of others is kept, and the answer waits for the write that has the change. */
Test(boot_locks, are_changed_after_the_file_is_read)
{
	struct buf why = { 0 };
	const char *text;
	uint64_t last;

	write_boot_file("ours 0 5\nother 0 5\n");
	boot_locks_keep(&engine, "/control");
	boot_locks_read(&engine);
	change("ours", false);
	change("back", false);
	change("back", true);
	last = change("web", true);
	cr_expect_not(boot_locks_is_tried(&engine, last));
	while (!boot_locks_is_tried(&engine, last))
		ev_run(engine.loop, EVRUN_ONCE);
	cr_expect(boot_locks_last(&engine, &why), "%s", buf_string(&why));
	text = read_boot_file();
	cr_expect_null(strstr(text, "\nours "), "%s", text);
	cr_expect_not_null(strstr(text, "\nother 0 5\n"), "%s", text);
	cr_expect_not_null(strstr(text, "\nback 7 "), "%s", text);
	cr_expect_not_null(strstr(text, "\nweb 7 "), "%s", text);
	buf_free(&why);
}

/* A superd that continues from another one does not read the file. */
Test(boot_locks, go_over_to_the_next_superd)
{
	struct buf text = { 0 }, found = { 0 };
	struct state_stream stream;
	size_t length;

	change("web", true);
	state_stream_begin(&text);
	locks_save(&locks, &text);
	state_stream_end(&text);
	locks_forget_boot(&engine);
	cr_assert_null(locks_find(&locks, "web"));
	length = text.length;
	cr_assert_null(state_stream_parse(&stream, buf_take(&text), length, &found));
	for (size_t n = 0; n < stream.count; n++)
		cr_expect(!strcmp(stream.sections[n].kind, "lock") && locks_load(&engine, &stream.sections[n]));
	cr_expect_null(stream.flaw);
	cr_assert(locks_find(&locks, "web"));
	cr_expect_eq(locks_find(&locks, "web")->orders[LOCK_AT_BOOT].uid, 7);
	cr_expect_gt(locks_find(&locks, "web")->orders[LOCK_AT_BOOT].since, 0);
	state_stream_free(&stream);
	buf_free(&found);
}

/* A control socket without a path: there is no file, so nothing waits for it. */
Test(boot_locks, without_a_file_are_changed_at_once)
{
	boot_locks_keep(&engine, "@control");
	boot_locks_read(&engine);
	cr_expect(boot_locks_is_tried(&engine, change("web", true)));
	cr_assert(locks_find(&locks, "web"));
	cr_expect_eq(locks_find(&locks, "web")->orders[LOCK_AT_BOOT].uid, 7);
}
