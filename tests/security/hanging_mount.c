/* hanging_mount FOLDER [UID [open]]: puts a FUSE file system over a folder that answers nothing but its first request.
 * A user does so by the setuid fusermount3, wherever a folder is his; where that program is missing root does for UID
 * what it would have done. "open" lets other users in, as user_allow_other of fuse.conf or a network's file system
 * does. Each request that is left unanswered is a line of standard output.
 *
 * hanging_mount FOLDER UID open|own TARGET: it answers so much that each name there is a link of root's to the target.
 * "own" lets only the user in, as fusermount3 does. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int mount_as_user(const char *folder)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char number[16], byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};
	int ends[2], fd;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -1;
	snprintf(number, sizeof(number), "%d", ends[1]);
	if (fork() == 0) {
		setenv("_FUSE_COMMFD", number, 1);
		execlp("fusermount3", "fusermount3", "-o", "nosuid", folder, (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	if (recvmsg(ends[0], &message, 0) <= 0 || !message.msg_controllen)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

static int mount_as_root(const char *folder, uid_t user, const char *more)
{
	const struct passwd *account = getpwuid(user);
	gid_t group = account ? account->pw_gid : user; /* who is of another group than the mount's is kept out */
	int fd = open("/dev/fuse", O_RDWR);
	char options[128];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u%s", fd, user, group, more);
	if (fd < 0 || mount("lab", folder, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		return -1;
	return setgid(group) < 0 || setuid(user) < 0 ? -1 : fd;
}

static void tell_attributes(struct fuse_attr *attributes, uint64_t inode)
{
	attributes->ino = inode;
	attributes->mode = inode == 1 ? S_IFDIR | 0755 : S_IFLNK | 0777;
	attributes->nlink = 1;
}

/* The length of what is said of a link to the target; 0: this is not asked of a link. */
static size_t tell_link(const struct fuse_in_header *asked, const char *target, void *said)
{
	struct fuse_entry_out *entry = said;
	struct fuse_attr_out *attributes = said;

	switch (asked->opcode) {
	case FUSE_GETATTR:
		tell_attributes(&attributes->attr, asked->nodeid);
		return sizeof(*attributes);
	case FUSE_LOOKUP:
		entry->nodeid = 2;
		tell_attributes(&entry->attr, 2);
		return sizeof(*entry);
	case FUSE_READLINK:
		memcpy(said, target, strlen(target));
		return strlen(target);
	default:
		return 0;
	}
}

int main(int argc, char **argv)
{
	static char in[1 << 20], out[4096];
	size_t said;
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		return 2;
	if (argc > 2)
		fd = mount_as_root(argv[1], (uid_t)atoi(argv[2]),
				   argc > 3 && !strcmp(argv[3], "open") ? ",allow_other" : "");
	else
		fd = mount_as_user(argv[1]);
	if (fd < 0) {
		perror("hanging_mount");
		return 1;
	}
	printf("mounted over %s\n", argv[1]);
	while (read(fd, in, sizeof(in)) > 0) {
		struct fuse_in_header *asked = (void *)in;
		struct fuse_out_header *answer = (void *)out;

		memset(out, 0, sizeof(out));
		answer->unique = asked->unique;
		answer->len = sizeof(*answer);
		if (asked->opcode == FUSE_INIT) {
			struct fuse_init_out *init = (void *)(answer + 1);

			init->major = 7;
			init->minor = 31;
			init->max_write = 4096;
			answer->len += sizeof(*init);
		} else if (argc > 4) {
			said = tell_link(asked, argv[4], answer + 1);
			answer->error = said ? 0 : -ENOSYS;
			answer->len += said;
		} else {
			printf("request %u of pid %u is not answered\n", asked->opcode, asked->pid);
			continue;
		}
		if (write(fd, out, answer->len) < 0)
			return 1;
	}
	return 0;
}
