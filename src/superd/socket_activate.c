/* Builds the service of -l, by the same builder as the services of a file. As with systemd-socket-activate(1), the
 * command inherits the streams, the terminal, the folder and a few variables. Unlike that, superd stays and starts the
 * command again for the next client. */
#include "superd/main.h"

static const struct origin nowhere = { .file = "command line" };

static void set_values(struct service_builder *builder, const char *name, const char *const *given, size_t count,
		       struct diags *diags)
{
	struct value value = { .words = given, .count = count, .is_list = count > 1, .at = nowhere };

	builder_set(builder, name, &value, diags);
}

static void set_value(struct service_builder *builder, const char *name, const char *word, struct diags *diags)
{
	set_values(builder, name, &word, 1, diags);
}

/* Adds a path of the command line: a relative one begins at the current folder, as the shell's do. */
static void add_path(struct buf *out, const char *path, struct diags *diags)
{
	char *folder = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path != '/' && !folder)
		diag_error(diags, nowhere, "%s: cannot find the current folder: %s", path, strerror(errno));
	while (folder && !strncmp(path, "./", 2))
		path += 2 + strspn(path + 2, "/");
	buf_addf(out, "%s%s%s", folder ? folder : "", folder && strcmp(folder, "/") ? "/" : "", path);
	free(folder);
}

static bool is_relative_path(const char *text)
{
	return !strncmp(text, "./", 2) || !strncmp(text, "../", 3);
}

/* An endpoint of the command line: --datagram and --seqpacket give a kind to an address without one; a path becomes
 * absolute. A word without a kind is a port, unless it begins as a path does. */
static void listen_on(struct service_builder *builder, const struct options *options, const char *endpoint,
		      struct diags *diags)
{
	bool is_local = *endpoint == '/' || *endpoint == '@' || is_relative_path(endpoint);
	unsigned kind = endpoint_kind_named(endpoint);
	bool has_path = kind & (KINDS_UNIX | KIND(FIFO) | KIND(SPECIAL));
	struct buf text = { 0 };
	const char *path;

	if (*endpoint == ':' && isdigit((unsigned char)endpoint[1]))
		endpoint++; /* as Go and others write a port of all addresses */
	if (options->flags & (OPTION_DATAGRAM | OPTION_SEQPACKET) && kind)
		diag_error(diags, nowhere, "%s goes with an address alone, and %s names its kind",
			   options->flags & OPTION_DATAGRAM ? "--datagram" : "--seqpacket", endpoint);
	if (options->flags & OPTION_DATAGRAM)
		buf_text(&text, is_local ? "unix-dgram:" : "udp:");
	else if (options->flags & OPTION_SEQPACKET)
		buf_text(&text, "seqpacket:");
	path = has_path ? strchr(endpoint, ':') + 1 : endpoint;
	buf_add(&text, endpoint, (size_t)(path - endpoint));
	if ((has_path || is_relative_path(path)) && *path && *path != '/' && *path != '@')
		add_path(&text, path, diags);
	else
		buf_text(&text, path);
	if (text.failed)
		diag_error(diags, nowhere, "out of memory");
	set_value(builder, "listen", buf_string(&text), diags);
	buf_free(&text);
}

/* Adds the sockets. A single name is used for all of them. */
static void set_sockets(struct service_builder *builder, const struct options *options, struct diags *diags)
{
	struct buf joined = { 0 };
	const char *names;
	bool one;

	for (size_t n = 0; n < options->fdnames.count; n++)
		buf_addf(&joined, "%s%s", n ? ":" : "", options->fdnames.list[n]);
	names = options->fdnames.count ? buf_string(&joined) : NULL;
	one = names && !strchr(names, ':');

	for (size_t n = 0; n < options->endpoints.count; n++) {
		size_t length = names ? strcspn(names, ":") : 0;
		char *name = names ? strndup(names, length) : NULL;

		if (options->fdnames.count && !names)
			diag_error(diags, nowhere, "--fdname has fewer names than there are sockets");
		builder_open_socket(builder, name, nowhere);
		listen_on(builder, options, options->endpoints.list[n], diags);
		builder_close_socket(builder, diags);
		free(name);
		if (!one)
			names = names && names[length] ? names + length + 1 : NULL;
	}
	if (names && !one)
		diag_error(diags, nowhere, "--fdname has more names than there are sockets");
	if (joined.failed)
		diag_error(diags, nowhere, "out of memory");
	buf_free(&joined);
}

