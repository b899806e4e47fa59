/* Makes the plan of a service's starts. The child can neither allocate memory nor look anything up, so all that, and
 * every check with the same result for each start, happens here. */
#include "superd/start/start.h"

#include <linux/capability.h>
#include <sched.h>

/* Turns checked words (table/option/type) into the kernel's numbers. */

#define IO_CLASS_SHIFT 13 /* <linux/ioprio.h>, which older headers lack */

bool scheduling_io_priority(const char *text, int *priority)
{
	static const char *const classes[] = { NULL, "realtime", "best-effort", "idle" };
	size_t length = strcspn(text, ":");

	for (int class = 1; class <= 3; class ++) {
		if (strlen(classes[class]) != length || memcmp(classes[class], text, length))
			continue;
		*priority = class << IO_CLASS_SHIFT;
		if (text[length] == ':')
			*priority |= (int)strtol(text + length + 1, NULL, 10);
		else if (class != 3)
			*priority |= 4;
		return true;
	}
	return false;
}

/* ---- trust ---- */

/* Whether users other than root and superd's own can block a plan's starts. Such a start never shares superd's memory:
 * the thread that starts it would wait for its exec, and SIGKILL does not end a process that hangs in a file system.
 *
 * A plan is checked when it is made: if all folders on the way are root's, only root can change what a path leads to.
 * Mounts that root adds later are seen when the plan is checked again. */

static bool is_program_trusted(const char *program)
{
	enum interpreter found = INTERPRETER_FOUND;
	struct path_finding finding;
	char path[PATH_MAX];

	if (!*program)
		return true; /* it was not found */
	text_copy(path, sizeof(path), program);
	/* With more of them the kernel reports ELOOP. */
	for (int depth = 0; depth <= INTERPRETERS_MOST && found == INTERPRETER_FOUND; depth++) {
		if (!path_is_trusted(path, PATH_ANY_FLAW, &finding))
			return false;
		found = interpreter_find(NULL, path, path);
	}
	return found != INTERPRETER_UNKNOWN;
}

/* In another root directory links lead elsewhere, so such paths cannot be checked here. */
static void plan_check_trust(struct plan *plan)
{
	struct path_finding finding;
	bool trusted;

	trusted = !plan->root &&
		(!plan->directory || path_is_trusted(plan->directory, PATH_ANY_FLAW, &finding)) &&
		is_program_trusted(plan->main.program);
	for (int phase = 0; phase < PHASES; phase++) {
		for (size_t n = 0; trusted && n < plan->commands[phase].count; n++)
			trusted = is_program_trusted(plan->commands[phase].list[n].program);
	}
	if (!trusted)
		plan->apart = ALL_APART;
}

/* ---- resource limits and scheduling ---- */

/* Without a control group limits have no effect, and a service with a device or address rule does not start. */

static bool plan_make_resources(struct plan *plan, const struct service *service, struct buf *why)
{
	/* linux/sched.h, whose names libc has only some of */
	static const int policies[] = {
		[CPU_DEFAULT] = -1, [CPU_OTHER] = 0, [CPU_BATCH] = 3, [CPU_IDLE] = 5, [CPU_FIFO] = 1, [CPU_RR] = 2,
	};
	const struct scheduling_options *scheduling = service->groups->scheduling;
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;

	plan->cpu_policy = policies[scheduling->cpu_scheduling_policy];
	/* 1: the lowest of those of real-time */
	plan->cpu_priority =
		scheduling->cpu_scheduling_policy == CPU_FIFO || scheduling->cpu_scheduling_policy == CPU_RR;
	if (cgroup_settings && cgroup_settings->has_group) {
		plan->cgroup_settings = cgroup_settings;
		plan->apart = APART;
	} else if (cgroup_settings && cgroup_settings->programs[CGROUP_BPF_DEVICES].count) {
		return plan_fail(service, service_setting(service, "device_policy") ? "device_policy" : "device_allow",
				 why, "%s", cgroup_settings->place->wrong);
	} else if (cgroup_settings && cgroup_settings->programs[CGROUP_BPF_EGRESS].count) {
		return plan_fail(service, "ip_address_deny", why, "%s", cgroup_settings->place->wrong);
	}
	/* A start has what its program has of processors and disks, before its exec, too. If others use these up, as
	 * its own earlier processes may, it comes to its exec late. superd itself may be real-time. */
	if (plan->nice > 0 || (plan->cpu_policy >= 0 && plan->cpu_priority == 0) ||
	    (plan->io_priority >= 0 && plan->io_priority >> IO_CLASS_SHIFT == 3))
		plan->apart = ALL_APART;
	return true;
}

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Whether the variable is about superd's own sockets or clients. Those are never passed on, whatever passenv says. */
static bool is_own_variable(const char *name)
{
	size_t length = strcspn(name, "=");

	return !strncmp(name, "LISTEN_", 7) || !strncmp(name, "REMOTE_", 7) || !strncmp(name, "WATCHDOG_", 9) ||
		!strncmp(name, "TCPREMOTE", 9) || !strncmp(name, "TCPLOCAL", 8) ||
		(length == 13 && !memcmp(name, "NOTIFY_SOCKET", 13)) || (length == 7 && !memcmp(name, "FDSTORE", 7));
}

