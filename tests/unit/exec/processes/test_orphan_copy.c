/* A superd-copy that was taken over answers what it likes: nothing of it is used that it cannot have found. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd_message.h"
#include "config/table/table.h"
#include "exec/processes/orphan_copy.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"

#define COPIES (5 + ORPHAN_SOCKETS)

/* A message of superd-copy. */
struct answer {
	struct orphan_copy copy;
	unsigned char has[COPIES];
};

static const struct table table = { .count = 3 };
static const struct service service = { .socket_count = 1 };
static const struct orphan_request request = { .group = "/none/superd-1/web", .service = &service };

static enum orphan_hearing hear(const void *bytes, size_t size, const int *fds, size_t count, struct orphan_copy *copy)
{
	enum orphan_hearing heard;
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert(fd_message_send(ends[1], bytes, size, fds, count, 0));
	heard = orphan_copy_hear(&(struct worker_process){ .channel = ends[0], .pid = -1 }, &request, &table, copy);
	close(ends[0]);
	close(ends[1]);
	return heard;
}

static enum orphan_hearing hear_copy(const struct orphan_copy *copy)
{
	struct answer answer = { .copy = *copy };
	struct orphan_copy heard;

	return hear(&answer, sizeof(answer), NULL, 0, &heard);
}

Test(orphan_copy, takes_what_may_be)
{
	cr_expect_eq(hear_copy(&(struct orphan_copy){ .standing = ORPHAN_STAYS }), ORPHAN_HEARD);
	cr_expect_eq(hear_copy(&(struct orphan_copy){ .standing = ORPHAN_BARS, .service_index = 2 }), ORPHAN_HEARD);
}

Test(orphan_copy, takes_no_number_that_is_none)
{
	cr_expect_eq(hear_copy(&(struct orphan_copy){ .standing = ORPHAN_BARS, .service_index = 3 }), ORPHAN_OVER);
	cr_expect_eq(hear_copy(&(struct orphan_copy){ .standing = (enum orphan_standing)77 }), ORPHAN_OVER);
	cr_expect_eq(hear_copy(&(struct orphan_copy){ .pid = -1 }), ORPHAN_OVER);
	cr_expect_eq(hear_copy(&(struct orphan_copy){ .start_time = INT64_MAX }), ORPHAN_OVER);
}

Test(orphan_copy, takes_no_process_without_its_pidfd)
{
	struct answer answer = { .copy = { .standing = ORPHAN_FITS, .pid = getppid() } };
	struct orphan_copy copy;
	int pidfd = pidfd_of(getpid());

	if (pidfd < 0)
		cr_skip_test("this kernel has no pidfds");
	cr_expect_eq(hear(&answer, sizeof(answer), NULL, 0, &copy), ORPHAN_OVER);
	answer.has[0] = 1;
	cr_expect_eq(hear(&answer, sizeof(answer), &pidfd, 1, &copy), ORPHAN_OVER);
	close(copy.pidfd);
	answer.copy.pid = getpid();
	cr_expect_eq(hear(&answer, sizeof(answer), &pidfd, 1, &copy), ORPHAN_HEARD);
	close(copy.pidfd);
}

Test(orphan_copy, takes_no_file_for_a_socket)
{
	struct answer answer = { .copy = { .standing = ORPHAN_FITS, .pid = getpid() }, .has = { [0] = 1, [5] = 1 } };
	int fds[2] = { pidfd_of(getpid()), open("/proc/self/exe", O_RDONLY | O_CLOEXEC) };
	struct orphan_copy copy;

	if (fds[0] < 0)
		cr_skip_test("this kernel has no pidfds");
	cr_expect_eq(hear(&answer, sizeof(answer), fds, 2, &copy), ORPHAN_OVER);
	close(copy.sockets[0]);
	close(copy.pidfd);
	close(fds[1]);
	fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_expect_eq(hear(&answer, sizeof(answer), fds, 2, &copy), ORPHAN_HEARD);
	close(copy.sockets[0]);
	close(copy.pidfd);
}

Test(orphan_copy, takes_no_text_without_an_end)
{
	struct answer answer = { .copy = { .standing = ORPHAN_STAYS } };
	struct orphan_copy copy;

	memset(answer.copy.why, 'A', sizeof(answer.copy.why));
	cr_expect_eq(hear(&answer, sizeof(answer), NULL, 0, &copy), ORPHAN_OVER);
}

/* The caller closes what came, whatever the message says of it. */
Test(orphan_copy, hands_out_each_descriptor_of_a_wrong_message)
{
	int fds[2] = { dup(0), dup(0) };
	struct orphan_copy copy;

	cr_expect_eq(hear("wrong", 5, fds, 2, &copy), ORPHAN_OVER);
	cr_expect_geq(copy.pidfd, 0);
	cr_expect_geq(copy.log.read, 0);
	cr_expect_eq(copy.log.write, -1);
}