/* Sets exec. false: there is no such program, which is an error in diags. */
static bool set_command(struct service_builder *builder, char **command, struct diags *diags)
{
	struct value exec = { .words = (const char *const *)command, .is_list = true, .at = nowhere };
	struct buf found = { 0 }, program = { 0 };
	char *name = command[0];

	if (!path_search(command[0], getenv("PATH"), &found)) {
		diag_error(diags, nowhere, "there is no program %s in PATH", command[0]);
		buf_free(&found);
		return false;
	}
	add_path(&program, buf_string(&found), diags);
	buf_free(&found);
	command[0] = program.data;
	exec.count = program.data ? words_count(exec.words) : 0;
	builder_set(builder, "exec", &exec, diags);
	command[0] = name;
	if (strcmp(buf_string(&program), name))
		set_value(builder, "argv0", name, diags);
	buf_free(&program);
	return true;
}

static void set_environment(struct service_builder *builder, const struct options *options, struct diags *diags)
{
	static const char *const usual[] = { "TERM", "COLORTERM", "NO_COLOR", "PATH", "USER", "HOME" };
	const size_t usual_count = sizeof(usual) / sizeof(*usual);
	const char **env = calloc(2 * options->environment.count + usual_count, sizeof(*env)), **passenv;
	size_t assigned = 0, passed = 0;

	if (!env) {
		diag_error(diags, nowhere, "out of memory");
		return;
	}
	passenv = env + options->environment.count;
	for (; passed < usual_count; passed++)
		passenv[passed] = usual[passed];
	for (size_t n = 0; n < options->environment.count; n++) {
		if (strchr(options->environment.list[n], '='))
			env[assigned++] = options->environment.list[n];
		else
			passenv[passed++] = options->environment.list[n];
	}
	if (assigned)
		set_values(builder, "env", env, assigned, diags);
	set_values(builder, "passenv", passenv, passed, diags);
	free(env);
}

static void set_switches(struct service_builder *builder, const struct options *options, struct diags *diags)
{
	char *folder = getcwd(NULL, 0), text[32];
	mode_t mask = umask(022);

	umask(mask);
	snprintf(text, sizeof(text), "%03o", (unsigned)mask & 0777);
	set_value(builder, "umask", text, diags);
	if (folder && *folder == '/')
		set_value(builder, "working_directory", folder, diags);
	free(folder);
	set_value(builder, "accept", options->flags & OPTION_ACCEPT ? "yes" : "no", diags);
	set_value(builder, "pass",
		  options->flags & OPTION_INETD		 ? "inetd"
			  : options->flags & OPTION_BIND ? "bind"
							 : "systemd",
		  diags);
	set_value(builder, "error", "inherit", diags);
	if (!(options->flags & OPTION_INETD))
		set_value(builder, "output", "inherit", diags);
	if (options->flags & OPTION_NOW)
		set_value(builder, "start", "boot", diags);
	if (options->idle) {
		scan_duration_format(options->idle, text);
		set_value(builder, "idle_timeout", text, diags);
	}
	if (geteuid() == 0)
		set_value(builder, "user", "root", diags);
}

struct table *socket_activate_table(const struct options *options, struct diags *diags)
{
	struct table *table = table_new();
	const char *program = options->command[0], *base = strrchr(program, '/');
	struct service_builder *builder = NULL;
	struct buf name = { 0 };
	bool found;

	if (!table)
		return NULL;
	for (base = base ? base + 1 : program; *base; base++)
		buf_char(&name, isalnum((unsigned char)*base) || strchr("._+-", *base) ? *base : '_');
	if (!name.length)
		buf_text(&name, "command");
	builder = builder_new(table, (struct service){ .name = buf_string(&name), .at = nowhere });
	buf_free(&name);
	if (!builder) {
		table_free(table);
		return NULL;
	}
	set_sockets(builder, options, diags);
	found = set_command(builder, options->command, diags);
	set_environment(builder, options, diags);
	set_switches(builder, options, diags);
	if (found && !builder_finish(builder, NULL, diags) && !diags->errors)
		diag_error(diags, nowhere, "out of memory");
	builder_free(builder);
	table_check(table, diags);
	return table;
}
