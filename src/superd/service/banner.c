/* Sends a banner file to a client. superd must wait neither for the file nor for the client: it reads regular files
 * only, and the connection takes the text at once or not at all. */
#include "superd/service/banner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fs/path_trust.h"
#include "superd/service/accept_state.h"

static const char *const banner_options[] = { "banner", "banner_success", "banner_fail" };

static void log_unread(struct service_runtime *runtime, enum banner which, const char *path, const char *why)
{
	struct event event = { .name = "warning", .service = runtime->service->name, .reason = why };

	if (!accept_state_find(runtime) || runtime->run->accept->banner_errors_logged & 1u << which)
		return;
	runtime->run->accept->banner_errors_logged |= (unsigned char)(1u << which);
	log_event(runtime->engine->log, LEVEL_WARNING, &event, "cannot read %s: %s: %s: clients are not sent it",
		  banner_options[which], path, why);
}

/* -1 and errno; EINVAL: no regular file. */
static ssize_t read_banner(const char *path, char *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error;
	struct stat status;
	ssize_t got = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
		errno = EINVAL;
	else
		got = read(fd, text, BANNER_MOST);
	error = errno;
	close(fd);
	errno = error;
	return got;
}

/* 0: none is to be sent. */
static size_t take_banner(struct service_runtime *runtime, enum banner which, char *text)
{
	const struct access_options *access = runtime->service->groups->access;
	const char *const paths[] = { access->banner, access->banner_success, access->banner_fail };
	const char *path = paths[which];
	struct path_finding finding;
	struct buf why = { 0 };
	ssize_t length;

	if (!path)
		return 0;
	if (!path_is_open_to_us(path, 0, NULL, path_mounts_cached(), &finding)) {
		path_finding_describe(&finding, &why);
		buf_text(&why, ", and a banner must be in a directory of root");
		log_unread(runtime, which, path, buf_string(&why));
		buf_free(&why);
		return 0;
	}
	length = read_banner(path, text);
	if (length < 0)
		log_unread(runtime, which, path, errno == EINVAL ? "it is no regular file" : strerror(errno));
	return length > 0 ? (size_t)length : 0;
}

void banner_send(struct service_runtime *runtime, enum banner which, int fd)
{
	char text[BANNER_MOST];
	size_t length = fd < 0 ? 0 : take_banner(runtime, which, text);

	if (length)
		send(fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

size_t banner_length(struct service_runtime *runtime, enum banner which)
{
	char text[BANNER_MOST];

	return take_banner(runtime, which, text);
}

void banner_send_unavailable(int fd)
{
	static const char unavailable[] = "-Service not available\r\n";

	send(fd, unavailable, sizeof(unavailable) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}
