/* superd { }: what superd itself needs, from the table. The command line wins, a reload changes it while superd runs,
 * and an upgrade and the guard go on with it. */
#include "controlling.h"
#include "guarding.h"
#include "superctl.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n"

static bool has(const char *path, const char *part)
{
	const char *text = read_text(path);

	return text && strstr(text, part);
}

/* superd by its table alone; the usual control socket is the machine's. */
static struct superd *run_by_table(const char *table)
{
	const char *const arguments[] = { "--control", "none", NULL };
	const struct setup setup = { .arguments = arguments, .without_settings = true };

	return superd_run_with(&setup, "%s", table);
}

static const char *web(void)
{
	return text_of(WEB, backend("serve"));
}

/* Writes the table anew and sends a HUP; superd says elsewhere what came of it. */
static void order_reload(struct superd *superd, const char *table)
{
	FILE *file = fopen(superd->table, "w");

	cr_assert(file);
	fputs(table, file);
	cr_assert_eq(fclose(file), 0);
	superd_signal(superd, SIGHUP);
}

Behaviour(settings, the_table_says_where_the_log_goes)
{
	const char *file = path_in("own.log");
	struct superd *superd = superd_run("superd { log = \"file:%s\" log_format = json }\n%s", file, web());

	WAIT_UNTIL(has(file, "\"message\":\"listening on "));
	cr_expect(has(file, "\"message\":\"version "), "%s", read_text(file));
	cr_expect_str_eq(read_text(superd->log), "");
	superd_stop(superd);
	cr_expect(has(file, "\"message\":\"ended with status 0\""), "%s", read_text(file));
}

Behaviour(settings, warnings_of_the_table_go_to_the_log_that_it_names)
{
	const char *file = path_in("own.log");
	struct superd *superd = superd_run("superd { log = \"file:%s\" }\n"
					   "service web { listen = \"127.0.0.1:0\" exec = /bin/true\n"
					   " broadcast = yes }\n", file);

	WAIT_UNTIL(has(file, "listening on "));
	cr_expect(has(file, "web: broadcast has no effect"), "%s", read_text(file));
	superd_stop(superd);
}

/* It ends as superd begins, which reaps it then: nothing else may ever end, and a stop waits for all children. */
Behaviour(settings, the_process_that_reads_them_is_reaped)
{
	for (int n = 0; n < 5; n++) {
		struct superd *superd = run_by_table(web());

		superd_port(superd, "web");
		WAIT_UNTIL(!superd_processes(superd));
		superd_stop(superd);
	}
}

Behaviour(settings, the_command_line_wins_and_that_is_noted)
{
	const char *file = path_in("own.log");
	const char *const arguments[] = { "--log", text_of("file:%s", file), "--log-level", "info", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "superd {\n log = \"file:%s\"\n log_level = error\n}\n%s",
						path_in("other.log"), web());

	WAIT_UNTIL(has(file, "listening on "));
	cr_expect(has(file, text_of("%s:2:2: log: overridden by the command line, which sets \"file:%s\"",
				    superd->table, file)), "%s", read_text(file));
	cr_expect(has(file, text_of("%s:3:2: log_level: overridden by the command line, which sets info",
				    superd->table)), "%s", read_text(file));
	superd_stop(superd);
	cr_expect_null(read_text(path_in("other.log")));
}

Behaviour(settings, a_reload_changes_level_and_form_of_the_log)
{
	struct superd *superd = run_by_table(web());

	client_ask_pid(superd_port(superd, "web"));
	order_reload(superd, text_of("superd { log_level = error }\n%s", web()));
	superd_wait_log(superd, "superd: log_level is error now, and was info\n");
	order_reload(superd, text_of("superd { log_format = json }\n%s", web()));
	superd_wait_log(superd, "\"message\":\"reloaded: 1 unchanged");
	cr_expect_not(superd_logged(superd, "superd: reloaded"), "%s", world_logs());
}

Behaviour(settings, a_reload_moves_the_log)
{
	const char *file = path_in("own.log"), *other = path_in("other.log");
	struct superd *superd = superd_run("%s", web());

	client_ask_pid(superd_port(superd, "web"));
	order_reload(superd, text_of("superd { log = \"file:%s\" }\n%s", file, web()));
	WAIT_UNTIL(has(file, ": reloaded: 1 unchanged"));
	superd_wait_log(superd, text_of("superd: log is \"file:%s\" now, and was stderr\n", file));
	order_reload(superd, text_of("superd { log = \"file:%s\" }\n%s", other, web()));
	WAIT_UNTIL(has(other, ": reloaded: 1 unchanged"));
	cr_expect(superd_reload(superd, "%s", web()), "%s", world_logs());
	cr_expect(has(other, text_of("log is stderr now, and was \"file:%s\"", other)), "%s", read_text(other));
	superd_stop(superd);
	cr_expect(superd_logged(superd, "superd: ended with status 0\n"), "%s", world_logs());
}

