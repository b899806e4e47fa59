/* Whether this machine has what each service needs: its files first, then sockets, libraries and privileges. */
#include "superd/machine/machine.h"

#include <linux/capability.h>

enum { BIND_UNTRIED = -2 };

/* The state of checking one table. */
struct preflight {
	const struct table *table;
	struct diags *diags;
	bool root;		   /* superd runs as root */
	bool serves;		   /* superd already serves, and must not block */
	int port_start;		   /* capability_port_start */
	struct ptr_map programs;   /* program, account -> its flaw; NULL: none */
	struct ptr_map tables;	   /* file -> NULL, once its owners were checked */
	struct ptr_map root_files; /* program or environment_file -> NULL, if only root can change it */
	struct port_table ports;   /* owned; without holders before the first taken port */
	bool holders_read;
	int bind_error; /* why pass = bind is impossible, an errno; 0: it is possible; -1: unknown; BIND_UNTRIED */
	bool has_host_rules; /* hosts.allow or hosts.deny have a rule */
	struct sandbox_support support;
};

/* Adds "SERVICE: OPTION = VALUE: WRONG" at the option's origin, in the words of the table's format; without OPTION if
 * that format has no word for it. value NULL: the service's, as superd.conf writes it, also if it is the default. */
__attribute__((format(printf, 6, 7))) static void
preflight_report(struct preflight *preflight, enum severity severity, const struct service *service, const char *name,
		 const char *value, const char *wrong, ...)
{
	struct origin at = service_origin(service, name);
	struct buf setting = { 0 }, own = { 0 };
	char text[1024];
	va_list arguments;

	va_start(arguments, wrong);
	vsnprintf(text, sizeof(text), wrong, arguments);
	va_end(arguments);
	if (!value) {
		conf_value_add(&own, service, option_find(NATIVE, name));
		value = buf_string(&own);
	}
	if (service->is_foreign && !strcmp(name, "exec"))
		buf_text(&setting, value);
	else
		option_name_add(service, name, value, &setting);
	diags_add(preflight->diags, severity, at, "%s: %s: %s", service->name, buf_string(&setting), text);
	buf_free(&setting);
	buf_free(&own);
}

/* Whether superd may examine a path: always before it serves; then only if that cannot block. */
static bool preflight_may_look(const struct preflight *preflight, const char *path)
{
	struct path_finding finding;

	return !preflight->serves || *path != '/' ||
		path_is_trusted(path, PATH_OWNER | PATH_WORLD | PATH_REMOTE, &finding) ||
		finding.missing == LAST_MISSING;
}

void denied_calls_describe(struct buf *out)
{
	if (!self_sandbox_can_filter())
		buf_text(out, "This machine lacks seccomp: no filter of system calls confines superd's own programs\n");
	if (!self_sandbox_can_restrict())
		buf_text(out, "This machine lacks Landlock: superd's own programs are not kept from files and ports\n");
}

/* Checks whether users other than root can change what root runs: the tables, and for services that run as root the
 * program and its files of variables. */

#define FLAWS (PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_FILE)

/* Whether users other than root can change the file; how, in `what`. */
static bool is_changeable(const char *path, struct buf *what)
{
	struct path_finding finding;

	if (path_is_trusted_but(path, FLAWS, group_is_empty, NULL, &finding) || !(finding.flaw & FLAWS) ||
	    finding.missing)
		return false;
	path_finding_describe(&finding, what);
	return true;
}

static void check_root_file(struct preflight *preflight, const struct service *service, const char *option,
			    const char *path)
{
	struct buf what = { 0 };
	const void *known;

	if (*path != '/' || ptr_map_get(&preflight->root_files, path, NULL, &known))
		return;
	if (is_changeable(path, &what))
		preflight_report(preflight, SEVERITY_WARNING, service, option, path,
				 "other users could choose the program that runs as root: %s", buf_string(&what));
	else
		ptr_map_put(&preflight->root_files, path, NULL, NULL);
	buf_free(&what);
}

/* Checks a table's file, once for all its services. */
static void check_table(struct preflight *preflight, const char *file)
{
	struct origin at = { .file = file };
	struct buf what = { 0 };
	char path[PATH_MAX], here[PATH_MAX] = "";

	ptr_map_put(&preflight->tables, at.file, NULL, NULL);
	if (*at.file != '/' && !getcwd(here, sizeof(here)))
		return;
	if (snprintf(path, sizeof(path), "%s%s%s", here, *here ? "/" : "", at.file) < (int)sizeof(path) &&
	    is_changeable(path, &what))
		diag_warning(preflight->diags, at,
			     "other users can change the programs that superd runs: "
			     "%s",
			     buf_string(&what));
	buf_free(&what);
}

