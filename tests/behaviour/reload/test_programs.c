/* superd's own programs are those that were installed with it, whatever is installed over them while it runs. The sets
 * here are copies of one build, of which each has a build id of its own. */
#include <dirent.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"
#include "private.h"

#define SECOND "222222222222"
#define THIRD "333333333333"

/* Puts a copy of a program in the place of what is there, as a package manager does, with this build id. */
static void install(const char *from, const char *to, const char *id)
{
	const char *next = path_in("next"), *own = superd_build();
	int file = open(from, O_RDONLY | O_CLOEXEC);
	struct stat status;
	size_t found = 0;
	char *text;

	SKIP_WITHOUT(file >= 0 || errno != EACCES, "this user may run superd's programs, and not copy them");
	cr_assert_geq(file, 0, "%s: %s", from, strerror(errno));
	cr_assert_eq(fstat(file, &status), 0);
	text = malloc((size_t)status.st_size);
	cr_assert_eq(read(file, text, (size_t)status.st_size), status.st_size);
	close(file);
	for (char *at = text; (at = memmem(at, (size_t)(text + status.st_size - at), own, strlen(own))); found++)
		at = mempcpy(at, id, strlen(own));
	cr_assert_gt(found, 0, "%s has no build id", from);
	file = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	cr_assert_eq(write(file, text, (size_t)status.st_size), status.st_size);
	cr_assert_eq(fchmod(file, 0755), 0);
	close(file);
	free(text);
	cr_assert_eq(rename(next, to), 0);
}

/* All that the build has installed beside superd. */
static void install_helpers(const char *id)
{
	DIR *folder = opendir(getenv("SUPERD_LIBEXEC"));
	struct dirent *entry;

	cr_assert(folder);
	while ((entry = readdir(folder))) {
		if (*entry->d_name != '.')
			install(text_of("%s/%s", getenv("SUPERD_LIBEXEC"), entry->d_name),
				path_in("tree/libexec/superd/%s", entry->d_name), id);
	}
	closedir(folder);
}

/* Returns the path of superd. */
static const char *install_set(const char *id)
{
	static const char *const folders[] = { "tree", "tree/sbin", "tree/libexec", "tree/libexec/superd" };
	const char *program;

	for (size_t n = 0; n < sizeof(folders) / sizeof(*folders); n++)
		mkdir(path_in("%s", folders[n]), 0755);
	program = path_in("tree/sbin/superd");
	install(superd_path(), program, id);
	install_helpers(id);
	return program;
}

static const char *table(const char *more)
{
	return text_of("service small { listen = \"127.0.0.1:0\" accept = yes builtin = echo }\n"
		       "service asks { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\" user = \"%s\"\n"
		       " log_type = { FILE, \"%s\" } log_on_success = { USERID } %s }\n",
		       own_user(), path_in("log"), more);
}

static bool has_filter(void)
{
	return strstr(SUPERD_ANSWER("--version").out, "libseccomp");
}

static void expect_echo(struct superd *superd, const char *service)
{
	cr_expect_str_eq(client_ask(superd_port(superd, service), "hello\n"), "hello", "%s", world_logs());
}

static struct superd *run_set(const char *program, const char *const *arguments)
{
	return superd_run_with(&(struct setup){ .program = program, .arguments = arguments }, "%s", table(""));
}

Behaviour(programs, of_a_running_superd_are_its_own_until_it_is_upgraded)
{
	struct superd *superd = run_set(install_set(superd_build()), (const char *const[]){ NULL });

	expect_echo(superd, "small");
	install_set(SECOND);
	expect_echo(superd, "small");
	expect_echo(superd, "asks");
	if (has_filter())
		cr_assert(superd_reload(superd, "%s", table("system_call_filter = { \"@system-service\" }")));
	expect_echo(superd, "asks");
	superd_upgrade(superd);
	cr_expect(superd_logged(superd, "(build " SECOND ")"));
	cr_expect_not(superd_logged(superd, "another build"), "%s", world_logs());
	expect_echo(superd, "small");
	expect_echo(superd, "asks");
	install_set(THIRD);
	if (has_filter())
		cr_assert(superd_reload(superd, "%s", table("system_call_filter = { \"@basic-io\", \"@default\" }")));
	superd_upgrade(superd);
	expect_echo(superd, "small");
	cr_expect_not(superd_logged(superd, "another build"), "%s", world_logs());
}

