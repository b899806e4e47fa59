/* The variables of a plan, from the table and from files; and what one start adds to its variables and arguments. */
#include "superd/start/start.h"

#include <assert.h>
#include <sys/random.h>

/* Lists of environment variables, and files of them. Source: systemd.exec(5), "EnvironmentFile=".
 *
 * Files follow systemd's rules for quotes and continued lines. Only regular files up to a maximum size are read, so
 * reading does not block on a FIFO or a device. */

#define FILE_MOST (1u << 20)
#define FILES_SECONDS 1. /* until superd gives up a pattern: a user may fill his folder with files */
#define BLANKS " \t\r\n"

static bool same_name(const char *a, const char *b)
{
	size_t length = strcspn(a, "=");

	return length == strcspn(b, "=") && !memcmp(a, b, length);
}

static void variables_take(struct variables *variables, char *owned)
{
	char **list;

	if (!owned) {
		variables->failed = true;
		return;
	}
	for (size_t n = 0; n < variables->count; n++) {
		if (same_name(variables->list[n], owned)) {
			free(variables->list[n]);
			variables->list[n] = owned;
			return;
		}
	}
	list = array_grow(variables->list, &variables->capacity, variables->count, sizeof(*list));
	if (!list) {
		free(owned);
		variables->failed = true;
		return;
	}
	variables->list = list;
	variables->list[variables->count++] = owned;
}

void variables_set(struct variables *variables, const char *assignment)
{
	variables_take(variables, strdup(assignment));
}

void variables_setf(struct variables *variables, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	variables_take(variables, text);
}

/* name: NAME, or NAME=value */
static bool is_unset_by(const char *variable, const char *name)
{
	return strchr(name, '=') ? !strcmp(variable, name) : same_name(variable, name);
}

void variables_unset(struct variables *variables, const char *name)
{
	for (size_t n = 0; n < variables->count; n++) {
		if (!is_unset_by(variables->list[n], name))
			continue;
		free(variables->list[n]);
		variables->list[n--] = variables->list[--variables->count];
	}
}

void variables_free(struct variables *variables)
{
	for (size_t n = 0; n < variables->count; n++)
		free(variables->list[n]);
	free(variables->list);
	*variables = (struct variables){ 0 };
}

static bool ends_line(char c)
{
	return c == '\n' || c == '\r' || !c;
}

/* Reads a value: quoted pieces, if any, which may go across lines, then the rest of the line, where quotes have no
 * meaning any more, and blanks at its end do not count. In double quotes a backslash escapes " \ ` and $. */
static const char *read_value(const char *at, struct buf *out)
{
	size_t solid;

	for (at += strspn(at, " \t"); *at == '"' || *at == '\''; at += strspn(at, " \t")) {
		char quote = *at++;

		for (; *at && *at != quote; at++) {
			if (quote == '"' && at[0] == '\\' && at[1]) {
				at++;
				if (*at == '\n')
					continue;
				if (!strchr("\"\\`$", *at))
					buf_char(out, '\\');
			}
			buf_char(out, *at);
		}
		at += *at != '\0';
	}
	solid = out->length;
	for (; !ends_line(*at); at++) {
		bool escaped = *at == '\\';

		at += escaped;
		if (escaped && !*at)
			break;
		if (escaped && ends_line(*at))
			continue;
		buf_char(out, *at);
		if (escaped || !isblank((unsigned char)*at))
			solid = out->length;
	}
	if (out->data && !out->failed) {
		out->length = solid;
		out->data[solid] = '\0';
	}
	return at;
}

static bool is_variable_name(const char *text, size_t length)
{
	if (!length || isdigit((unsigned char)*text))
		return false;
	for (size_t n = 0; n < length; n++) {
		if (!isalnum((unsigned char)text[n]) && text[n] != '_')
			return false;
	}
	return true;
}

