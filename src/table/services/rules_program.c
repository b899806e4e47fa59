/* Rules of what a service runs: texts, exec, builtin and redirect, its processes, commands, and when it is idle.
 *
 * A default contradicts nothing. So the rules ask service_setting whether the service's own text sets the option,
 * wherever the value may be a default. */
#include "table/services/internal.h"

/* Rules of texts: names, which superd writes to logs and LISTEN_FDNAMES; and templates such as %{fd}.
 *
 * A template that superd cannot replace would reach the backend unchanged and fail there, far from the wrong line. So
 * every template is checked here. */

#define NAME_MOST 255

/* Returns NULL, or why it is no name. sd_listen_fds(3) separates names by colons; those of sockets may have blanks. */
static const char *name_refuse(const char *name, bool is_socket)
{
	if (!*name)
		return "a name is missing";
	if (strlen(name) > NAME_MOST)
		return "a name has at most 255 characters";
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return "a name is part of paths, where . and .. are directories";
	for (; *name; name++) {
		if ((!isgraph((unsigned char)*name) && (*name != ' ' || !is_socket)) || *name == ':' || *name == '/')
			return is_socket ? "a name consists of letters, digits, punctuation and blanks, without colon "
					   "or slash"
					 : "a name consists of letters, digits and punctuation, without blank, colon "
					   "or slash";
	}
	return NULL;
}

void rule_names(const struct service *service, struct diags *diags)
{
	const char *reason = name_refuse(service->name, false);
	const char *last = service->name;

	if (!reason && strchr("-#", *service->name))
		reason = "a name begins with neither a dash, as options do, nor a #, as comments do";
	if (reason)
		diag_error(diags, service->at, "service '%s': %s", service->name, reason);
	for (size_t i = 0; i < service->socket_count; i++) {
		const struct listen *listen = &service->sockets[i];
		const char *name = listen->name;

		reason = strcmp(name, last) ? name_refuse(name, true) : NULL;
		if (reason)
			diag_error(diags, service_listen_origin(service, listen, "socket"), "%s: socket '%s': %s",
				   service->name, name, reason);
		last = name;
	}
}

/* Whether the service has a socket of this name, with a node where it needs one. */
static bool has_socket(const struct service *service, const char *name, size_t length, bool needs_node)
{
	for (size_t i = 0; i < service->socket_count; i++) {
		const char *known = service->sockets[i].name;

		if (scan_is_word(name, length, known) &&
		    (!needs_node || endpoint_is_path(service->sockets[i].endpoint)))
			return true;
	}
	return false;
}

/* Checks the text between the braces. Returns NULL, or why superd cannot replace it. */
static const char *template_refuse(const struct service *service, const char *text, size_t length)
{
	if (scan_is_word(text, length, "service"))
		return NULL;
	if (scan_is_word(text, length, "port"))
		return service_find_socket(service, KINDS_PORT | KIND(VSOCK)) ? NULL : "none of its sockets has a port";
	if (service->exec->pass == PASS_BIND && length >= 2 && !memcmp(text, "fd", 2))
		return "with pass = bind the program receives no descriptor: it binds its address";
	if (scan_is_word(text, length, "fd"))
		return service->socket_count ? NULL : "it has no socket";
	if (length > 3 && !memcmp(text, "fd:", 3))
		return has_socket(service, text + 3, length - 3, false) ? NULL : "it has no socket of this name";
	if (length > 5 && !memcmp(text, "path:", 5))
		return has_socket(service, text + 5, length - 5, true) ? NULL : "it has no such node";
	if (scan_is_word(text, length, "instance"))
		return service->exec->accept ? NULL : "only with accept = yes there is a connection to name";
	return "there are %{fd}, %{fd:NAME}, %{path:NAME}, %{service}, %{port} and %{instance}; %% is a percent sign";
}

