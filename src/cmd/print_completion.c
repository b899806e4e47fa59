/* Completion scripts for bash and zsh, from one table of superd's command line and from the directive table.
 *
 * The hard thing in bash: "=" ends a word there, so --print=conf arrives as three words, and what stands behind
 * "--" is a command of its own. */
#include "cmd/print.h"

#include <string.h>

#include "cmd/fallback.h"

enum takes { NOTHING, FILES, WORDS, OPTIONS, SOMETHING };

struct flag {
	const char *letter, *name;      /* "-a", "--accept"; NULL: none */
	enum takes takes;
	bool optional;                  /* the argument, behind "=" only */
	const char *argument;           /* what it is; of WORDS the words */
	const char *help;
};

static const struct flag flags[] = {
	{ "-f", NULL, FILES, false, "table", "read this table" },
	{ "-l", NULL, SOMETHING, false, "endpoint", "serve this endpoint, without a table" },
	{ "-a", "--accept", NOTHING, false, NULL, "with -l: an instance for each connection" },
	{ NULL, "--inetd", NOTHING, false, NULL, "with -l: the socket as standard input and output" },
	{ NULL, "--fdname", SOMETHING, false, "name", "with -l: the names of the sockets" },
	{ "-E", "--setenv", SOMETHING, false, "variable", "with -l: a variable for the command" },
	{ NULL, "--check", NOTHING, false, NULL, "check the table and exit" },
	{ NULL, "--print", WORDS, true, "conf comments json mdoc bash zsh compat states", "print and exit" },
	{ NULL, "--explain", OPTIONS, false, "option", "explain an option of the table" },
	{ NULL, "--no-preflight", NOTHING, false, NULL, "do not look at this machine" },
	{ NULL, "--keep-going", NOTHING, false, NULL, "leave out services with errors" },
	{ NULL, "--daemon", NOTHING, false, NULL, "go into the background" },
	{ NULL, "--pid-file", FILES, false, "file", "write the process id here" },
	{ NULL, "--log", WORDS, false, "stderr syslog", "where the log goes" },
	{ NULL, "--log-format", WORDS, false, "text json", "how a line of the log looks" },
	{ NULL, "--log-level", WORDS, false, "error warning notice info debug", "what is important enough" },
	{ NULL, "--control", FILES, false, "path", "the control socket" },
	{ NULL, "--stop-timeout", SOMETHING, false, "duration", "how long everything may take to stop" },
	{ NULL, "--version", NOTHING, false, NULL, "print the version" },
	{ NULL, "--help", NOTHING, false, NULL, "print the options" },
};
#define FLAGS (sizeof(flags) / sizeof(*flags))

/* Every option of superd.conf, broken into lines. */
static void add_options(struct buf *out, const char *indent)
{
	size_t column = 0;

	for (size_t i = 0; i < directive_count; i++) {
		const char *name = directives[i].name[NATIVE];

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

/* -a|--accept */
static void add_pattern(struct buf *out, const struct flag *flag)
{
	buf_addf(out, "%s%s%s", flag->letter ? flag->letter : "", flag->letter && flag->name ? "|" : "",
		 flag->name ? flag->name : "");
}

/* What completes the argument of one flag, as a branch of bash's case. */
static void add_bash_case(struct buf *out, const struct flag *flag)
{
	buf_char(out, '\t');
	add_pattern(out, flag);
	buf_text(out, ")\n\t\t");
	if (flag->takes == FILES)
		buf_text(out, "COMPREPLY=($(compgen -f -- \"$cur\"))\n");
	else if (flag->takes == WORDS)
		buf_addf(out, "COMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n", flag->argument);
	else if (flag->takes == OPTIONS)
		buf_text(out, "COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n");
	else
		buf_text(out, "COMPREPLY=()\n");
	buf_text(out, "\t\treturn ;;\n");
}

static const char bash_start[] =
	"# bash completion for superd; printed by superd --print=bash.\n"
	"\n"
	"_superd()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i\n"
	"\tlocal options=\"\n";

static const char bash_command[] =
	"\t\"\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# Behind -- stands a command.\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tif [[ ${COMP_WORDS[i]} == -- ]]; then\n"
	"\t\t\tif ((i == COMP_CWORD - 1)); then\n"
	"\t\t\t\tCOMPREPLY=($(compgen -c -- \"$cur\"))\n"
	"\t\t\telse\n"
	"\t\t\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
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

bool print_bash(FILE *out)
{
	struct buf text = { 0 };
	bool ok;

	buf_text(&text, bash_start);
	add_options(&text, "\t\t");
	buf_text(&text, bash_command);
	for (size_t i = 0; i < FLAGS; i++) {
		if (flags[i].takes != NOTHING)
			add_bash_case(&text, &flags[i]);
	}
	buf_text(&text, "\tesac\n\tCOMPREPLY=($(compgen -W '");
	for (size_t i = 0; i < FLAGS; i++) {
		if (i % 8 == 0)
			buf_text(&text, "\n\t\t");
		else
			buf_char(&text, ' ');
		if (flags[i].letter)
			buf_addf(&text, "%s%s", flags[i].letter, flags[i].name ? " " : "");
		if (flags[i].name)
			buf_text(&text, flags[i].name);
	}
	buf_text(&text, " --\n\t' -- \"$cur\"))\n}\n\ncomplete -o filenames -F _superd superd\n");
	ok = buf_flush(&text, out);
	buf_free(&text);
	return ok;
}

/* What zsh asks for behind a flag. */
static void add_zsh_argument(struct buf *out, const struct flag *flag)
{
	if (flag->takes == NOTHING)
		return;
	buf_text(out, flag->optional ? "::" : ":");
	if (flag->takes == FILES)
		buf_addf(out, "%s:_files", flag->argument);
	else if (flag->takes == WORDS)
		buf_addf(out, "what:(%s)", flag->argument);
	else if (flag->takes == OPTIONS)
		buf_addf(out, "%s:($options)", flag->argument);
	else
		buf_addf(out, "%s: ", flag->argument);
}

/* A long option takes its argument behind "=" or as the next word, an optional one behind "=" alone. */
static void add_zsh_flag(struct buf *out, const struct flag *flag, const char *name)
{
	bool is_long = !strncmp(name, "--", 2);
	const char *joint = flag->takes == NOTHING ? "" : flag->optional ? "=-" : is_long ? "=" : "+";
	bool repeats = flag->letter && flag->takes != NOTHING;

	buf_addf(out, "\t\"%s%s%s[%s]", repeats ? "*" : "", name, joint, flag->help);
	add_zsh_argument(out, flag);
	buf_text(out, "\" \\\n");
}

bool print_zsh(FILE *out)
{
	struct buf text = { 0 };
	bool ok;

	buf_text(&text, "#compdef superd\n# zsh completion for superd; printed by superd --print=zsh.\n\n"
		 "local -a options\noptions=(\n");
	add_options(&text, "\t");
	buf_text(&text, ")\n\n_arguments \\\n");
	for (size_t i = 0; i < FLAGS; i++) {
		if (flags[i].letter)
			add_zsh_flag(&text, &flags[i], flags[i].letter);
		if (flags[i].name)
			add_zsh_flag(&text, &flags[i], flags[i].name);
	}
	buf_text(&text, "\t'*:::command: _normal'\n");
	ok = buf_flush(&text, out);
	buf_free(&text);
	return ok;
}