static void pass_variable(struct variables *variables, const struct process_defaults *defaults, const char *name)
{
	size_t length = strlen(name);

	if (is_own_variable(name))
		return;
	for (char **at = defaults->environment; at && *at; at++) {
		if (!strncmp(*at, name, length) && (*at)[length] == '=')
			variables_set(variables, *at);
	}
}

/* For passenv = "*". superd's own credentials are not passed on either. */
static void pass_all_variables(struct variables *variables, const struct process_defaults *defaults)
{
	for (char **at = defaults->environment; at && *at; at++) {
		if (strchr(*at, '=') && !is_own_variable(*at) && strncmp(*at, "CREDENTIALS_DIRECTORY=", 22) != 0)
			variables_set(variables, *at);
	}
}

static bool make_plan_environment(struct plan *plan, const struct service *service,
				  const struct process_defaults *defaults, const struct plan_sockets *sockets,
				  struct buf *why)
{
	/* What tells of superd's own process, whose environment a user's superd gives to units. */
	static const char *const of_superd[] = {
		"INVOCATION_ID",	 "JOURNAL_STREAM",	 "MAINPID", "MANAGERPID", "PIDFILE", "SYSTEMD_EXEC_PID",
		"MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE"
	};
	const struct environment_options *environment = service->groups->environment;
	const struct account *account = service->account;
	struct directory_kind kinds[DIRECTORY_KINDS];
	struct start_path file = { .number = 0 };
	struct variables variables = { 0 };
	struct buf text = { 0 };
	bool of_session = environment->unit_environment && geteuid() != 0, good = true;

	variables_set(&variables, DEFAULT_PATH);
	/* As a user's systemd does it: a session's display, agent, language and folders. */
	if (of_session)
		pass_all_variables(&variables, defaults);
	for (size_t n = 0; of_session && n < sizeof(of_superd) / sizeof(*of_superd); n++)
		variables_unset(&variables, of_superd[n]);
	if (words_have(environment->passenv, "*"))
		pass_all_variables(&variables, defaults);
	if (account && account->name && account->home) {
		variables_setf(&variables, "HOME=%s", account->home);
		variables_setf(&variables, "USER=%s", account->name);
		variables_setf(&variables, "LOGNAME=%s", account->name);
		variables_setf(&variables, "SHELL=%s", account->shell && *account->shell ? account->shell : "/bin/sh");
	}
	for (words name = environment->passenv; name && *name; name++)
		pass_variable(&variables, defaults, *name);
	if (of_session) { /* these follow superd's environment, as %h and %s do */
		pass_variable(&variables, defaults, "HOME");
		pass_variable(&variables, defaults, "SHELL");
	}
	directories_of(service, defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++) {
		buf_clear(&text);
		for (words name = kinds[n].names; name && *name; name++) {
			size_t length = directory_name_length(*name);
			bool is_again = name > kinds[n].names && directory_name_length(name[-1]) == length &&
				!memcmp(name[-1], *name, length); /* the same directory with another link */

			if (!is_again)
				buf_addf(&text, "%s%s/%.*s", text.length ? ":" : "", kinds[n].base, (int)length, *name);
		}
		if (text.length)
			variables_setf(&variables, "%s=%s", kinds[n].variable, buf_string(&text));
	}
	credentials_set_variable(&variables, service, defaults);
	if (environment->unit_environment && service->groups->lifecycle->pid_file)
		variables_setf(&variables, "PIDFILE=%s", service->groups->lifecycle->pid_file);
	for (words env = environment->env; good && env && *env; env++) {
		buf_clear(&text);
		good = plan_expand(service, sockets, *env, &text) ||
			plan_fail(service, "env", why, "'%s' has an unknown template", *env);
		if (good)
			variables_set(&variables, buf_string(&text));
	}
	while (good && start_path_next(service, START_VARIABLES, &file)) {
		buf_clear(&text);
		good = variables_read_file(&variables, file.path, service->account, &text) ||
			plan_fail(service, file.option, why, "%s", buf_string(&text));
	}
	for (words name = environment->unset_environment; name && *name; name++)
		variables_unset(&variables, *name);
	if (good && (variables.failed || text.failed)) {
		buf_text(why, "environment: out of memory");
		good = false;
	}
	buf_free(&text);
	if (!good) {
		variables_free(&variables);
		return false;
	}
	plan->environment = variables.list;
	plan->environment_count = variables.count;
	plan->unset = environment->unset_environment;
	return true;
}

