/* A process of the test's own: its memory, its descriptors, its epoll sets, as superd sees them. */
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tests/unit/unit.h"
#include "worker/bind/target.h"
#include "tests/unit/as_nobody.h"

/* What the other process has. */
struct there {
	char *memory; /* two pages, and none behind them */
	size_t page;
	int socket, unregistered, set, closing;
	pid_t thread; /* not its leader */
};

struct other {
	pid_t pid;
	int order, answer; /* pipes: a byte has it look at its epoll set; what it says */
	struct there there;
	struct target_process target;
};

static void add_to_set(const struct there *there, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	if (epoll_ctl(there->set, EPOLL_CTL_ADD, there->socket, &event) < 0)
		_exit(91);
}

static struct there make_there(uint32_t events)
{
	struct there there = { .page = (size_t)sysconf(_SC_PAGESIZE) };

	there.memory = mmap(NULL, 3 * there.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(there.memory + 2 * there.page, there.page);
	there.unregistered = socket(AF_INET, SOCK_STREAM, 0);
	there.socket = socket(AF_UNIX, SOCK_DGRAM, 0);
	there.closing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	there.set = epoll_create1(EPOLL_CLOEXEC);
	if (events)
		add_to_set(&there, events, 0x1122334455667788);
	return there;
}

/* Its life: each byte of its orders is a question for what its epoll set says now. */
_Noreturn static void live(uint32_t events, int order, int answer)
{
	struct there there;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	there = make_there(events);
	if (write(answer, &there, sizeof(there)) != sizeof(there))
		_exit(92);
	while (read(order, &byte, 1) == 1) {
		struct epoll_event event = { .events = 0 };

		epoll_wait(there.set, &event, 1, byte == 'w' ? 5000 : 0);
		if (write(answer, &event, sizeof(event)) != sizeof(event))
			_exit(93);
	}
	_exit(0);
}

static struct other start_other(uint32_t events)
{
	int orders[2], answers[2];
	struct other other;