/* The path of its program; NULL: it has none, or that is not found. */
static const char *find_program(const struct preflight *preflight, const struct service *service)
{
	struct buf path = { 0 };

	if (service->exec->exec && plan_find_program(service, service->exec->exec[0], &path))
		return buf_keep(&path, preflight->table->pool);
	buf_free(&path);
	return NULL;
}

static void preflight_owners(struct preflight *preflight, const struct service *service)
{
	words files = service->groups->environment->environment_file;
	const char *program, *file = service->at.file;
	const void *known;

	if (!preflight->root)
		return;
	if (file && !ptr_map_get(&preflight->tables, file, NULL, &known))
		check_table(preflight, file);
	if ((service->account && service->account->uid != 0) || service->groups->environment->root_directory)
		return;
	if ((program = find_program(preflight, service)))
		check_root_file(preflight, service, "exec", program);
	for (; files && *files; files++)
		check_root_file(preflight, service, "environment_file", *files + (**files == '-'));
}

/* Says what a start would refuse, or superd itself, as another user could lead it elsewhere. */
static void preflight_paths(struct preflight *preflight, const struct service *service)
{
	struct start_path path = { .number = 0 };
	struct buf why = { 0 };

	while (start_path_next(service, ~0u, &path)) {
		struct stat status;

		buf_clear(&why);
		if (path.rule == START_CREDENTIAL && stat(path.path, &status) == 0 && S_ISSOCK(status.st_mode))
			preflight_report(preflight, SEVERITY_ERROR, service, path.option, path.word,
					 "%s is a socket, and superd reads a credential from a file: have it written "
					 "to one before the start",
					 path.path);
		else if (!start_path_check(service, &path, &why))
			preflight_report(preflight, SEVERITY_WARNING, service, path.option, path.word, "%s: %s",
					 path.rule == START_BANNER    ? "clients would not be sent it"
					 : path.rule == START_RECORDS ? "superd would not log there"
					 : path.rule == START_LINK    ? "it would not be made"
								      : "a start would fail",
					 buf_string(&why));
	}
	buf_free(&why);
}

/* Checks the programs that a service names: whether they are there. What its user may do with them, and whether its
 * folders are there, the start says. A path below root_directory is looked up inside it, where an absolute link leads
 * to another file. */

/* The flaw of a program; root: the root_directory. NULL: none. The text is in the table's pool. */
static const char *check_program_at(const struct preflight *preflight, const struct service *service, const char *path,
				    const char *root)
{
	struct pool *pool = preflight->table->pool;
	char interpreter[PATH_MAX];
	struct buf why = { 0 };
	struct stat status;

	if (root_path_stat(root, path, &status) < 0) {
		/* superd's user may not look, but the service's user might: only root can check that */
		if (errno == EACCES && !preflight->root && service->account && service->account->switches &&
		    preflight->table->is_only_checked)
			return NULL;
		return errno != ENOENT ? pool_text(pool, strerror(errno))
			: root	       ? pool_textf(pool, "there is no such program in root_directory = %s", root)
				       : "there is no such program";
	}
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? "that is a directory, not a program" : "that is no program";
	if (!(status.st_mode & 0111))
		return pool_textf(pool, "nobody may execute it; its mode is %04o", (unsigned)(status.st_mode & 07777));
	if (interpreter_find(root, path, interpreter) == INTERPRETER_FOUND &&
	    !sandbox_covers(service_prepared(service)->sandbox, interpreter) &&
	    preflight_may_look(preflight, root ? root : interpreter) && interpreter_is_missing(root, interpreter, &why))
		return buf_keep(&why, pool);
	return NULL;
}

