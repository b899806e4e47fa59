/* Command lines: ExecStart becomes exec, the other Exec…= keys become lists of commands.
 *
 * Signs in front of the program say how it runs. They come in any order and are read before specifiers are replaced. A
 * command of a list becomes one text: its prefix, then its words as lib/shell_words splits them. With
 * expand_environment superd replaces variables when it starts the program. With the sign | the user's shell reads the
 * words as one text, with its redirections, pipes and own variables ($$NAME). Source: systemd.service(5), "COMMAND
 * LINES". */
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/scan.h"
#include "lib/shell_words.h"
#include "read/systemd/internal.h"
#include "table/reading/shell_word.h"
#include "table/words/command_prefix.h"

struct unit_command {
	const char *key;
	struct origin at;
	unsigned flags;                 /* COMMAND_… */
	const struct unit_word *words; /* the program without its signs, and its arguments */
	const char *program;
	size_t count;
	struct origin program_at;
};

struct command_list {
	struct unit_command *list;
	size_t count, capacity;
	bool failed;
};

/* Reads the signs, each of which may come once. Returns the text behind them, the program. "!!" only means something on
 * kernels that are too old for superd. */
static const char *read_prefix(struct unit_command *command, const char *text)
{
	for (;;) {
		unsigned flag = command_sign(*text) & ~command->flags;
		bool is_doubled = text[0] == '!' && text[1] == '!';

		if (!flag && !is_doubled)
			return text;
		command->flags |= is_doubled ? 0 : flag;
		text += 1 + is_doubled;
	}
}

/* The program's path without doubled percent signs, because it is no template. */
static const char *unescaped_path(struct unit_builder *builder, const char *text)
{
	struct buf plain = { 0 };

	for (; *text; text++) {
		buf_char(&plain, *text);
		if (text[0] == '%' && text[1] == '%')
			text++;
	}
	return buf_keep(&plain, builder->pool);
}

static bool has_control_character(const char *path)
{
	while (*path && (unsigned char)*path >= ' ' && *path != '\x7f')
		path++;
	return *path;
}

static bool check_program_path(struct unit_builder *builder, const struct unit_command *command)
{
	const char *program = command->program;

	if (!*program)
		return unit_refuse(builder, command->program_at, "%s: a program is missing after its prefix",
				   command->key);
	if (*program != '/' && strchr(program, '/'))
		return unit_refuse(builder, command->program_at,
				   "%s: '%s': a program is a path that begins with /, or a name without one",
				   command->key, program);
	if (program[strlen(program) - 1] == '/' || has_control_character(program))
		return unit_refuse(builder, command->program_at,
				   "%s: '%s': a program is not a directory, and its path has no control characters",
				   command->key, program);
	if (command->flags & COMMAND_ARGV0 && command->count < 2)
		return unit_refuse(builder, command->program_at,
				   "%s: after @ and the program, the program's name for itself is missing",
				   command->key);
	return true;
}