static rlim_t limit_value(int64_t configured, rlim_t current)
{
	if (configured < 0)
		return current;
	return configured == SCAN_INFINITY ? RLIM_INFINITY : (rlim_t)configured;
}

static void make_limits(struct plan *plan, const struct limit_options *limits, const struct process_defaults *defaults)
{
	for (int resource = 0; resource < RLIMITS; resource++) {
		const struct limit *limit = &limits->of[resource];
		struct plan_limit *made = &plan->limits[plan->limit_count];
		struct rlimit current;

		if (limit->soft < 0 && limit->hard < 0 && resource != RLIMIT_NOFILE)
			continue;
		if (getrlimit(resource, &current) < 0)
			continue;
		if (resource == RLIMIT_NOFILE)
			current = defaults->nofile;
		made->resource = resource;
		made->value.rlim_cur = limit_value(limit->soft, current.rlim_cur);
		made->value.rlim_max = limit_value(limit->hard, current.rlim_max);
		if (limit->soft < 0 && made->value.rlim_cur > made->value.rlim_max)
			/* The value that was not configured gives way. */
			made->value.rlim_cur = made->value.rlim_max;
		plan->limit_count++;
	}
}

static bool make_directories(struct plan *plan, const struct service *service, struct buf *why)
{
	const struct environment_options *environment = service->groups->environment;
	const char *directory = environment->working_directory, *home = session_home(service);

	plan->root = service_root(service);
	directory += plan->flags & PLAN_DIRECTORY_OPTIONAL ? 1 : 0;
	/* A user's systemd starts units in his home, or in / if that is missing. */
	if (home && !service_setting(service, "working_directory")) {
		plan->flags |= PLAN_DIRECTORY_OPTIONAL;
		directory = home;
	}
	if (directory && !strcmp(directory, "~")) {
		directory = service->account ? service->account->home : NULL;
		if (!directory)
			return plan_fail(service, "working_directory", why, "the user has no home");
	}
	plan->directory = directory ? directory : "/";
	return true;
}

bool plan_gives_network(const struct service *service)
{
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;

	return sandbox && sandbox->namespaces & CLONE_NEWNET;
}

static void make_privileges(struct plan *plan, const struct service *service)
{
	const struct identity_options *identity = service->groups->identity;

	plan->account = service->account && service->account->switches ? service->account : NULL;
	plan->ambient = identity->ambient_capabilities;
	plan->bounding = identity->capability_bounding_set;
	plan->keyring = service->groups->hardening->keyring_mode;
	plan->sandbox = service_prepared(service)->sandbox;
	if (service_is_builtin(service)) { /* the helper program talks to strangers and starts no programs */
		plan->flags |= PLAN_NO_NEW_PRIVILEGES;
		plan->bounding &= plan->ambient;
	}
	/* it may wait for a removal */
	if (plan->sandbox || (identity->remove_ipc && plan->account && plan->account->uid))
		plan->apart = APART;
	if (!plan->sandbox)
		return;
	plan->ambient &= ~plan->sandbox->dropped;
	plan->bounding &= ~plan->sandbox->dropped;
	plan->flags |= plan->sandbox->flags;
}

/* Default names of the sockets for fd streams, as in systemd.exec(5), "StandardInput=". */
static const char *const stream_names[] = { "stdin", "stdout", "stderr" };
static const char *const stream_options[] = { "input", "output", "error" };

static bool make_streams(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			 struct buf *why)
{
	for (int n = 0; n < 3; n++) {
		const struct stream *stream = plan_stream(service, n);
		const char *name = stream->path ? stream->path : stream_names[n];
		int index;

		if (stream->kind != STREAM_DESCRIPTOR)
			continue;
		index = plan_socket_index(service, sockets, name);
		if (index < 0)
			return plan_fail(service, stream_options[n], why, "no socket is named '%s'", name);
		plan->stream_sockets[n] = (unsigned)index;
	}
	return true;
}

