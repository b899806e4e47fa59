/* Rules of texts: names, which superd writes to logs and LISTEN_FDNAMES; environment variables; and templates such as
 * %{fd}.
 *
 * A template that superd cannot replace would reach the backend unchanged and fail there, far from the wrong line. So
 * every template is checked here. */
#include <ctype.h>
#include <string.h>

#include "lib/scan.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"

#define NAME_MOST 255

/* Returns NULL, or why it is no name. sd_listen_fds(3) separates names by colons. */
static const char *name_refuse(const char *name)
{
	if (!*name)
		return "a name is missing";
	if (strlen(name) > NAME_MOST)
		return "a name has at most 255 characters";
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return "a name is part of paths, where . and .. are directories";
	for (; *name; name++) {
		if (!isgraph((unsigned char)*name) || *name == ':' || *name == '/')
			return "a name consists of letters, digits and punctuation, without blank, colon or slash";
	}
	return NULL;
}

void rule_names(const struct service *service, struct diags *diags)
{
	const char *reason = name_refuse(service->name);
	const char *last = service->name;

	if (reason)
		diag_error(diags, service->at, "service '%s': %s", service->name, reason);
	for (size_t i = 0; i < service->socket_count; i++) {
		const char *name = service->sockets[i].name;

		reason = strcmp(name, last) ? name_refuse(name) : NULL;
		if (reason)
			diag_error(diags, service->sockets[i].at, "%s: socket '%s': %s", service->name, name,
				   reason);
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
	bool descriptor = scan_is_word(text, length, "fd") || scan_is_word(text, length, "fds");

	if (scan_is_word(text, length, "service"))
		return NULL;
	if (scan_is_word(text, length, "port"))
		return service_find_socket(service, KINDS_PORT | KIND(VSOCK)) ? NULL : "none of its sockets has a port";
	if (service->exec->pass == PASS_BIND && length >= 2 && !memcmp(text, "fd", 2))
		return "with pass = bind the program receives no descriptor: it binds its address";
	if (descriptor)
		return service->socket_count ? NULL : "it has no socket";
	if (length > 3 && !memcmp(text, "fd:", 3))
		return has_socket(service, text + 3, length - 3, false) ? NULL : "it has no socket of this name";
	if (length > 5 && !memcmp(text, "path:", 5))
		return has_socket(service, text + 5, length - 5, true) ? NULL : "it has no such node";
	if (scan_is_word(text, length, "instance"))
		return service->exec->accept ? NULL : "only with accept = yes there is a connection to name";
	return "there are %{fd}, %{fd:NAME}, %{fds}, %{path:NAME}, %{service}, %{port} and %{instance}; %% is a "
	       "percent sign";
}

void check_templates(const struct service *service, const char *option, const char *text, struct diags *diags)
{
	for (const char *at = strchr(text, '%'); at; at = strchr(at, '%')) {
		const char *end = at[1] == '{' ? strchr(at, '}') : at;
		const char *reason = NULL;

		if (end && end > at)
			reason = template_refuse(service, at + 2, (size_t)(end - at) - 2);
		if (!end) {
			service_refuse(service, option, diags, "%s: the brace of '%s' is not closed", option,
				       at);
			return;
		}
		if (reason)
			service_refuse(service, option, diags, "%s: '%.*s': %s", option, (int)(end - at) + 1,
				       at, reason);
		at = end > at ? end + 1 : at + 1 + (at[1] == '%');
	}
}

/* superd replaces no templates in the program's path. */
static void check_program(const struct service *service, struct diags *diags)
{
	words exec = service->exec->exec;

	if (!exec || !exec[0] || !strstr(exec[0], "%{"))
		return;
	service_refuse(service, "exec", diags, "exec: '%s': no %%{ } is replaced in the program's path", exec[0]);
	diags_hint(diags, "write the path out; templates are for the arguments");
}

/* sh -c cd /srv runs cd alone. A line that has blanks is one word, and what follows it is meant as its arguments. */
void rule_shell(const struct service *service, struct diags *diags)
{
	static const char *const shells[] = { "sh", "ash", "bash", "dash", "ksh", "zsh", NULL };
	words exec = service->exec->exec;
	const char *name = exec && exec[0] ? scan_base_name(exec[0]) : "";

	if (service_is_unclear(service, "exec") || words_count(exec) < 4 || strcmp(exec[1], "-c") != 0 ||
	    strpbrk(exec[2], " \t\n;|&$/") || !words_have(shells, name))
		return;
	diag_warning(diags, service_origin(service, "exec"),
		     "%s: %s -c runs '%s' alone: the words after it are its arguments $0, $1 and so on",
		     service->name, name, exec[2]);
	service_hint(service, diags, "quote the whole line: exec = \"/bin/sh -c 'cd /srv && exec ./run'\"");
}

void rule_templates(const struct service *service, struct diags *diags)
{
	words exec = service->exec->exec;

	/* With an invalid listen option, the names of the sockets are unknown. */
	if (service_is_unclear(service, "listen"))
		return;
	check_program(service, diags);
	for (words word = exec && exec[0] ? exec + 1 : NULL; word && *word; word++)
		check_templates(service, "exec", *word, diags);
	if (service->exec->argv0)
		check_templates(service, "argv0", service->exec->argv0, diags);
	for (words word = service->groups->environment->env; word && *word; word++)
		check_templates(service, "env", *word, diags);
}

static bool is_reserved(const char *variable)
{
	static const char *const names[] = { "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES" };
	size_t length = strcspn(variable, "=");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (scan_is_word(variable, length, names[i]))
			return true;
	}
	return false;
}

static void check_variables(const struct service *service, const char *option, words list, struct diags *diags)
{
	for (; list && *list; list++) {
		if (is_reserved(*list))
			service_refuse(service, option, diags, "%s: %.*s is superd's to set", option,
				       (int)strcspn(*list, "="), *list);
	}
}

void rule_environment(const struct service *service, struct diags *diags)
{
	check_variables(service, "env", service->groups->environment->env, diags);
	check_variables(service, "passenv", service->groups->environment->passenv, diags);
}
