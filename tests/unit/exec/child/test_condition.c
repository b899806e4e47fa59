/* Conditions against this machine, where it is known what is so. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "exec/child/condition.h"
#include "exec/child/condition_internal.h"

static int first_false(const char *const *texts, size_t count)
{
	struct condition list[8];

	for (size_t n = 0; n < count; n++)
		cr_assert_null(condition_read(texts[n], &list[n]), "%s", texts[n]);
	return conditions_find_false(list, count);
}

static bool holds(const char *text)
{
	return first_false(&text, 1) < 0;
}

static char pressure[] = "/tmp/superd-pressure-XXXXXX";

static void write_pressure(const char *text)
{
	int fd = mkstemp(pressure);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

#define FIRST_FALSE(...) \
	first_false((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

Test(conditions, all_without_a_bar_have_to_hold)
{
	cr_expect_eq(FIRST_FALSE("PathExists=/", "PathIsDirectory=/"), -1);
	cr_expect_eq(FIRST_FALSE("PathExists=/", "PathExists=/none"), 1);
	cr_expect_eq(FIRST_FALSE("PathExists=!/none", "PathExists=!/"), 1);
}

Test(conditions, of_those_with_a_bar_one_has_to)
{
	cr_expect_eq(FIRST_FALSE("PathExists=|/none", "PathExists=|/"), -1);
	cr_expect_eq(FIRST_FALSE("PathExists=|/none", "PathExists=|/none2"), 0);
	cr_expect_eq(FIRST_FALSE("PathExists=/none", "PathExists=|/"), 0, "a bar helps no other");
	cr_expect_eq(FIRST_FALSE("PathExists=|/", "PathExists=||/none"), 1, "each set has to hold");
	cr_expect_eq(FIRST_FALSE("PathExists=||/", "PathExists=|/"), -1);
}

Test(condition, knows_versions_and_releases)
{
	cr_expect_eq(FIRST_FALSE("Version=kernel >= 2.6 <99", "Version=kernel>=2.6", "Version=kernel"), -1);
	cr_expect_eq(FIRST_FALSE("Version=kernel < 2.6"), 0);
	cr_expect_eq(FIRST_FALSE("OSRelease=ID!=none NO_SUCH_KEY$=*"), -1);
	cr_expect_eq(FIRST_FALSE("OSRelease=ID=none"), 0);
	cr_expect_eq(FIRST_FALSE("OSRelease=ID!$=*"), 0);
	cr_expect_eq(FIRST_FALSE("OSRelease=\"ID!=no such system\" 'NO_SUCH_KEY!=a b'", "OSRelease='ID=a b'"), 1);
	cr_expect_eq(FIRST_FALSE("OSRelease=NO_SUCH_KEY>=1"), 0);
}

Test(condition, compares_pressure_with_what_the_kernel_measures)
{
	cr_expect_eq(FIRST_FALSE("MemoryPressure=100%", "CPUPressure=100%/10s", "IOPressure=100/1min"), -1);
	cr_expect_eq(FIRST_FALSE("MemoryPressure=100% / 1min", "CPUPressure=100.0%/10sec", "IOPressure=100 /5min"), -1);
	cr_expect(condition_pressure_holds("/nowhere", "0%"), "what is not measured keeps nothing from starting");
	write_pressure("some avg10=12.34 avg60=0.50 avg300=0.05 total=1\nfull avg10=99.00 avg60=0 avg300=0 total=1\n");
	cr_expect_not(condition_pressure_holds(pressure, "12.33%/10s"));
	cr_expect(condition_pressure_holds(pressure, "12.34%/10s"));
	cr_expect_not(condition_pressure_holds(pressure, "0.4/1min"));
	cr_expect(condition_pressure_holds(pressure, "0.05%"));
	cr_expect_not(condition_pressure_holds(pressure, "0.04%/5min"));
	unlink(pressure);
}

Test(conditions, come_before_assertions)
{
	cr_expect_eq(FIRST_FALSE("AssertPathExists=/none", "PathExists=/none"), 1);
	cr_expect_eq(FIRST_FALSE("AssertPathExists=/none", "PathExists=/"), 0);
	cr_expect_eq(FIRST_FALSE("AssertPathExists=|/none", "PathExists=|/"), 0, "each kind has bars of its own");
}

Test(conditions, walk_patterns_of_paths)
{
	char folder[] = "/tmp/condition-XXXXXX", path[256], text[512];

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/one", folder);
	cr_assert_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/one/.hidden", folder);
	close(open(path, O_WRONLY | O_CREAT, 0644));
	snprintf(text, sizeof(text), "PathExistsGlob=%s/o*/", folder);
	cr_expect(holds(text));
	snprintf(text, sizeof(text), "PathExistsGlob=%s/*/*", folder);
	cr_expect_not(holds(text), "what is hidden is not meant by *");
	snprintf(text, sizeof(text), "PathExistsGlob=%s/*/.h*", folder);
	cr_expect(holds(text));
	snprintf(text, sizeof(text), "DirectoryNotEmpty=%s/one", folder);
	cr_expect(holds(text));
	unlink(path);
	cr_expect_not(holds(text));
	snprintf(path, sizeof(path), "%s/one", folder);
	rmdir(path);
	rmdir(folder);
}

