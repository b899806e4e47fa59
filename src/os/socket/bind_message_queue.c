/* POSIX message queues, which are descriptors on Linux (mq_overview(7)). A queue that exists already keeps its size and
 * the messages in it. */
#include "os/socket/bind_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mqueue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/size_text.h"

/* Sets the owner first: the mode must not open another user's queue to that user. */
static int set_queue_permissions(int fd, const struct listen *listen, struct buf *why)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return bind_fail(why, "looking at the queue", "%s", listen->address->address);
	if ((status.st_uid != node_uid(listen) || status.st_gid != node_gid(listen)) &&
	    fchown(fd, node_uid(listen), node_gid(listen)) < 0)
		return bind_fail(why, "setting the owner", "%s", listen->address->address);
	if ((status.st_mode & 0777) != (listen->options->socket_mode & 0777) &&
	    fchmod(fd, listen->options->socket_mode & 0777) < 0)
		return bind_fail(why, "setting the mode", "%s", listen->address->address);
	return 0;
}

static void compare_sizes(int fd, const struct listen *listen, struct buf *warnings)
{
	const struct socket_options *options = listen->options;
	struct mq_attr attributes;
	char size[SIZE_TEXT_MOST];

	if (!options->message_queue_max_messages || mq_getattr(fd, &attributes) < 0)
		return;
	if (attributes.mq_maxmsg != options->message_queue_max_messages ||
	    attributes.mq_msgsize != options->message_queue_message_size)
		buf_addf(warnings, "the queue existed before and keeps its size: %ld messages of %s\n",
			 attributes.mq_maxmsg, size_write(size, (double)attributes.mq_msgsize));
}

int bind_message_queue(const struct listen *listen, struct buf *why, struct buf *warnings)
{
	const struct socket_options *options = listen->options;
	struct mq_attr attributes = {
		.mq_maxmsg = (long)options->message_queue_max_messages,
		.mq_msgsize = (long)options->message_queue_message_size,
	};
	const char *name = listen->address->address;
	int fd = mq_open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_CREAT, 0600,
			 options->message_queue_max_messages ? &attributes : NULL);

	if (fd < 0 && errno == EINVAL && options->message_queue_max_messages)
		return bind_fail(why, "opening", "%s: fs.mqueue.msg_max and fs.mqueue.msgsize_max allow less", name);
	if (fd < 0 && errno == EMFILE)
		return bind_fail(why, "opening", "%s: rlimit_msgqueue allows no more", name);
	if (fd < 0)
		return bind_fail(why, "opening", "%s", name);
	if (set_queue_permissions(fd, listen, why) < 0) {
		fd_close(&fd);
		return -1;
	}
	compare_sizes(fd, listen, warnings);
	return fd;
}

void message_queue_adjust(int fd, const struct listen *listen, struct buf *warnings)
{
	struct buf why = { 0 };

	if (listen->address->kind == ENDPOINT_MQUEUE && set_queue_permissions(fd, listen, &why) < 0)
		buf_addf(warnings, "%s\n", buf_string(&why));
	buf_free(&why);
}

void message_queue_remove(const struct listen *listen)
{
	if (listen->address->kind == ENDPOINT_MQUEUE)
		mq_unlink(listen->address->address);
}