/* Reads one assignment or comment, which may continue over several lines; returns what is behind it. A line that is no
 * assignment, such as "export A=b", is passed over: systemd does so, and files are written for it. */
static const char *read_assignment(struct variables *variables, const char *start)
{
	size_t name = strcspn(start, "=\n\r"), length = name;
	struct buf assignment = { 0 };

	if (*start == '#' || *start == ';' || start[name] != '=')
		return start + strcspn(start, "\n\r");
	while (length && isblank((unsigned char)start[length - 1]))
		length--;
	buf_add(&assignment, start, length);
	buf_char(&assignment, '=');
	start = read_value(start + name + 1, &assignment);
	if (assignment.failed || is_variable_name(buf_string(&assignment), length))
		variables_take(variables, buf_take(&assignment));
	buf_free(&assignment);
	return start;
}

/* false and errno; EILSEQ: it is no text. */
static bool read_environment_file(struct variables *variables, const char *path, const struct account *account)
{
	size_t length;
	char *text = foreign_read_file(path, account, FILE_MOST, &length);
	bool good = text && strlen(text) == length;

	for (const char *at = text; good && *(at += strspn(at, BLANKS));)
		at = read_assignment(variables, at);
	if (text && !good)
		errno = EILSEQ;
	free(text);
	return good;
}

bool variables_read_file(struct variables *variables, const char *path, const struct account *account, struct buf *why)
{
	bool optional = *path == '-', good;
	double until = clock_now() + FILES_SECONDS;
	struct path_finding finding;
	struct buf names = { 0 };
	int error;

	path += optional;
	errno = ENOMEM;
	if (strpbrk(path, "*?[")) {
		good = foreign_glob(path, &names) || (errno == ENOENT && optional);
	} else {
		buf_add(&names, path, strlen(path) + 1);
		good = !names.failed;
	}
	for (size_t at = 0; good && at < names.length; at += strlen(names.data + at) + 1) {
		path = names.data + at;
		good = read_environment_file(variables, path, account) || (errno == ENOENT && optional);
		if (good && clock_now() > until && at + strlen(path) + 1 < names.length) {
			foreign_give_up(path);
			errno = ETIMEDOUT;
			good = false;
		}
	}
	error = errno;
	if (!good)
		buf_addf(why, "%s: %s", path,
			 error == EILSEQ ? "it is no text: there is a NUL in it" : strerror(error));
	if (!good && (error == EACCES || error == EPERM || error == ELOOP) &&
	    path_leads_to_foreign(path, &finding)) /* by whose rights? */
		path_finding_add(&finding, why);
	buf_free(&names);
	errno = error;
	return good;
}

/* The environment and the arguments of one start.
 *
 * Some variables hold the child's pid, which only the child knows. They get their room here, and the child fills it in
 * (exec/child/child.c) after the arguments were expanded: so a command's words cannot contain these variables. */

/* Variables in the words of a command. Source: systemd.service(5), "COMMAND LINES".
 *
 * This is not a shell. $NAME as a whole word is split at blanks; ${NAME} is not, and may stand inside a word, where any
 * other dollar sign is plain text. Every text is valid: what cannot be a variable stays as it is. */
#define EXPANDED_MOST (2u << 20) /* bytes: more than execve(2) accepts with the default limits */
#define WORD_BLANKS " \t\n\r"

/* The words made so far, each with its NUL. */
struct expanded_words {
	struct buf text;
	size_t count;
	bool too_big;
};

static void add_bytes(struct expanded_words *made, const void *bytes, size_t length)
{
	made->too_big = made->too_big || length > EXPANDED_MOST - made->text.length;
	if (!made->too_big)
		buf_add(&made->text, bytes, length);
}

static void end_word(struct expanded_words *made)
{
	add_bytes(made, "", 1);
	made->count++;
}

