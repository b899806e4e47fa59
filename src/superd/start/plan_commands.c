/* The commands besides the main one, from texts to arguments of execve(2); and the conditions of a start.
 *
 * A text is split into words before its templates are replaced, so the value of a template never becomes a second
 * word. */
#include <stdlib.h>
#include <string.h>

#include "lib/shell_words.h"
#include "os/host/path_search.h"
#include "superd/start/plan.h"
#include "superd/start/templates.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"

/* Appends the program's path. A program without a slash is searched for; if it is not found, the path is "", which
 * fails with ENOENT: a bare name would be looked for in the service's working directory. */
static void add_program_path(struct buf *out, const struct service *service, const char *name)
{
	words folders = service->exec->exec_search_path;
	struct buf path = { 0 }, found = { 0 };

	for (size_t n = 0; folders && folders[n]; n++)
		buf_addf(&path, "%s%s", n ? ":" : "", folders[n]);
	if (*name == '/')
		buf_text(out, name);
	else if (path.length && path_search(name, buf_string(&path), &found))
		buf_text(out, buf_string(&found));
	buf_add(out, "", 1);
	out->failed |= path.failed || found.failed;
	buf_free(&path);
	buf_free(&found);
}

/* Appends the program's path, then the words, each with its NUL. */
static bool add_command_words(struct buf *out, size_t *count, const struct service *service,
			      const struct plan_sockets *sockets, const char *text, struct buf *why)
{
	struct buf split = { 0 };
	const char *wrong = shell_words_split_into(&split, text, count), *word = buf_string(&split);
	bool good = true;

	/* The reader has checked that the text is a command. */
	out->failed |= split.failed || wrong || !*count;
	if (!out->failed)
		add_program_path(out, service, word);
	for (size_t n = 0; good && !out->failed && n < *count; n++, word += strlen(word) + 1) {
		good = plan_expand(service, sockets, word, out);
		buf_add(out, "", 1);
		if (!good)
			buf_addf(why, "'%s' has an unknown template", word);
	}
	buf_free(&split);
	return good;
}

/* As with systemd, a user that may not log in runs commands by /bin/sh. */
static const char *usable_shell(const struct service *service)
{
	static const char *const none[] = { "nologin", "false", "true" };
	const char *shell = service->account ? service->account->shell : NULL;
	const char *name = shell ? strrchr(shell, '/') : NULL;

	for (size_t n = 0; name && n < sizeof(none) / sizeof(*none); n++) {
		if (!strcmp(name + 1, none[n]))
			return "/bin/sh";
	}
	return shell && *shell ? shell : "/bin/sh";
}

/* Replaces the program by the shell of the service's user, if the command's prefix says so; false with the reason in
 * why. */
static bool plan_use_shell(struct plan_command *command, const struct service *service, struct buf *why)
{
	const char *name;
	bool login = command->argv[0] && *command->argv[0] == '-';
	struct buf text = { 0 };

	if (!(command->flags & COMMAND_SHELL))
		return true;
	command->program = usable_shell(service);
	name = strrchr(command->program, '/');
	buf_addf(&text, "-%s", name ? name + 1 : command->program);
	command->shell = buf_take(&text);
	buf_free(&text);
	if (command->shell)
		command->argv[0] = command->shell + !login;
	else
		buf_text(why, "out of memory");
	return command->shell;
}

/* Makes one command: its prefix, program and arguments. */
static bool make_command(struct plan_command *command, const struct service *service,
			 const struct plan_sockets *sockets, const char *text, struct buf *why)
{
	struct buf made = { 0 };
	size_t count = 0, first;
	const char *at;

	text = command_prefix(text, &command->flags);
	if (!add_command_words(&made, &count, service, sockets, text, why)) {
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
	return plan_use_shell(command, service, why);
}

static bool make_phase(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
		       enum command_phase phase, struct buf *why)
{
	words texts = service_commands(service, phase);
	struct plan_commands *made = &plan->commands[phase];
	struct buf wrong = { 0 };
	bool good = true;

	if (!texts)
		return true;
	made->list = calloc(words_count(texts) + 1, sizeof(*made->list));
	if (!made->list) {
		buf_text(why, "out of memory");
		return false;
	}
	while (good && texts[made->count]) {
		size_t n = made->count++;

		good = make_command(&made->list[n], service, sockets, texts[n], &wrong);
	}
	if (!good) {
		buf_addf(why, "%s: %s", option_name_of(service, command_option(phase)), buf_string(&wrong));
		origin_cite(service_origin(service, command_option(phase)), why);
	}
	buf_free(&wrong);
	return good;
}

static bool make_conditions(struct plan *plan, const struct service *service, struct buf *why)
{
	words texts = service->groups->commands->condition;

	if (!texts)
		return true;
	plan->conditions = calloc(words_count(texts), sizeof(*plan->conditions));
	if (!plan->conditions) {
		buf_text(why, "condition: out of memory");
		return false;
	}
	for (; texts[plan->condition_count]; plan->condition_count++) {
		const char *wrong =
			condition_read(texts[plan->condition_count], &plan->conditions[plan->condition_count]);

		if (!wrong)
			continue;
		buf_addf(why, "condition: '%s': %s", texts[plan->condition_count], wrong);
		return false;
	}
	return true;
}

bool plan_make_commands(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			struct buf *why)
{
	unsigned flags = 0;

	if (service->groups->commands->exec_prefix)
		command_prefix(service->groups->commands->exec_prefix, &flags);
	plan->main.flags = flags;
	if (!plan_use_shell(&plan->main, service, why))
		return false;
	for (int phase = 0; phase < PHASES; phase++) {
		if (!make_phase(plan, service, sockets, (enum command_phase)phase, why))
			return false;
	}
	return make_conditions(plan, service, why);
}

void plan_free_commands(struct plan *plan)
{
	for (int phase = 0; phase < PHASES; phase++) {
		struct plan_commands *commands = &plan->commands[phase];

		for (size_t n = 0; n < commands->count; n++) {
			free(commands->list[n].argv);
			free(commands->list[n].text);
			free(commands->list[n].shell);
		}
		free(commands->list);
	}
	free(plan->main.shell);
	free(plan->conditions);
}
