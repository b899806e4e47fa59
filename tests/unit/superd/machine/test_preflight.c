/* Tables against this machine: what is missing is an error or a warning, at the place of its
 * option. What needs root, or needs not to be root, takes the other road in a child. */
#include "read/systemd/internal.h"
#include "superd/machine/machine.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/read_text.h"
#include "tests/unit/unit.h"

#include <grp.h>

static struct diags diags;
static struct table *table;
static char folder[64];

static void set_up(void)
{
	diags = (struct diags){ 0 };
	table = NULL;
	strcpy(folder, "/tmp/superd-preflight-XXXXXX");
	cr_assert(mkdtemp(folder));
	cr_assert_eq(chmod(folder, 0755), 0);
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
	table_free(table);
	diags_free(&diags);
}

TestSuite(preflight, .init = set_up, .fini = tear_down, .timeout = 120);

static const char *said(void)
{
	static char text[8192];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < diags.count && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%u: %s\n", diags.list[i].line,
				       diags.list[i].message);
	return text;
}

static bool has_said(enum severity severity, unsigned line, const char *message)
{
	for (size_t i = 0; i < diags.count; i++) {
		const struct diag *diag = &diags.list[i];

		if (diag->severity == severity && diag->line == line && strstr(diag->message, message))
			return true;
	}
	fprintf(stderr, "line %u: '%s' is not among:\n%s", line, message, said());
	return false;
}

/* The table's text; FOLDER in it is the test's own. */
static bool load(const char *text)
{
	char whole[4096], *end = whole;

	while (*text && end < whole + sizeof(whole) - sizeof(folder)) {
		if (!strncmp(text, "FOLDER", 6)) {
			end = stpcpy(end, folder);
			text += 6;
		} else {
			*end++ = *text++;
		}
	}
	*end = '\0';
	table = read_text("test.conf", whole, strlen(whole), &diags);
	if (!table || diags.errors) {
		fprintf(stderr, "%s", said());
		return false;
	}
	diags_free(&diags);
	diags = (struct diags){ 0 };
	resolve_table(table, NULL, &diags);
	preflight_table(table, PREFLIGHT_START, &diags);
	return true;
}

static void make_folder(const char *name, mode_t mode)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(chmod(path, mode), 0);
}

static int chown_in(const char *name, uid_t owner)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return chown(path, owner, (gid_t)-1);
}

static int chgrp_in(const char *name, gid_t group)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return chown(path, (uid_t)-1, group);
}

/* Criterion skips tear_down where a test is skipped. */
static void needs_root(void)
{
	if (geteuid() == 0)
		return;
	tear_down();
	cr_skip_test("running as another user needs root");
}

/* a, b and so on: a socket on 127.0.0.1 with these lines in its [Socket] and in the service's [Service] each. */
static void load_units(size_t count, const char *socket, const char *const services[])
{
	const struct read_request request = { .unit_path = (const char *const[]){ NULL } };
	struct reading reading = { .table = table_new(), .diags = &diags, .request = &request };
	char text[512], name[16], path[128];

	for (size_t n = 0; n < count; n++) {
		snprintf(name, sizeof(name), "%c.service", (char)('a' + n));
		snprintf(text, sizeof(text), "[Service]\nExecStart=/bin/true\n%s", services[n]);
		put_file(folder, name, 0644, text);
		snprintf(name, sizeof(name), "%c.socket", (char)('a' + n));
		snprintf(text, sizeof(text), "[Socket]\nListenStream=127.0.0.1:%zu\n%s", 54001 + n, socket);
		put_file(folder, name, 0644, text);
	}
	for (size_t n = 0; n < count; n++) {
		snprintf(path, sizeof(path), "%s/%c.socket", folder, (char)('a' + n));
		reader_systemd.read(&reading, path);
	}
	reading_finish(&reading);
fprintf(stderr,"DBG %zu %s\n",diags.errors,said());
	table = reading.table;
	cr_assert_eq(diags.errors, 0, "%s", said());
	resolve_table(table, NULL, &diags);
	preflight_table(table, PREFLIGHT_START, &diags);
}

static void load_unit(const char *socket, const char *service)
{
	load_units(1, socket, &service);
}

