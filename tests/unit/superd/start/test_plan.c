/* From a row to a plan: what a backend will be given, before anything is started. */
#include "tests/unit/rows.h"

#include "tests/unit/as_nobody.h"

#include <elf.h>
#include <link.h>
#include <pwd.h>

#include "superd/start/start.h"

static struct plan *plan;

static void end_plan(void)
{
	plan_free(plan);
	tear_down();
}

TestSuite(plan, .init = set_up, .fini = end_plan, .timeout = 120);

/* The plan of a service that is well but for these lines. */
__attribute__((format(printf, 1, 2))) static bool plan_of(const char *format, ...)
{
	char lines[2048];
	va_list arguments;
	const struct service *service;

	skip_unless(getpwuid(getuid()) != NULL, "this user has no account");
	va_start(arguments, format);
	vsnprintf(lines, sizeof(lines), format, arguments);
	va_end(arguments);
	service = row("service a { listen = \"tcp:127.0.0.1:7\"\nuser = \"%s\"\n%s%s\n}\n", getpwuid(getuid())->pw_name,
		      strstr(lines, "exec =") ? "" : "exec = \"/bin/x\"\n", lines);
	buf_clear(&why);
	plan_free(plan);
	plan = plan_make(service, &process_defaults, &(struct plan_sockets){ .port = 7 }, &why);
	return plan != NULL;
}

static const char *value_of(const char *name)
{
	size_t length = strlen(name);

	for (size_t n = 0; n < plan->environment_count; n++) {
		if (!strncmp(plan->environment[n], name, length) && plan->environment[n][length] == '=')
			return plan->environment[n] + length + 1;
	}
	return NULL;
}

static void expect_value(const char *name, const char *value)
{
	const char *got = value_of(name);

	cr_expect(got && !strcmp(got, value), "%s is '%s' and not '%s'", name, got ? got : "unset", value);
}

static const struct plan_limit *limit_of(int resource)
{
	for (size_t n = 0; n < plan->limit_count; n++) {
		if (plan->limits[n].resource == resource)
			return &plan->limits[n];
	}
	return NULL;
}

Test(plan, gives_the_program_its_words)
{
	cr_assert(plan_of("exec = { \"/usr/bin/nginx\", \"-p\", \"%%{port}\", \"\", \"100%%%%\" }"));
	cr_expect_str_eq(plan->main.program, "/usr/bin/nginx");
	cr_expect_str_eq(plan->main.argv[0], "/usr/bin/nginx");
	cr_expect_str_eq(plan->main.argv[1], "-p");
	cr_expect_str_eq(plan->main.argv[2], "7");
	cr_expect_str_eq(plan->main.argv[3], "");
	cr_expect_str_eq(plan->main.argv[4], "100%");
	cr_expect_null(plan->main.argv[5]);
}

Test(plan, gives_the_program_another_name)
{
	cr_assert(plan_of("exec = { \"/bin/busybox\", \"-v\" }\nargv0 = \"httpd\""));
	cr_expect_str_eq(plan->main.program, "/bin/busybox");
	cr_expect_str_eq(plan->main.argv[0], "httpd");
	cr_expect_str_eq(plan->main.argv[1], "-v");
}

Test(plan, makes_the_commands_beside_it)
{
	const struct plan_command *commands;

	cr_assert(plan_of("exec = \"/bin/x\"\nexec_start_pre = { \"-@/bin/y name 'a b' %%{port}\", \"+:/bin/z\" }\n"
			  "exec_prefix = \"!\"\ncondition = { \"PathExists=/\", \"AssertPathExists=/\" }"));
	cr_expect_eq(plan->main.flags, COMMAND_SAME_IDENTITY);
	cr_assert_eq(plan->commands[PHASE_START_PRE].count, 2);
	cr_expect_eq(plan->commands[PHASE_STOP].count, 0);
	commands = plan->commands[PHASE_START_PRE].list;
	cr_expect_str_eq(commands[0].program, "/bin/y");
	cr_expect_str_eq(commands[0].argv[0], "name");
	cr_expect_str_eq(commands[0].argv[1], "a b");
	cr_expect_str_eq(commands[0].argv[2], "7");
	cr_expect_null(commands[0].argv[3]);
	cr_expect_eq(commands[0].flags, COMMAND_IGNORES_FAILURE | COMMAND_ARGV0);
	cr_expect_str_eq(commands[1].program, "/bin/z");
	cr_expect_str_eq(commands[1].argv[0], "/bin/z");
	cr_expect_eq(commands[1].flags, COMMAND_PRIVILEGED | COMMAND_VERBATIM);
	cr_expect_eq(plan->condition_count, 2);
	cr_expect(plan->conditions[1].is_assert);
}