static void check_program(struct preflight *preflight, const struct service *service)
{
	const char *root = service->groups->environment->root_directory;
	const char *program = find_program(preflight, service);
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;
	bool is_shareable = !root && !sandbox; /* it may hide or replace an interpreter */
	words folders = service->exec->exec ? service->exec->exec_search_path : NULL;
	const void *wrong = NULL;
	struct buf path = { 0 };

	if (!program && folders) {
		for (; *folders; folders++)
			buf_addf(&path, "%s%s", path.length ? ":" : "", *folders);
		preflight_report(preflight, SEVERITY_ERROR, service, "exec", service->exec->exec[0],
				 "there is no such program in %s", buf_string(&path));
		buf_free(&path);
	}
	if (!program || sandbox_covers(sandbox, program))
		return; /* table/services/rules_program.c reports that it must be absolute */
	if (!is_shareable || !ptr_map_get(&preflight->programs, program, service->account, &wrong)) {
		if (preflight_may_look(preflight, root ? root : program))
			wrong = check_program_at(preflight, service, program, root);
		if (is_shareable)
			ptr_map_put(&preflight->programs, program, service->account, wrong);
	}
	if (wrong)
		preflight_report(preflight, SEVERITY_ERROR, service, "exec", program, "%s", (const char *)wrong);
	if (wrong && !service->is_foreign && !service->exec->exec[1] && strchr(program, ' '))
		diags_hint(preflight->diags,
			   "a list names each word for itself: { \"/bin/cat\", \"-u\" }; one text is "
			   "split: \"/bin/cat -u\"");
}

/* The flaw of a program of superd's own; NULL: none. The text is in the table's pool. */
static const char *preflight_check_own(const struct preflight *preflight, enum program which)
{
	struct buf flaw = { 0 };

	if (program_get(which)->fd >= 0)
		return NULL;
	program_describe_missing(which, &flaw);
	return buf_keep(&flaw, preflight->table->pool);
}

/* Checks superd's own program for builtin and redirect, which may be missing if superd was copied. */
static void check_own_program(struct preflight *preflight, const struct service *service)
{
	const char *option = service->exec->builtin ? "builtin" : "redirect", *wrong = NULL;

	if (service_is_builtin(service) || service_is_relayed(service))
		wrong = preflight_check_own(preflight, plan_builtin_program(service));
	if (wrong)
		preflight_report(preflight, SEVERITY_ERROR, service, option,
				 service->exec->builtin ? service->exec->builtin[0] : service->exec->redirect[0], "%s",
				 wrong);
}

/* Checks whether this machine lets superd answer a program's bind(2): by a filter of a process of its own, as a
 * container's filter may forbid filters. The kernel takes one filter with a listener for a process and all its
 * ancestors (EBUSY). */
static void preflight_bind(struct preflight *preflight, const struct service *service)
{
	const char *wrong = NULL, *hint = "put the program behind redirect";
	int error = 0;

	if (service->exec->pass != PASS_BIND)
		return;
	if (!process_list_is_possible()) {
		wrong = "there is no /proc here, by which superd sees who binds";
		hint = "mount it, or put the program behind redirect";
	} else if ((wrong = preflight_check_own(preflight, PROGRAM_BIND))) {
		hint = NULL;
	} else {
		if (preflight->bind_error == BIND_UNTRIED)
			preflight->bind_error = spawn_probe(user_notif_try);
		error = preflight->bind_error;
	}
	if (error) {
		wrong = error < 0 ? "superd could not try it" : strerror(error);
		hint = error == EBUSY ? "the container's runtime answers system calls of this container already "
					"(seccomp_unotify(2)), and "
					"Linux lets only one do so: turn that off, or put the program behind redirect"
				      : "it needs a container that allows seccomp(2) and, as with CAP_SYS_PTRACE, "
					"pidfd_getfd(2); without "
					"them, put the program behind redirect";
	}
	if (wrong) {
		preflight_report(preflight, SEVERITY_ERROR, service, "pass", "bind", "%s%s",
				 error ? "this kernel, or the container, does not let superd answer bind(2): " : "",
				 wrong);
		if (hint)
			diags_hint(preflight->diags, "%s", hint);
		return;
	}
	if (!service->groups->identity->no_new_privileges && !capability_held(CAP_SYS_ADMIN))
		preflight_report(preflight, SEVERITY_WARNING, service, "no_new_privileges", "no",
				 "pass = bind: without CAP_SYS_ADMIN superd starts the program with no_new_privileges");
}

/* Checks what superd must be allowed to do for a service's sockets. Whether the kernel has their kind, and the machine
 * their interface and address, it says when they are opened. */