Test(conditions, know_versions_by_their_numbers)
{
	struct utsname here;
	char text[256];

	cr_assert_eq(uname(&here), 0);
	snprintf(text, sizeof(text), "KernelVersion=%.100s", here.release);
	cr_expect(holds(text));
	cr_expect(holds("KernelVersion=>2.6"));
	cr_expect(holds("KernelVersion=>2.6.9 !=2.6.10"), "of several all hold");
	cr_expect_not(holds("KernelVersion=>2.6 <2.6"));
	cr_expect(holds("KernelVersion=> 2.6"));
	cr_expect(holds("KernelVersion=!=2.6 >99"), "! is of all of them");
}

Test(conditions, take_quotes_from_what_they_compare)
{
	cr_expect(holds("KernelVersion=\">=3.0\""));
	cr_expect(holds("KernelVersion='>0.1.2' '<99.0.0'"));
	cr_expect_not(holds("KernelVersion='> 0.1.2' \"< 1.0\""));
	cr_expect(holds("KernelVersion=\" >= 2.0\" \" * \" \"*.*\""), "blanks around a word mean nothing");
	cr_expect_not(holds("KernelVersion=' !$=* '"));
	cr_expect(holds("Version=systemd ' = " CONDITION_SYSTEMD " '"));
	cr_expect(holds("Version=systemd '\t$=2* \t'"));
	cr_expect(holds("Version=\">=3.0\""), "the kernel is meant where nothing else is named");
	cr_expect(holds("Version=>2.6.9 \"!=2.6.10\""));
	cr_expect(holds("Version=systemd >=\\2\\5\\8"));
	cr_expect(holds("Version=systemd '>= 100' '!$=3*' $=2*"));
	cr_expect_not(holds("Version=systemd <250"));
	cr_expect_not(holds("Version=glibc > 99"));
	cr_expect_not(holds("KernelModuleLoaded=.."));
	cr_expect_not(holds("KernelModuleLoaded=../module"));
}

Test(conditions, order_versions_as_systemd_does)
{
	static const char *const rising[] = {
		"1.2~rc1", "1.2", "1.2-a", "1.2-1", "1.2^post", "1.2.a", "1.2.0", "1.2.1", "1.2.3", "1.2.10", "1.2a",
		"1.10", "2", "10", "99999999999999999999999998", "99999999999999999999999999",
	};

	for (size_t n = 0; n < sizeof(rising) / sizeof(*rising); n++) {
		for (size_t i = 0; i < sizeof(rising) / sizeof(*rising); i++) {
			int order = condition_compare_versions(rising[n], rising[i]);

			cr_expect_eq((order > 0) - (order < 0), (n > i) - (n < i), "%s, %s", rising[n], rising[i]);
		}
	}
	cr_expect_eq(condition_compare_versions("1..02", "1..2"), 0);
}

Test(conditions, know_hosts_by_names_without_case)
{
	struct utsname here;
	char text[256];

	cr_assert_eq(uname(&here), 0);
	for (char *at = here.nodename; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	snprintf(text, sizeof(text), "Host=%.100s", here.nodename);
	cr_expect(holds(text));
	snprintf(text, sizeof(text), "Host=%.100s?", here.nodename);
	cr_expect_not(holds(text));
}

Test(conditions, find_users_and_groups_in_their_files)
{
	cr_expect_eq(condition_user_holds("root"), getuid() == 0);
	cr_expect_not(condition_user_holds("roo"));
	cr_expect_not(condition_user_holds("root:x"));
	cr_expect_eq(condition_user_holds("@system"), getuid() < 1000);
	cr_expect_eq(condition_group_holds("root"), getgid() == 0);
	cr_expect_not(condition_group_holds("no-group-of-this-name"));
}

Test(conditions, agree_with_themselves_on_virtualization)
{
	bool container = condition_virtualization_holds("container"), machine = condition_virtualization_holds("vm");

	cr_expect_not(container && machine);
	cr_expect_eq(condition_virtualization_holds("yes"), container || machine);
	cr_expect_eq(condition_virtualization_holds("no"), !container && !machine);
	cr_expect_not(condition_virtualization_holds("no-such-machine"));
}
