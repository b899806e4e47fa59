/* The words of a plan: templates, the commands with their conditions, and the arguments of the main command. */
#include "superd/start/start.h"

#include <arpa/inet.h>

/* Templates: %{name} in words, values and names. The number of a socket's descriptor depends on how many of the sockets
 * before it are open. */

/* The first descriptor that a backend of this service gets a socket at: 3, or 0 with pass = inetd. */
static unsigned plan_first_descriptor(const struct service *service)
{
	return service->exec->pass == PASS_INETD ? 0 : 3;
}

static bool socket_has_name(const struct service *service, size_t n, const char *name, size_t length)
{
	const char *known = service->sockets[n].name;

	return strlen(known) == length && !memcmp(known, name, length);
}

/* With accept = yes the one passed socket is the connection, whichever listener it came by. */
static int socket_number(const struct service *service, const struct plan_sockets *sockets, const char *name,
			 size_t length)
{
	int number = (int)plan_first_descriptor(service);

	for (size_t n = 0; n < service->socket_count; n++) {
		bool is_missing = sockets->missing && sockets->missing[n];

		if (socket_has_name(service, n, name, length))
			return is_missing ? -1 : number;
		number += !service->exec->accept && !is_missing;
	}
	return -1;
}

static bool expand_one(const struct service *service, const struct plan_sockets *sockets, const char *name,
		       size_t length, struct buf *out)
{
	if (service->exec->pass == PASS_BIND && length >= 2 && !memcmp(name, "fd", 2))
		return false; /* it gets no descriptor */
	if (length == 2 && !memcmp(name, "fd", 2)) {
		buf_addf(out, "%u", plan_first_descriptor(service));
	} else if (length > 3 && !memcmp(name, "fd:", 3)) {
		int fd = socket_number(service, sockets, name + 3, length - 3);

		if (fd < 0)
			return false;
		buf_addf(out, "%d", fd);
	} else if (length > 5 && !memcmp(name, "path:", 5)) {
		size_t n = 0;

		while (n < service->socket_count &&
		       (!socket_has_name(service, n, name + 5, length - 5) ||
			!endpoint_is_path(service->sockets[n].address)))
			n++;
		if (n == service->socket_count)
			return false;
		buf_text(out, service->sockets[n].address->address);
	} else if (length == 7 && !memcmp(name, "service", 7)) {
		buf_text(out, service->name);
	} else if (length == 4 && !memcmp(name, "port", 4)) {
		buf_addf(out, "%u", sockets->port);
	} else if (length == 8 && !memcmp(name, "instance", 8) && service->exec->accept) {
		buf_text(out, sockets->instance ? sockets->instance : "");
	} else {
		return false;
	}
	return true;
}

int plan_socket_index(const struct service *service, const struct plan_sockets *sockets, const char *name)
{
	int number = socket_number(service, sockets, name, strlen(name));

	return number < 0 ? -1 : number - (int)plan_first_descriptor(service);
}

/* Whether the text contains %{instance}. */
static bool plan_names_instance(const char *text)
{
	static const char name[] = "%{instance}";

	for (; *text; text++) {
		if (!strncmp(text, "%%", 2))
			text++;
		else if (!strncmp(text, name, sizeof(name) - 1))
			return true;
	}
	return false;
}

bool plan_expand(const struct service *service, const struct plan_sockets *sockets, const char *text, struct buf *out)
{
	for (const char *at = text; *at; at++) {
		const char *end;

		if (at[0] == '%' && at[1] == '%') {
			buf_char(out, *at++);
		} else if (at[0] == '%' && at[1] == '{') {
			end = strchr(at, '}');
			if (!end || !expand_one(service, sockets, at + 2, (size_t)(end - at - 2), out))
				return false;
			at = end;
		} else {
			buf_char(out, *at);
		}
	}
	return true;
}

/* The argument vector of the main command: the program's own words with their templates replaced, or those of
 * superd-builtin, which serves builtin and redirect, or superd-web, which serves builtin = metrics and status.
 *
 * superd-builtin gets its access rules as numeric networks, so it needs no name lookups. An empty only_from is passed
 * as "none", which admits no client. */

bool plan_fail(const struct service *service, const char *option, struct buf *why, const char *format, ...)
{
	va_list arguments;

	buf_addf(why, "%s: ", option_name_of(service, option));
	va_start(arguments, format);
	buf_vaddf(why, format, arguments);
	va_end(arguments);
	origin_cite(service_origin(service, option), why);
	return false;
}

/* The commands besides the main one, from texts to arguments of execve(2); and the conditions of a start.
 *
 * A text is split into words before its templates are replaced, so the value of a template never becomes a second
 * word. */

bool plan_find_program(const struct service *service, const char *name, struct buf *out)
{
	bool found = *name == '/';

	if (found)
		buf_text(out, name);
	for (words folder = service->exec->exec_search_path; !found && folder && *folder; folder++)
		found = path_search(name, *folder, out);
	if (!found)
		buf_clear(out);
	return found;
}