static void preflight_sockets(struct preflight *preflight, const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		const struct endpoint *address = listen->address;
		uid_t owner = listen_prepared(listen)->owner;
		char text[ENDPOINT_TEXT];

		if (!listen_is_other_family(service, listen) && endpoint_is_inet(address) && !address->port_name &&
		    address->port && address->port < preflight->port_start && !capability_held(CAP_NET_BIND_SERVICE))
			diag_warning(preflight->diags, listen->at,
				     "%s: %s: ports below %d need root, CAP_NET_BIND_SERVICE or "
				     "net.ipv4.ip_unprivileged_port_start",
				     service->name, endpoint_text(listen->endpoint, text), preflight->port_start);
		if (endpoint_is_path(address) && owner != (uid_t)-1 && owner != geteuid() &&
		    !capability_held(CAP_CHOWN))
			preflight_report(preflight, SEVERITY_ERROR, service, "socket_user",
					 listen->options->socket_user,
					 "only root or CAP_CHOWN can change the owner of a node");
	}
}

/* Warns of ports that another process has, by the kernel's list. A socket of superd's own, opened to find out, could
 * take datagrams, or the port from a program that starts. */

/* A socket in the way; NULL: none. Those that this superd serves with are not. For --check those of any superd are not:
 * it may be the one that runs with this table. */
static const struct port_socket *find_taken(struct preflight *preflight, const struct endpoint *wanted)
{
	struct port_table *ports = &preflight->ports;

	for (size_t n = port_table_first(ports, wanted->port); n < ports->count && ports->list[n].port == wanted->port;
	     n++) {
		if (!ports->list[n].has_superd && port_socket_blocks(&ports->list[n], wanted))
			return &ports->list[n];
	}
	return NULL;
}

static void check_port(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	static const struct {
		const char *program, *hint;
	} replaced[] = {
		{ "inetd", "to replace inetd, stop it before superd starts" },
		{ "xinetd", "to replace xinetd, stop it before superd starts" },
		{ "systemd",
		  "systemctl list-sockets names the unit: stop it before superd starts, unless it passes superd "
		  "the socket" },
	};
	const struct endpoint wanted = endpoint_claim_of(service, listen, 0).endpoint;
	const struct port_socket *taken = find_taken(preflight, &wanted);
	char text[ENDPOINT_TEXT];
	struct buf holder = { 0 };

	if (taken && !preflight->holders_read) {
		preflight->holders_read = true;
		port_table_find_holders(&preflight->ports, preflight->serves);
		taken = find_taken(preflight, &wanted);
	}
	if (!taken)
		return;
	if (taken->holder)
		process_describe(taken->holder, &holder);
	/* An ordinary user cannot see whether it is a superd that runs with this table. */
	diags_add(preflight->diags, taken->holder || preflight->root ? SEVERITY_WARNING : SEVERITY_NOTE, listen->at,
		  "%s: superd cannot listen on %s now: %s has it", service->name, endpoint_text(listen->endpoint, text),
		  taken->holder ? buf_string(&holder) : "another socket");
	for (size_t n = 0; taken->holder && n < sizeof(replaced) / sizeof(*replaced); n++) {
		if (process_is_named(taken->holder, replaced[n].program))
			diags_hint(preflight->diags, "%s", replaced[n].hint);
	}
	if (!taken->holder && !preflight->root)
		diags_hint(preflight->diags, "as root, superd names the process");
	buf_free(&holder);
}

/* Checks whether its ports are free. */
static void preflight_ports(struct preflight *preflight, const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		bool is_listed = listen->address->kind == ENDPOINT_TCP || listen->address->kind == ENDPOINT_UDP;

		if (is_listed && listen->address->port && !listen->address->port_name && !listen->options->reuse_port &&
		    !listen_is_other_family(service, listen))
			check_port(preflight, service, listen);
	}
}

/* Checks that this superd was built with the libraries that a service needs, and that superd's helper programs exist,
 * which may be missing from a copied installation. Without them all clients would be refused, or would never find the
 * service. */

/* The option that needs superd-lookup, and its value in *value. NULL: none. */
static const char *find_lookup_option(struct preflight *preflight, const struct service *service, const char **value)
{
	const struct access_options *access = service->groups->access;
	const struct log_options *logging = service->groups->logging;

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (!listen_prepared(listen)->access || !access_has_names(listen_prepared(listen)->access))
			continue;
		*value = "names of hosts";
		return listen->options->only_from ? "only_from" : "no_access";
	}
	*value = access->libwrap;
	if (access->libwrap && preflight->has_host_rules)
		return "libwrap";
	*value = "yes";
	if (access->id_only)
		return "id_only";
	*value = "USERID";
	if (logging->log_on_success & SUCCESS_USERID)
		return "log_on_success";
	return logging->log_on_failure & FAILURE_USERID ? "log_on_failure" : NULL;
}