/* A trial of the machine's means makes namespaces, which takes milliseconds. */
Test(preflight, a_service_without_a_sandbox_asks_for_no_trial_of_the_machine)
{
	struct sandbox_support support = { .lacking = 0 };

	cr_assert(load("service a {\nlisten = 7\nexec = \"/bin/sh\"\nprivate_mounts = no\n}\n"
		       "service b {\nlisten = 8\nexec = \"/bin/sh\"\n}\n"));
	for (size_t n = 0; n < table->count; n++)
		sandbox_make(&table->services[n], table, &support, NULL, &diags);
	cr_expect_eq(support.lacking, 0u);
}

Test(preflight, a_program_that_no_folder_has_is_an_error)
{
	cr_assert(load("service a {\nlisten = 7\nexec = \"sh\"\nexec_search_path = { \"/none\", \"/bin\" }\n}\n"
		       "service b {\nlisten = 8\nexec = \"nosuch\"\nexec_search_path = { \"/none\", \"/bin\" }\n}\n"));
	cr_expect(has_said(SEVERITY_ERROR, 8, "there is no such program in /none:/bin"));
	cr_expect_eq(diags.errors, 1, "%s", said());
}

Test(preflight, says_nothing_of_a_table_that_fits)
{
	cr_assert(load("service a { listen = {\"127.0.0.1:54001\", \"FOLDER/a.sock\"}\n exec = \"/bin/true\"\n"
		       " working_directory = \"/tmp\"\n output = \"file:FOLDER/log\"\n }"));
	for (size_t i = 0; i < diags.count; i++)
		cr_expect(strstr(diags.list[i].message, "it would run as root"), "%s", diags.list[i].message);
}

Test(preflight, misses_a_program)
{
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = \"FOLDER/none --option\"\n}"));
	cr_expect(has_said(SEVERITY_ERROR, 3, "/none: there is no such program"));
}

Test(preflight, knows_a_text_in_a_list)
{
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = { \"/bin/cat -u\" }\n}"));
	cr_expect(has_said(SEVERITY_ERROR, 3, "/bin/cat -u: there is no such program"));
	for (size_t n = 0; n < diags.count; n++)
		cr_expect(diags.list[n].severity != SEVERITY_ERROR ||
			  strstr(diags.list[n].hint, "a list names each word for itself"));
}

Test(preflight, wants_a_program_to_be_executable)
{
	put_file(folder, "plain", 0644, "x");
	make_folder("sub", 0755);
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = \"FOLDER/plain\"\n}\n"
		       "service b {\n listen = {\"54002\"}\n exec = \"FOLDER/sub\"\n}\n"
		       "service c {\n listen = {\"54003\"}\n exec = \"/dev/null\"\n}\n"));
	cr_expect(has_said(SEVERITY_ERROR, 3, "nobody may execute it; its mode is 0644"));
	cr_expect(has_said(SEVERITY_ERROR, 7, "that is a directory, not a program"));
	cr_expect(has_said(SEVERITY_ERROR, 11, "that is no program"));
}

Test(preflight, misses_the_interpreter_of_a_script)
{
	put_file(folder, "good", 0755, "#! /bin/sh -e\n");
	put_file(folder, "bad", 0755, "#!/usr/bin/no-such-thing -x\n");
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = \"FOLDER/good\"\n}\n"
		       "service b {\n listen = {\"54002\"}\n exec = \"FOLDER/bad\"\n}\n"));
	cr_expect_eq(diags.errors, 1, "%s", said());
	cr_expect(has_said(SEVERITY_ERROR, 7, "its interpreter '/usr/bin/no-such-thing' is not there"));
}

Test(preflight, sees_dos_line_ends)
{
	put_file(folder, "plain", 0755, "#!/bin/sh\r\necho a\r\n");
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = \"FOLDER/plain\"\n}\n"));
	cr_expect(has_said(SEVERITY_ERROR, 3,
			   "its interpreter '/bin/sh\\r' (the file has DOS line ends) is not there"));
}