/* Adds the lengths that a path or @name has in a bind(2): with a NUL byte behind it, and without. */
static void add_lengths(const char *path, uint32_t *lengths, size_t *count)
{
	uint32_t length = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));

	lengths[(*count)++] = length;
	lengths[(*count)++] = length + 1;
}

/* The filter knows the lengths of its unix sockets' addresses, and of those in `binds`. A program may write a path
 * otherwise than the table, with another length, which then must not be that of another family's address.
 *
 * What superd answers, and when, is partly the program's choice, and a program with a set-user-id bit would inherit the
 * filter. So it gains nothing, unless the row says that it may; then superd needs CAP_SYS_ADMIN for the filter, which a
 * child keeps across the change of user (stage_ambient). */
static bool make_bind_filter(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			     struct buf *why)
{
	size_t addresses = service->socket_count, count = 0;
	bool has_path = false;
	uint32_t *lengths;

	if (service->exec->pass != PASS_BIND)
		return true;
	for (size_t n = 0; n < service->socket_count; n++)
		addresses += words_count(service->sockets[n].options->binds);
	lengths = calloc(2 * addresses + 1, sizeof(*lengths));
	for (size_t n = 0; lengths && n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		has_path |= endpoint_is_path(listen->address);
		if (endpoint_is_inet(listen->address) || !listen->address->address)
			continue;
		add_lengths(listen->address->address, lengths, &count);
		for (words text = listen->options->binds; text && *text; text++)
			add_lengths(strpbrk(*text, "/@") ? strpbrk(*text, "/@") : *text, lengths, &count);
	}
	if (!capability_held(CAP_SYS_PTRACE))
		plan->tracer = sockets->first_pid;
	if (!capability_held(CAP_SYS_ADMIN))
		plan->flags |= PLAN_NO_NEW_PRIVILEGES;
	plan->bind_filter = lengths ? bind_filter_make(has_path, lengths, count) : NULL;
	free(lengths);
	if (!plan->bind_filter)
		buf_addf(why, "making a filter for pass = bind: %s", strerror(errno));
	return plan->bind_filter;
}

/* superd-exec, and priorities. */
static bool make_rest(struct plan *plan, const struct service *service, struct buf *why)
{
	const struct environment_options *environment = service->groups->environment;

	/* Which of its starts need superd-exec is for exec/child/child.c to say. */
	if ((plan->sandbox || plan->credentials || plan->folder_count || plan->condition_count || plan->root) &&
	    program_get(PROGRAM_EXEC)->fd < 0) {
		program_describe_missing(PROGRAM_EXEC, why);
		return false;
	}
	plan->umask = environment->umask;
	plan->nice = (int)environment->nice;
	plan->io_priority = -1;
	if (environment->io_scheduling && !scheduling_io_priority(environment->io_scheduling, &plan->io_priority))
		return plan_fail(service, "io_scheduling", why, "'%s' is not known here", environment->io_scheduling);
	if (environment->oom_score_adjust != INT64_MIN)
		snprintf(plan->oom_score, sizeof(plan->oom_score), "%d", (int)environment->oom_score_adjust);
	return true;
}

static unsigned find_flags(const struct service *service)
{
	const struct option_groups *groups = service->groups;
	const struct environment_options *environment = groups->environment;
	bool inetd = service->exec->pass == PASS_INETD;

	return (environment->environment_file ? PLAN_REREADS : 0) | (inetd ? PLAN_TELLS_HOST : 0) |
		(service_is_builtin(service) && service_find_socket(service, KINDS_DATAGRAM) /* loop_ports may change */
			 ? PLAN_REREADS
			 : 0) |
		(service->exec->accept && plan_names_any_instance(service) ? PLAN_PER_CONNECTION : 0) |
		(environment->expand_environment && !service_is_builtin(service) ? PLAN_EXPANDS : 0) |
		(environment->unit_environment ? PLAN_TELLS_UNIT : 0) |
		(environment->working_directory && *environment->working_directory == '-' ? PLAN_DIRECTORY_OPTIONAL
											  : 0) |
		(groups->identity->no_new_privileges ? PLAN_NO_NEW_PRIVILEGES : 0) |
		(groups->scheduling->ignore_sigpipe ? PLAN_IGNORES_SIGPIPE : 0) |
		(groups->resources->delegate ? PLAN_DELEGATES : 0);
}

