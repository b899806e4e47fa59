/* One service from the command line, through the same draft as a file's. Where systemd-socket-activate leaves its
 * own streams and terminal to the command, so does this; unlike it, superd stays and starts the command again for
 * the next client. */
#include "cmd/single.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/words.h"
#include "model/check.h"
#include "model/draft.h"
#include "sys/program.h"

static const struct origin nowhere = { .file = "command line" };

static void set(struct draft *draft, const char *name, const char *const *given, size_t count, struct diags *diags)
{
	struct value value = { .words = given, .count = count, .is_list = count > 1, .at = nowhere };

	draft_set(draft, NATIVE, name, &value, diags);
}

static void set_one(struct draft *draft, const char *name, const char *word, struct diags *diags)
{
	set(draft, name, &word, 1, diags);
}

static void set_sockets(struct draft *draft, const struct options *options, struct diags *diags)
{
	const char *names = options->fdname;

	for (size_t n = 0; n < options->endpoint_count; n++) {
		size_t length = names ? strcspn(names, ":") : 0;
		char *name = names ? strndup(names, length) : NULL;

		if (options->fdname && !name)
			diag_error(diags, nowhere, "--fdname has fewer names than there are sockets");
		draft_open_socket(draft, name, nowhere);
		set_one(draft, "listen", options->endpoints[n], diags);
		draft_close_socket(draft, diags);
		free(name);
		names = names && names[length] ? names + length + 1 : NULL;
	}
	if (names)
		diag_error(diags, nowhere, "--fdname has more names than there are sockets");
}

/* By the type's own splitting a lone word would be split at its blanks: quoting keeps it one. false: there is no such
 * program, which is said. */
static bool set_command(struct draft *draft, char **command, struct diags *diags)
{
	struct buf program = { 0 }, text = { 0 };

	if (!program_find(command[0], getenv("PATH"), &program)) {
		diag_error(diags, nowhere, "there is no program %s in PATH", command[0]);
		buf_free(&program);
		return false;
	}
	words_quote(&text, buf_string(&program));
	for (char **word = command + 1; *word; word++) {
		buf_char(&text, ' ');
		words_quote(&text, *word);
	}
	set_one(draft, "exec", buf_string(&text), diags);
	if (strcmp(buf_string(&program), command[0]))
		set_one(draft, "argv0", command[0], diags);
	buf_free(&program);
	buf_free(&text);
	return true;
}

static void set_environment(struct draft *draft, const struct options *options, struct diags *diags)
{
	const char **env = calloc(2 * options->environment_count + 1, sizeof(*env)), **passenv;
	size_t assigned = 0, passed = 0;

	if (!env) {
		diag_error(diags, nowhere, "out of memory");
		return;
	}
	passenv = env + options->environment_count;
	for (size_t n = 0; n < options->environment_count; n++) {
		if (strchr(options->environment[n], '='))
			env[assigned++] = options->environment[n];
		else
			passenv[passed++] = options->environment[n];
	}
	if (assigned)
		set(draft, "env", env, assigned, diags);
	if (passed)
		set(draft, "passenv", passenv, passed, diags);
	free(env);
}

static void set_switches(struct draft *draft, const struct options *options, struct diags *diags)
{
	set_one(draft, "accept", options->accept ? "yes" : "no", diags);
	set_one(draft, "pass", options->inetd ? "inetd" : "systemd", diags);
	set_one(draft, "error", "inherit", diags);
	if (!options->inetd)
		set_one(draft, "output", "inherit", diags);
	if (options->now)
		set_one(draft, "start", "boot", diags);
	if (geteuid() == 0)
		set_one(draft, "user", "root", diags);
}

static void name_service(const char *program, struct buf *name)
{
	const char *base = strrchr(program, '/');

	for (base = base ? base + 1 : program; *base; base++)
		buf_char(name, isalnum((unsigned char)*base) || strchr("._+-", *base) ? *base : '_');
	if (!name->length)
		buf_text(name, "command");
}

struct table *single_table(const struct options *options, struct diags *diags)
{
	struct table *table = table_new();
	struct draft *draft = NULL;
	struct buf name = { 0 };
	bool found;

	if (!table)
		return NULL;
	name_service(options->command[0], &name);
	draft = draft_new(table, buf_string(&name), nowhere);
	buf_free(&name);
	if (!draft) {
		table_free(table);
		return NULL;
	}
	set_sockets(draft, options, diags);
	found = set_command(draft, options->command, diags);
	set_environment(draft, options, diags);
	set_switches(draft, options, diags);
	if (found && !draft_seal(draft, NULL, diags) && !diags->errors)
		diag_error(diags, nowhere, "out of memory");
	draft_free(draft);
	table_check(table, diags);
	return table;
}
