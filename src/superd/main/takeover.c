/* The new superd's half of an upgrade: reads the state that the previous superd left in a descriptor.
 *
 * Once the process has executed this program, it cannot return to the old one. So takeover_answer first tries
 * state, log and table in a process of its own, and reports what would fail. If the state is unreadable all the same,
 * superd closes the descriptors that it has inherited, which would keep its addresses busy, and starts anew. */
#include "superd/main/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/patience.h"
#include "lib/scan.h"
#include "os/fs/memory_file.h"
#include "os/guard/guard.h"
#include "os/guard/guard_link.h"
#include "superd/loop/engine.h"
#include "superd/main/load.h"
#include "superd/main/run.h"
#include "superd/main/settings.h"
#include "superd/reload/left_fds.h"
#include "superd/reload/load.h"
#include "superd/reload/saved_state.h"
#include "superd/reload/upgrade.h"
#include "superd/supervisor/supervisor.h"

#define ANSWER_MOST 3000 /* bytes */

static bool read_flag(const char *word, const char *flag, int *fd)
{
	int64_t number;

	if (strncmp(word, flag, strlen(flag)) != 0)
		return false;
	*fd = -1;
	if (!scan_count(word + strlen(flag), &number) && number > STDERR_FILENO && number <= INT32_MAX)
		*fd = (int)number;
	return true;
}

struct internal_args takeover_strip(int *argc, char ***argv)
{
	struct internal_args internal = { .fd = -1, .guard_page = -1 };
	char **all = *argv;

	if (*argc < 2)
		return internal;
	internal.checks_upgrade = read_flag(all[1], UPGRADE_CHECK, &internal.fd);
	read_flag(all[1], GUARD_AGAIN, &internal.guard_page);
	internal.takes_over = !internal.checks_upgrade && read_flag(all[1], UPGRADE_TAKE, &internal.fd);
	internal.checks_left_out =
		!internal.checks_upgrade && !internal.takes_over && read_flag(all[1], LEFT_OUT_CHECK, &internal.fd);
	if (!internal.checks_upgrade && !internal.takes_over && !internal.checks_left_out && internal.guard_page < 0)
		return internal;
	all[1] = all[0];
	*argv = all + 1;
	(*argc)--;
	return internal;
}

/* A guard is the default where no other process restarts superd. A search for an old daemon's name must find one
 * process: update-inetd reads the pid file, which has the guard's. */
bool takeover_has_guard(const struct options *options)
{
	return (options->daemon || getpid() == 1) && options->invoked_as == AS_SUPERD && !options->process_name;
}

/* Reads the text of a state; NULL and errno. */
static char *read_state_text(int fd, size_t *length)
{
	return fd < 0 ? saved_state_read(length) : state_file_read(fd, STATE_STREAM_MOST, length);
}

/* Reads the state from a descriptor; -1: what the superd before, which has died, had saved for its guard. NULL: it
 * failed, with errno and the reason in `why`. */
static struct state_stream *read_state(int fd, struct buf *why)
{
	struct state_stream *stream = calloc(1, sizeof(*stream));
	struct buf reason = { 0 };
	size_t length;
	char *text = stream ? read_state_text(fd, &length) : NULL;
	const char *wrong;
	int saved = errno;

	if (!text) {
		buf_addf(why, "its state cannot be read: %s", strerror(saved));
		free(stream);
		errno = saved;
		return NULL;
	}
	wrong = state_stream_parse(stream, text, length, &reason);
	saved = errno;
	if (wrong)
		buf_addf(why, "its state cannot be taken over: %s", wrong);
	buf_free(&reason);
	if (!wrong)
		return stream;
	takeover_free(stream);
	errno = saved;
	return NULL;
}

static bool may_pass(int error)
{
	return error != EBADMSG && error != EFBIG && error != EINVAL && error != ENOENT;
}

/* The state is there, and does not change, so a call that fails now may work in a moment. */
static struct state_stream *read_state_patiently(int fd, struct buf *why)
{
	struct state_stream *stream;
	unsigned tries = 0;