/* The guard starts the superd that it knows. */
Behaviour(programs, go_on_when_superd_is_killed)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	struct superd *superd = run_set(install_set(superd_build()), arguments);

	expect_echo(superd, "small");
	install_set(SECOND);
	guarded_kill(superd);
	expect_echo(superd, "small");
	expect_echo(superd, "asks");
	cr_expect_not(superd_logged(superd, "another build"), "%s", world_logs());
	superd_upgrade(superd);
	cr_expect(superd_logged(superd, "(build " SECOND ")"));
	expect_echo(superd, "small");
	guarded_kill(superd);
	expect_echo(superd, "small");
	cr_expect_not(superd_logged(superd, "another build"), "%s", world_logs());
}

/* The descriptors of before are closed, and their numbers are free. */
Behaviour(programs, are_each_itself_after_an_upgrade_to_the_same_files)
{
	const char *const arguments[] = { "--guard", "--control", control_path(), NULL };
	struct superd *superd;
	int client;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/nsswitch.conf", "hosts: files\n");
	private_file("/etc/hosts", "127.0.0.1 localhost\n127.0.0.2 client.example.org client\n");
	superd = run_set(install_set(superd_build()), arguments);
	expect_echo(superd, "small");
	superd_upgrade(superd);
	cr_assert(superd_reload(superd, "service named { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\""
				" user = root only_from = client.example.org %s }\n%s",
				has_filter() ? "system_call_filter = \"@system-service\"" : "", table("")));
	expect_echo(superd, "small");
	client = client_connect_from("127.0.0.2", superd_port(superd, "named"));
	client_send(client, "hello\n");
	cr_expect_str_eq(client_line(client), "hello");
	close(client);
}

static bool leads_to_null(pid_t pid, int number)
{
	char target[64] = "";

	return readlink(text_of("/proc/%ld/fd/%d", (long)pid, number), target, sizeof(target) - 1) > 0 &&
	       !strcmp(target, "/dev/null");
}

/* Where there are few descriptors, theirs are low, too. */
Behaviour(programs, are_no_standard_streams_of_a_superd_that_has_none)
{
	const char *log = path_in("log");
	const char *script = write_file("superd", "#!/bin/sh\nulimit -n 48 && exec %s \"$@\" <&- >&- 2>&-\n",
					superd_path());
	const char *const arguments[] = { "--log", text_of("file:%s", log), NULL };
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root, to look into superd");
	cr_assert_eq(chmod(script, 0755), 0);
	superd = superd_run_with(&(struct setup){ .program = script, .arguments = arguments },
				 "service small { listen = \"127.0.0.1:0\" accept = yes builtin = echo }");
	WAIT_UNTIL(read_text(log) && strstr(read_text(log), "small: listening on"));
	for (int n = 0; n < 3; n++)
		cr_expect(leads_to_null(superd->pid, n), "%d", n);
}

Behaviour(programs, that_were_missing_are_found_once_they_are_there)
{
	const char *program = install_set(superd_build()), *helper = path_in("tree/libexec/superd/superd-builtin");
	const char *text = write_file("table", "%s", table(""));
	struct superd *superd;

	cr_assert_eq(rename(helper, path_in("away")), 0);
	cr_assert_eq(unlink(path_in("tree/libexec/superd/superd-output")), 0);
	SKIP_WITHOUT(program_answer((const char *const[]){ program, "--check", "-f", text, NULL }).status == 1,
		     "superd's own programs are installed on this machine");
	superd = run_set(program, (const char *const[]){ "--keep-going", NULL });
	superd_wait_log(superd, "asks: listening on ");
	cr_expect(superd_logged(superd, "superd's own program superd-builtin is missing"));
	cr_expect(superd_logged(superd, "warning: superd's own program superd-output is missing"));
	cr_assert_eq(rename(path_in("away"), helper), 0);
	cr_assert(superd_reload(superd, "%s", table("")));
	expect_echo(superd, "small");
}

