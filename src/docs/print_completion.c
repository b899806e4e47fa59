/* Prints completion scripts for bash and zsh, from the tables of the command line and of the options of superd.conf.
 *
 * bash splits words at "=" (COMP_WORDBREAKS), so --print=conf arrives as three words; the words behind "--" are a
 * command of their own. zsh's _arguments wants a help text in brackets, here within double quotes, so both levels
 * have to be escaped. */
#include "docs/docs.h"

#include <string.h>

#include "superd/main/command_line.h"
#include "table/services/service_json.h"

/* Every option of superd.conf, broken into lines. */
static void add_options(struct buf *out, const char *indent)
{
	const struct directive *directive;
	size_t column = 0;

	for (size_t i = 0; (directive = directive_listed(i)); i++) {
		const char *name = directive->name[NATIVE];

		if (directive != directive_find(NATIVE, name) && directive_find(NATIVE, name))
			continue;       /* pid_file, an option of services, too */
		if (column + strlen(name) > 90)
			column = 0;
		if (!column)
			buf_addf(out, "%s%s", i ? "\n" : "", indent);
		else
			buf_char(out, ' ');
		buf_text(out, name);
		column += strlen(name) + 1;
	}
	buf_char(out, '\n');
}

/* Adds "-a --accept", with `between` between them. */
static void add_names(struct buf *out, const struct cli_option *option, char between)
{
	if (option->letter)
		buf_addf(out, "-%c%c", option->letter, between);
	buf_addf(out, "--%s", option->name);
}

/* Adds a branch of bash's case that completes the argument of one option. */
static void add_bash_case(struct buf *out, const struct cli_option *option)
{
	buf_char(out, '\t');
	add_names(out, option, '|');
	buf_text(out, ")\n\t\t");
	if (option->complete == COMPLETE_FILES)
		buf_text(out, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
	else if (option->complete == COMPLETE_WORDS)
		buf_addf(out, "COMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n", option->words);
	else if (option->complete == COMPLETE_OPTIONS)
		buf_text(out, "COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n");
	else
		buf_text(out, "COMPREPLY=()\n");
	buf_text(out, "\t\treturn ;;\n");
}

static const char bash_start[] =
	"# bash completion for superd; made of its tables by \"make docs\".\n"
	"\n"
	"_superd()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i\n"
	"\tlocal options=\"\n";

static const char bash_command[] =
	"\t\"\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# A command follows --.\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tif [[ ${COMP_WORDS[i]} == -- ]]; then\n"
	"\t\t\tif ((i == COMP_CWORD - 1)); then\n"
	"\t\t\t\tCOMPREPLY=($(compgen -c -- \"$cur\"))\n"
	"\t\t\telse\n"
	"\t\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\t\tfi\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\tdone\n"
	"\t# --print=conf is three words to bash.\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\telif [[ $prev == --print ]]; then\n"
	"\t\tprev=\n"
	"\tfi\n"
	"\tcase $prev in\n";

void print_bash(struct buf *out)
{
	buf_text(out, bash_start);
	add_options(out, "\t\t");
	buf_text(out, bash_command);
	for (size_t n = 0; n < as_superd_cli.count; n++) {
		if (as_superd_cli.options[n].argument)
			add_bash_case(out, &as_superd_cli.options[n]);
	}
	buf_text(out, "\tesac\n\tCOMPREPLY=($(compgen -W '");
	for (size_t n = 0; n < as_superd_cli.count; n++) {
		buf_text(out, n % 8 ? " " : "\n\t\t");
		add_names(out, &as_superd_cli.options[n], ' ');
	}
	buf_text(out, " --\n\t' -- \"$cur\"))\n}\n\ncomplete -o filenames -F _superd superd\n");
}

/* Adds text within zsh's double quotes. `quoted` has the characters that _arguments would obey: brackets and
 * colons in a help text, colons alone in the name of an argument. */
static void add_zsh_text(struct buf *out, const char *text, const char *quoted)
{
	for (; *text; text++) {
		if (*text == '\\')
			buf_text(out, "\\\\\\");
		else if (strchr("\"$`", *text) || strchr(quoted, *text))
			buf_char(out, '\\');
		buf_char(out, *text);
	}
}

/* Adds the argument of an option in the form of zsh's _arguments. */
static void add_zsh_argument(struct buf *out, const struct cli_option *option)
{
	if (!option->argument)
		return;
	buf_text(out, option->optional ? "::" : ":");
	add_zsh_text(out, option->argument, ":");
	if (option->complete == COMPLETE_FILES)
		buf_text(out, ":_files");
	else if (option->complete == COMPLETE_WORDS)
		buf_addf(out, ":(%s)", option->words);
	else if (option->complete == COMPLETE_OPTIONS)
		buf_text(out, ":($options)");
	else
		buf_text(out, ": ");
}

/* Adds the rest of an option. joint: how its argument follows the name. "+" (letters): in the same word or the next
 * one; "=": behind "=" or in the next word; "=-": only behind "=". */
static void add_zsh_option(struct buf *out, const struct cli_option *option, const char *joint)
{
	buf_addf(out, "%s[", !option->argument ? "" : joint);
	add_zsh_text(out, option->help, "[]:");
	buf_char(out, ']');
	add_zsh_argument(out, option);
	buf_text(out, "\" \\\n");
}

static void add_zsh_forms(struct buf *out, const struct cli_option *option)
{
	const char *repeats = option->repeats ? "*" : "";

	if (option->letter) {
		buf_addf(out, "\t\"%s-%c", repeats, option->letter);
		add_zsh_option(out, option, "+");
	}
	buf_addf(out, "\t\"%s--%s", repeats, option->name);
	add_zsh_option(out, option, option->optional ? "=-" : "=");
}

void print_zsh(struct buf *out)
{
	buf_text(out, "#compdef superd\n# zsh completion for superd; made of its tables by \"make docs\".\n\n"
		 "local -a options\noptions=(\n");
	add_options(out, "\t");
	buf_text(out, ")\n\n_arguments \\\n");
	for (size_t n = 0; n < as_superd_cli.count; n++)
		add_zsh_forms(out, &as_superd_cli.options[n]);
	buf_text(out, "\t'*:::command: _normal'\n");
}
