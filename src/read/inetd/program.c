/* The last fields: the user, the program and its arguments.
 *
 * user.group is ambiguous, because a user's name may contain a dot, and a reader looks up no names. So in superd's own
 * dialect the builder gets the whole word, which is split later if there is no such user. A colon always separates user
 * and group. */
#include <string.h>

#include "lib/scan.h"
#include "read/inetd/entry.h"
#include "table/reading/shell_word.h"

/* Removes FreeBSD's "/CLASS", a class of login.conf(5), with a warning. */
static const char *cut_class(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *slash = strrchr(field, '/');

	if (!slash)
		return field;
	diag_warning(inetd->reading->diags, inetd_shift(at, (size_t)(slash - field)),
		     "%s: the login class '%s' is not "
		     "available on this system: none of its limits is set",
		     entry->service, slash + 1);
	diags_hint(inetd->reading->diags, "in superd.conf, the rlimit_ options set them");
	return inetd_keep(inetd, field, (size_t)(slash - field));
}

/* The character between user and group; NULL: all of the text is the user. */
static const char *find_separator(struct inetd *inetd, const char *text, struct origin at)
{
	const char *colon = strrchr(text, ':'), *dot = strchr(text, '.');
	enum inetd_dot meaning = inetd->dialect->dot;

	if (meaning == DOT_FIRST && dot && (!colon || dot < colon))
		return dot;
	if (colon || !dot || meaning == DOT_KEPT)
		return colon;
	if (meaning != DOT_TRIED)
		return dot;
	inetd_note(inetd, INETD_NOTE_DOT, at,
		   "user.group is tried as the name of a user first; other inetds split it at the "
		   "dot, FreeBSD's never does (user:group is clear)");
	return NULL;
}

bool inetd_take_user(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *text, *separator;

	entry->user_at = at;
	if (*field == '/') {
		inetd_refuse(inetd, at, "%s: '%s' is a path, and its user is missing before it", entry->service, field);
		diags_hint(inetd->reading->diags, INETD_FIELDS);
		return false;
	}
	text = cut_class(inetd, entry, field, at);
	entry->user = text;
	separator = find_separator(inetd, text, at);
	if (separator) {
		entry->user = inetd_keep(inetd, text, (size_t)(separator - text));
		entry->group = separator + 1;
	}
	if (!*entry->user)
		return inetd_refuse(inetd, at, "%s: '%s' names no user", entry->service, field);
	if (entry->group && !*entry->group)
		return inetd_refuse(inetd, inetd_shift(at, strlen(field)), "%s: the group after '%s' is missing",
				    entry->service, field);
	if (inetd->dialect->root_keeps_group && (!strcmp(entry->user, "root") || !strcmp(entry->user, "0")))
		entry->group = NULL;
	return true;
}

/* Builtins with the names and aliases of services(5) and the port numbers that select them. */
static const struct {
	const char *builtin, *names[5];
} builtins[] = {
	{ "echo", { "echo", "7" } },
	{ "discard", { "discard", "sink", "null", "9" } },
	{ "chargen", { "chargen", "ttytst", "source", "19" } },
	{ "daytime", { "daytime", "13" } },
	{ "time", { "time", "timserver", "timeserver", "37" } },
	{ "tcpmux", { "tcpmux", "1" } },
	{ "auth", { "auth", "authentication", "ident", "tap", "113" } },
};

static const char *find_builtin(const struct inetd_entry *entry)
{
	const char *slash = strrchr(entry->service, '/');
	const char *name = slash && entry->transport == INETD_UNIX ? slash + 1 : entry->service;

	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
		for (size_t j = 0; j < sizeof(builtins[i].names) / sizeof(builtins[i].names[0]); j++) {
			if (builtins[i].names[j] && !strcmp(builtins[i].names[j], name))
				return builtins[i].builtin;
		}
	}
	return NULL;
}

static bool refuse_auth(struct inetd *inetd, const struct inetd_entry *entry, struct origin at)
{
	inetd_refuse(inetd, at, "%s: superd has no ident server of its own", entry->service);
	diags_hint(inetd->reading->diags,
		   "name an ident daemon as the program, as in /usr/sbin/oidentd oidentd --stdio");
	return false;
}