/* The length of the name of a variable at this text. */
static size_t variable_length(const char *text)
{
	size_t length = 0;

	while (text[length] == '_' || (text[length] >= 'A' && text[length] <= 'Z') ||
	       (text[length] >= 'a' && text[length] <= 'z') || (length && text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

/* Whether a whole word is $NAME, which becomes the words of its value. */
static bool is_variable(const char *word)
{
	return word[0] == '$' && word[1] && word[1] != '{' && word[1] != '$';
}

/* Adds one word. The text is a single word for expand_environment, which in a word only replaces ${NAME}. */
static void add_shell_word(struct buf *text, const char *word, bool expands)
{
	bool whole = expands && is_variable(word);

	if (whole && word[1 + variable_length(word + 1)])
		return;
	if (text->length)
		buf_char(text, ' ');
	if (whole)
		buf_addf(text, "${%s}", word + 1);
	else
		buf_text(text, word);
}

/* The sign |: the words become one text for the user's shell, which replaces the program when its user is known. */
static void wrap_in_shell(struct unit_builder *builder, struct unit_command *command, const char *program)
{
	struct unit_word list[4] = { { .text = "/bin/sh" } };
	bool expands = !(command->flags & COMMAND_VERBATIM);
	struct buf text = { 0 };
	size_t count = 1;

	add_shell_word(&text, program, expands);
	for (size_t n = 1; n < command->count; n++)
		add_shell_word(&text, command->words[n].text, expands);
	if (command->flags & COMMAND_ARGV0)
		list[count++].text = "-sh";
	if (text.length) {
		list[count++].text = "-c";
		list[count++].text = pool_text(builder->pool, buf_string(&text));
	}
	buf_free(&text);
	command->words = pool_copy(builder->pool, list, count * sizeof(*list));
	command->count = count;
	command->program = list[0].text;
}

/* Whether units get this variable of superd's own environment. */
static bool is_inherited(const struct unit_machine *machine, const char *name)
{
	const char *at = machine ? machine->variables : NULL;
	size_t length = strlen(name);

	for (; at && *at; at += *at == ' ') {
		if (!strncmp(at, name, length) && at[length] == ' ')
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

/* Whether a variable may have a value when the program starts: the unit names it or reads a file of variables, or
 * superd sets it. */
static bool may_be_set(const struct unit_builder *builder, const char *name)
{
	const struct unit *unit = builder->unit;
	static const char *const own[] = { "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "MAINPID",
					   "INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_", "REMOTE_", "NOTIFY_SOCKET",
					   "WATCHDOG_", "SERVICE_RESULT", "EXIT_", "PIDFILE", "MEMORY_PRESSURE_",
					   "SYSTEMD_", "XDG_", "LC_", "DBUS_", "DISPLAY", "TRIGGER_", "MONITOR_" };

	for (size_t n = 0; n < sizeof(own) / sizeof(*own); n++) {
		if (!strncmp(name, own[n], strlen(own[n])))
			return true;
	}
	for (size_t n = 0; n < unit->count; n++) {
		const char *key = unit->list[n].key, *value = unit->list[n].value;

		if (!strcmp(key, "EnvironmentFile") && *value)
			return true;
		if ((!strcmp(key, "Environment") || !strcmp(key, "PassEnvironment")) && strstr(value, name))
			return true;
	}
	return scan_ends_with(name, "_DIRECTORY") || is_inherited(builder->names.machine, name);
}

/* Warns of arguments that vanish: a word that is $NAME becomes the words of its value, and of no value none. */
static void warn_of_lost_words(struct unit_builder *builder, const struct unit_assignment *assignment,
			       const struct unit_command *command)
{
	for (size_t n = 1; n < command->count && !(command->flags & COMMAND_VERBATIM); n++) {
		const struct unit_word *word = &command->words[n];
		struct origin at = unit_place(assignment, word->offset);

		if (!is_variable(word->text))
			continue;
		if (word->text[1 + variable_length(word->text + 1)]) {
			unit_warn(builder, at, "%s: '%s' vanishes: as a word that begins with $ it is the name of a "
					       "variable, and no variable can have that name", assignment->key,
				  word->text);
			diags_hint(builder->reading->diags, "within a word a variable is ${NAME}; a dollar sign is $$");
		} else if (!may_be_set(builder, word->text + 1)) {
			unit_warn(builder, at, "%s: '%s' vanishes: the unit sets no variable of that name",
				  assignment->key, word->text);
		}
	}
}

/* Warns of words meant for a shell, the most common mistake in command lines, and else of words that vanish. */
static void warn_of_odd_words(struct unit_builder *builder, const struct unit_assignment *assignment,
			      const struct unit_command *command)
{
	struct shell_scan scan = { .fills_variables = true };   /* as systemd does, unless : says that $ is meant */

	for (size_t n = 0; n < command->count; n++) {
		const struct unit_word *word = &command->words[n];

		if (!shell_scan_word(&scan, word->text, !word->is_quoted))
			continue;
		unit_warn(builder, unit_place(assignment, word->offset), SHELL_WORD_WARNING, assignment->key,
			  word->text);
		diags_hint(builder->reading->diags, SHELL_WORD_HINT);
		return;
	}
	warn_of_lost_words(builder, assignment, command);
}

/* Whether a command beside the service only talks to systemd. ExecStart and ExecCondition decide about the service. */
static bool is_systemctl(const struct unit_command *command)
{
	const char *slash = strrchr(command->program, '/');

	return !strcmp(slash ? slash + 1 : command->program, "systemctl") && strcmp(command->key, "ExecStart") != 0 &&
		strcmp(command->key, "ExecCondition") != 0;
}

static void add_unit_command(struct unit_builder *builder, const struct unit_assignment *assignment,
			     const struct unit_word *argv, size_t count, struct command_list *commands)
{
	struct unit_command command = {
		.key = assignment->key, .at = assignment->at, .words = argv, .count = count,
		.program_at = unit_place(assignment, argv[0].offset),
	};
	const char *program = read_prefix(&command, argv[0].text);

	command.program = unescaped_path(builder, program);
	if (is_systemctl(&command)) {
		unit_warn(builder, command.program_at, "%s: left out: systemctl speaks to systemd, which may not run, "
						       "or may itself wait for this unit", command.key);
		return;
	}
	if (command.flags & COMMAND_SHELL)
		wrap_in_shell(builder, &command, program);
	else
		warn_of_odd_words(builder, assignment, &command);
	if (check_program_path(builder, &command))
		array_add(commands->list, commands->count, commands->capacity) = command;
	else
		commands->failed = true;
}

static bool is_separator(const struct unit_word *word)
{
	return !word->is_quoted && !strcmp(word->text, ";");
}

/* Splits a value into commands at its lone semicolons. */
static void read_command_value(struct unit_builder *builder, const struct unit_assignment *assignment,
			       struct command_list *commands)
{
	struct unit_split found = { 0 };
	size_t start = 0;

	if (!unit_words(builder, assignment, UNIT_WORDS_RELAX | UNIT_WORDS_TEMPLATES, &found)) {
		commands->failed = true;
		return;
	}
	for (size_t n = 0; n <= found.count; n++) {
		if (n < found.count && !is_separator(&found.list[n]))
			continue;
		if (n > start)
			add_unit_command(builder, assignment, found.list + start, n - start, commands);
		start = n + 1;
	}
}

static struct command_list read_commands(struct unit_builder *builder, const char *section, const char *key)
{
	struct unit_lines lines = { .unit = builder->unit, .section = section, .key = key };
	const struct unit_assignment *assignment;
	struct command_list commands = { 0 };

	while ((assignment = unit_line_next(&lines)))
		read_command_value(builder, assignment, &commands);
	return commands;
}

/* The program and its arguments as one text. */
static void add_command_words(struct buf *out, const struct unit_command *command, size_t first)
{
	shell_words_quote(out, command->program);
	for (size_t n = first; n < command->count; n++) {
		buf_char(out, ' ');
		shell_words_quote(out, command->words[n].text);
	}
}

static bool has_variables(const struct unit_command *command)
{
	for (size_t n = 1; n < command->count; n++) {
		if (strchr(command->words[n].text, '$'))
			return true;
	}
	return false;
}

/* superd replaces variables in all commands of a service or in none. The sign : exempts a command. */
static void enable_variables(struct unit_builder *builder, const struct unit_command *command)
{
	if (!(command->flags & COMMAND_VERBATIM) && has_variables(command) &&
	    !builder_has(builder->builder, "expand_environment"))
		unit_set(builder, "expand_environment", "yes", command->program_at);
}

static void set_main_command(struct unit_builder *builder, const struct unit_command *command)
{
	struct buf text = { 0 }, signs = { 0 };
	bool has_argv0 = command->flags & COMMAND_ARGV0;

	add_command_words(&text, command, has_argv0 ? 2 : 1);
	command_prefix_add(&signs, command->flags & ~(unsigned)COMMAND_ARGV0);
	unit_set(builder, "exec", buf_string(&text), command->program_at);
	if (has_argv0)
		unit_set(builder, "argv0", command->words[1].text, command->program_at);
	if (signs.length && (strcmp(buf_string(&signs), ":") != 0 || has_variables(command)))
		unit_set(builder, "exec_prefix", buf_string(&signs), command->program_at);
	enable_variables(builder, command);
	buf_free(&text);
	buf_free(&signs);
}

/* Adds commands as texts of a list. */
static void add_command_texts(struct unit_builder *builder, const struct command_list *commands, size_t count,
			      bool privileged, struct word_list *list)
{
	for (size_t n = 0; n < count; n++) {
		struct unit_command command = commands->list[n];
		struct buf text = { 0 };

		command.flags |= privileged ? COMMAND_PRIVILEGED : 0;
		enable_variables(builder, &command);
		command_prefix_add(&text, command.flags);
		add_command_words(&text, &command, 1);
		word_list_add(list, buf_keep(&text, builder->pool), command.program_at);
		list->at = command.at;
	}
	list->failed |= commands->failed;
}

static void set_commands(struct unit_builder *builder, const char *section, const struct key_row *key,
			 const struct word_list *list)
{
	const char *option = unit_key_option(section, key);

	if (option && list->count)
		unit_set_list(builder, option, list);
}

/* Sets the folders where a program without a path is searched: ExecSearchPath, or systemd's default. */
static void set_exec_search_path(struct unit_builder *builder)
{
	static const char *const usual[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					     "/usr/bin",	"/sbin",	  "/bin" };
	const struct unit_assignment *said = unit_assigned(builder, "Service", "ExecSearchPath");
	struct word_list list = { .at = said ? said->at : unit_start(builder->unit) };
	const char *text = said ? unit_value(builder, said) : NULL;

	for (size_t n = 0; !said && n < sizeof(usual) / sizeof(*usual); n++)
		word_list_add(&list, usual[n], list.at);
	while (text && *text) {
		size_t length = strcspn(text, ":");
		const char *folder = pool_text_n(builder->pool, text, length);

		if (*folder)
			word_list_add(&list, folder, unit_place(said, 0));
		text += length + (text[length] == ':');
	}
	if (list.count)
		unit_set_list(builder, "exec_search_path", &list);
	word_list_free(&list);
}

static bool has_bare_program(const struct command_list *commands)
{
	for (size_t n = 0; n < commands->count; n++) {
		if (commands->list[n].program[0] != '/')
			return true;
	}
	return false;
}

static void check_command_count(struct unit_builder *builder, const struct command_list *start)
{
	if (!start->count && !start->failed)
		unit_refuse(builder, unit_start(builder->unit), "%s: ExecStart is missing", builder->unit->name);
	else if (start->count > 1 && strcmp(builder->type, "oneshot") != 0)
		unit_refuse(builder, start->list[1].at,
			    "ExecStart: there is one already: only with Type=oneshot there "
			    "may be several, which run one after the other");
}

/* Sets the other commands of the service. Of several ExecStart commands all but the last one run before it, as
 * ExecStartPre does. */
static bool set_other_commands(struct unit_builder *builder, const struct command_list *start, bool privileged)
{
	struct key_list known = key_list(&unit_keys_service);
	bool bare = false;

	for (size_t n = 0; n < known.count; n++) {
		const struct key_row *key = &known.list[n];
		struct command_list commands;
		struct word_list list = { 0 };

		if (key->form != FORM_COMMANDS)
			continue;
		commands = read_commands(builder, "Service", key->name);
		add_command_texts(builder, &commands, commands.count, privileged, &list);
		if (!strcmp(key->name, "ExecStartPre") && start->count)
			add_command_texts(builder, start, start->count - 1, false, &list);
		set_commands(builder, "Service", key, &list);
		bare |= has_bare_program(&commands);
		word_list_free(&list);
		free(commands.list);
	}
	return bare;
}

void unit_build_commands(struct unit_builder *builder)
{
	struct command_list start = read_commands(builder, "Service", "ExecStart");
	bool bare = has_bare_program(&start);

	check_command_count(builder, &start);
	bare |= set_other_commands(builder, &start, unit_bool(builder, "Service", "PermissionsStartOnly", false));
	if (start.count)
		set_main_command(builder, &start.list[start.count - 1]);
	free(start.list);
	if (bare || unit_assigned(builder, "Service", "ExecSearchPath"))
		set_exec_search_path(builder);
}

static bool has_socket_commands(const struct unit *unit)
{
	bool has = false;

	for (size_t n = 0; n < unit->count; n++)
		has |= !strcmp(unit->list[n].section, "Socket") && !strncmp(unit->list[n].key, "Exec", 4);
	return has;
}

/* What superd loses of a key of [Socket] that rules how the commands run, or an error where that is unsafe. */
static void report_lost_key(struct unit_builder *builder, const struct key_row *key, struct origin at)
{
	const char *name = unit_key_option("Service", key);
	const struct directive *directive = name ? directive_find(NATIVE, name) : NULL;

	if (directive && directive->group == GROUP_STREAMS)
		unit_warn(builder, at, "%s is left out: the commands of a socket print as its service does", key->name);
	else if (directive && (directive->group == GROUP_LIFECYCLE || directive->group == GROUP_RESTART))
		unit_warn(builder, at, "%s is left out: superd stops the commands of a socket as those of its service",
			  key->name);
	else if (directive && directive->group == GROUP_RESOURCES)
		unit_warn(builder, at, "%s is left out: the commands of a socket have no control group of their own",
			  key->name);
	else
		unit_unsupported(builder, at, "%s: superd cannot honour it for the commands of a socket", key->name);
}

/* The keys of [Socket] that rule how its commands run. */
static void set_socket_context(struct unit_builder *builder, struct word_list *list)
{
	const struct unit_assignment *limit = unit_assigned(builder, "Socket", "TimeoutSec");
	struct word_list variables = { 0 };
	const char *text;
	int64_t span;

	for (size_t n = 0; n < builder->unit->count; n++) {
		const struct unit_assignment *assignment = &builder->unit->list[n];
		const struct key_row *key = !strcmp(assignment->section, "Socket")
			? unit_key_find("Socket", assignment->key) : NULL;

		if (key && unit_key_is_shared(key) && assignment == unit_assigned(builder, "Socket", key->name) &&
		    strcmp(key->name, "Environment") != 0 && !unit_apply_context(builder, key, list))
			report_lost_key(builder, key, unit_place(assignment, 0));
	}
	variables = unit_collect(builder, "Socket", "Environment", COLLECT_WORDS);
	for (size_t n = 0; n < variables.count; n++)
		unit_add_context(builder, "env", variables.words + n, 1, list);
	word_list_free(&variables);
	if (unit_timespan(builder, limit, &span)) {
		text = unit_span_text(builder, span);
		unit_add_context(builder, "timeout_start", &text, 1, list);
	}
}

static bool are_equal_lists(const struct word_list *a, const struct word_list *b)
{
	bool equal = a->count == b->count;

	for (size_t n = 0; equal && n < a->count; n++)
		equal = !strcmp(a->words[n], b->words[n]);
	return equal;
}

/* Sets how the commands of all sockets run: alike, as they run together. */
static void set_socket_contexts(struct unit_builder *builder)
{
	const struct unit *first = NULL;
	struct word_list taken = { 0 };

	for (size_t i = 0; i < builder->socket_count; i++) {
		struct word_list list = { 0 };

		if (!has_socket_commands(builder->sockets[i]))
			continue;
		unit_builder_turn(builder, builder->sockets[i]);
		list.at = unit_start(builder->unit);
		set_socket_context(builder, &list);
		if (!first) {
			first = builder->unit;
			taken = list;
			unit_set(builder, "socket_exec_apart", "yes", unit_start(builder->unit));
			if (list.count)
				unit_set_list(builder, "socket_exec_options", &list);
			continue;
		}
		if (!are_equal_lists(&list, &taken))
			unit_unsupported(builder, unit_start(builder->unit),
					 "superd runs the commands of all sockets of a service alike, and the keys "
					 "of %s that rule them are others", first->name);
		word_list_free(&list);
	}
	word_list_free(&taken);
}

/* Collects the commands of all sockets. */
void unit_build_socket_commands(struct unit_builder *builder)
{
	struct key_list known = key_list(&unit_keys_socket);

	set_socket_contexts(builder);
	for (size_t n = 0; n < known.count; n++) {
		struct word_list list = { 0 };

		for (size_t i = 0; known.list[n].form == FORM_COMMANDS && i < builder->socket_count; i++) {
			struct command_list commands;

			unit_builder_turn(builder, builder->sockets[i]);
			commands = read_commands(builder, "Socket", known.list[n].name);
			add_command_texts(builder, &commands, commands.count, false, &list);
			free(commands.list);
		}
		set_commands(builder, "Socket", &known.list[n], &list);
		word_list_free(&list);
	}
}