	while (!(stream = read_state(fd, why)) && may_pass(errno) && patience_wait(&tries))
		buf_clear(why);
	if (stream)
		buf_clear(why);
	return stream;
}

void takeover_free(struct state_stream *stream)
{
	if (stream)
		state_stream_free(stream);
	free(stream);
}

/* Adds the number of errors and the first of them. */
static void describe_errors(const struct diags *diags, struct buf *why)
{
	for (size_t n = 0; n < diags->count; n++) {
		if (diags->list[n].severity != SEVERITY_ERROR)
			continue;
		buf_addf(why, "%zu error%s in the configuration, first: ", diags->errors,
			 diags->errors == 1 ? "" : "s");
		diag_place(&diags->list[n], why);
		buf_addf(why, "%s%s", diags->list[n].file ? ": " : "", diags->list[n].message);
		return;
	}
}

/* Whether this superd takes the table that runs, and could read the sources at the next reload. */
static bool can_load(struct options *options, struct state_stream *stream, struct buf *why)
{
	struct diags diags = { 0 }, of_previous = { 0 };
	struct table *previous = load_previous(options, stream, &of_previous), *table;
	bool good = previous && load_fits(stream, previous, why);

	if (options_read_standard_input(options))
		lseek(STDIN_FILENO, 0, SEEK_SET);
	table = good ? load_to_run(options, &diags) : NULL;
	if (!previous || (good && !table))
		buf_text(why, "out of memory");
	else if (diags.errors)
		describe_errors(&diags, why);
	good = table && !diags.errors;
	diags_free(&of_previous);
	diags_free(&diags);
	table_free(previous);
	table_free(table);
	return good;
}

static bool can_log(const struct options *options, struct buf *why)
{
	const char *reason;
	struct log *log = log_open(options->settings.log, false, LEVEL_INFO, &reason);
	bool good = log;

	if (!good)
		buf_addf(why, "cannot log to %s: %s", options->settings.log, reason);
	log_close(log);
	return good;
}

int takeover_answer(struct options *options)
{
	struct buf why = { 0 };
	struct state_stream *stream = read_state(options->internal.fd, &why);
	bool good;

	if (stream)
		settings_restore(options, stream);
	good = stream && can_log(options, &why) && can_load(options, stream, &why);
	takeover_free(stream);
	buf_cut(&why, ANSWER_MOST);
	if (good)
		printf("%s%s\n", UPGRADE_CAN, PACKAGE_VERSION);
	else
		printf("%s\n", buf_string(&why));
	buf_free(&why);
	return fflush(stdout) == 0 && good ? 0 : EXIT_TABLE;
}

/* Without a state superd cannot know which descriptors are sockets; left open, they would keep their addresses busy. */
static void close_inherited(void)
{
	long most = sysconf(_SC_OPEN_MAX);

	for (int fd = STDERR_FILENO + 1; fd < (most > 0 && most < 65536 ? most : 65536); fd++) {
		if (!guard_owns_fd(fd))
			close(fd);
	}
}

static struct state_stream *read_saved_state(struct buf *why)
{
	uint64_t end;

	if (guard_state_is_dropped())
		buf_text(why, "several superds in a row have crashed with its state");
	else if (guard_state(&end) < 0)
		buf_text(why, "no state was saved");
	else
		return read_state_patiently(-1, why);
	return NULL;
}

struct state_stream *takeover_read(const struct options *options, struct buf *why)
{
	bool died = !options->internal.takes_over && guard_cause() == GUARD_RESTARTS;
	struct state_stream *stream = options->internal.takes_over ? read_state_patiently(options->internal.fd, why)
				      : died			   ? read_saved_state(why)
								   : NULL;
	int fd = options->internal.fd;

	if (stream && !load_is_ours(stream)) {
		buf_text(why, "its state is another process's");
		takeover_free(stream);
		stream = NULL;
	}
	if (stream && guard_cause() != GUARD_FRESH)
		left_fds_note(stream);
	else if (stream)
		fd_close(&fd);
	if (options->internal.takes_over && !stream)
		close_inherited();
	return stream;
}