Behaviour(settings, a_broken_block_leaves_the_settings_of_before)
{
	struct superd *superd = superd_run("%s", web());
	const char *nowhere = path_in("no/own.log");

	client_ask_pid(superd_port(superd, "web"));
	cr_expect_not(superd_reload(superd, "superd { log_format = json\n log_levle = debug }\n%s", web()));
	cr_expect(superd_logged(superd, ":2:2: error: unknown setting 'log_levle' in superd { }: "
				"did you mean 'log_level'?\n"), "%s", world_logs());
	cr_expect_not(superd_reload(superd, "superd { log_format = json\n log = \"file:%s\" }\n%s", nowhere, web()));
	cr_expect(superd_logged(superd, text_of(":2:2: error: log: cannot log to file:%s: No such file or directory\n",
						nowhere)), "%s", world_logs());
	cr_expect(superd_reload(superd, "%s", web()));
}

Behaviour(settings, a_log_that_cannot_be_opened_stays_where_it_is)
{
	const char *folder = path_in("folder"), *file = path_in("own.log");
	const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "superd { log = \"file:%s\" }\n%s", file, web());

	WAIT_UNTIL(has(file, "listening on "));
	cr_assert_eq(mkdir(folder, 0755), 0);
	order_reload(superd, text_of("superd {\n log = \"file:%s\"\n log_format = json\n}\n%s", folder, web()));
	WAIT_UNTIL(has(file, "\"message\":\"reloaded: 1 unchanged"));
	cr_expect(has(file, text_of("cannot log to file:%s: ", folder)), "%s", read_text(file));
	cr_expect(has(file, text_of("(%s:2)", superd->table)), "%s", read_text(file));
	/* A further reload tries again. */
	cr_assert_eq(rmdir(folder), 0);
	order_reload(superd, text_of("superd { log = \"file:%s\" }\n%s", folder, web()));
	WAIT_UNTIL(has(folder, ": reloaded: 1 unchanged"));
}

Behaviour(settings, a_start_without_its_log_fails)
{
	const char *table = write_file("table", "superd { log = \"file:%s\" }\n%s", path_in("no/own.log"), web());
	struct outcome checked = SUPERD_ANSWER("--check", "-f", table), started = SUPERD_ANSWER("-f", table),
		       unseen = SUPERD_ANSWER("--no-preflight", "-f", table);

	cr_expect_eq(checked.status, 1);
	cr_expect(strstr(checked.err, ":1:10: error: log: cannot log to file:"), "%s", checked.err);
	cr_expect_eq(started.status, 1, "%s", started.err);
	cr_expect_eq(unseen.status, 2, "%s", unseen.err);
	cr_expect(strstr(unseen.err, "superd: cannot log to file:"), "%s", unseen.err);
}

Behaviour(settings, an_upgrade_and_the_guard_go_on_with_the_log)
{
	const char *file = path_in("own.log");
	struct superd *superd = guarded_run("%s", web());
	size_t length;

	client_ask_pid(superd_port(superd, "web"));
	order_reload(superd, text_of("superd { log = \"file:%s\" log_format = json }\n%s", file, web()));
	WAIT_UNTIL(has(file, "\"message\":\"reloaded: "));
	length = strlen(read_text(superd->log));
	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(has(file, "\"message\":\"upgraded from "));
	cr_assert_eq(kill(guarded_wait(superd), SIGKILL), 0);
	WAIT_UNTIL(has(file, "\"message\":\"signal KILL ended superd"));
	client_ask_pid(superd_port(superd, "web"));
	cr_expect_eq(strlen(read_text(superd->log)), length, "%s", world_logs());
}

/* A superd that has all from its table. */
static struct superd *run_alone(const char *table)
{
	const struct setup setup = { .without_settings = true };

	return superd_run_with(&setup, "%s", table);
}

static bool pid_stands_in(const char *path, pid_t pid)
{
	const char *text = read_text(path);

	return text && !strcmp(text, text_of("%ld\n", (long)pid));
}