/* Adds an error for every %{ } in a text of this option that superd cannot replace. */
static void check_templates(const struct service *service, const char *option, const char *text, struct diags *diags)
{
	for (const char *at = strchr(text, '%'); at; at = strchr(at, '%')) {
		const char *end = at[1] == '{' ? strchr(at, '}') : at;
		const char *reason = NULL;

		if (end && end > at)
			reason = template_refuse(service, at + 2, (size_t)(end - at) - 2);
		if (!end) {
			service_refuse(service, option, diags, "%s: the brace of '%s' is not closed", option, at);
			return;
		}
		if (reason)
			service_refuse(service, option, diags, "%s: '%.*s': %s", option, (int)(end - at) + 1, at,
				       reason);
		at = end > at ? end + 1 : at + 1 + (at[1] == '%');
	}
}

void rule_templates(const struct service *service, struct diags *diags)
{
	words exec = service->exec->exec;

	/* With an invalid listen option, the names of the sockets are unknown. */
	if (service_is_unclear(service, "listen"))
		return;
	if (exec && strstr(exec[0], "%{")) {
		service_refuse(service, "exec", diags, "exec: '%s': no %%{ } is replaced in the program's path",
			       exec[0]);
		diags_hint(diags, "write the path out; templates are for the arguments");
	}
	for (words word = exec ? exec + 1 : NULL; word && *word; word++)
		check_templates(service, "exec", *word, diags);
	if (service->exec->argv0)
		check_templates(service, "argv0", service->exec->argv0, diags);
	for (words word = service->groups->environment->env; word && *word; word++)
		check_templates(service, "env", *word, diags);
}

/* Rules of exec, builtin and redirect, of which a service has one, or exec and redirect. */

void rule_program(const struct service *service, struct diags *diags)
{
	words exec = service->exec->exec;

	if (service_is_unclear(service, "exec") || service_is_unclear(service, "builtin") ||
	    service_is_unclear(service, "redirect") || service_is_unclear(service, "deny_time"))
		return;
	if (!exec && !service->exec->builtin && !service->exec->redirect &&
	    service->groups->access->deny_time < 0) {       /* a sensor runs nothing */
		service_refuse(service, NULL, diags, "exec is missing");
		diags_hint(diags, "set the program, as in exec = \"/usr/sbin/%s\"", service->name);
	}
	if (!exec || exec[0][0] == '/' || (service->exec->exec_search_path && !strchr(exec[0], '/')))
		return;
	service_refuse(service, "exec", diags, "exec: '%s' is no absolute path", exec[0]);
	diags_hint(diags,
		   "superd does not search PATH: write the absolute path of the program, or its directory in "
		   "exec_search_path");
}

/* Every socket must be a stream socket whose connections superd accepts. */
static void check_streams(const struct service *service, const char *option, const char *name, struct diags *diags)
{
	char says[128];

	if (!service->exec->accept && !service_is_unclear(service, "accept")) {
		service_refuse(service, option, diags, "%s%s needs accept = yes", option, name);
		service_hint(service, diags, "set accept = yes");
	}
	snprintf(says, sizeof(says), "%s%s is for connections, as of TCP; there are none on %%s", option, name);
	sockets_refuse(service, ~(unsigned)KINDS_STREAM, says, diags);
}

static bool is_local(const char *host)
{
	return !strncmp(host, "127.", 4) || !strcmp(host, "::1") || !strcmp(host, "localhost");
}

/* The page shows what programs print and how they are started at paths, whose mode says who reads it, and with
 * { status, log } everywhere: to show it to all users, to all networks or to other virtual machines is a mistake. */
static void check_log_reach(const struct service *service, bool everywhere, struct diags *diags)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *endpoint = service->sockets[n].endpoint;
		const struct socket_options *options = service->sockets[n].options;

		if (endpoint_is_path(endpoint) && options->socket_mode & 0002) {
			diag_warning(diags, service_origin(service, "builtin"),
				     "%s: builtin: all users of the machine may read all logs, commands and "
				     "configuration: socket_mode is %04o",
				     service->name, (unsigned)options->socket_mode);
			diags_hint(diags, "set socket_mode = 0600, or 0660 with socket_group");
			return;
		}
		if (!everywhere || options->only_from || endpoint_is(endpoint, KINDS_UNIX) ||
		    (endpoint_is_inet(endpoint) && endpoint->address && is_local(endpoint->address)))
			continue;
		diag_warning(diags, service_origin(service, "builtin"),
			     "%s: builtin: everybody who reaches this port reads all logs, commands and configuration",
			     service->name);
		diags_hint(diags, "listen on 127.0.0.1 or a unix socket, set only_from, or remove log");
		return;
	}
}

