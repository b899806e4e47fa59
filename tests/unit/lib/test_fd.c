/* Descriptors: where they end up, what they leak, how files are read. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

#include <sys/resource.h>

static bool is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(fd, is_raised_close_on_exec_and_the_old_one_closed)
{
	int low = open("/dev/null", O_RDONLY), high;

	high = fd_raise(low, 200);
	cr_assert_geq(high, 200);
	cr_assert(is_cloexec(high));
	cr_assert(!is_open(low));
	cr_assert_eq(fd_raise(high, 64), high);
	cr_assert_eq(fd_raise(-1, 64), -1);
}

Test(fd, stays_where_there_is_no_room_above)
{
	struct rlimit limit = { 32, 32 };
	int fd = open("/dev/null", O_RDONLY);

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	errno = ENOENT;
	cr_assert_eq(fd_raise(fd, FD_HIGH), fd);
	cr_assert_eq(errno, ENOENT);
	cr_assert(is_open(fd));
	cr_assert(is_cloexec(fd));
}

Test(fd, is_set_non_blocking_and_back)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(fd_set_nonblocking(ends[0], true), 0);
	cr_assert(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	cr_assert_eq(fd_set_nonblocking(ends[0], true), 0);
	cr_assert_eq(fd_set_nonblocking(ends[0], false), 0);
	cr_assert(!(fcntl(ends[0], F_GETFL) & O_NONBLOCK));
	close(ends[0]);
	cr_assert_eq(fd_set_nonblocking(ends[0], true), -1);
	cr_assert_eq(errno, EBADF);
}

Test(fd, makes_pipes_that_neither_leak_nor_block)
{
	int ends[2];
	char c;

	cr_assert_eq(fd_pipe(ends), 0);
	cr_assert(is_cloexec(ends[0]) && is_cloexec(ends[1]));
	cr_assert_eq(read(ends[0], &c, 1), -1);
	cr_assert_eq(errno, EAGAIN);
	cr_assert(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
}

Test(fd, is_closed_once_and_errno_kept)
{
	int fd = open("/dev/null", O_RDONLY), old = fd;

	errno = ENOENT;
	fd_close(&fd);
	cr_assert_eq(fd, -1);
	cr_assert(!is_open(old));
	errno = ENOENT;
	fd_close(&fd);
	cr_assert_eq(errno, ENOENT);
}

static char folder[] = "/tmp/superd-fd-XXXXXX";
static char path[64];

static void make_file(size_t size)
{
	int fd;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(write(fd, &"0123456789"[i % 10], 1), 1);
	close(fd);
}

static void drop_file(void)
{
	unlink(path);
	rmdir(folder);
}

Test(fd, reads_a_file_up_to_its_bound, .fini = drop_file)
{
	static const size_t size = 8192;
	size_t length = 0;
	char *text;

	make_file(size);
	text = fd_read_file(path, size, &length);
	cr_assert_not_null(text);
	cr_assert_eq(length, size);
	cr_assert_eq(strlen(text), size);
	cr_assert_eq(text[size - 1], "0123456789"[(size - 1) % 10]);
	free(text);
	cr_assert_null(fd_read_file(path, size - 1, &length));
	cr_assert_eq(errno, EFBIG);
}

Test(fd, reads_files_that_say_they_are_empty)
{
	size_t length = 0;
	char *text = fd_read_file("/proc/self/status", 1 << 20, &length);

	cr_assert_not_null(text);
	cr_assert_gt(length, 100);
	free(text);
}

Test(fd, reads_no_folder_no_device_and_no_fifo, .timeout = 120, .fini = drop_file)
{
	size_t length;

	make_file(0);
	cr_assert_null(fd_read_file("/", 100, &length));
	cr_assert_eq(errno, EISDIR);
	cr_assert_null(fd_read_file("/dev/zero", 100, &length));
	cr_assert_eq(errno, EINVAL);
	cr_assert_null(fd_read_file("/nowhere/at/all", 100, &length));
	cr_assert_eq(errno, ENOENT);
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_null(fd_read_file(path, 100, &length));
	cr_assert_eq(errno, EINVAL);
}

Test(fd, leaks_none_when_it_refuses)
{
	int before = open("/dev/null", O_RDONLY), after;
	size_t length;

	close(before);
	cr_assert_null(fd_read_file("/dev/zero", 100, &length));
	cr_assert_null(fd_read_file("/proc/self/status", 1, &length));
	after = open("/dev/null", O_RDONLY);
	cr_assert_eq(before, after);
}

Test(fd, waits_for_a_non_blocking_writer_when_it_reads_all, .timeout = 120)
{
	int ends[2];
	size_t length;
	char *text;
	pid_t child;

	cr_assert_eq(fd_pipe(ends), 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (!child) {
		usleep(50000);
		_exit(write(ends[1], "late", 4) == 4 ? 0 : 1);
	}
	close(ends[1]);
	text = fd_read_all(ends[0], 100, &length);
	cr_assert_not_null(text);
	cr_assert_str_eq(text, "late");
	free(text);
}

/* Twice the same, by a number that others may hold on to; what is a file already keeps its place. */
Test(fd, makes_a_pipe_readable_once_more)
{
	FILE *file = tmpfile();
	int ends[2], number;
	size_t length;
	char *text;
	off_t start;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "twice", 5), 5);
	close(ends[1]);
	number = ends[0];
	start = fd_make_rewindable(number, 100);
	cr_assert_geq(start, 0);
	for (int n = 0; n < 2; n++) {
		cr_assert_eq(lseek(number, start, SEEK_SET), start);
		text = fd_read_all(number, 100, &length);
		cr_assert_not_null(text);
		cr_expect_str_eq(text, "twice");
		free(text);
	}
	cr_assert(file && write(fileno(file), "skipped", 7) == 7);
	cr_expect_eq(fd_make_rewindable(fileno(file), 100), 7);
	fclose(file);
}

/* Half a table must never be read as if it were all of it. */
Test(fd, refuses_a_pipe_that_gives_too_much)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "too much", 8), 8);
	close(ends[1]);
	cr_expect_eq(fd_make_rewindable(ends[0], 7), -1);
	cr_expect_eq(errno, EFBIG);
}

Test(fd, opens_the_standard_three_on_null)
{
	struct stat null, status;

	cr_assert_eq(stat("/dev/null", &null), 0);
	close(0);
	close(2);
	cr_assert(fd_ensure_standard());
	for (int fd = 0; fd <= 2; fd += 2) {
		cr_assert_eq(fstat(fd, &status), 0);
		cr_assert_eq(status.st_rdev, null.st_rdev);
		cr_assert(!is_cloexec(fd));
	}
}