static const char *find_variable(char *const *environment, const char *name, size_t length)
{
	for (; *environment; environment++) {
		if (!strncmp(*environment, name, length) && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return "";
}

/* Adds one word of a value, up to the next blank. Quotes and backslashes protect blanks and are removed. */
static const char *add_value_word(struct expanded_words *made, const char *at)
{
	char quote = '\0';

	for (; *at && (quote || !strchr(WORD_BLANKS, *at)); at++) {
		if (*at == '\\') {
			if (!*++at)
				break;
			add_bytes(made, at, 1);
		} else if (quote ? *at == quote : *at == '"' || *at == '\'') {
			quote = quote ? '\0' : *at;
		} else {
			add_bytes(made, at, 1);
		}
	}
	end_word(made);
	return at;
}

static void add_substituted(struct expanded_words *made, const char *word, char *const *environment)
{
	for (; *word; word++) {
		size_t name = strncmp(word, "${", 2) ? 0 : strcspn(word + 2, "}:");

		/* ${NAME:-other} or a missing brace is no variable. */
		if (!strncmp(word, "${", 2) && word[2 + name] == '}') {
			const char *value = find_variable(environment, word + 2, name);

			add_bytes(made, value, strlen(value));
			word += 2 + name;
			continue;
		}
		add_bytes(made, word, 1);
		if (!strncmp(word, "$$", 2))
			word++;
	}
	end_word(made);
}

char **argv_expand(char *const *argv, char *const *environment)
{
	struct expanded_words made = { 0 };
	char **expanded = NULL, *text;

	assert(argv[0]); /* a command has a program */
	for (char *const *at = argv; *at && !made.too_big; at++) {
		const char *word = *at, *value;

		if (word[0] != '$' || word[1] == '{' || word[1] == '$') {
			add_substituted(&made, word, environment);
			continue;
		}
		value = find_variable(environment, word + 1, strlen(word + 1));
		for (value += strspn(value, WORD_BLANKS); *value; value += strspn(value, WORD_BLANKS))
			value = add_value_word(&made, value);
	}
	if (!made.count) {
		add_bytes(&made, argv[0], strlen(argv[0]));
		end_word(&made);
	}
	errno = made.too_big ? E2BIG : ENOMEM;
	/* The list and its words are one block. */
	if (!made.too_big && !made.text.failed)
		expanded = malloc((made.count + 1) * sizeof(char *) + made.text.length);
	if (expanded) {
		text = memcpy(expanded + made.count + 1, made.text.data, made.text.length);
		for (size_t n = 0; n < made.count; n++, text += strlen(text) + 1)
			expanded[n] = text;
		expanded[made.count] = NULL;
	}
	buf_free(&made.text);
	return expanded;
}

bool spawn_invocation(char id[INVOCATION_ID + 1])
{
	unsigned char random[INVOCATION_ID / 2];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		return false;
	for (size_t n = 0; n < sizeof(random); n++) {
		id[2 * n] = "0123456789abcdef"[random[n] / 16];
		id[2 * n + 1] = "0123456789abcdef"[random[n] % 16];
	}
	id[INVOCATION_ID] = '\0';
	return true;
}

/* Each client gets such variables, and snprintf(3) takes several times as long. */
static void add_text(struct spawn_env *texts, const char *name, const char *value)
{
	size_t length = strlen(name), most = strnlen(value, SPAWN_VALUE);
	char *at = texts->environment[texts->count++] = texts->room + texts->used;

	memcpy(at, name, length);
	memcpy(at + length, value, most);
	at[length + most] = '\0';
	texts->used += length + most + 1;
}

static void add_number(struct spawn_env *texts, const char *name, int64_t number)
{
	char *at = texts->environment[texts->count++] = texts->room + texts->used;

	child_write_variable(at, name, (uint64_t)number);
	texts->used += strlen(at) + 1;
}

/* Variables of ucspi-tcp (tcp-environ(5)) among them. */
static void add_remote(const struct spawn_request *request, struct spawn_env *texts)
{
	if (request->cookie)
		add_number(texts, "SO_COOKIE=", (int64_t)request->cookie);
	if (!request->remote_address || !*request->remote_address)
		return;
	add_text(texts, "REMOTE_ADDR=", request->remote_address);
	if (request->plan->flags & PLAN_TELLS_HOST)
		add_text(texts, "REMOTE_HOST=", request->remote_address);
	if (request->remote_port >= 0)
		add_number(texts, "REMOTE_PORT=", request->remote_port);
	if (!request->local_address)
		return;
	add_text(texts, "PROTO=", "TCP");
	add_text(texts, "TCPLOCALIP=", request->local_address);
	add_number(texts, "TCPLOCALPORT=", request->local_port);
	add_text(texts, "TCPREMOTEIP=", request->remote_address);
	add_number(texts, "TCPREMOTEPORT=", request->remote_port);
}

/* The variables that hold the child's pid have no value yet. */
static void unset_own(struct spawn_env *texts, struct job *job, words names)
{
	if (names)
		child_write_variables(job, 0);
	for (; names && *names; names++) {
		for (size_t n = 0; n < texts->count; n++) {
			if (is_unset_by(texts->environment[n], *names))
				texts->environment[n--] = texts->environment[--texts->count];
		}
	}
}

static bool make_start_environment(struct spawn_env *texts, struct job *job, const struct spawn_request *request)
{
	size_t planned = request->plan->environment_count, own = 0, most;
	char id[INVOCATION_ID + 1];

	while (request->variables && request->variables[own])
		own++;
	most = JOB_EXTRA + own + planned + 1;
	texts->used = texts->count = 0;
	texts->environment = most > SPAWN_ENVIRONMENT ? malloc(most * sizeof(*texts->environment)) : texts->small;
	if (!texts->environment)
		return false;
	if (request->listen_count) {
		texts->environment[texts->count++] = job->listen_pid;
		add_number(texts, "LISTEN_FDS=", request->listen_count);
		texts->environment[texts->count++] = (char *)(uintptr_t)request->names;
	}
	add_remote(request, texts);
	if (request->notify)
		texts->environment[texts->count++] = (char *)(uintptr_t)request->notify;
	if (request->store)
		add_number(texts, "FDSTORE=", request->store);
	if (request->watchdog) {
		texts->environment[texts->count++] = job->watchdog_pid;
		add_number(texts, "WATCHDOG_USEC=", request->watchdog);
	}
	if (request->plan->flags & PLAN_TELLS_UNIT) {
		texts->environment[texts->count++] = job->exec_pid;
		if (request->invocation)
			add_text(texts, "INVOCATION_ID=", request->invocation);
		else if (spawn_invocation(id))
			add_text(texts, "INVOCATION_ID=", id);
	}
	for (size_t n = 0; n < own; n++)
		texts->environment[texts->count++] = (char *)(uintptr_t)request->variables[n];
	unset_own(texts, job, request->plan->unset);
	if (planned)
		memcpy(texts->environment + texts->count, request->plan->environment,
		       planned * sizeof(*texts->environment));
	texts->environment[texts->count + planned] = NULL;
	return true;
}

bool spawn_env_make(struct spawn_env *texts, struct job *job, const struct spawn_request *request)
{
	bool expands = request->plan->flags & PLAN_EXPANDS && !(job->command->flags & COMMAND_VERBATIM);

	texts->argv = job->command->argv;
	if (make_start_environment(texts, job, request) &&
	    (!expands || (texts->argv = argv_expand(job->command->argv, texts->environment)))) {
		job->environment = texts->environment;
		job->argv = texts->argv;
		return true;
	}
	return false;
}

void spawn_env_free(struct spawn_env *texts, const struct job *job)
{
	if (texts->environment != texts->small)
		free(texts->environment);
	if (texts->argv != job->command->argv)
		free(texts->argv);
}