/* A program of this machine's with the name of its loader changed, as in an image that lacks it. */
Test(preflight, misses_the_loader_of_a_program)
{
	static char program[4096];
	FILE *file = fopen("/proc/self/exe", "r");
	size_t length;
	char *loader, path[128];

	cr_assert(file);
	length = fread(program, 1, sizeof(program), file);
	fclose(file);
	loader = memmem(program, length, "/ld", 3);
	if (!loader) {
		tear_down();
		cr_skip_test("these tests are linked without a loader");
	}
	loader[1] = 'x';
	snprintf(path, sizeof(path), "%s/program", folder);
	file = fopen(path, "w");
	cr_assert(file);
	cr_assert_eq(fwrite(program, 1, length, file), length);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, 0755), 0);
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = \"FOLDER/program\"\n}"));
	cr_expect(has_said(SEVERITY_ERROR, 3, "its interpreter '/"));
	cr_expect(has_said(SEVERITY_ERROR, 3, "/xd"));
	cr_expect(has_said(SEVERITY_ERROR, 3, " is not there"));
}

/* What interprets a program of another root lies in that, too. */
Test(preflight, looks_for_interpreters_inside_root_directory)
{
	needs_root();
	make_folder("jail", 0755);
	make_folder("jail/bin", 0755);
	put_file(folder, "jail/bin/good", 0755, "#!/bin/own\n");
	put_file(folder, "jail/bin/own", 0755, "\177ELF");
	put_file(folder, "jail/bin/bad", 0755, "#!/bin/cat\n");
	cr_assert(load(
		"service a {\n listen = {\"54001\"}\n exec = \"/bin/good\"\n root_directory = \"FOLDER/jail\"\n}\n"
		"service b {\n listen = {\"54002\"}\n exec = \"/bin/bad\"\n root_directory = \"FOLDER/jail\"\n}\n"));
	cr_expect(has_said(SEVERITY_ERROR, 8, "b: exec = /bin/bad: its interpreter '/bin/cat' is not there"));
	cr_expect_eq(diags.errors, 1, "%s", said());
}

Test(preflight, looks_for_programs_inside_root_directory)
{
	char link[128];

	needs_root();
	make_folder("jail", 0755);
	make_folder("jail/bin", 0755);
	put_file(folder, "jail/bin/real", 0755, "\177ELF");
	snprintf(link, sizeof(link), "%s/jail/bin/program", folder);
	cr_assert_eq(symlink("/bin/real", link), 0);
	cr_assert(load(
		"service a {\n listen = {\"54001\"}\n exec = \"/bin/program\"\n root_directory = \"FOLDER/jail\"\n}\n"
		"service b {\n listen = {\"54002\"}\n exec = \"/bin/sh\"\n root_directory = \"FOLDER/jail\"\n}\n"));
	cr_expect_not(strstr(said(), "a: exec"), "%s", said());
	cr_expect(has_said(SEVERITY_ERROR, 8, "b: exec = /bin/sh: there is no such program in root_directory = "));
}

Test(preflight, warns_of_running_as_root_unsaid)
{
	needs_root();
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = \"/bin/true\"\n}\n"
		       "service b {\n listen = {\"54002\"}\n exec = \"/bin/true\"\n user = \"root\"\n}\n"));
	cr_expect_eq(diags.count, 1, "%s", said());
	cr_expect(has_said(SEVERITY_WARNING, 1, "a: it would run as root"));
}

static bool tells_what_needs_root(void)
{
	return load("service a {\n listen = {\"tcp:1\", \"FOLDER/x\"}\n exec = \"/bin/true\"\n nice = -5\n"
		    " rlimit_nofile = unlimited\n socket_user = \"daemon\"\n}\n") &&
		has_said(SEVERITY_WARNING, 2, "a: tcp:1: ports below ") &&
		has_said(SEVERITY_WARNING, 4, "a: nice = -5") &&
		has_said(SEVERITY_WARNING, 5, "a: rlimit_nofile = unlimited: superd's own hard limit is ") &&
		has_said(SEVERITY_ERROR, 6, "a: socket_user = daemon: only root");
}

Test(preflight, tells_a_normal_user_what_needs_root)
{
	as_nobody(tells_what_needs_root);
}