/* Makes one command: its prefix, program and arguments. The reader has checked that the text is one. */
static bool make_command(struct plan_command *command, const struct service *service,
			 const struct plan_sockets *sockets, const char *text, struct buf *why)
{
	struct buf made = { 0 }, split = { 0 };
	bool good = true, is_wrong;
	size_t count = 0, first;
	const char *word, *at;

	text = command_prefix(text, &command->flags);
	is_wrong = shell_words_split_into(&split, text, &count) || split.failed || !count;
	word = buf_string(&split);
	plan_find_program(service, word, &made);
	buf_add(&made, "", 1);
	for (size_t n = 0; good && !is_wrong && n < count; n++, word += strlen(word) + 1) {
		good = plan_expand(service, sockets, word, &made);
		buf_add(&made, "", 1);
		if (!good)
			buf_addf(why, "'%s' has an unknown template", word);
	}
	made.failed |= is_wrong;
	buf_free(&split);
	if (!good) {
		buf_free(&made);
		return false;
	}
	command->argv = calloc(count + 1, sizeof(*command->argv));
	command->text = buf_take(&made);
	if (!command->argv || !command->text) {
		buf_text(why, "out of memory");
		return false;
	}
	command->program = command->text;
	at = command->text + strlen(command->text) + 1;
	first = command->flags & COMMAND_ARGV0 && count > 1;
	for (size_t n = 0; n < count; n++, at += strlen(at) + 1) {
		if (n >= first)
			command->argv[n - first] = (char *)(uintptr_t)at;
	}
	return true;
}

bool plan_make_commands(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			struct buf *why)
{
	words conditions = service->groups->commands->condition;
	struct buf wrong = { 0 };
	unsigned flags = 0;
	bool good = true;

	if (service->groups->commands->exec_prefix)
		command_prefix(service->groups->commands->exec_prefix, &flags);
	plan->main.flags = flags;
	for (enum command_phase phase = 0; good && phase < PHASES; phase++) {
		words texts = service_commands(service, phase);
		struct plan_commands *made = &plan->commands[phase];

		if (!texts)
			continue;
		made->list = calloc(words_count(texts) + 1, sizeof(*made->list));
		if (!made->list) {
			buf_text(why, "out of memory");
			return false;
		}
		for (; good && *texts; texts++) {
			struct plan_command *command = &made->list[made->count++];

			good = make_command(command, service, sockets, *texts, &wrong);
			plan->flags |= good && !*command->program ? PLAN_REREADS : 0;
		}
		if (!good)
			plan_fail(service, command_option(phase), why, "%s", buf_string(&wrong));
	}
	buf_free(&wrong);
	plan->conditions = good && conditions ? calloc(words_count(conditions), sizeof(*plan->conditions)) : NULL;
	if (good && conditions && !plan->conditions) {
		buf_text(why, "condition: out of memory");
		return false;
	}
	for (; good && conditions && *conditions; conditions++) {
		const char *flaw = condition_read(*conditions, &plan->conditions[plan->condition_count++]);

		good = !flaw;
		if (flaw)
			buf_addf(why, "condition: '%s': %s", *conditions, flaw);
	}
	return good;
}

void plan_free_commands(struct plan *plan)
{
	for (int phase = 0; phase < PHASES; phase++) {
		struct plan_commands *commands = &plan->commands[phase];

		for (size_t n = 0; n < commands->count; n++) {
			free(commands->list[n].argv);
			free(commands->list[n].text);
		}
		free(commands->list);
	}
	free(plan->conditions);
}

const struct stream *plan_error_stream(const struct service *service)
{
	static const struct stream log = { .kind = STREAM_LOG };

	if (service_is_builtin(service) && service->groups->streams->error.kind == STREAM_SOCKET)
		return &log;
	return &service->groups->streams->error;
}

static bool any_names_instance(words list)
{
	for (; list && *list; list++) {
		if (plan_names_instance(*list))
			return true;
	}
	return false;
}

bool plan_names_any_instance(const struct service *service)
{
	const char *argv0 = service->exec->argv0;

	for (int phase = 0; phase < PHASES; phase++) {
		if (any_names_instance(service_commands(service, (enum command_phase)phase)))
			return true;
	}
	return any_names_instance(service->exec->exec) || any_names_instance(service->groups->environment->env) ||
		(argv0 && plan_names_instance(argv0));
}

int plan_channel(const struct service *service)
{
	static const char *const with_channel[] = { "tcpmux", "servers", "services", "health", "metrics", "status" };
	bool has_channel = service->exec->redirect;

	if (!service_is_builtin(service) || !service->exec->accept)
		return -1;
	for (size_t n = 0; service->exec->builtin && n < sizeof(with_channel) / sizeof(with_channel[0]); n++)
		has_channel = has_channel || !strcmp(service->exec->builtin[0], with_channel[n]);
	if (!has_channel)
		return -1;
	return service->exec->pass == PASS_INETD ? 3 : 4;
}