Behaviour(settings, the_control_socket_and_the_pid_file_stand_in_the_table)
{
	const char *control = path_in("own.control"), *pid_file = path_in("own.pid");
	struct superd *superd = run_alone(text_of("superd { control = \"%s\" pid_file = \"%s\" }\n%s", control,
						  pid_file, web()));
	struct stat status;

	wait_node(control);
	cr_expect(strstr(SUPERCTL(control, "list", "web").out, "web"));
	cr_expect(pid_stands_in(pid_file, superd->pid), "%s", read_text(pid_file));
	superd_stop(superd);
	cr_expect_neq(stat(pid_file, &status), 0);
}

Behaviour(settings, what_only_a_start_can_change_stays_over_reload_upgrade_and_guard)
{
	const char *control = path_in("own.control"), *pid_file = path_in("own.pid"), *other = path_in("other.pid");
	const char *const arguments[] = { "--guard", NULL };
	const struct setup setup = { .arguments = arguments, .without_settings = true };
	struct superd *superd = superd_run_with(&setup, "superd { control = \"%s\" pid_file = \"%s\" }\n%s", control,
						pid_file, web());
	pid_t pid = guarded_wait(superd);

	wait_node(control);
	cr_expect(superd_reload(superd, "superd {\n pid_file = \"%s\"\n fdstore = none\n}\n%s", other, web()));
	cr_expect(superd_logged(superd, text_of("%s:2:2: pid_file: the change takes effect at the next start of "
						"superd; it stays \"%s\" until then", superd->table, pid_file)), "%s",
		  world_logs());
	cr_expect(superd_logged(superd, text_of("%s:1:1: control: the change takes effect at the next start of "
						"superd; it stays \"%s\" until then", superd->table, control)), "%s",
		  world_logs());
	cr_expect(superd_logged(superd, ":3:2: fdstore: the change takes effect at the next start of superd; it stays "
				"unset until then"), "%s", world_logs());
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "upgraded from ");
	cr_expect(strstr(SUPERCTL(control, "list", "web").out, "web"), "%s", world_logs());
	cr_expect(pid_stands_in(pid_file, superd->pid) || pid_stands_in(pid_file, pid), "%s", read_text(pid_file));
	guarded_kill(superd);
	wait_node(control);
	cr_expect(strstr(SUPERCTL(control, "list", "web").out, "web"), "%s", world_logs());
	cr_expect_null(read_text(other));
	superd_stop(superd);
	cr_expect_null(read_text(pid_file));
	cr_expect_null(read_text(other));
}

static const char *guard_of(const char *control)
{
	wait_node(control);
	return SUPERCTL(control, "version").out;
}

Behaviour(settings, the_command_line_does_without_a_guard)
{
	const char *pid_file = path_in("own.pid"), *control = path_in("own.control");
	const char *table = write_file("daemon.conf", "%s", web()), *text;
	struct outcome outcome;

	outcome = SUPERD_ANSWER("--daemon", "--no-guard", "--pid-file", pid_file, "--control", control, "--log",
				text_of("file:%s", path_in("daemon.log")), "-f", table);
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	text = guard_of(control);
	cr_expect(strstr(text, "\nno guard: "), "%s", text);
	SUPERCTL(control, "shutdown");
}

Behaviour(settings, a_reload_changes_how_superd_stops)
{
	const char *const arguments[] = { "--control", "none", NULL };
	const struct setup setup = { .clock = true, .arguments = arguments, .without_settings = true };
	struct superd *superd = superd_run_with(&setup, "superd { stop_timeout = 5h stop_delay = 5h }\n%s", web());
	const char *deaf = text_of("%s\nservice deaf {\n start = boot\n exec = \"/bin/sh -c 'trap : TERM; echo up; "
				   "while :; do sleep 1000; done'\"\n timeout_stop = 5h\n}\n", web());

	client_ask_pid(superd_port(superd, "web"));
	cr_assert(superd_reload(superd, "superd { stop_timeout = 1h stop_delay = 10min }\n%s", deaf));
	cr_expect(superd_logged(superd, "stop_delay is 10min now, and was 5h\n"), "%s", world_logs());
	superd_wait_log(superd, "]: up");
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "stop requested: stops in ");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, "superd: stopping\n"));
	clock_advance(superd, MINUTE_MS);
	superd_wait_log(superd, "superd: stopping\n");
	clock_advance(superd, 55 * MINUTE_MS);
	cr_expect_not(superd_has_ended(superd));
	clock_advance(superd, 10 * MINUTE_MS);
	cr_expect_eq(superd_wait_exit(superd), 0);
}