/* Checks the libraries and helper programs that it needs. Without a rule in hosts.allow and hosts.deny superd admits
 * all clients and does not ask libwrap; xinetd.conf implies libwrap for most services. */
static void preflight_libraries(struct preflight *preflight, const struct service *service)
{
	const char *libwrap = service->groups->access->libwrap, *value;
	const char *option = find_lookup_option(preflight, service, &value);
	const char *wrong = option ? preflight_check_own(preflight, PROGRAM_LOOKUP) : NULL;

	if (libwrap && !build_has("libwrap"))
		preflight_report(preflight,
				 preflight->has_host_rules ? SEVERITY_ERROR : SEVERITY_WARNING,
				 service, "libwrap", libwrap,
				 "this superd was built without libwrap: with a rule in hosts.allow or hosts.deny it "
				 "refuses all clients");
	if (wrong) /* clients are served without the name that a log would have */
		preflight_report(preflight, strncmp(option, "log_", 4) ? SEVERITY_ERROR : SEVERITY_WARNING, service,
				 option, value, "%s", wrong);
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];
		bool is_built = build_has("libtirpc");
		char text[ENDPOINT_TEXT];

		if (!endpoint_is_rpc(listen->endpoint))
			continue;
		wrong = is_built
			? preflight_check_own(preflight, PROGRAM_RPC)
			: "this superd was built without superd-rpc (libtirpc), so it cannot register with rpcbind";
		if (wrong)
			diag_error(preflight->diags, listen->at, "%s: %s: %s", service->name,
				   endpoint_text(listen->endpoint, text), wrong);
		if (!is_built)
			diags_hint(preflight->diags,
				   "with a port of its own, as tcp:PORT, it is served without rpcbind");
	}
}

/* What superd must be allowed to do for a service. Whether it is root says little: root in a container lacks
 * capabilities, and limits may be too low for any user. */

/* Checks the privileges that superd needs for it. */
static void preflight_privileges(struct preflight *preflight, const struct service *service)
{
	const struct identity_options *identity = service->groups->identity;
	const struct environment_options *environment = service->groups->environment;
	int64_t nice = environment->nice, oom_score = environment->oom_score_adjust;
	const char *root = environment->root_directory;
	struct rlimit own = { 0 };
	char text[32];

	/* superd's own programs have users of their own, sensors run no program, and units mean root. */
	if (preflight->root && !identity->user && !identity->dynamic_user && !service_is_unclear(service, "user") &&
	    service->exec->exec && service->groups->access->deny_time < 0 && service->dialect != UNIT) {
		diag_warning(preflight->diags, service->at, "%s: it would run as root", service->name);
		if (!service->is_foreign)
			diags_hint(preflight->diags, "set user = \"root\" if that is intended, or name another user");
	}
	if (root && sandbox_leaves_root(service))
		preflight_report(preflight, SEVERITY_WARNING, service, "root_directory", root,
				 "superd may not create mounts here, and root can leave a chroot(2)");
	/* The lowest nice value without privilege is 20 - RLIMIT_NICE (getrlimit(2)). */
	if (nice < 0 && !capability_held(CAP_SYS_NICE) &&
	    (getrlimit(RLIMIT_NICE, &own) < 0 ||
	     (own.rlim_cur != RLIM_INFINITY && nice < 20 - (int64_t)own.rlim_cur))) {
		snprintf(text, sizeof(text), "%" PRId64, nice);
		preflight_report(preflight, SEVERITY_WARNING, service, "nice", text,
				 "only root or CAP_SYS_NICE can set values below 0: it keeps superd's own");
	}
	/* Any process may raise oom_score_adj; lowering it needs CAP_SYS_RESOURCE. */
	if (oom_score != INT64_MIN && oom_score < 0 && !capability_held(CAP_SYS_RESOURCE)) {
		int64_t least = 0;

		fd_read_number("/proc/self/oom_score_adj", &least);
		snprintf(text, sizeof(text), "%" PRId64, oom_score);
		if (oom_score < least)
			preflight_report(
				preflight, SEVERITY_WARNING, service, "oom_score_adjust", text,
				"superd's own is %" PRId64
				", and only root or CAP_SYS_RESOURCE can go below: it keeps that", least);
	}
	for (int resource = 0; resource < RLIMITS; resource++) {
		const struct limit *wanted = &service->groups->limits->of[resource];
		int64_t most = wanted->hard > wanted->soft ? wanted->hard : wanted->soft;

		if (most < 0 || !limit_option(resource) || getrlimit(resource, &own) < 0 ||
		    own.rlim_max == RLIM_INFINITY || (most != SCAN_INFINITY && (rlim_t)most <= own.rlim_max) ||
		    capability_held(CAP_SYS_RESOURCE))
			continue;
		snprintf(text, sizeof(text), "%" PRId64, most);
		preflight_report(
			preflight, SEVERITY_WARNING, service, limit_option(resource),
			most == SCAN_INFINITY ? "unlimited" : text,
			"superd's own hard limit is %llu, and only root or CAP_SYS_RESOURCE can raise it: superd "
			"sets the nearest value",
			(unsigned long long)own.rlim_max);
	}
}

