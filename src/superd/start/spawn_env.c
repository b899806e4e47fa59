/* The environment and the arguments of one start.
 *
 * Some variables hold the child's pid, which only the child knows. They get their room here, and the child fills it in
 * (exec/child/child.c) after the arguments were expanded: so a command's words cannot contain these variables. */
#include "superd/start/spawn_env.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Variables in the words of a command. Source: systemd.service(5), "COMMAND LINES".
 *
 * This is not a shell. $NAME as a whole word is split at blanks; ${NAME} is not, and may stand inside a word, where any
 * other dollar sign is plain text. Every text is valid: what cannot be a variable stays as it is. */
#define EXPANDED_MOST (2u << 20) /* bytes: more than execve(2) accepts with the default limits */
#define BLANKS " \t\n\r"

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

	for (; *at && (quote || !strchr(BLANKS, *at)); at++) {
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

/* The end of a variable's name in braces; NULL: it is no variable, such as ${NAME:-other} or a missing brace. */
static const char *close_brace(const char *name)
{
	const char *end = name + strcspn(name, "}:");

	return *end == '}' ? end : NULL;
}

static void add_substituted(struct expanded_words *made, const char *word, char *const *environment)
{
	for (; *word; word++) {
		const char *end = !strncmp(word, "${", 2) ? close_brace(word + 2) : NULL;
		const char *value;

		if (end) {
			value = find_variable(environment, word + 2, (size_t)(end - word) - 2);
			add_bytes(made, value, strlen(value));
			word = end;
			continue;
		}
		add_bytes(made, word, 1);
		if (!strncmp(word, "$$", 2))
			word++;
	}
	end_word(made);
}

/* Makes the list and its words, in one block. */
static char **make_vector(const struct expanded_words *made)
{
	size_t list = (made->count + 1) * sizeof(char *);
	char **argv = malloc(list + made->text.length), *at;

	if (!argv)
		return NULL;
	at = (char *)argv + list;
	memcpy(at, made->text.data, made->text.length);
	for (size_t n = 0; n < made->count; n++, at += strlen(at) + 1)
		argv[n] = at;
	argv[made->count] = NULL;
	return argv;
}

char **argv_expand(char *const *argv, char *const *environment)
{
	struct expanded_words made = { 0 };
	char **expanded = NULL;

	assert(argv[0]);        /* a command has a program */
	for (char *const *at = argv; *at && !made.too_big; at++) {
		const char *word = *at, *value;

		if (word[0] != '$' || word[1] == '{' || word[1] == '$') {
			add_substituted(&made, word, environment);
			continue;
		}
		value = find_variable(environment, word + 1, strlen(word + 1));
		for (value += strspn(value, BLANKS); *value; value += strspn(value, BLANKS))
			value = add_value_word(&made, value);
	}
	if (!made.count) {
		add_bytes(&made, argv[0], strlen(argv[0]));
		end_word(&made);
	}
	errno = made.too_big ? E2BIG : ENOMEM;
	if (!made.too_big && !made.text.failed)
		expanded = make_vector(&made);
	buf_free(&made.text);
	return expanded;
}

bool spawn_invocation(char id[INVOCATION_ID + 1])
{
	unsigned char random[INVOCATION_ID / 2];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		return false;
	for (size_t n = 0; n < sizeof(random); n++)
		snprintf(id + 2 * n, 3, "%02x", random[n]);
	return true;
}

/* Variables of ucspi-tcp (tcp-environ(5)). */
static size_t add_tcp(const struct spawn_request *request, struct spawn_env *texts, char **environment)
{
	snprintf(texts->local_ip, sizeof(texts->local_ip), "TCPLOCALIP=%s", request->local_address);
	snprintf(texts->local_port, sizeof(texts->local_port), "TCPLOCALPORT=%d", request->local_port);
	snprintf(texts->remote_ip, sizeof(texts->remote_ip), "TCPREMOTEIP=%s", request->remote_address);
	snprintf(texts->remote_port, sizeof(texts->remote_port), "TCPREMOTEPORT=%d", request->remote_port);
	environment[0] = (char *)(uintptr_t)"PROTO=TCP";
	environment[1] = texts->local_ip;
	environment[2] = texts->local_port;
	environment[3] = texts->remote_ip;
	environment[4] = texts->remote_port;
	return 5;
}

/* Writes NAME=value. Each client gets such variables, and snprintf(3) takes several times as long. */
static void write_text(char *out, size_t size, const char *name, const char *value)
{
	size_t length = strlen(name), most = strnlen(value, size - length - 1);

	memcpy(out, name, length);
	memcpy(out + length, value, most);
	out[length + most] = '\0';
}

static size_t add_remote(const struct spawn_request *request, struct spawn_env *texts, char **environment)
{
	size_t count = 0;

	if (request->cookie) {
		snprintf(texts->cookie, sizeof(texts->cookie), "SO_COOKIE=%" PRIu64, request->cookie);
		environment[count++] = texts->cookie;
	}
	if (!request->remote_address || !*request->remote_address)
		return count;
	write_text(texts->address, sizeof(texts->address), "REMOTE_ADDR=", request->remote_address);
	environment[count++] = texts->address;
	if (request->remote_host) {
		write_text(texts->host, sizeof(texts->host), "REMOTE_HOST=", request->remote_address);
		environment[count++] = texts->host;
	}
	if (request->remote_port >= 0) {
		child_write_variable(texts->port, "REMOTE_PORT=", (uint64_t)request->remote_port);
		environment[count++] = texts->port;
	}
	if (request->local_address)
		count += add_tcp(request, texts, environment + count);
	return count;
}

static size_t add_invocation(const struct spawn_request *request, struct spawn_env *texts, char **environment)
{
	char id[INVOCATION_ID + 1];

	if (request->invocation)
		memcpy(id, request->invocation, sizeof(id));
	else if (!spawn_invocation(id))
		return 0;
	snprintf(texts->invocation, sizeof(texts->invocation), "INVOCATION_ID=%s", id);
	environment[0] = texts->invocation;
	return 1;
}

static size_t add_notify(struct job *job, const struct spawn_request *request, struct spawn_env *texts,
			 char **environment)
{
	size_t count = 0;

	if (request->notify)
		environment[count++] = (char *)(uintptr_t)request->notify;
	if (request->store) {
		snprintf(texts->store, sizeof(texts->store), "FDSTORE=%u", request->store);
		environment[count++] = texts->store;
	}
	if (request->watchdog) {
		snprintf(texts->watchdog, sizeof(texts->watchdog), "WATCHDOG_USEC=%" PRId64, request->watchdog);
		job->watched = true;
		environment[count++] = job->watchdog_pid;
		environment[count++] = texts->watchdog;
	}
	return count;
}

static size_t add_start_variables(struct job *job, const struct spawn_request *request, struct spawn_env *texts,
				  char **environment)
{
	size_t count = 0;

	if (request->listen_count) {
		snprintf(texts->fds, sizeof(texts->fds), "LISTEN_FDS=%u", request->listen_count);
		job->listen = true;
		environment[count++] = job->listen_pid;
		environment[count++] = texts->fds;
		environment[count++] = (char *)(uintptr_t)request->names;
	}
	count += add_remote(request, texts, environment + count);
	count += add_notify(job, request, texts, environment + count);
	if (request->plan->tells_unit) {
		job->tells_unit = true;
		environment[count++] = job->exec_pid;
		count += add_invocation(request, texts, environment + count);
	}
	return count;
}

static bool make_start_environment(struct spawn_env *texts, struct job *job, const struct spawn_request *request)
{
	size_t planned = request->plan->environment_count, own = 0, most, count;

	while (request->variables && request->variables[own])
		own++;
	most = JOB_EXTRA + own + planned + 1;
	if (most > SPAWN_ENVIRONMENT)
		texts->environment = malloc(most * sizeof(*texts->environment));
	if (!texts->environment)
		return false;
	count = add_start_variables(job, request, texts, texts->environment);
	for (size_t n = 0; n < own; n++)
		texts->environment[count++] = (char *)(uintptr_t)request->variables[n];
	if (planned)
		memcpy(texts->environment + count, request->plan->environment, planned * sizeof(*texts->environment));
	count += planned;
	if (job->tells_unit && job->listen) {
		job->pidfd_id_at = &texts->environment[count];
		texts->environment[count++] = job->pidfd_id;
	}
	texts->environment[count] = NULL;
	return true;
}

bool spawn_env_make(struct spawn_env *texts, struct job *job, const struct spawn_request *request)
{
	bool expands = request->plan->expands && !(job->command->flags & COMMAND_VERBATIM);

	texts->environment = texts->small;
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