void rule_builtin(const struct service *service, struct diags *diags)
{
	words builtin = service->exec->builtin;
	struct builtin_options options;
	const char *bad = NULL, *reason = builtin ? builtin_read_options(builtin, &options, &bad) : NULL;
	char says[128];

	if (!builtin)
		return;
	if (reason && bad)
		service_refuse(service, "builtin", diags, "builtin: '%s': %s", bad, reason);
	else if (reason)
		service_refuse(service, "builtin", diags, "builtin: %s", reason);
	if (!reason && !strcmp(builtin[0], "status"))
		check_log_reach(service, options.log, diags);
	if (builtin_is_plain(builtin[0])) {
		snprintf(says, sizeof(says), "builtin = %s is not possible on %%s, only on streams or datagrams",
			 builtin[0]);
		sockets_refuse(service, ~(unsigned)(KINDS_STREAM | KINDS_DATAGRAM), says, diags);
	} else {
		snprintf(says, sizeof(says), " = %s", builtin[0]);
		check_streams(service, "builtin", says, diags);
	}
}

/* Whether this socket is where redirect leads, as far as the texts show: relaying would have no end. */
static bool leads_back(words target, const struct listen *listen)
{
	const struct endpoint own = endpoint_with_options(listen->endpoint, listen->options);
	char port[16];

	if (!target[1])
		return own.kind == ENDPOINT_UNIX && !strcmp(own.address, target[0]);
	snprintf(port, sizeof(port), "%u", own.port);
	if (!endpoint_has_port(&own) || strcmp(own.port_name ? own.port_name : port, target[1]) != 0)
		return false;
	if (own.address)
		return !strcmp(own.address, target[0]);
	return is_local(target[0]) && !own.interface &&
	       own.family != (strchr(target[0], ':') ? FAMILY_IPV4 : FAMILY_IPV6);
}

void rule_redirect(const struct service *service, struct diags *diags)
{
	words target = service->exec->redirect;
	bool is_here = !service->groups->hardening->private_network && !service_is_unclear(service, "redirect");

	if (!target)
		return;
	if (service->exec->accept)
		check_streams(service, "redirect", "", diags);
	else if (!target[1])
		sockets_refuse(service, KIND(UDP), "redirect to a unix socket is for connections; there are none on %s",
			       diags);
	if (!service->exec->accept)
		sockets_refuse(service, ~(unsigned)(KINDS_STREAM | KIND(UDP)),
			       "redirect is for connections and UDP, not for %s", diags);
	for (size_t n = 0; is_here && n < service->socket_count; n++) {
		if (leads_back(target, &service->sockets[n]))
			service_refuse(service, "redirect", diags,
				       "redirect leads back to its own socket: name the address of the server");
	}
}

/* superd must read what the backend prints. A default that does not fit is no mistake of the service. */
void rule_ready(const struct service *service, struct diags *diags)
{
	const struct stream_options *streams = service->groups->streams;

	if (!service_setting(service, "ready") || !service->groups->lifecycle->ready ||
	    service_is_unclear(service, "ready") || streams->output.kind == STREAM_LOG ||
	    streams->error.kind == STREAM_LOG || service_is_unclear(service, "output") ||
	    service_is_unclear(service, "error"))
		return;
	service_refuse(service, "ready", diags,
		       "ready: superd does not read its output: neither output nor error is log");
	service_hint(service, diags, "set one of them to log, or use exec_ready");
}

void rule_streams(const struct service *service, struct diags *diags)
{
	const struct stream_options *streams = service->groups->streams;
	const struct {
		const char *name, *usual;
		const struct stream *stream;
	} all[] = {
		{ "input", "stdin", &streams->input },
		{ "output", "stdout", &streams->output },
		{ "error", "stderr", &streams->error },
	};

	if (service_is_unclear(service, "pass") || service_is_unclear(service, "accept") ||
	    service_is_unclear(service, "listen"))
		return;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *name = all[i].name, *socket = all[i].stream->path ? all[i].stream->path : all[i].usual;
		bool is_inetd = service->exec->pass == PASS_INETD, is_fd = all[i].stream->kind == STREAM_DESCRIPTOR;

		if (all[i].stream->kind == STREAM_SOCKET && !is_inetd && !service->exec->accept &&
		    service->socket_count != 1)
			service_refuse(service, name, diags,
				       "%s = socket needs a service with one socket; this one has %u", name,
				       service->socket_count);
		else if (is_fd && is_inetd)
			service_refuse(service, name, diags, "%s = fd:NAME needs pass = systemd", name);
		else if (is_fd && !has_socket(service, socket, strlen(socket), false))
			service_refuse(service, name, diags, "%s: no socket of this service is named '%s'", name,
				       socket);
	}
}