/* Adds an argument with its NUL. */
static void add_argument(struct buf *text, size_t *count, const char *word)
{
	buf_add(text, word, strlen(word) + 1);
	++*count;
}

static void add_number(struct buf *text, size_t *count, const char *option, int64_t number)
{
	buf_addf(text, "%s=%" PRId64, option, number);
	add_argument(text, count, "");
}

static void add_redirect_options(struct buf *text, size_t *count, const struct service *service)
{
	const struct access_options *access = service->groups->access;
	int64_t timeout = service->groups->lifecycle->redirect_timeout;

	if (service->exec->proxy_protocol != PROXY_NO)
		add_number(text, count, "--proxy-protocol", service->exec->proxy_protocol);
	if (timeout >= 0)
		add_number(text, count, "--idle-timeout", timeout / 1000);
	if (service->exec->accept)
		return;
	if (timeout >= 0)
		add_number(text, count, "--flow-timeout", timeout / 1000);
	if (access->per_source == UNLIMITED)
		return;
	add_number(text, count, "--per-source", access->per_source);
	add_number(text, count, "--source-prefix", access->per_source_prefix);
}

enum program plan_builtin_program(const struct service *service)
{
	const char *builtin = service->exec->builtin ? service->exec->builtin[0] : "";

	return !strcmp(builtin, "metrics") || !strcmp(builtin, "status") ? PROGRAM_WEB : PROGRAM_BUILTIN;
}

/* Adds the path of superd-builtin or superd-web, its name and its first word; then its arguments. is_relay: it relays
 * beside the program of the service, and accepts the clients. */
static bool add_builtin(struct buf *text, size_t *count, const struct service *service,
			const struct plan_sockets *sockets, bool is_relay, struct buf *why)
{
	enum program which = is_relay ? PROGRAM_BUILTIN : plan_builtin_program(service);
	const char *option = service->exec->builtin ? "builtin" : "redirect";
	const struct own_program *program = program_get(which);
	int channel = is_relay ? -1 : plan_channel(service);

	if (program->fd < 0) {
		buf_addf(why, "%s: ", option);
		program_describe_missing(which, why);
		origin_cite(service_origin(service, option), why);
		return false;
	}
	buf_add(text, program->path, strlen(program->path) + 1);
	add_argument(text, count, program->name);
	add_argument(text, count, build_word());
	if (is_relay)
		add_argument(text, count, "--relay");
	if (service->exec->redirect)
		add_redirect_options(text, count, service);
	if (channel >= 0)
		add_number(text, count, "--channel", channel);
	for (size_t n = 0; n < sockets->loop_count; n++)
		add_number(text, count, "--loop", sockets->loop_ports[n]);
	if (service->exec->redirect)
		add_argument(text, count, "redirect");
	for (words word = service->exec->builtin ? service->exec->builtin : service->exec->redirect; *word; word++)
		add_argument(text, count, *word);
	return true;
}

/* Points the main command's argv into the text, behind the path of the program. file: as in struct plan_command. false:
 * out of memory. */
static bool take_argv(struct plan *plan, struct buf *text, size_t count, int file)
{
	char *at;

	plan->main.argv = calloc(count + 1, sizeof(*plan->main.argv));
	plan->text = at = buf_take(text);
	if (!plan->main.argv || !plan->text)
		return false;
	plan->main.program = plan->text;
	plan->main.file = file;
	at += strlen(at) + 1;
	for (size_t n = 0; n < count; n++, at += strlen(at) + 1)
		plan->main.argv[n] = at;
	return true;
}

bool plan_make_relay_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			  struct buf *why)
{
	struct buf text = { 0 };
	size_t count = 0;

	if (add_builtin(&text, &count, service, sockets, true, why) &&
	    take_argv(plan, &text, count, program_get(PROGRAM_BUILTIN)->fd))
		return true;
	buf_free(&text);
	if (!why->length)
		buf_text(why, "out of memory");
	return false;
}

bool plan_make_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
		    struct buf *why)
{
	const struct own_program *own = service_is_builtin(service) ? program_get(plan_builtin_program(service)) : NULL;
	struct buf text = { 0 };
	bool good = true;
	size_t count = 0;

	if (own) {
		good = add_builtin(&text, &count, service, sockets, false, why);
	} else {
		if (!plan_find_program(service, service->exec->exec[0], &text))
			plan->flags |= PLAN_REREADS;
		buf_add(&text, "", 1);
	}
	for (words exec = service->exec->exec; !own && good && exec[count]; count++) {
		const char *word = !count && service->exec->argv0 ? service->exec->argv0 : exec[count];

		good = plan_expand(service, sockets, word, &text) ||
			plan_fail(service, "exec", why, "'%s' has an unknown template", word);
		buf_add(&text, "", 1);
	}
	if (!good) {
		buf_free(&text);
		return false;
	}
	if (take_argv(plan, &text, count, own ? own->fd : 0))
		return true;
	buf_text(why, "exec: out of memory");
	return false;
}