	cr_assert_eq(pipe2(orders, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(answers, O_CLOEXEC), 0);
	other.pid = fork();
	if (other.pid == 0) {
		close(orders[1]);
		live(events, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	other.order = orders[1];
	other.answer = answers[0];
	cr_assert_eq(read(other.answer, &other.there, sizeof(other.there)), (ssize_t)sizeof(other.there));
	cr_assert(target_open(&other.target, other.pid) && target_inspect(&other.target), "%s", strerror(errno));
	return other;
}

static void end_other(struct other *other)
{
	int status;

	target_close(&other->target);
	close(other->order);
	cr_assert_eq(waitpid(other->pid, &status, 0), other->pid);
	cr_expect_eq(status, 0);
	close(other->answer);
}

static struct epoll_event look(const struct other *other, char how)
{
	struct epoll_event event;

	cr_assert_eq(write(other->order, &how, 1), 1);
	cr_assert_eq(read(other->answer, &event, sizeof(event)), (ssize_t)sizeof(event));
	return event;
}

static uint64_t at(const struct other *other, size_t offset)
{
	return (uint64_t)(uintptr_t)other->there.memory + offset;
}

/* ---- memory ---- */

static void write_there(const struct other *other, uint64_t to, const char *bytes, size_t size)
{
	struct iovec here = { (void *)(uintptr_t)bytes, size }, there = { (void *)(uintptr_t)to, size };

	cr_assert_eq(process_vm_writev(other->pid, &here, 1, &there, 1, 0), (ssize_t)size);
}

Test(target, a_text_may_end_where_memory_does)
{
	struct other other = start_other(0);
	size_t page = other.there.page;
	char text[64];

	write_there(&other, at(&other, 2 * page - 5), "last", 5);
	cr_assert(target_read_text(&other.target, at(&other, 2 * page - 5), text, sizeof(text)));
	cr_expect_str_eq(text, "last");
	write_there(&other, at(&other, 2 * page - 4), "over", 4);
	cr_expect_not(target_read_text(&other.target, at(&other, 2 * page - 4), text, sizeof(text)));
	cr_expect_eq(errno, EFAULT);
	end_other(&other);
}

Test(target, a_text_may_lie_in_two_pages)
{
	struct other other = start_other(0);
	size_t page = other.there.page;
	char text[64];

	write_there(&other, at(&other, page - 3), "across", 7);
	cr_assert(target_read_text(&other.target, at(&other, page - 3), text, sizeof(text)));
	cr_expect_str_eq(text, "across");
	cr_expect(target_read_text(&other.target, at(&other, page - 3), text, 7));
	cr_expect_not(target_read_text(&other.target, at(&other, page - 3), text, 6));
	cr_expect_eq(errno, ENAMETOOLONG);
	end_other(&other);
}

Test(target, what_is_not_there_is_not_read)
{
	struct other other = start_other(0);
	char bytes[16], text[16];

	cr_expect(target_read(&other.target, 0, bytes, 0));
	cr_expect_not(target_read(&other.target, 0, bytes, 1));
	cr_expect_not(target_read(&other.target, at(&other, 2 * other.there.page - 8), bytes, 16));
	cr_expect_not(target_read_text(&other.target, 0, text, sizeof(text)));
	cr_expect_not(target_read_text(&other.target, ~(uint64_t)0 - 3, text, sizeof(text)));
	end_other(&other);
}

/* ---- descriptors ---- */

static ino_t inode_of(int fd)
{
	struct stat status;

	cr_assert_eq(fstat(fd, &status), 0);
	return status.st_ino;
}

Test(target, its_descriptors_are_seen)
{
	struct other other = start_other(0);
	int copy = target_copy_fd(&other.target, other.there.socket);

	cr_assert(copy >= 0, "%s", strerror(errno));
	cr_expect_eq(target_socket_inode(&other.target, other.there.socket), inode_of(copy));
	cr_expect(fcntl(copy, F_GETFD) & FD_CLOEXEC);
	close(copy);
	cr_expect_eq(target_socket_inode(&other.target, other.there.closing), 0);
	cr_expect_eq(target_socket_inode(&other.target, 999), 0);
	cr_expect_lt(target_copy_fd(&other.target, 999), 0);
	cr_expect_eq(errno, EBADF);
	cr_expect_lt(target_copy_fd(&other.target, -1), 0);
	cr_expect_not(target_fd_closes_on_exec(&other.target, other.there.socket));
	cr_expect(target_fd_closes_on_exec(&other.target, other.there.closing));
	end_other(&other);
}

Test(target, copies_of_a_socket_are_found)
{
	struct target_process own;
	struct target_copies copies;
	struct stat status;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), copy = dup(fd);

	cr_assert(fd >= 0 && copy >= 0 && fstat(fd, &status) == 0);
	cr_assert(target_open(&own, getpid()) && target_inspect(&own));
	target_find_copies(&own, fd, status.st_ino, &copies);
	cr_expect(copies.all && copies.count == 1 && copies.list[0] == copy);
	for (int n = 1; n < COPIES_MOST; n++)
		cr_assert(dup(fd) >= 0);
	target_find_copies(&own, fd, status.st_ino, &copies);
	cr_expect(copies.all && copies.count == COPIES_MOST);
	cr_assert(dup(fd) >= 0);
	target_find_copies(&own, fd, status.st_ino, &copies);
	cr_expect(!copies.all && copies.count == COPIES_MOST);
	target_close(&own);
}

Test(target, a_process_that_has_ended_is_not_there)
{
	struct target_process target;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	if (target_open(&target, pid)) {
		struct target_status status;
		char byte;

		cr_expect_not(target_read(&target, 0x1000, &byte, 1));
		cr_expect_lt(target_copy_fd(&target, 0), 0);
		cr_expect_not(target_read_status(&target, &status));
		cr_expect_not(target_inspect(&target));
		target_close(&target);
	}
	cr_expect_not(target_open(&target, 0));
	cr_expect_eq(errno, ESRCH);
}

static bool is_closed_to_nobody(void)
{
	struct target_process target;

	struct target_status status;

	return target_open(&target, 1) && target_read_status(&target, &status) && status.uid == 0 &&
	       !target_inspect(&target) && errno == EPERM;
}

Test(target, another_users_process_is_closed)
{
	struct stat first;

	if (geteuid() != 0 && stat("/proc/1", &first) == 0 && first.st_uid == geteuid())
		cr_skip_test("process 1 is this user's own");
	if (geteuid() != 0)
		cr_expect(is_closed_to_nobody());
	else
		as_nobody(is_closed_to_nobody);
}

/* ---- epoll sets ---- */

/* A socket that has something to read, in the place of the program's. */
static int make_fresh(int *writer)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	*writer = ends[1];
	return ends[0];
}

/* Gives the process the socket under the program's number, as the kernel does for a filter's answer. */
static int move_epoll(struct other *other, int fresh)
{
	int number = other->there.socket;

	return target_move_epoll(&other->target, number, target_socket_inode(&other->target, number), fresh);
}

static void expect_moved(uint32_t events)
{
	struct other other = start_other(events);
	int writer, fresh = make_fresh(&writer);
	struct epoll_event event;

	cr_assert_eq(move_epoll(&other, fresh), 1);
	cr_expect_eq(look(&other, 'n').events, 0);
	cr_assert_eq(write(writer, "x", 1), 1);
	event = look(&other, 'w');
	cr_expect_eq(event.events, EPOLLIN);
	cr_expect_eq(event.data.u64, 0x1122334455667788);
	event = look(&other, 'n');
	cr_expect_eq(event.events, events & (EPOLLET | EPOLLONESHOT) ? 0 : EPOLLIN);
	close(fresh);
	close(writer);
	end_other(&other);
}

Test(target, a_registration_goes_over_with_its_events_and_data)
{
	expect_moved(EPOLLIN);
}

Test(target, so_does_one_by_edges)
{
	expect_moved(EPOLLIN | EPOLLET);
}

Test(target, so_does_one_for_once)
{
	expect_moved(EPOLLIN | EPOLLONESHOT);
}

Test(target, a_socket_that_is_registered_nowhere_has_nothing_to_move)
{
	struct other other = start_other(0);
	int writer, fresh = make_fresh(&writer);

	cr_expect_eq(move_epoll(&other, fresh), 0);
	close(fresh);
	close(writer);
	end_other(&other);
}

/* A program binds, closes and binds again under the same number: the registration of the first time is gone with the
 * second, and only one event is left. */
Test(target, a_second_time_leaves_one_registration)
{
	struct other other = start_other(EPOLLIN);
	int writer, fresh = make_fresh(&writer);

	cr_expect_eq(move_epoll(&other, fresh), 1);
	cr_expect_eq(move_epoll(&other, fresh), 1);
	cr_assert_eq(write(writer, "x", 1), 1);
	cr_expect_eq(look(&other, 'w').events, EPOLLIN);
	close(fresh);
	close(writer);
	end_other(&other);
}