struct plan *plan_make(const struct service *service, const struct process_defaults *defaults,
		       const struct plan_sockets *sockets, struct buf *why)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan) {
		buf_text(why, "out of memory");
		return NULL;
	}
	plan->flags = find_flags(service);
	make_privileges(plan, service);
	make_limits(plan, service->groups->limits, defaults);
	if (plan_make_argv(plan, service, sockets, why) && plan_make_commands(plan, service, sockets, why) &&
	    make_plan_environment(plan, service, defaults, sockets, why) && make_directories(plan, service, why) &&
	    directories_plan(plan, service, defaults, why) && credentials_plan(plan, service, defaults, why) &&
	    make_rest(plan, service, why) && plan_make_resources(plan, service, why) &&
	    make_bind_filter(plan, service, sockets, why) && make_streams(plan, service, sockets, why)) {
		plan_check_trust(plan);
		return plan;
	}
	plan_free(plan);
	return NULL;
}

/* A plan that changes nothing of what superd's own process has but its limit of descriptors. nofile NULL: nor that.
 * NULL: out of memory. */
static struct plan *plan_new(const struct rlimit *nofile)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->umask = (mode_t)-1;
	plan->io_priority = plan->cpu_policy = -1;
	plan->bounding = UINT64_MAX;
	if (nofile)
		plan->limits[plan->limit_count++] = (struct plan_limit){ RLIMIT_NOFILE, *nofile };
	return plan;
}

struct plan *plan_relay(const struct service *service, const struct account *account,
			const struct process_defaults *defaults, const struct plan_sockets *sockets, struct buf *why)
{
	struct plan *plan = plan_new(&defaults->nofile);

	if (!plan)
		buf_text(why, "out of memory");
	if (!plan || !plan_make_relay_argv(plan, service, sockets, why)) {
		plan_free(plan);
		return NULL;
	}
	plan->account = account;
	plan->umask = 022;
	plan->bounding = 0;
	plan->flags = PLAN_NO_NEW_PRIVILEGES;
	return plan;
}

struct plan *plan_command(char *const *argv, const struct process_defaults *defaults)
{
	struct plan *plan = plan_new(&defaults->inherited_nofile);
	struct variables variables = { 0 };
	struct buf program = { 0 };
	size_t count = 0;

	if (!plan)
		return NULL;
	while (argv[count])
		count++;
	plan->foreground = tcgetpgrp(STDIN_FILENO) == getpgrp() ? TAKES_TERMINAL : FOREGROUND;
	plan->signals = &defaults->signals;
	plan->main.argv = calloc(count + 1, sizeof(*plan->main.argv));
	for (char **at = defaults->environment; at && *at; at++) {
		if (!is_own_variable(*at))
			variables_set(&variables, *at);
	}
	plan->environment = variables.list;
	plan->environment_count = variables.count;
	if (!path_search(argv[0], getenv("PATH"), &program))
		/* "" fails with ENOENT; a bare name would be looked for in the working directory. */
		buf_clear(&program);
	plan->text = buf_take(&program);
	if (!plan->main.argv || !plan->text || variables.failed) {
		plan_free(plan);
		return NULL;
	}
	memcpy(plan->main.argv, argv, count * sizeof(*argv));
	plan->main.program = plan->text;
	return plan;
}

struct plan *plan_own_program(enum program which, const char *const *arguments, const struct account *account,
			      const struct rlimit *nofile, struct buf *why)
{
	const struct own_program *program = program_get(which);
	struct plan *plan = program->fd < 0 ? NULL : plan_new(nofile);
	size_t count = 0;

	if (program->fd < 0) {
		program_describe_missing(which, why);
		return NULL;
	}
	while (arguments[count])
		count++;
	if (plan) {
		plan->main = (struct plan_command){ .program = program->path, .file = program->fd };
		plan->main.argv = calloc(count + 3, sizeof(*plan->main.argv));
		plan->environment = calloc(2, sizeof(*plan->environment));
	}
	if (!plan || !plan->main.argv || !plan->environment || !(plan->environment[0] = strdup(DEFAULT_PATH))) {
		buf_text(why, "out of memory");
		plan_free(plan);
		return NULL;
	}
	plan->environment_count = 1;
	plan->main.argv[0] = (char *)(uintptr_t)program->name;
	plan->main.argv[1] = (char *)(uintptr_t)build_word();
	memcpy(plan->main.argv + 2, arguments, count * sizeof(*arguments));
	plan->directory = "/";
	plan->account = account;
	plan->umask = 022;
	plan->bounding = 0;
	plan->flags = PLAN_NO_NEW_PRIVILEGES;
	return plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t n = 0; n < plan->environment_count; n++)
		free(plan->environment[n]);
	free(plan->environment);
	free(plan->main.argv);
	plan_free_commands(plan);
	free(plan->text);
	directories_plan_free(plan);
	credentials_free(plan->credentials);
	free(plan->bind_filter);
	free(plan);
}
