/* The files that a service names, in one list: what a start opens and superd uses itself, and what `superd --check`
 * tries by the same rights. */
#include "superd/start/start.h"

const struct stream *plan_stream(const struct service *service, int number)
{
	const struct stream_options *streams = service->groups->streams;

	return number == STDIN_FILENO	  ? &streams->input
		: number == STDOUT_FILENO ? &streams->output
					  : plan_error_stream(service);
}

int stream_flags(const struct service *service, int number, bool beside)
{
	const struct stream *stream = plan_stream(service, number), *output = plan_stream(service, STDOUT_FILENO);
	int access = number ? O_WRONLY | O_CREAT : O_RDONLY;

	if (!number && stream->kind == STREAM_FILE && output->kind == STREAM_FILE &&
	    !strcmp(output->path, stream->path))
		access = O_RDWR | O_CREAT;
	if (stream->kind == STREAM_TRUNCATE)
		return access | (beside ? O_APPEND : O_TRUNC);
	return access | (stream->kind == STREAM_APPEND ? O_APPEND : 0);
}

/* Takes the next of a list, of which `at` counts down. */
static bool take(size_t *at, words list, struct start_path *path)
{
	size_t count = words_count(list);

	if (*at >= count) {
		*at -= count;
		return false;
	}
	path->word = path->path = list[*at];
	return true;
}

static bool find(const struct service *service, size_t at, struct start_path *path)
{
	static const char *const streams[] = { "input", "output", "error" };
	static const char *const banners[] = { "banner", "banner_success", "banner_fail" };
	const struct access_options *access = service->groups->access;
	const char *const texts[] = { access->banner, access->banner_success, access->banner_fail };
	const struct log_target *records = service->groups->logging->log_type;

	path->word = path->path = NULL;
	path->flags = 0;
	for (int n = 0; n <= STDERR_FILENO; n++) {
		const struct stream *stream = plan_stream(service, n);

		path->rule = START_STREAM;
		path->option = streams[n];
		if (at-- > 0)
			continue;
		if (stream->kind == STREAM_FILE || stream->kind == STREAM_APPEND || stream->kind == STREAM_TRUNCATE) {
			path->path = n && plan_stream(service, n - 1)->path == stream->path ? NULL : stream->path;
			path->flags = stream_flags(service, n, false);
		}
		return true;
	}
	for (size_t n = 0; n < sizeof(banners) / sizeof(*banners); n++) {
		path->rule = START_BANNER;
		path->option = banners[n];
		path->path = texts[n];
		if (at-- == 0)
			return true;
	}
	path->rule = START_RECORDS;
	path->option = "log_type";
	path->path = records ? records->path : NULL;
	if (at-- == 0)
		return true;
	path->rule = START_VARIABLES;
	path->option = "environment_file";
	if (take(&at, service->groups->environment->environment_file, path))
		return true;
	path->rule = START_CREDENTIAL;
	path->option = "load_credential";
	if (take(&at, service->groups->credentials->load_credential, path)) {
		const char *source = credential_word_read(path->word).rest;

		path->path = source && *source ? source : path->word;
		return true;
	}
	path->rule = START_LINK;
	path->option = "symlinks";
	for (size_t n = 0; n < service->socket_count; n++) {
		if (take(&at, service->sockets[n].options->symlinks, path))
			return true;
	}
	return false;
}

bool start_path_next(const struct service *service, unsigned rules, struct start_path *path)
{
	while (find(service, path->number++, path)) {
		if (path->path && path->rule & rules)
			return true;
	}
	return false;
}

/* ---- for --check ---- */

struct attempt {
	const struct start_path *path;
	const struct account *account;
};

/* Whether the user may make a file there. */
static int look_at_folder(const char *path, const struct account *account)
{
	char folder[PATH_MAX];
	struct act_as before;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
	return act_as_begin(&before, account) ? faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) : -1;
}

/* In a process of its own: makes and empties nothing. errno 0: it can be opened. */
static int try_to_open(const void *with, struct buf *none)
{
	const struct attempt *attempt = with;
	const struct start_path *path = attempt->path;
	struct path_finding finding;
	int fd;

	(void)none;
	if (path->rule == START_CREDENTIAL) {
		fd = path_open_to_read(path->path, attempt->account);
	} else {
		fd = path_open_stream(path->path, path->flags & ~(O_CREAT | O_TRUNC), 0, attempt->account);
		/* superd makes it in a folder of root's */
		if (fd < 0 && errno == ENOENT && path->flags & O_CREAT && attempt->account &&
		    attempt->account->switches && path_leads_to_foreign(path->path, &finding) &&
		    !path_is_shared(&finding))
			fd = look_at_folder(path->path, attempt->account);
	}
	if (fd >= 0)
		errno = 0;
	return -1;
}

static bool is_open(const struct service *service, const struct start_path *path, struct buf *why)
{
	const struct attempt attempt = { path, service->account };
	struct variables none = { 0 };
	int fd;

	switch (path->rule) {
	case START_STREAM:
	case START_CREDENTIAL:
		foreign_fork(path->path, try_to_open, &attempt, -1, false, why);
		if (errno)
			buf_text(why, strerror(errno));
		return !errno;
	case START_VARIABLES:
		fd = variables_read_file(&none, path->path, service->account, why) ? 0 : -1;
		variables_free(&none);
		return fd >= 0;
	case START_BANNER:
		fd = own_file_open(path->path, O_RDONLY, 0, why);
		if (fd < 0)
			return false;
		close(fd);
		return true;
	case START_RECORDS:
		return own_file_is_safe(path->path, why);
	case START_LINK:
		return false;
	}
	return true;
}

bool start_path_check(const struct service *service, const struct start_path *path, struct buf *why)
{
	const char *text = path->path + (path->rule == START_VARIABLES && *path->path == '-');
	bool switches = service->account && service->account->switches;
	struct path_finding finding;

	if (path->rule == START_LINK ? !path_is_foreign(text, &finding) || finding.missing
				     : !path_leads_to_foreign(text, &finding))
		return true;
	if (switches && geteuid() != 0) /* it cannot try it as that user */
		return true;
	if (is_open(service, path, why) || (why->length && errno != EACCES && errno != EPERM && errno != ELOOP))
		return true;
	if (path->rule == START_STREAM || path->rule == START_CREDENTIAL)
		path_finding_add(&finding, why);
	else if (path->rule == START_LINK)
		path_finding_describe(&finding, why);
	return false;
}