static bool set_builtin(struct inetd *inetd, struct inetd_entry *entry, struct origin at,
			const struct inetd_word *arguments, size_t count)
{
	entry->builtin = find_builtin(entry);
	if (!entry->builtin)
		return inetd_refuse(inetd, at,
				    "%s: there is no internal service of this name: known are echo, discard, "
				    "chargen, daytime, time and tcpmux",
				    entry->service);
	if (!strcmp(entry->builtin, "auth"))
		return refuse_auth(inetd, entry, at);
	if (count > 1)
		return inetd_refuse(inetd, arguments[1].at, "%s: the internal %s has no arguments", entry->service,
				    entry->builtin);
	return true;
}

/* Warns of an argv[0] that looks like an argument, because many tables forget the program's own name; and of one that
 * is the absolute path of another file, mostly a script that was meant as an argument. */
static void warn_of_argv0(struct inetd *inetd, const struct inetd_entry *entry, const struct inetd_word *name)
{
	const char *base = scan_base_name(entry->program);
	bool is_wrapper = base != entry->program && !strcmp(base, "tcpd");
	bool is_option = name->text[0] == '-' && strcmp(name->text + 1, base) != 0;
	bool is_path = name->text[0] == '/' && !is_wrapper && strcmp(name->text, entry->program) != 0;

	if (!is_option && !is_path)
		return;
	diag_warning(inetd->reading->diags, name->at, "%s: '%s' is the program's own name, not an argument",
		     entry->service, name->text);
	diags_hint(inetd->reading->diags, "write its name before the arguments: %s %s %s", entry->program, base,
		   name->text);
}

static void warn_of_comment(struct inetd *inetd, const struct inetd_entry *entry, const struct inetd_word *arguments,
			    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (arguments[i].text[0] != '#')
			continue;
		diag_warning(inetd->reading->diags, arguments[i].at, "%s: '%s' is passed to the program as an argument",
			     entry->service, arguments[i].text);
		diags_hint(inetd->reading->diags, "a comment has a line of its own");
		return;
	}
}

/* Warns of the first argument that only a shell would understand. */
static void warn_of_shell_argument(struct inetd *inetd, const struct inetd_entry *entry,
				   const struct inetd_word *arguments, size_t count)
{
	struct shell_scan scan = { 0 };

	shell_scan_word(&scan, entry->program, true);
	for (size_t i = 0; i < count; i++) {
		if (!shell_scan_word(&scan, arguments[i].text, i > 0))
			continue;
		diag_warning(inetd->reading->diags, arguments[i].at, SHELL_WORD_WARNING, entry->service,
			     arguments[i].text);
		diags_hint(inetd->reading->diags, "write it into a script, and name that here");
		return;
	}
}

/* A relative path starts in the folder that inetd was started in, if the command line names it. */
static const char *find_program(const struct inetd *inetd, const char *program)
{
	const struct inetd_defaults *said = inetd->reading->inetd;

	if (*program == '/' || (inetd->dialect->searches_path && !strchr(program, '/')))
		return program;
	if (!said || !said->folder)
		return NULL;
	program += strncmp(program, "./", 2) ? 0 : 2;
	return pool_textf(inetd_entries(inetd->reading)->pool, "%s/%s", said->folder, program);
}

static bool refuse_relative(struct inetd *inetd, const struct inetd_entry *entry, const char *program, struct origin at)
{
	inetd_refuse(inetd, at, "%s: the program '%s' is no absolute path", entry->service, program);
	diags_hint(inetd->reading->diags,
		   "write its absolute path; busybox's inetd searches PATH, and so does superd with "
		   "--compat=busybox or inetd+busybox:FILE; with inetd -d the path starts at the current directory");
	return false;
}

bool inetd_take_program(struct inetd *inetd, struct inetd_entry *entry, const struct inetd_word *program,
			const struct inetd_word *arguments, size_t count)
{
	struct origin at = program->at;
	struct pool *pool = inetd_entries(inetd->reading)->pool;
	const char **texts = pool_alloc(pool, (count + 1) * sizeof(*texts));

	entry->program_at = at;
	for (size_t i = 0; i < count; i++)
		texts[i] = arguments[i].text;
	entry->arguments = texts;
	if (!strcmp(program->text, "internal"))
		return set_builtin(inetd, entry, at, arguments, count);
	if (!*program->text)
		return inetd_refuse(inetd, at, "%s: the program's path is empty", entry->service);
	entry->program = find_program(inetd, program->text);
	if (!entry->program)
		return refuse_relative(inetd, entry, program->text, at);
	if (count)
		warn_of_argv0(inetd, entry, &arguments[0]);
	warn_of_comment(inetd, entry, arguments, count);
	warn_of_shell_argument(inetd, entry, arguments, count);
	return true;
}
