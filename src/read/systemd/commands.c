/* Command lines: ExecStart becomes exec, the other Exec…= keys become lists of commands.
 *
 * Signs in front of the program say how it runs. They come in any order and are read before specifiers are replaced. A
 * command of a list becomes one text: its prefix, then its words as lib/shell_words splits them. With
 * expand_environment superd replaces variables when it starts the program. Source: systemd.service(5), "COMMAND
 * LINES". */
#include "read/systemd/internal.h"

struct command {
	const struct unit_assignment *assignment;
	unsigned flags;                 /* COMMAND_… */
	const struct unit_word *words;  /* the program without its signs, and its arguments */
	const char *program;
	size_t count;
	struct origin program_at;
};

struct command_list {
	struct command *list;           /* owned */
	size_t count, capacity;
	bool failed;
};

/* Reads the signs, each of which may come once. Returns the text behind them, the program. "!!" is one of them, which
 * only means something on kernels that are too old for superd; of it, + and ! there may be one (config_parse_exec of
 * systemd). */
static const char *read_prefix(struct command *command, const char *text)
{
	unsigned rights = COMMAND_PRIVILEGED | COMMAND_SAME_IDENTITY, flag;
	bool is_doubled = false;

	for (; (flag = command_sign(*text)); text++) {
		if (!is_doubled && *text == '!' && command->flags & COMMAND_SAME_IDENTITY) {
			command->flags &= ~(unsigned)COMMAND_SAME_IDENTITY;
			is_doubled = true;
		} else if (command->flags & flag || (flag & rights && (is_doubled || command->flags & rights))) {
			break;
		} else {
			command->flags |= flag;
		}
	}
	return text;
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

static bool check_program_path(struct unit_builder *builder, const struct command *command)
{
	const char *program = command->program, *key = command->assignment->key, *last = program;

	if (!*program)
		return unit_refuse(builder, command->program_at, "%s: a program is missing after its prefix", key);
	if (*program == '|')
		return unit_refuse(builder, command->program_at,
				   "%s: superd lacks the sign |: write /bin/sh -c, with the rest as one word", key);
	if (command_sign(*program))
		return unit_refuse(builder, command->program_at,
				   "%s: '%s': each sign comes once, and of +, ! and !! there is one", key, program);
	if (*program != '/' && strchr(program, '/'))
		return unit_refuse(builder, command->program_at,
				   "%s: '%s': a program is a path that begins with /, or a name without one", key,
				   program);
	while (*last && (unsigned char)*last >= ' ' && *last != '\x7f')
		last++;
	if (*last || last[-1] == '/')
		return unit_refuse(builder, command->program_at,
				   "%s: '%s': a program is not a directory, and its path has no control characters",
				   key, program);
	if (command->flags & COMMAND_ARGV0 && command->count < 2)
		return unit_refuse(builder, command->program_at,
				   "%s: after @ and the program, the program's name for itself is missing", key);
	return true;
}

static void add_command(struct unit_builder *builder, const struct unit_assignment *assignment,
			const struct unit_word *argv, size_t count, struct command_list *commands)
{
	struct command command = {
		.assignment = assignment,
		.words = argv,
		.count = count,
		.program_at = unit_place(assignment, argv[0].offset),
	};
	const char *program = read_prefix(&command, argv[0].text);

	command.program = unescaped_path(builder, program);
	/* ExecStart and ExecCondition decide about the service. */
	if (!strcmp(scan_base_name(command.program), "systemctl") && strcmp(assignment->key, "ExecStart") != 0 &&
	    strcmp(assignment->key, "ExecCondition") != 0) {
		unit_warn(builder, command.program_at, "%s: skipped: systemctl speaks to systemd, which may not run, "
						       "or may itself wait for this unit", assignment->key);
		return;
	}
	if (check_program_path(builder, &command))
		array_add(commands->list, commands->count, commands->capacity) = command;
	else
		commands->failed = true;
}

/* Reads the commands of a key. A lone semicolon separates two of them. */
static struct command_list read_commands(struct unit_builder *builder, const char *section, const char *key)
{
	struct unit_lines lines = { .unit = builder->unit, .section = section, .key = key };
	const struct unit_assignment *assignment;
	struct command_list commands = { 0 };

	while ((assignment = unit_next_assignment(&lines))) {
		struct unit_split found = { 0 };
		size_t start = 0;

		if (!unit_words(builder, assignment, UNIT_WORDS_TEMPLATES, &found))
			commands.failed = true;
		for (size_t n = 0; n <= found.count; n++) {
			if (n < found.count && (found.list[n].is_quoted || strcmp(found.list[n].text, ";") != 0))
				continue;
			if (n > start)
				add_command(builder, assignment, found.list + start, n - start, &commands);
			start = n + 1;
		}
	}
	return commands;
}

/* The program and its arguments, from `first` on, as one text. */
static void add_command_words(struct buf *out, const struct command *command, size_t first)
{
	shell_words_quote(out, command->program);
	for (size_t n = first; n < command->count; n++) {
		buf_char(out, ' ');
		shell_words_quote(out, command->words[n].text);
	}
}

static bool has_variables(const struct command *command)
{
	for (size_t n = 1; n < command->count; n++) {
		if (strchr(command->words[n].text, '$'))
			return true;
	}
	return false;
}

/* $NAME is replaced where it is a word, and ${NAME} anywhere, as under systemd: another word that begins with a $ is
 * lost. */
static void warn_of_lost_words(struct unit_builder *builder, const struct command *command)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	for (size_t n = 1; n < command->count; n++) {
		const char *text = command->words[n].text;

		if (text[0] == '$' && text[1] != '$' && text[1] != '{' && text[1] != '(' &&
		    (!text[1] || text[1 + strspn(text + 1, letters)]))
			unit_warn(builder, command->program_at, "%s: '%s' is replaced by nothing: write ${NAME}, or $$",
				  command->assignment->key, text);
	}
}