/* Reports an option for control groups, devices, scheduling or hardening that this machine cannot provide. */
static void report_missing(void *context, const struct service *service, const char *option, bool protects,
			   const char *why)
{
	struct preflight *preflight = context;
	bool refused = protects && !preflight->table->warns_of_unsupported;

	preflight_report(preflight, refused ? SEVERITY_ERROR : SEVERITY_WARNING, service, option, NULL,
			 refused ? "%s" : "%s; the option is ignored", why);
}

/* Checks its options for control groups, devices, scheduling and hardening. */
static void preflight_resources(struct preflight *preflight, const struct service *service)
{
	const struct cgroup_settings *settings = service_prepared(service)->cgroup_settings;

	sandbox_support_compare(&preflight->support, service, preflight->table->pool, report_missing, preflight);
	cgroup_settings_compare(service, report_missing, preflight);
	/* Without a pid file only the control group tells which process its daemon is. */
	if (service->exec->type == TYPE_FORKING && !service->groups->lifecycle->pid_file && settings &&
	    !settings->place->path) {
		struct buf option = { 0 };

		preflight_report(
			preflight, SEVERITY_ERROR, service, "type", "forking",
			"superd cannot know which process its daemon is: it has no pid file, and no control group: %s",
			settings->place->wrong);
		option_name_add(service, "pid_file", "PATH", &option);
		diags_hint(preflight->diags,
			   "set %s to the file that the daemon writes its pid to, or let it stay in the "
			   "foreground, with another type",
			   buf_string(&option));
		buf_free(&option);
	}
}

/* Checks every service against this machine.
 *
 * Tables may have ten thousand services, so what services share (a program, an interface, a kind of socket) is checked
 * once. Nothing is reported again that a reader has refused. */

void preflight_table(const struct table *table, enum preflight_for purpose, struct diags *diags)
{
	struct preflight preflight = { .table = table,
				       .diags = diags,
				       .root = geteuid() == 0,
				       .serves = purpose >= PREFLIGHT_RELOAD,
				       .port_start = capability_port_start(),
				       .bind_error = BIND_UNTRIED,
				       .has_host_rules = hosts_access_has_rules() };
	/* No service names them, and each may need them. */
	static const struct {
		enum program program;
		const char *lost;
	} shared[] = {
		{ PROGRAM_EXEC, "nothing starts that has conditions, directories, a sandbox or a root of its own" },
		{ PROGRAM_OUTPUT, "nobody reads what programs print, and they wait once their pipes are full" },
	};
	struct ptr_map *const maps[] = { &preflight.programs, &preflight.tables, &preflight.root_files };
	const char *wrong;

	if (purpose == PREFLIGHT_CHECK || purpose == PREFLIGHT_COMPARISON)
		port_table_read(&preflight.ports); /* else superd tries each port, and reports it */
	for (size_t i = 0; i < table->count; i++) {
		const struct service *service = &table->services[i];

		if (service->exec->disable)
			continue;
		preflight_owners(&preflight, service);
		if (purpose == PREFLIGHT_CHECK)
			preflight_paths(&preflight, service);
		preflight_bind(&preflight, service);
		check_program(&preflight, service);
		check_own_program(&preflight, service);
		preflight_sockets(&preflight, service);
		preflight_ports(&preflight, service);
		preflight_libraries(&preflight, service);
		preflight_privileges(&preflight, service);
		preflight_resources(&preflight, service);
	}
	for (size_t n = 0; table->count && n < sizeof(shared) / sizeof(*shared); n++) {
		wrong = preflight_check_own(&preflight, shared[n].program);
		if (wrong)
			diag_warning(diags, (struct origin){ 0 }, "%s. Without it %s", wrong, shared[n].lost);
	}
	for (size_t n = 0; n < sizeof(maps) / sizeof(*maps); n++)
		ptr_map_free(maps[n]);
	port_table_free(&preflight.ports);
}
