/* Paths are followed up to the first folder or file that somebody else could change. */
#include "os/host/host.h"
#include "tests/unit/automounter.h"
#include "tests/unit/unit.h"

#include <endian.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#define OTHER 12345

static char folder[] = "/tmp/superd-trust-XXXXXX";
static struct path_finding finding;

static const char *in(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void make_file(const char *name)
{
	int fd = open(in(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	close(fd);
}

static void give_name(const char *file, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s", in(file));
	cr_assert_eq(link(path, in(name)), 0, "%s", strerror(errno));
}

static void setup(void)
{
	umask(022);
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(mkdir(in("own"), 0755), 0);
	make_file("own/file");
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(path_trust, .init = setup, .fini = teardown);
TestSuite(path_open, .init = setup, .fini = teardown);

static bool trusts(const char *name)
{
	return path_is_trusted(in(name), PATH_ANY_FLAW, &finding);
}

static void expect_flaw(const char *name, enum path_flaw flaw, const char *place)
{
	cr_assert_not(trusts(name), "%s", name);
	cr_assert_eq(finding.flaw, flaw, "%s: %d", name, (int)finding.flaw);
	cr_assert_str_eq(finding.place, in(place));
}

Test(path_trust, finds_nothing_in_own_folders)
{
	cr_assert(trusts("own/file"), "%d %s", (int)finding.flaw, finding.place);
	cr_assert(trusts("own/./../own/file"));
	cr_assert(trusts("own/none"));
	cr_assert(trusts("none/file"));
}

Test(path_trust, finds_a_folder_that_everybody_may_write)
{
	cr_assert_eq(chmod(in("own"), 0777), 0);
	expect_flaw("own/file", PATH_WORLD, "own");
}

static gid_t somebodys_group(void)
{
	gid_t groups[2];

	if (geteuid() == 0)
		return OTHER;
	return getegid() ? getegid() : getgroups(2, groups) > 0 ? groups[0] : 0;
}

Test(path_trust, finds_a_folder_that_a_group_may_write_when_asked)
{
	cr_assert_eq(chown(in("own"), (uid_t)-1, somebodys_group()), 0);
	cr_assert_eq(chmod(in("own"), 0775), 0);
	expect_flaw("own/file", PATH_GROUP, "own");
	cr_assert(path_is_trusted(in("own/file"), PATH_ANY_FLAW & ~PATH_GROUP, &finding));
}

/* Sets an access list (acl(5)) that lets this user, or this group, write. */
static bool list_writer(const char *name, unsigned tag, unsigned id)
{
	struct {
		uint32_t version;
		struct {
			uint16_t tag, rights;
			uint32_t id;
		} list[5];
	} list = { htole32(2),
		   { { htole16(1), htole16(7), ~0u },
		     { htole16(4), htole16(5), ~0u },
		     { htole16(16), htole16(7), ~0u },
		     { htole16(32), htole16(5), ~0u } } };
	unsigned at = tag == 2 ? 1 : 2;

	memmove(&list.list[at + 1], &list.list[at], (4 - at) * sizeof(list.list[0]));
	list.list[at].tag = htole16((uint16_t)tag);
	list.list[at].rights = htole16(7);
	list.list[at].id = htole32(id);
	return setxattr(in(name), "system.posix_acl_access", &list, sizeof(list), 0) == 0;
}

Test(path_trust, finds_who_may_write_by_an_access_list)
{
	struct buf text = { 0 };

	if (!list_writer("own", 8, OTHER))
		cr_skip_test("there are no access lists here");
	expect_flaw("own/file", PATH_GROUP, "own");
	cr_assert_eq(finding.group, OTHER);
	cr_assert(list_writer("own", 2, OTHER));
	expect_flaw("own/file", PATH_OWNER, "own");
	cr_assert_eq(finding.owner, OTHER);
	cr_assert(path_is_shared(&finding));
	path_finding_describe(&finding, &text);
	cr_assert(strstr(buf_string(&text), "/own can be written by user 12345"), "%s", buf_string(&text));
	buf_free(&text);
	cr_assert(list_writer("own", 2, geteuid()));
	cr_assert(trusts("own/file"));
	cr_assert(list_writer("own", 8, 0));
	cr_assert(trusts("own/file"));
}

Test(path_trust, takes_from_a_sticky_folder_what_is_its_own_alone)
{
	cr_assert_eq(chmod(in("own"), 01777), 0);
	cr_assert(trusts("own/file"));
	expect_flaw("own/none", PATH_WORLD, "own");
	cr_assert_eq(mkdir(in("own/below"), 0755), 0);
	cr_assert(trusts("own/below/../file"));
	expect_flaw("own/below/../none", PATH_WORLD, "own");
	cr_assert_eq(symlink("/superd-none", in("own/link")), 0);
	cr_assert(trusts("own/link"), "its link leads to a folder that is not sticky");
}

Test(path_trust, follows_links)
{
	char whole[sizeof(folder) + 8];

	snprintf(whole, sizeof(whole), "%s/own", folder);
	cr_assert_eq(symlink("own", in("relative")), 0);
	cr_assert_eq(symlink(whole, in("absolute")), 0);
	cr_assert(trusts("relative/file"));
	cr_assert(trusts("absolute/file"));
	cr_assert_eq(chmod(in("own"), 0777), 0);
	expect_flaw("relative/file", PATH_WORLD, "own");
	expect_flaw("absolute/file", PATH_WORLD, "own");
}

Test(path_trust, finds_links_that_lead_nowhere)
{
	cr_assert_eq(symlink("loop", in("loop")), 0);
	expect_flaw("loop", PATH_BROKEN, "loop");
}

Test(path_trust, does_not_know_relative_paths)
{
	cr_assert_not(path_is_trusted("own/file", 0, &finding));
	cr_assert_eq(finding.flaw, PATH_BROKEN);
}

Test(path_trust, finds_folders_and_files_of_other_users)
{
	if (geteuid() != 0)
		cr_skip_test("needs root, to give files away");
	cr_assert_eq(chown(in("own/file"), OTHER, OTHER), 0);
	expect_flaw("own/file", PATH_FILE, "own/file");
	cr_assert(path_is_trusted(in("own/file"), PATH_OWNER, &finding));
	cr_assert_eq(chown(in("own"), OTHER, OTHER), 0);
	expect_flaw("own/file", PATH_OWNER, "own");
	cr_assert_eq(finding.owner, OTHER);
}

Test(path_trust, finds_a_link_of_another_user_in_a_sticky_folder)
{
	if (geteuid() != 0)
		cr_skip_test("needs root, to give files away");
	cr_assert_eq(chmod(in("own"), 01777), 0);
	cr_assert_eq(symlink("file", in("own/link")), 0);
	cr_assert_eq(lchown(in("own/link"), OTHER, OTHER), 0);
	expect_flaw("own/link", PATH_WORLD, "own");
}

/* Looks below /proc as if it were of this kind. */
static bool trusts_proc_as(const char *kind, unsigned flaws)
{
	static const char own[] = " - proc ";
	size_t length;
	char *mounts = fd_read_file("/proc/self/mountinfo", 1 << 20, &length), *all = NULL, *at;
	bool good;

	cr_assert_not_null(mounts);
	while ((at = strstr(mounts, own))) {
		*at = '\0';
		cr_assert_geq(asprintf(&all, "%s - %s %s", mounts, kind, at + sizeof(own) - 1), 0);
		free(mounts);
		mounts = all;
	}
	good = path_is_trusted_by(mounts, "/proc/self/status", flaws, &finding);
	free(mounts);
	return good;
}

Test(path_trust, enters_no_file_system_that_somebody_else_answers_for)
{
	static const char *const others[] = { "fuse.sshfs", "fuse", "nfs4", "cifs" };

	if (access("/proc/self/mountinfo", R_OK) < 0)
		cr_skip_test("no /proc here");
	for (size_t n = 0; n < sizeof(others) / sizeof(*others); n++) {
		cr_assert_not(trusts_proc_as(others[n], PATH_REMOTE), "%s", others[n]);
		cr_assert_eq(finding.flaw, PATH_REMOTE);
		cr_assert_str_eq(finding.system, others[n]);
		cr_assert_str_eq(finding.place, "/proc");
		cr_expect(trusts_proc_as(others[n], PATH_MOUNTED), "%s", others[n]);
	}
	cr_expect(trusts_proc_as("ext4", PATH_REMOTE));
	cr_expect_not(trusts_proc_as("fuse sshfs rw,user_id=1000", PATH_MOUNTED));
	cr_expect_eq(finding.owner, 1000u);
	cr_expect_eq(finding.flaw, PATH_REMOTE);
}

Test(path_trust, reads_this_machines_mounts)
{
	if (access("/proc/self/mountinfo", R_OK) < 0)
		cr_skip_test("no /proc here");
	cr_expect(path_is_trusted("/proc/self/status", PATH_REMOTE, &finding), "%s", finding.system);
	/* A user may have mounted it just now, and says that it is root's. */
	cr_expect_not(path_is_trusted_by("", "/proc/self/status", PATH_REMOTE, &finding));
	cr_expect_str_eq(finding.system, "unknown");
}

Test(path_trust, describes_what_it_found)
{
	struct buf text = { 0 };
	struct path_finding one = { .flaw = PATH_OWNER, .place = "/home/u", .owner = geteuid() + 1 };
	char wanted[64];

	path_finding_describe(&one, &text);
	snprintf(wanted, sizeof(wanted), "/home/u belongs to user %u", geteuid() + 1);
	cr_assert_str_eq(buf_string(&text), wanted);
	buf_free(&text);
}

/* statx(2) fails, as on a disk that is broken. */
static bool fail_statx(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

Test(path_trust, a_look_that_fails_is_told_with_its_error)
{
	struct buf text = { 0 };
	bool fails = fail_statx();

	if (!fails || trusts("own/file"))
		cr_skip_test("no seccomp or no statx(2) here");
	cr_expect_eq(finding.flaw, PATH_BROKEN);
	cr_expect_eq(finding.error, EIO);
	path_finding_describe(&finding, &text);
	cr_expect_str_eq(buf_string(&text), "/tmp cannot be followed: Input/output error");
	buf_free(&text);
}

static void *look_again_and_again(void *ends)
{
	struct path_finding found;

	while (!*(atomic_bool *)ends)
		path_is_trusted("/proc/self/status", PATH_REMOTE, &found);
	return NULL;
}

/* The loop reads the list again for each new mount, while a thread that reads a table uses it. */
Test(path_trust, looks_at_mounts_beside_other_threads)
{
	static atomic_bool ends;
	pthread_t thread;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		cr_skip_test("needs root, and a mount namespace");
	cr_assert_eq(pthread_create(&thread, NULL, look_again_and_again, &ends), 0);
	for (int n = 0; n < 300; n++) {
		cr_assert_eq(mount("superd-test", in("own"), "tmpfs", 0, "mode=755"), 0, "%s", strerror(errno));
		cr_expect(trusts("own/."));
	}
	ends = true;
	pthread_join(thread, NULL);
	while (umount2(in("own"), MNT_DETACH) == 0)
		continue;
}

/* Whether a mount that nobody has looked at is entered while there are no descriptors. known: the list was read before.
 * 2: there can be no mount. */
static int enters_new_mount(bool known)
{
	struct rlimit none = { 0 };

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 2;
	if (known && !path_is_trusted("/proc/self/status", PATH_REMOTE, &finding))
		return 2;
	if (mount("superd-test", in("own"), "tmpfs", 0, "mode=755") < 0 || setrlimit(RLIMIT_NOFILE, &none) < 0)
		return 2;
	return path_is_trusted(in("own/."), PATH_REMOTE, &finding);
}

/* It may be a file system that does not answer. */
Test(path_trust, enters_no_new_mount_without_descriptors)
{
	for (int known = 0; known < 2; known++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(enters_new_mount(known));
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		if (WEXITSTATUS(status) == 2)
			cr_skip_test("needs root, /proc, and a mount namespace");
		cr_expect_eq(status, 0, "%s", known ? "known" : "unknown");
	}
}

static bool finds_remote(const void *with)
{
	return !path_is_trusted(with, PATH_REMOTE, &finding) && finding.flaw == PATH_REMOTE &&
		!strcmp(finding.system, "autofs");
}

Test(path_trust, does_not_wait_for_an_automounter_that_mounts)
{
	char place[256];

	snprintf(place, sizeof(place), "%s", in("own"));
	cr_expect(passes_automounter(place, finds_remote, in("own/file")));
}

/* What it has mounted lies on its own mount. */
Test(path_trust, follows_a_path_into_what_an_automounter_has_mounted)
{
	static const char offered[] = "36 35 0:50 / /proc rw - autofs systemd-1 rw\n";
	char mounted[256];
	struct stat status;
	uint64_t mount;

	if (path_stat_mount("/proc", AT_SYMLINK_NOFOLLOW, &status, &mount) < 0 || !mount)
		cr_skip_test("no /proc here");
	snprintf(mounted, sizeof(mounted), "%s%ju 35 0:50 / /proc rw - proc proc rw\n", offered, (uintmax_t)mount);
	cr_expect(path_is_trusted_by(mounted, "/proc/version", PATH_REMOTE, &finding));
	cr_expect_not(path_is_trusted_by(offered, "/proc/version", PATH_REMOTE, &finding));
	cr_expect_str_eq(finding.system, "autofs");
}

/* In a user namespace that maps root alone. 2: there is none. */
static int judges_later(void)
{
	const int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit, none;
	int map;

	if (geteuid() != 0 || unshare(CLONE_NEWUSER) < 0 || kept < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 2;
	map = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (map < 0 || write(map, "0 0 1", 5) != 5)
		return 2;
	close(map);
	close(kept);
	none = (struct rlimit){ (rlim_t)kept, limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	path_uid_is_own(65534);
	setrlimit(RLIMIT_NOFILE, &limit);
	return !path_uid_is_own(65534);
}

Test(path_trust, a_lack_of_descriptors_does_not_say_for_good_whose_nobodys_files_are)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(judges_later());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 2)
		cr_skip_test("needs root, and a user namespace");
	cr_expect_eq(status, 0);
}

/* ---- path_open ---- */

static int open_error(const char *name, int flags, const struct account *account)
{
	int fd = path_open(in(name), flags, 0640, account, &finding);
	int error = fd < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

#define APPENDS (O_WRONLY | O_APPEND | O_CREAT)

/* "own" is a folder of ours that a group may write, and has a folder of ours. false: this user is in no group but
 * root's. */
static bool make_shared(mode_t mode)
{
	gid_t group = somebodys_group();

	return group && chown(in("own"), (uid_t)-1, group) == 0 && chmod(in("own"), mode) == 0 &&
	       mkdir(in("own/below"), 0755) == 0;
}

Test(path_open, uses_a_file_of_ours_in_a_folder_that_others_may_write)
{
	static const mode_t modes[] = { 0775, 0777 };

	for (size_t n = 0; n < 2; n++) {
		if (!make_shared(modes[n]))
			cr_skip_test("this user is in no group but root's");
		cr_expect_eq(open_error("own/file", O_WRONLY | O_APPEND, NULL), 0);
		cr_expect_eq(open_error("own/file", O_RDONLY, NULL), 0);
		cr_expect_eq(open_error("own/new", APPENDS, NULL), 0);
		cr_expect_eq(open_error("own/below/./new", APPENDS, NULL), 0);
		cr_expect_eq(open_error("own/below/new", O_WRONLY | O_TRUNC, NULL), 0);
		cr_expect_eq(open_error("own/none/new", APPENDS, NULL), ENOENT);
		cr_expect_eq(open_error("own/none", O_RDONLY, NULL), ENOENT);
		cr_expect_eq(open_error("own/none", O_PATH, NULL), ENOENT);
		cr_expect_eq(open_error("own/below/../file", O_RDONLY, NULL), EPERM, "it may have been moved");
		unlink(in("own/new"));
		unlink(in("own/below/new"));
		rmdir(in("own/below"));
	}
}

Test(path_open, follows_no_link_from_such_a_folder_on)
{
	static const char *const links[] = { "own/link", "own/below/link", "own/to_folder/file", "own/below/to/file" };

	if (!make_shared(0775))
		cr_skip_test("this user is in no group but root's");
	cr_assert_eq(mkdir(in("aside"), 0755), 0);
	make_file("aside/file");
	cr_assert_eq(symlink("../aside/file", in("own/link")), 0);
	cr_assert_eq(symlink("../../aside/file", in("own/below/link")), 0);
	cr_assert_eq(symlink("../aside", in("own/to_folder")), 0);
	cr_assert_eq(symlink("../../aside", in("own/below/to")), 0);
	for (size_t n = 0; n < sizeof(links) / sizeof(*links); n++) {
		int error = open_error(links[n], APPENDS, NULL);

		cr_expect_eq(error, ELOOP, "%s: %s", links[n], strerror(error));
		cr_expect_neq(open_error(links[n], O_RDONLY, NULL), 0, "%s", links[n]);
		cr_expect_neq(open_error(links[n], O_PATH, NULL), 0, "%s", links[n]);
	}
	cr_expect_eq(symlink("own/file", in("before")), 0);
	cr_expect_eq(open_error("before", O_RDONLY, NULL), 0, "nobody else can change this one");
}

Test(path_open, uses_there_only_a_regular_file_with_one_name)
{
	if (!make_shared(0775))
		cr_skip_test("this user is in no group but root's");
	give_name("own/file", "own/again");
	cr_assert_eq(mkfifo(in("own/fifo"), 0644), 0);
	cr_expect_eq(open_error("own/again", APPENDS, NULL), EPERM);
	cr_expect_eq(open_error("own/file", O_RDONLY, NULL), EPERM);
	cr_expect_eq(open_error("own/fifo", O_RDONLY, NULL), EPERM);
	cr_expect_eq(open_error("own/below", O_RDONLY, NULL), EPERM);
}

/* Who is in the group can move a secret of root's from another folder of the group's. */
Test(path_open, reads_there_for_strangers_only_what_all_may_read)
{
	const struct account own = { .uid = geteuid() };

	if (!make_shared(0775))
		cr_skip_test("this user is in no group but root's");
	cr_assert_eq(chmod(in("own/file"), 0600), 0);
	cr_expect_eq(open_error("own/file", O_RDONLY, NULL), EPERM);
	cr_expect_eq(open_error("own/file", O_RDONLY, &own), 0);
	cr_expect_eq(open_error("own/file", O_WRONLY, NULL), 0);
}

Test(path_open, uses_there_no_file_or_folder_of_other_users)
{
	const struct account other = { .uid = OTHER, .gid = OTHER, .switches = true };

	if (geteuid() != 0 || !make_shared(0775))
		cr_skip_test("only root can make files of other users");
	cr_assert_eq(chown(in("own/file"), OTHER, OTHER), 0);
	cr_expect_eq(open_error("own/file", APPENDS, NULL), EPERM);
	cr_expect_eq(open_error("own/file", APPENDS, &other), 0);
	make_file("own/below/file");
	cr_assert_eq(chown(in("own/below"), OTHER, OTHER), 0);
	cr_expect_eq(open_error("own/below/file", APPENDS, NULL), EPERM);
	cr_expect_eq(open_error("own/below/file", APPENDS, &other), 0);
	cr_assert_eq(chmod(in("own"), 0755), 0);
	cr_expect_eq(open_error("own/below/file", APPENDS, NULL), EPERM);
	cr_assert_eq(finding.flaw, PATH_OWNER);
}

Test(path_open, enters_no_mount_there_that_may_not_answer)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		cr_skip_test("needs root, and a mount namespace");
	cr_assert(make_shared(0775));
	cr_assert_eq(mount("superd-test", in("own/below"), "tmpfs", 0, "mode=755"), 0);
	cr_expect_eq(open_error("own/below/file", APPENDS, NULL), 0);
	if (mount("none", in("own/below"), "9p", 0, "trans=fd,rfdno=0,wfdno=0") == 0)
		cr_expect_eq(open_error("own/below/file", APPENDS, NULL), EPERM);
	while (umount2(in("own/below"), MNT_DETACH) == 0)
		continue;
}

/* Others can give a file of root's another name there, where the kernel does not forbid it (protected_hardlinks). */
Test(path_open, uses_in_a_sticky_folder_no_file_with_two_names)
{
	cr_assert_eq(chmod(in("own"), 01777), 0);
	cr_expect_eq(open_error("own/file", APPENDS, NULL), 0);
	cr_expect_eq(open_error("own/new", APPENDS, NULL), 0);
	cr_expect_eq(open_error("own/none", O_RDONLY, NULL), ENOENT);
	give_name("own/file", "again");
	cr_expect_eq(open_error("own/file", APPENDS, NULL), EPERM);
	cr_expect_eq(open_error("again", APPENDS, NULL), 0);
}

Test(path_open, empties_a_file_only_after_it_was_judged)
{
	struct stat status;

	cr_assert_eq(chmod(in("own"), 01777), 0);
	put_file(folder, "own/file", 0644, "text");
	give_name("own/file", "again");
	cr_expect_eq(open_error("own/file", O_WRONLY | O_TRUNC, NULL), EPERM);
	cr_assert_eq(stat(in("again"), &status), 0);
	cr_expect_eq(status.st_size, 4);
	cr_assert_eq(unlink(in("again")), 0);
	cr_expect_eq(open_error("own/file", O_WRONLY | O_TRUNC, NULL), 0);
	cr_assert_eq(stat(in("own/file"), &status), 0);
	cr_expect_eq(status.st_size, 0);
}

/* Nobody in the group can lead the way to its name elsewhere: work that follows no link there needs no other rights. */
Test(path_open, a_group_alone_makes_no_name_foreign_in_its_own_folder)
{
	if (!make_shared(0775))
		cr_skip_test("this user is in no group but root's");
	cr_expect_not(path_is_foreign(in("own/socket"), &finding));
	cr_expect(path_is_foreign(in("own/below/socket"), &finding));
	cr_expect(path_is_foreign(in("own/below/../socket"), &finding));
	cr_assert_eq(chmod(in("own"), 0777), 0);
	cr_expect(path_is_foreign(in("own/socket"), &finding));
}