/* A name that is nowhere must not be looked for in the folder the service runs in. */
Test(plan, finds_the_program_of_a_command_or_nothing)
{
	cr_assert(plan_of("exec = \"/bin/x\"\nexec_search_path = { \"/none\", \"/bin\" }\n"
			  "exec_stop = { \"sh -c :\", \"no-such-program\" }"));
	cr_expect_str_eq(plan->commands[PHASE_STOP].list[0].program, "/bin/sh");
	cr_expect_str_eq(plan->commands[PHASE_STOP].list[0].argv[0], "sh");
	cr_expect_str_eq(plan->commands[PHASE_STOP].list[1].program, "");
}

Test(plan, refuses_a_template_it_does_not_know)
{
	doubtful = true;
	cr_expect_not(plan_of("exec = { \"/bin/x\", \"%%{nothing}\" }"));
	cr_expect_str_eq(buf_string(&why), "exec: '%{nothing}' has an unknown template (rows.conf:3)");
	cr_expect_not(plan_of("env = { \"A=%%{fd:nobody}\" }"));
	cr_expect_str_eq(buf_string(&why), "env: 'A=%{fd:nobody}' has an unknown template (rows.conf:4)");
}

Test(plan, builds_the_environment_from_nothing)
{
	struct passwd *self = getpwuid(getuid());

	inherit("HOME=/elsewhere", "SECRET=1", "PATH=/strange", NULL);
	cr_assert(plan_of(" "));
	expect_value("HOME", self->pw_dir);
	expect_value("USER", self->pw_name);
	expect_value("LOGNAME", self->pw_name);
	expect_value("SHELL", *self->pw_shell ? self->pw_shell : "/bin/sh");
	expect_value("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	cr_expect_null(value_of("SECRET"));
	cr_expect_eq(plan->environment_count, 5u);
	cr_expect_not(plan->flags & PLAN_REREADS);
}

Test(plan, passes_on_what_was_asked_for_but_nothing_that_speaks_of_superd)
{
	inherit("LANG=de", "LANGUAGE=x", "EMPTY=", "LISTEN_FDS=3", "LISTEN_PID=1", "NOTIFY_SOCKET=/n",
		   "NOTIFY_SOCKET_X=y", "REMOTE_ADDR=::1", "WATCHDOG_USEC=9", NULL);
	cr_assert(plan_of("passenv = { LANG, EMPTY, MISSING, LISTEN_FDS, LISTEN_PID, NOTIFY_SOCKET, NOTIFY_SOCKET_X, "
			  "REMOTE_ADDR, WATCHDOG_USEC }"));
	expect_value("LANG", "de");
	expect_value("EMPTY", "");
	expect_value("NOTIFY_SOCKET_X", "y");
	cr_expect_eq(plan->environment_count, 8u, "more than those, the user's and PATH");
}

Test(plan, passes_on_everything_but_what_speaks_of_superd)
{
	struct passwd *self = getpwuid(getuid());

	inherit("LANG=de", "EMPTY=", "HOME=/elsewhere", "PATH=/strange", "LISTEN_FDS=3", "NOTIFY_SOCKET=/n",
		   "REMOTE_ADDR=::1", "CREDENTIALS_DIRECTORY=/c", "no variable", NULL);
	cr_assert(plan_of("passenv = { \"*\" }"));
	expect_value("LANG", "de");
	expect_value("EMPTY", "");
	expect_value("PATH", "/strange");
	expect_value("HOME", self->pw_dir);
	cr_expect_eq(plan->environment_count, 7u, "more than those of the user and LANG, EMPTY, PATH");
	cr_assert(plan_of("passenv = { HOME, \"*\" }"));
	expect_value("HOME", "/elsewhere");
}

Test(plan, lets_a_file_win_over_env_and_env_over_passenv)
{
	const char *path = file_of("env", "B=file\nC=file\n", 14);

	inherit("A=own", "B=own", NULL);
	cr_assert(plan_of("passenv = { A, B }\n"
			  "env = { \"B=env\", \"C=env\", \"D=%%{fd}\", \"HOME=/h\" }\n"
			  "environment_file = { \"%s\" }", path), "%s", buf_string(&why));
	expect_value("A", "own");
	expect_value("B", "file");
	expect_value("C", "file");
	expect_value("D", "3");
	expect_value("HOME", "/h");
	cr_expect(plan->flags & PLAN_REREADS);
}

Test(plan, refuses_to_start_without_a_file_of_variables)
{
	cr_expect_not(plan_of("environment_file = { \"%s/none\" }", folder));
	cr_expect(strstr(buf_string(&why), "No such file"));
	cr_expect(strstr(buf_string(&why), " (rows.conf:"), "%s", buf_string(&why));
	cr_expect(plan_of("environment_file = { \"-%s/none\" }", folder));
}

Test(plan, names_the_directories_made_for_the_backend)
{
	process_defaults.runtime_directory = "/run";
	process_defaults.state_directory = "/var/lib";
	cr_assert(plan_of("runtime_directory = { \"a\", \"b/c\" }\nstate_directory = { \"d\" }"));
	expect_value("RUNTIME_DIRECTORY", "/run/a:/run/b/c");
	expect_value("STATE_DIRECTORY", "/var/lib/d");
}

Test(plan, gives_back_the_limit_of_descriptors_superd_found)
{
	cr_assert(plan_of(" "));
	cr_assert_eq(plan->limit_count, 1u);
	cr_expect(limit_of(RLIMIT_NOFILE)->value.rlim_cur == 1024 && limit_of(RLIMIT_NOFILE)->value.rlim_max == 4096);
}

Test(plan, sets_limits)
{
	struct rlimit core;

	cr_assert_eq(getrlimit(RLIMIT_CORE, &core), 0);
	cr_assert(plan_of("rlimit_nofile = \"100:200\"\nrlimit_core = \"0\"\nrlimit_cpu = unlimited"));
	cr_expect(limit_of(RLIMIT_NOFILE)->value.rlim_cur == 100 && limit_of(RLIMIT_NOFILE)->value.rlim_max == 200);
	cr_expect_eq(limit_of(RLIMIT_CORE)->value.rlim_cur, 0u);
	cr_expect_eq(limit_of(RLIMIT_CPU)->value.rlim_cur, RLIM_INFINITY);
	cr_expect_eq(plan->limit_count, 3u);
	cr_assert(plan_of("rlimit_nice = \"+19:-20\""));
	cr_expect(limit_of(RLIMIT_NICE)->value.rlim_cur == 1 && limit_of(RLIMIT_NICE)->value.rlim_max == 40);
}

Test(plan, finds_the_places)
{
	cr_assert(plan_of(" "));
	cr_expect_str_eq(plan->directory, "/");
	cr_expect_null(plan->root);
	cr_assert(plan_of("working_directory = \"-/srv\"\nroot_directory = \"/jail\""));
	cr_expect_str_eq(plan->directory, "/srv");
	cr_expect(plan->flags & PLAN_DIRECTORY_OPTIONAL);
	cr_expect_str_eq(plan->root, "/jail");
	cr_assert(plan_of("working_directory = \"~\""));
	cr_expect_str_eq(plan->directory, getpwuid(getuid())->pw_dir);
	cr_expect_not(plan->flags & PLAN_DIRECTORY_OPTIONAL);
}

Test(plan, knows_no_home_of_a_user_without_an_entry)
{
	const struct service *service;

	skip_unless(geteuid() == 0 && !getpwuid(54321), "it takes root, and 54321 to be nobody");
	service = row("service a { listen = 7\nexec = \"/bin/x\"\nuser = \"54321\"\ngroup = \"54321\"\n"
		      "working_directory = \"~\"\n}\n");
	cr_expect_null(plan_make(service, &process_defaults, &(struct plan_sockets){ .port = 7 }, &why));
	cr_expect_str_eq(buf_string(&why), "working_directory: the user has no home (rows.conf:5)");
	service = row("service a { listen = 7\nexec = \"/bin/x\"\nuser = \"54321\"\ngroup = \"54321\"\n}\n");
	plan = plan_make(service, &process_defaults, &(struct plan_sockets){ .port = 7 }, &why);
	cr_assert(plan);
	cr_expect_null(value_of("HOME"));
	cr_expect_eq(plan->account->uid, 54321u);
}

Test(plan, takes_priorities_over)
{
	cr_assert(plan_of("umask = 077\nnice = -5\noom_score_adjust = -1000\n"
			  "io_scheduling = \"best-effort:3\""));
	cr_expect_eq(plan->umask, 077u);
	cr_expect_eq(plan->nice, -5);
	cr_expect_str_eq(plan->oom_score, "-1000");
	cr_expect_eq(plan->io_priority, 2 << 13 | 3);
}

Test(plan, touches_nothing_that_was_not_asked_for)
{
	cr_assert(plan_of(" "));
	cr_expect_eq(plan->umask, 022u);
	cr_expect_eq(plan->nice, 0);
	cr_expect_str_eq(plan->oom_score, "");
	cr_expect_eq(plan->io_priority, -1);
	cr_expect_eq(plan->ambient, 0u);
	cr_expect_eq(plan->bounding, UINT64_MAX);
	cr_expect_not(plan->flags & PLAN_NO_NEW_PRIVILEGES);
	cr_expect_eq(plan->foreground, BACKGROUND);
	if (getgroups(0, NULL) == 0)
		cr_expect_null(plan->account, "it is superd's own");
}

Test(plan, gives_a_main_command_what_superd_has_but_its_own_sockets)
{
	char shell[] = "/bin/sh", option[] = "-c", word[] = "exit", *const argv[] = { shell, option, word, NULL };

	inherit("A=b", "LISTEN_FDS=3", "LISTEN_PID=1", "LISTEN_FDNAMES=x", "NOTIFY_SOCKET=/n",
		   "REMOTE_ADDR=::1", "C=d", NULL);
	plan = plan_command(argv, &process_defaults);
	cr_assert(plan);
	cr_assert_eq(plan->environment_count, 2u);
	cr_expect_str_eq(plan->environment[0], "A=b");
	cr_expect_str_eq(plan->environment[1], "C=d");
	cr_expect_str_eq(plan->main.program, "/bin/sh");
	cr_expect_str_eq(plan->main.argv[2], "exit");
	cr_expect_null(plan->main.argv[3]);
	cr_expect_neq(plan->foreground, BACKGROUND);
	cr_expect_null(plan->account);
	cr_expect_null(plan->directory);
	cr_expect_eq(plan->bounding, UINT64_MAX);
	cr_expect_eq(limit_of(RLIMIT_NOFILE)->value.rlim_cur, 1024u);
}

Test(plan, looks_for_a_main_command_in_the_path_alone)
{
	char shell[] = "sh", tool[] = "env", *const found[] = { shell, NULL }, *const missing[] = { tool, NULL };

	setenv("PATH", "/usr/bin:/bin", 1);
	plan = plan_command(found, &process_defaults);
	cr_assert(plan);
	cr_expect(strstr(plan->main.program, "/sh"), "%s", plan->main.program);
	cr_expect_str_eq(plan->main.argv[0], "sh");
	plan_free(plan);
	cr_assert_eq(chdir("/usr/bin"), 0);
	setenv("PATH", "/nowhere", 1);
	plan = plan_command(missing, &process_defaults);
	cr_assert(plan);
	setenv("PATH", "/usr/bin:/bin", 1);
	cr_expect_str_eq(plan->main.program, "", "it would be started from the folder we are in");
}

static bool has(const char *name, const char *value)
{
	return value_of(name) && !strcmp(value_of(name), value);
}

static bool has_users_variables(void)
{
	static const char *const own[] = { "INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDS", "MAINPID", "MANAGERPID",
					   "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "NOTIFY_SOCKET", "PIDFILE",
					   "SYSTEMD_EXEC_PID", "WATCHDOG_USEC" };

	for (size_t n = 0; n < sizeof(own) / sizeof(*own); n++) {
		if (value_of(own[n]))
			return false;
	}
	return has("XDG_RUNTIME_DIR", "/run/user/65534") && has("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x") &&
	       has("HOME", "/home/elsewhere") && has("SHELL", "/bin/odd");
}

static bool tells_a_users_unit(void)
{
	return plan_of("exec = \"/bin/true\"\nunit_environment = yes") && has_users_variables() &&
	       has("DISPLAY", ":0") && plan_of("exec = \"/bin/true\"\nunit_environment = yes\nenv = \"DISPLAY=:1\"") &&
	       has_users_variables() && has("DISPLAY", ":1");
}

static bool tells_no_other(void)
{
	return plan_of("exec = \"/bin/true\"") && !value_of("XDG_RUNTIME_DIR") && !value_of("DISPLAY") &&
	       !has("HOME", "/home/elsewhere");
}

Test(plan, a_users_unit_is_told_where_his_session_is)
{
	inherit("XDG_RUNTIME_DIR=/run/user/65534", "DBUS_SESSION_BUS_ADDRESS=unix:path=/x", "DISPLAY=:0",
		"HOME=/home/elsewhere", "SHELL=/bin/odd", "INVOCATION_ID=1", "JOURNAL_STREAM=8:1", "LISTEN_FDS=1",
		"MAINPID=1", "MANAGERPID=1", "MEMORY_PRESSURE_WATCH=/a", "MEMORY_PRESSURE_WRITE=b", "NOTIFY_SOCKET=/n",
		"PIDFILE=/p", "SYSTEMD_EXEC_PID=1", "WATCHDOG_USEC=9", NULL);
	as_nobody(tells_a_users_unit);
	as_nobody(tells_no_other);
	if (geteuid() == 0)
		cr_expect(plan_of("exec = \"/bin/true\"\nunit_environment = yes") && !value_of("XDG_RUNTIME_DIR"));
}

Test(plan, is_freed_when_there_is_none)
{
	plan_free(NULL);
}

/* A program of this test's folder, which nobody else can change. */
static const char *script(const char *interpreter)
{
	char text[256];
	const char *path;

	snprintf(text, sizeof(text), "#! %s -x\n", interpreter);
	path = file_of("script", text, strlen(text));
	cr_assert_eq(chmod(path, 0755), 0);
	return path;
}

static const char *open_folder(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/open", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(chmod(path, 0777), 0);
	return path;
}

Test(plan, shares_memory_with_what_nobody_else_can_delay)
{
	cr_assert(plan_of("exec = \"/bin/true\""));
	cr_expect_eq(plan->apart, NOT_APART);
	cr_assert(plan_of("exec = \"%s\"", script("/bin/sh")));
	cr_expect_eq(plan->apart, NOT_APART);
	cr_assert(plan_of("exec = \"/nowhere/at/all\""));
	cr_expect_eq(plan->apart, NOT_APART);
}

Test(plan, is_apart_where_others_can_delay_its_program)
{
	const char *open;

	open = open_folder();
	cr_assert(plan_of("exec = \"%s/program\"", open));
	cr_expect_eq(plan->apart, ALL_APART);
}

Test(plan, is_apart_where_others_can_take_its_time)
{
	static const char *const slow[] = {
		"nice = 5", "cpu_scheduling_policy = idle", "cpu_scheduling_policy = batch",
		"cpu_scheduling_policy = other", "io_scheduling = idle",
	};
	static const char *const same[] = {
		"nice = -5", "cpu_scheduling_policy = rr", "io_scheduling = best-effort",
	};

	for (size_t n = 0; n < sizeof(slow) / sizeof(*slow); n++) {
		cr_assert(plan_of("exec = \"/bin/true\" %s", slow[n]));
		cr_expect_eq(plan->apart, ALL_APART, "%s", slow[n]);
	}
	for (size_t n = 0; n < sizeof(same) / sizeof(*same); n++) {
		cr_assert(plan_of("exec = \"/bin/true\" %s", same[n]));
		cr_expect_eq(plan->apart, NOT_APART, "%s", same[n]);
	}
}

Test(plan, is_apart_where_others_can_delay_what_interprets_its_program)
{
	char interpreter[160];

	snprintf(interpreter, sizeof(interpreter), "%s/sh", open_folder());
	cr_assert(plan_of("exec = \"%s\"", script(interpreter)));
	cr_expect_eq(plan->apart, ALL_APART);
	cr_assert(plan_of("exec = \"%s\"", script("bin/relative")));
	cr_expect_eq(plan->apart, ALL_APART);
}

static const char *program_of(const char *bytes, size_t length)
{
	const char *path = file_of("elf", bytes, length);

	cr_assert_eq(chmod(path, 0755), 0);
	return path;
}

/* No more of a program than what names its loader: the header, a segment that is none, the one that is. */
static const char *elf(int class, const char *loader)
{
	struct {
		ElfW(Ehdr) head;
		ElfW(Phdr) segments[2];
		char loader[200];
	} file = { .head = { .e_phoff = sizeof(ElfW(Ehdr)), .e_phnum = 2 } };

	memcpy(file.head.e_ident, ELFMAG, SELFMAG);
	file.head.e_ident[EI_CLASS] = class;
	file.segments[0].p_type = PT_LOAD;
	file.segments[1] = (ElfW(Phdr)){ .p_type = PT_INTERP, .p_filesz = strlen(loader) + 1,
					 .p_offset = sizeof(file.head) + sizeof(file.segments) };
	memcpy(file.loader, loader, strlen(loader));
	return program_of((const char *)&file, sizeof(file));
}

Test(plan, is_apart_where_others_can_delay_what_loads_its_program)
{
	const int own = sizeof(ElfW(Addr)) == 8 ? ELFCLASS64 : ELFCLASS32;
	char loader[160];

	snprintf(loader, sizeof(loader), "%s/ld.so", open_folder());
	cr_assert(plan_of("exec = \"%s\"", elf(own, loader)));
	cr_expect_eq(plan->apart, ALL_APART);
	cr_assert(plan_of("exec = \"%s\"", elf(own, "/bin/sh")));
	cr_expect_eq(plan->apart, NOT_APART);
	/* What loads a program of another size of words is not known. */
	cr_assert(plan_of("exec = \"%s\"", elf(own == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64, "/bin/sh")));
	cr_expect_eq(plan->apart, ALL_APART);
}

Test(plan, is_apart_where_others_can_delay_a_command_or_the_folder_it_runs_in)
{
	const char *open;

	open = open_folder();
	cr_assert(plan_of("exec = \"/bin/true\"\nexec_start_pre = \"+%s/command\"", open));
	cr_expect_eq(plan->apart, ALL_APART);
	cr_assert(plan_of("exec = \"/bin/true\"\nworking_directory = \"%s\"", open));
	cr_expect_eq(plan->apart, ALL_APART);
}