void rule_backoff(const struct service *service, struct diags *diags)
{
	const char *option = service_setting(service, "backoff_min") ? "backoff_min" : "backoff_max";

	if (service->groups->lifecycle->backoff_min <= service->groups->lifecycle->backoff_max)
		return;
	service_refuse(service, option, diags, "backoff_min is longer than backoff_max");
}

/* As in systemd a path is the machine's, and a program in another root sees those below that root alone. */
void rule_paths(const struct service *service, struct diags *diags)
{
	const struct path_options *paths = service->groups->paths;
	const struct {
		const char *option;
		words list;
	} all[] = { { "read_only_paths", paths->read_only_paths },
		    { "inaccessible_paths", paths->inaccessible_paths },
		    { "no_exec_paths", paths->no_exec_paths } };
	const char *root = service_root(service);

	for (size_t n = 0; root && n < sizeof(all) / sizeof(*all); n++) {
		for (words word = all[n].list; word && *word; word++) {
			bool optional, inside;
			const char *path = protected_path(*word, &optional, &inside);

			if (inside || path_below_root(path, root))
				continue;
			diag_warning(diags, service_origin(service, all[n].option),
				     "%s: %s: '%s' has no effect: it is outside of root_directory = %s", service->name,
				     option_name_of(service, all[n].option), *word, root);
			diags_hint(diags, "a path inside has a + in front: '%s+%s'", optional ? "-" : "", path);
		}
	}
}

/* Of a list that += makes longer, too. */
void rule_credentials(const struct service *service, struct diags *diags)
{
	const struct credential_options *credentials = service->groups->credentials;
	const struct {
		const char *option;
		words list;
	} all[] = { { "load_credential", credentials->load_credential },
		    { "set_credential", credentials->set_credential } };

	for (size_t n = 0; n < sizeof(all) / sizeof(*all); n++) {
		if (words_count(all[n].list) > CREDENTIALS_MOST)
			service_refuse(service, all[n].option, diags, "%s: a service has %d of these at most",
				       all[n].option, CREDENTIALS_MOST);
	}
}

/* Rules of the commands beside exec. */

/* Checks the program of a command. The type has checked that the text can be split. */
static void check_command_program(const struct service *service, const char *option, const char *text,
				  struct diags *diags)
{
	struct buf split = { 0 };
	const char *program;
	unsigned flags;
	size_t count;

	shell_words_split_into(&split, command_prefix(text, &flags), &count);
	program = buf_string(&split);
	if (*program && *program != '/' && !service->exec->exec_search_path) {
		service_refuse(service, option, diags, "%s: '%s' is no absolute path", option, program);
		service_hint(service, diags, "write the absolute path of the program, or set exec_search_path");
	}
	if (strstr(program, "%{"))
		service_refuse(service, option, diags, "%s: '%s': no %%{ } is replaced in the program's path", option,
			       program);
	buf_free(&split);
}

void rule_commands(const struct service *service, struct diags *diags)
{
	for (int phase = 0; phase < PHASES; phase++) {
		words list = service->groups->commands->of[phase];
		const char *option = list ? command_option((enum command_phase)phase) : NULL;

		if (!option || service_is_unclear(service, option))
			continue;
		for (words text = list; *text; text++) {
			check_command_program(service, option, *text, diags);
			if (!service_is_unclear(service, "listen"))
				check_templates(service, option, *text, diags);
		}
		if (phase == PHASE_IDLE_UNLESS && list[1])
			service_refuse(service, option, diags,
				       "idle_unless is one command, whose exit status is the answer");
	}
}