/* Its program's bind(2) would wait for ever. */
Behaviour(programs, that_answer_bind_must_be_there)
{
	const char *program = install_set(superd_build());
	const char *const check[] = { program, "--check", "-f",
		write_file("table", "service web { listen = \"127.0.0.1:7007\" pass = bind exec = \"/bin/cat\" }\n"),
		NULL };
	struct outcome outcome;

	cr_assert_eq(unlink(path_in("tree/libexec/superd/superd-bind")), 0);
	outcome = program_answer(check);
	SKIP_WITHOUT(strstr(outcome.err, "superd-bind is missing"),
		     "superd's own programs are installed on this machine");
	SKIP_WITHOUT(!strstr(outcome.err, "built without it"), "superd was built without pass = bind");
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "error: web: pass = bind: superd's own program superd-bind is missing"), "%s",
		  outcome.err);
}

Behaviour(programs, start_behind_a_filter_that_denies_their_kind_of_exec)
{
	struct superd *superd;

	SKIP_WITHOUT(has_filter(), "needs libseccomp");
	superd = superd_run("service denied { listen = \"127.0.0.1:0\" accept = yes builtin = echo user = \"%s\""
			    " system_call_filter = { \"~execveat\", \"~ptrace\" } }\n"
			    "service allowed { listen = \"127.0.0.1:0\" accept = yes builtin = echo user = \"%s\""
			    " system_call_filter = { \"@system-service\", \"~execveat\" } }\n",
			    own_user(), own_user());
	expect_echo(superd, "denied");
	expect_echo(superd, "allowed");
}

/* A set that was installed by half. The message names the file. superd-output reads what superd-builtin prints. */
Behaviour(programs, of_another_build_than_superd_serve_nobody_and_say_so)
{
	const char *program = install_set(superd_build());
	struct superd *superd = run_set(program, (const char *const[]){ NULL });
	struct outcome outcome;
	int client;

	expect_echo(superd, "small");
	install_helpers(SECOND);
	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(superd_logged(superd, "superd-builtin is of another build than superd"));
	expect_echo(superd, "small");
	superd_stop(superd);
	install(text_of("%s/superd-output", getenv("SUPERD_LIBEXEC")), path_in("tree/libexec/superd/superd-output"),
		superd_build());
	superd = run_set(program, (const char *const[]){ "--no-preflight", NULL });
	client = client_connect(superd_port(superd, "small"));
	cr_expect(client_sees_end(client));
	close(client);
	WAIT_UNTIL(superd_logged(superd, "/tree/libexec/superd/superd-builtin is of build " SECOND
				 ", and was started by a superd of another build"));
	expect_echo(superd, "asks");
	WAIT_UNTIL(superd_logged(superd, "/tree/libexec/superd/superd-lookup is of another build than superd"));
	superd_stop(superd);
	install_helpers(SECOND);
	if (!has_filter())
		return;
	outcome = program_answer((const char *const[]){ program, "--check", "-f",
		write_file("filtered", "service a { listen = \"127.0.0.1:0\" exec = \"/bin/cat\""
			   " system_call_filter = { \"@system-service\" } }\n"), NULL });
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "/tree/libexec/superd/superd-filter is of another build than superd"), "%s",
		  outcome.err);
	cr_expect(strstr(outcome.err, "/tree/libexec/superd/superd-output is of another build than superd"), "%s",
		  outcome.err);
}