static bool tells_what_units_ask_for(void)
{
	static const char *const services[] = { "LimitNOFILE=infinity\nNice=-5\n", "", "OOMScoreAdjust=-1000\n" };

	load_units(3, "", services);
	return diags.count == 3 && has_said(SEVERITY_WARNING, 4, "a: Nice=-5: only root or CAP_SYS_NICE") &&
		has_said(SEVERITY_WARNING, 3, "a: LimitNOFILE=unlimited: superd's own hard limit is ") &&
		has_said(SEVERITY_WARNING, 3, "c: OOMScoreAdjust=-1000: superd's own is ");
}

Test(preflight, tells_a_normal_user_what_units_ask_for)
{
	SKIP_UNLESS_NOBODY_REACHES_PROGRAMS();  /* the reader of units is one */
	cr_assert(geteuid() != 0 || chown(folder, 65534, 65534) == 0);
	as_nobody(tells_what_units_ask_for);
}

Test(preflight, leaves_disabled_services_alone)
{
	cr_assert(load("service a {\n listen = {\"54001\"}\n exec = \"/none\"\n disable = yes\n}\n"));
	cr_expect_eq(diags.count, 0, "%s", said());
}

/* tests/bench/times has the processor time that it takes. */
Test(preflight, takes_ten_thousand_services)
{
	enum { SERVICES = 10000 };
	char *text = malloc(SERVICES * 96 + 96), *end = text;

	end += sprintf(end, "defaults { user = \"%u\" }\n", (unsigned)geteuid());
	for (int i = 0; i < SERVICES; i++)
		end += sprintf(end, "service s%d { listen = {\"127.0.0.1:%d\"} exec = \"/bin/true\" }\n", i, 10000 + i);
	table = read_text("test.conf", text, (size_t)(end - text), &diags);
	free(text);
	cr_assert(table);
	cr_assert_eq(table->count, SERVICES);
	resolve_table(table, NULL, &diags);
	preflight_table(table, PREFLIGHT_START, &diags);
	cr_expect_eq(diags.count, 0, "%s", said());
}

#define WITH "service a {\n listen = 7\n exec = \"/bin/true\"\n user = root\n"

/* For a second table in one test. */
static void forget(void)
{
	table_free(table);
	table = NULL;
	diags_free(&diags);
	diags = (struct diags){ 0 };
}

/* Beside this test there are none; where superd was installed they are found. */
Test(preflight, says_that_superds_own_programs_are_missing)
{
	static const char *const asking[] = { "only_from = { \".example.org\" }", "id_only = yes" };
	bool is_installed = program_get(PROGRAM_LOOKUP)->fd >= 0;

	if (is_installed)
		cr_skip_test("superd is installed here");
	for (size_t n = 0; n < sizeof(asking) / sizeof(asking[0]); n++) {
		char text[256];

		snprintf(text, sizeof(text), WITH " accept = yes\n %s\n}\n", asking[n]);
		cr_assert(load(text));
		cr_expect(has_said(SEVERITY_ERROR, 6, "superd's own program superd-lookup is missing"));
		forget();
	}
	cr_assert(load(WITH " accept = yes\n log_on_success = { USERID }\n}\n"));
	cr_expect(has_said(SEVERITY_WARNING, 6,
			   "log_on_success = USERID: superd's own program superd-lookup is missing"));
	cr_expect_not(has_said(SEVERITY_ERROR, 6, "superd-lookup"), "%s", said());
	forget();
	cr_assert(load(WITH " accept = yes\n only_from = { \"192.0.2.1\" }\n}\n"));
	cr_expect_not(strstr(said(), "superd-lookup"), "%s", said());
	forget();
	cr_assert(load("service a {\n listen = \"rpc/tcp:100300/1\"\n exec = \"/bin/true\"\n user = root\n}\n"));
	cr_expect(has_said(SEVERITY_ERROR, 2, "superd-rpc is missing") || strstr(said(), "without libtirpc"));
}

Test(preflight, speaks_of_a_unit_in_its_own_words)
{
	load_unit("", "User=nosuch\n");
	cr_expect(has_said(SEVERITY_ERROR, 3, "a: User=nosuch: "));
}