/* superd replaces variables in all commands of a service or in none. The sign : exempts a command. */
static void enable_variables(struct unit_builder *builder, const struct command *command)
{
	if (!(command->flags & COMMAND_VERBATIM))
		warn_of_lost_words(builder, command);
	if (!(command->flags & COMMAND_VERBATIM) && has_variables(command) &&
	    !builder_has(builder->builder, "expand_environment"))
		unit_set(builder, "expand_environment", "yes", command->program_at);
}

static void set_main_command(struct unit_builder *builder, const struct command *command)
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

/* Adds the first commands as texts of a list. flags: COMMAND_… for all of them. */
static void add_command_texts(struct unit_builder *builder, const struct command_list *commands, size_t count,
			      unsigned flags, struct word_list *list)
{
	for (size_t n = 0; n < count; n++) {
		const struct command *command = &commands->list[n];
		struct buf text = { 0 };

		enable_variables(builder, command);
		command_prefix_add(&text, command->flags | flags);
		add_command_words(&text, command, 1);
		word_list_add(list, buf_keep(&text, builder->pool), command->program_at);
		list->at = command->assignment->at;
	}
	list->failed |= commands->failed;
}

static void set_commands(struct unit_builder *builder, const char *section, const struct key_row *key,
			 struct word_list *list)
{
	const char *option = unit_key_option(section, key);

	if (option && list->count)
		unit_set_list(builder, option, list);
	word_list_free(list);
}

static bool has_bare_program(const struct command_list *commands)
{
	for (size_t n = 0; n < commands->count; n++) {
		if (commands->list[n].program[0] != '/')
			return true;
	}
	return false;
}

struct word_list unit_search_path(struct unit_builder *builder)
{
	struct word_list values = unit_collect(builder, "Service", "ExecSearchPath", COLLECT_VALUES);
	struct word_list list = { .at = values.at, .failed = values.failed };

	for (size_t n = 0; n < values.count; n++) {
		size_t length;

		for (const char *text = values.words[n]; *text; text += length + (text[length] == ':')) {
			length = strcspn(text, ":");
			if (length)
				word_list_add(&list, pool_text_n(builder->pool, text, length), values.places[n]);
		}
	}
	word_list_free(&values);
	return list;
}

/* Sets the folders where a program without a path is searched: ExecSearchPath, or systemd's default. */
static void set_exec_search_path(struct unit_builder *builder, bool is_needed)
{
	static const char *const usual[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin",
					     "/bin" };
	struct word_list list = unit_search_path(builder);

	if (!list.count && is_needed && !list.failed) {
		list.at = unit_start(builder->unit);
		for (size_t n = 0; n < sizeof(usual) / sizeof(*usual); n++)
			word_list_add(&list, usual[n], list.at);
	}
	if (list.count)
		unit_set_list(builder, "exec_search_path", &list);
	word_list_free(&list);
}

/* Of several ExecStart commands all but the last one run before it, as ExecStartPre does. */
void unit_build_commands(struct unit_builder *builder)
{
	struct key_list known = key_list(&unit_keys_service);
	struct command_list start = read_commands(builder, "Service", "ExecStart");
	bool bare = has_bare_program(&start);
	unsigned flags;

	if (!start.count && !start.failed)
		unit_refuse(builder, unit_start(builder->unit), "%s: ExecStart is missing", builder->unit->name);
	else if (start.count > 1 && strcmp(builder->type, "oneshot") != 0)
		unit_refuse(builder, start.list[1].assignment->at,
			    "ExecStart: there is one already: only with Type=oneshot there "
			    "may be several, which run one after the other");
	flags = unit_bool(builder, "Service", "PermissionsStartOnly", false) ? COMMAND_PRIVILEGED : 0;
	for (size_t n = 0; n < known.count; n++) {
		const struct key_row *key = &known.list[n];
		struct command_list commands;
		struct word_list list = { 0 };

		if (key->form != FORM_COMMANDS)
			continue;
		commands = read_commands(builder, "Service", key->name);
		add_command_texts(builder, &commands, commands.count, flags, &list);
		if (!strcmp(key->name, "ExecStartPre") && start.count)
			add_command_texts(builder, &start, start.count - 1, 0, &list);
		set_commands(builder, "Service", key, &list);
		bare |= has_bare_program(&commands);
		free(commands.list);
	}
	if (start.count)
		set_main_command(builder, &start.list[start.count - 1]);
	free(start.list);
	set_exec_search_path(builder, bare);
}

/* Collects the commands of all sockets. They run apart from the service, as superd's own user. */
void unit_build_socket_commands(struct unit_builder *builder)
{
	struct key_list known = key_list(&unit_keys_socket);

	for (size_t n = 0; n < known.count; n++) {
		struct word_list list = { 0 };

		for (size_t i = 0; known.list[n].form == FORM_COMMANDS && i < builder->pair->count; i++) {
			struct command_list commands;

			unit_builder_turn(builder, builder->pair->sockets[i]);
			commands = read_commands(builder, "Socket", known.list[n].name);
			add_command_texts(builder, &commands, commands.count, 0, &list);
			free(commands.list);
		}
		if (list.count && !builder_has(builder->builder, "socket_exec_as_superd"))
			unit_set(builder, "socket_exec_as_superd", "yes", list.at);
		set_commands(builder, "Socket", &known.list[n], &list);
	}
}