/* What was found of one file is not looked for again; each service hears of it. */
Test(preflight, warns_each_service_that_runs_such_a_file_as_root)
{
	needs_root();
	make_folder("theirs", 0755);
	put_file(folder, "theirs/program", 0755, "#!/bin/sh\n");
	put_file(folder, "own", 0755, "#!/bin/sh\n");
	cr_assert_eq(chown_in("theirs", 12345), 0);
	cr_assert(load("service a { listen = 7\nexec = \"FOLDER/theirs/program\"\nuser = \"root\"\n}\n"
		       "service b { listen = 8\nexec = \"FOLDER/own\"\nuser = \"root\"\n}\n"
		       "service c { listen = 9\nexec = \"FOLDER/theirs/program\"\nuser = \"root\"\n}\n"
		       "service d { listen = 10\nexec = \"FOLDER/own\"\nuser = \"root\"\n}\n"));
	cr_expect(has_said(SEVERITY_WARNING, 2, "/theirs belongs to user 12345"));
	cr_expect(has_said(SEVERITY_WARNING, 10, "/theirs belongs to user 12345"));
	cr_expect_eq(diags.count, 2, "%s", said());
}

/* As /usr/local, which Debian lets the group staff write. */
Test(preflight, warns_of_a_group_unless_it_is_nobodys)
{
	static const char text[] = "service a { listen = 7\nexec = \"FOLDER/shared/program\"\nuser = \"root\"\n}\n";
	gid_t empty = 0;
	struct group *group;

	needs_root();
	make_folder("shared", 0775);
	put_file(folder, "shared/program", 0755, "#!/bin/sh\n");
	for (setgrent(); !empty && (group = getgrent());)
		empty = group->gr_gid && group_is_empty(NULL, group->gr_gid) ? group->gr_gid : 0;
	endgrent();
	cr_expect_not(group_is_empty(NULL, 0), "root has it");
	cr_expect_not(group_is_empty(NULL, 12345), "what is in no file may be known elsewhere");
	cr_assert_eq(chgrp_in("shared", 12345), 0);
	cr_assert(load(text));
	cr_expect(has_said(SEVERITY_WARNING, 2, "/shared can be written by group 12345"));
	forget();
	if (!empty)
		cr_skip_test("each group has a member here");
	cr_assert_eq(chgrp_in("shared", empty), 0);
	cr_assert(load(text));
	cr_expect_eq(diags.count, 0, "%s", said());
}

Test(preflight, warns_where_others_decide_what_runs_as_root)
{
	static const char two[] = "service a { listen = 7\nexec = \"/bin/true\"\nuser = \"nobody\"\n}\n"
				  "service b { listen = 8\nexec = \"/bin/true\"\nuser = \"nobody\"\n}\n";
	char path[128];

	needs_root();
	make_folder("theirs", 0755);
	put_file(folder, "theirs/program", 0755, "#!/bin/sh\n");
	put_file(folder, "open", 0666, "A=1\n");
	put_file(folder, "own", 0644, "A=1\n");
	cr_assert_eq(chown_in("theirs", 12345), 0);
	cr_assert(load("service a {\nlisten = 7\nexec = \"FOLDER/theirs/program\"\nuser = \"root\"\n"
		       "environment_file = {\"FOLDER/open\", \"FOLDER/own\"}\n}\n"
		       "service b {\nlisten = 8\nexec = \"FOLDER/theirs/program\"\nuser = \"nobody\"\n"
		       "environment_file = \"FOLDER/open\"\n}\n"));
	cr_expect(has_said(SEVERITY_WARNING, 3, "other users could choose the program that runs as root: "));
	cr_expect(has_said(SEVERITY_WARNING, 3, "/theirs belongs to user 12345"));
	cr_expect(has_said(SEVERITY_WARNING, 5, "/open can be written by others"));
	cr_expect_eq(diags.count, 2, "%s", said());
	put_file(folder, "superd.conf", 0666, two);
	snprintf(path, sizeof(path), "%s/superd.conf", folder);
	diags_free(&diags);
	diags = (struct diags){ 0 };
	table_free(table);
	table = read_text(path, two, strlen(two), &diags);
	resolve_table(table, NULL, &diags);
	preflight_table(table, PREFLIGHT_START, &diags);
	cr_expect_eq(diags.count, 1, "once for the file: %s", said());
	cr_expect(has_said(SEVERITY_WARNING, 0, "other users can change the programs that superd runs: "));
}
