/* Finding units: folders and their order, templates, aliases, masks, drop-ins. The orders of drop-ins that systemd's
 * manual leaves open were seen of its version 252. */
#include "tests/unit/as_nobody.h"
#include "unit_reading.h"

#include <limits.h>

static char root[] = "/tmp/superd-units-XXXXXX";
static const char *const folders[] = { "etc", "run", "lib", NULL };

static void enter_folder(void)
{
	open_reading();
	cr_assert(mkdtemp(root) && chdir(root) == 0);
	for (size_t n = 0; folders[n]; n++)
		cr_assert_eq(mkdir(folders[n], 0755), 0);
	request.unit_path = folders;
}

static void leave_folder(void)
{
	char command[64];

	close_reading();
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	cr_assert(chdir("/") == 0 && system(command) == 0);
}

TestSuite(unit_load, .init = enter_folder, .fini = leave_folder);

/* Forgets what was read; folders stay. */
static void begin_again(void)
{
	reopen_reading();
	request.unit_path = folders;
}

static void write_file(const char *path, const char *text)
{
	char folder[PATH_MAX];
	char *slash;
	FILE *file;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash) {
		*slash = '\0';
		cr_assert(mkdir(folder, 0755) == 0 || errno == EEXIST, "%s", folder);
	}
	file = fopen(path, "w");
	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

/* A unit that says where it stands. */
static void write_unit(const char *path)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "[Service]\nEnvironment=%s\n", path);
	write_file(path, text);
}

static void link_to(const char *target, const char *path)
{
	cr_assert_eq(symlink(target, path), 0, "%s", path);
}

static const struct unit *find_in(const char *folder, const char *name)
{
	bool failed = true;
	const struct unit *unit = unit_find(&reading, folder, name, &failed);

	cr_expect_not(failed, "%s: %s", name, said());
	return unit;
}

static const struct unit *find(const char *name)
{
	return find_in("nowhere", name);
}

/* The unit is found and all it says, in order, is this. */
static const struct unit *expect_from(const char *folder, const char *name, const char *wanted)
{
	const struct unit *unit = find_in(folder, name);
	char got[2000] = "";
	size_t length = 0;

	cr_assert_not_null(unit, "%s: %s", name, said());
	for (size_t n = 0; n < unit->count; n++)
		length += (size_t)snprintf(got + length, sizeof(got) - length, "%s%s", n ? " " : "",
					   unit->list[n].value);
	cr_expect_str_eq(got, wanted, "of %s: %s", name, got);
	cr_expect_str_eq(said(), "");
	return unit;
}

static const struct unit *expect(const char *name, const char *wanted)
{
	return expect_from("nowhere", name, wanted);
}

static void expect_failed(const char *folder, const char *name, const char *why)
{
	bool failed = false;

	cr_expect_null(unit_find(&reading, folder, name, &failed), "%s", name);
	cr_expect(failed, "%s", name);
	cr_expect_gt(diags.errors, 0);
	cr_expect(strstr(said(), why), "%s: %s", name, said());
}

Test(unit_load, finds_nothing_without_a_word)
{
	cr_expect_null(find("a.service"));
	cr_expect_null(find("a@b.service"));
	cr_expect_null(find("../a.service"));
	cr_expect_null(find("a"));
	write_unit("lib/a.service.d/x.conf");
	begin_again();
	cr_expect_null(find("a.service"));
	cr_expect_str_eq(said(), "");
}

Test(unit_load, takes_the_first_folder_that_has_it)
{
	write_unit("lib/a.service");
	write_unit("run/a.service");
	cr_expect_str_eq(expect("a.service", "run/a.service")->path, "run/a.service");
	begin_again();
	write_unit("etc/a.service");
	expect("a.service", "etc/a.service");
}

Test(unit_load, seeks_in_the_named_folder_first)
{
	write_unit("etc/a.service");
	write_unit("mine/a.service");
	write_unit("etc/b.service");
	expect_from("mine", "a.service", "mine/a.service");
	expect_from("mine", "b.service", "etc/b.service");
	expect("a.service", "etc/a.service");
	expect_from("nowhere", "a.service", "etc/a.service");
}

Test(unit_load, keeps_the_order_of_the_path_when_one_of_its_folders_is_named)
{
	write_unit("etc/a.service");
	write_unit("lib/a.service");
	write_unit("lib/b.service");
	write_unit("lib/c.service");
	link_to("/dev/null", "etc/c.service");
	expect_from("lib", "b.service", "lib/b.service");
	cr_expect_str_eq(find_in("lib", "a.service")->path, "etc/a.service");
	cr_expect(strstr(said(), "lib/a.service: note: not read: etc/a.service is before it in the search path"),
		  "%s", said());
	cr_expect(find_in("lib", "c.service")->is_masked);
	cr_expect(strstr(said(), "lib/c.service: note: not read: etc/c.service is before"), "%s", said());
}

Test(unit_load, reads_a_unit_that_is_asked_for_twice_once)
{
	const struct unit *unit;

	write_unit("lib/a.service");
	link_to("a.service", "etc/b.service");
	unit = find("a.service");
	cr_expect_eq(find("a.service"), unit);
	cr_expect_eq(find("b.service"), unit);
	cr_expect_eq(find_in("lib", "a.service"), unit);
	cr_expect_eq(reading.files, 1);
}

Test(unit_load, reads_a_folder_of_two_paths_once)
{
	static const char *const twice[] = { "usr", "lib", NULL };

	link_to("lib", "usr");
	write_unit("lib/a.service");
	write_unit("lib/a.service.d/1.conf");
	request.unit_path = twice;
	expect("a.service", "lib/a.service lib/a.service.d/1.conf");
	cr_expect_eq(reading.files, 2);
}

Test(unit_load, makes_an_instance_of_a_template_unless_it_has_a_file_of_its_own)
{
	const struct unit *unit;

	write_unit("etc/a@.service");
	write_unit("lib/a@two.service");
	unit = expect("a@one.service", "etc/a@.service");
	cr_expect_str_eq(unit->name, "a@one.service");
	cr_expect_str_eq(unit->prefix, "a");
	cr_expect_str_eq(unit->instance, "one");
	cr_expect_str_eq(unit->suffix, "service");
	expect("a@two.service", "lib/a@two.service");
	cr_expect_str_eq(expect("a@.service", "etc/a@.service")->instance, "");
	cr_expect_null(find("a.service"));
}

Test(unit_load, follows_an_alias_to_its_name_and_not_its_path)
{
	write_unit("lib/real.service");
	write_unit("etc/real.service");
	link_to("../lib/real.service", "etc/alias.service");
	link_to("alias.service", "etc/second.service");
	link_to("gone/real.service", "lib/real2.service");
	link_to("nothing.service", "etc/dangling.service");
	cr_expect_str_eq(expect("alias.service", "etc/real.service")->name, "real.service");
	cr_expect_str_eq(expect("second.service", "etc/real.service")->name, "real.service");
	cr_expect_null(find("dangling.service"));
}

Test(unit_load, carries_the_instance_through_an_alias)
{
	write_unit("lib/real@.service");
	link_to("real@.service", "lib/alias@.service");
	link_to("real@.service", "lib/plain@x.service");
	link_to("real@fixed.service", "lib/one.service");
	link_to("real@.service", "lib/real@self.service");
	cr_expect_str_eq(find("alias@a-b.service")->name, "real@a-b.service");
	cr_expect_str_eq(find("plain@x.service")->name, "real@x.service");
	cr_expect_str_eq(find("one.service")->name, "real@fixed.service");
	cr_expect_str_eq(find("one.service")->instance, "fixed");
	cr_expect_str_eq(find("real@self.service")->name, "real@self.service");
	cr_expect_str_eq(find("alias@.service")->name, "real@.service");
	cr_expect_str_eq(said(), "");
}

Test(unit_load, reads_a_linked_file_from_elsewhere_under_the_name_of_the_link)
{
	const struct unit *unit;
	char real[PATH_MAX];

	write_unit("elsewhere/whatever");
	link_to("../elsewhere/whatever", "etc/a.service");
	cr_assert(realpath("elsewhere/whatever", real));
	unit = expect("a.service", "elsewhere/whatever");
	cr_expect_str_eq(unit->name, "a.service");
	cr_expect_str_eq(unit->path, real);
}

Test(unit_load, passes_a_link_to_itself_that_leads_nowhere_over)
{
	link_to("../lib/a.service", "etc/a.service");
	cr_expect_null(find("a.service"));
	begin_again();
	write_unit("lib/a.service");
	expect("a.service", "lib/a.service");
}

Test(unit_load, refuses_links_to_what_they_can_not_be_a_name_of)
{
	write_unit("lib/a.socket");
	write_unit("lib/b@.service");
	write_unit("lib/c.service");
	link_to("a.socket", "lib/a.service");
	link_to("b@.service", "lib/b.service");
	link_to("c.service", "lib/d@.service");
	link_to("no name", "lib/e.service");
	link_to("../elsewhere/gone", "lib/f.service");
	link_to("h.service", "lib/g.service");
	link_to("g.service", "lib/h.service");
	expect_failed("nowhere", "a.service",
		      "lib/a.service: error: leads to a.socket, of which a.service cannot be another name");
	expect_failed("nowhere", "b.service", "lib/b.service: error: leads to b@.service");
	expect_failed("nowhere", "d@.service", "lib/d@.service: error: leads to c.service");
	expect_failed("nowhere", "d@x.service",
		      "lib/d@.service: error: leads to c.service, of which d@x.service cannot be");
	expect_failed("nowhere", "e.service", "lib/e.service: error: leads to no name");
	expect_failed("nowhere", "f.service", "lib/f.service: error: leads to ../elsewhere/gone, which is not there");
	expect_failed("nowhere", "g.service", "g.service: error: the links of this name lead to one another");
}

Test(unit_load, knows_masks)
{
	static const char *const masked[] = { "a.service", "b.service", "c@x.service", "alias.service" };

	write_unit("lib/a.service");
	link_to("/dev/null", "etc/a.service");
	write_unit("lib/a.service.d/1.conf");
	write_file("etc/b.service", "");
	link_to("/dev/null", "run/c@.service");
	link_to("a.service", "etc/alias.service");
	for (size_t n = 0; n < sizeof(masked) / sizeof(*masked); n++) {
		const struct unit *unit = find(masked[n]);

		cr_assert_not_null(unit, "%s", masked[n]);
		cr_expect(unit->is_masked, "%s", masked[n]);
		cr_expect_null(unit->path);
		cr_expect_eq(unit->count, 0);
	}
	cr_expect_str_eq(said(), "");
}

Test(unit_load, reads_drop_ins_behind_the_unit_by_their_names_across_folders)
{
	write_unit("lib/a.service");
	write_unit("lib/a.service.d/20.conf");
	write_unit("etc/a.service.d/30.conf");
	write_unit("run/a.service.d/10.conf");
	expect("a.service",
	       "lib/a.service run/a.service.d/10.conf lib/a.service.d/20.conf etc/a.service.d/30.conf");
	cr_expect_eq(reading.files, 4);
}

Test(unit_load, takes_of_drop_ins_of_one_name_the_first)
{
	write_unit("lib/a.service");
	write_unit("lib/a.service.d/10.conf");
	write_unit("run/a.service.d/10.conf");
	write_unit("lib/a.service.d/20.conf");
	write_unit("lib/a.service.d/30.conf");
	link_to("/dev/null", mkdir("etc/a.service.d", 0755) ? "" : "etc/a.service.d/20.conf");
	write_file("run/a.service.d/30.conf", "");
	expect("a.service", "lib/a.service run/a.service.d/10.conf");
}

Test(unit_load, takes_only_what_ends_in_conf)
{
	write_unit("lib/a.service");
	write_unit("lib/a.service.d/10.conf");
	write_unit("lib/a.service.d/20.conf~");
	write_unit("lib/a.service.d/.30.conf");
	write_unit("lib/a.service.d/README");
	cr_assert_eq(mkdir("lib/a.service.d/40.conf", 0755), 0);
	expect("a.service", "lib/a.service lib/a.service.d/10.conf");
}

Test(unit_load, ranks_a_units_folders_by_path_then_name_then_template_then_prefix_then_type)
{
	static const char *const names[] = { "foo-bar@x-y", "foo-bar@", "foo-" };
	char path[100];

	write_unit("lib/foo-bar@.service");
	for (size_t n = 0; n < 3; n++) {
		snprintf(path, sizeof(path), "lib/%s.service.d/%zu0.conf", names[n], n + 1);
		write_unit(path);
		snprintf(path, sizeof(path), "lib/%s.service.d/50.conf", names[n]);
		write_unit(path);
		if (n) {
			snprintf(path, sizeof(path), "lib/%s.service.d/60.conf", names[n]);
			write_unit(path);
		}
	}
	write_unit("etc/foo-.service.d/10.conf");
	write_unit("etc/service.d/20.conf");
	write_unit("etc/service.d/70.conf");
	write_unit("lib/service.d/70.conf");
	write_unit("lib/service.d/80.conf");
	write_unit("lib/foo-bar@x-.service.d/90.conf");
	write_unit("lib/foo-bar-.service.d/91.conf");
	write_unit("lib/socket.d/92.conf");
	write_unit("lib/foo.service.d/93.conf");
	expect("foo-bar@x-y.service",
	       "lib/foo-bar@.service etc/foo-.service.d/10.conf lib/foo-bar@.service.d/20.conf "
	       "lib/foo-.service.d/30.conf lib/foo-bar@x-y.service.d/50.conf lib/foo-bar@.service.d/60.conf "
	       "etc/service.d/70.conf lib/service.d/80.conf");
}

Test(unit_load, reads_drop_ins_of_every_prefix_the_longer_first)
{
	write_unit("lib/a-b-c.socket");
	write_unit("lib/a-.socket.d/10.conf");
	write_unit("lib/a-.socket.d/20.conf");
	write_unit("lib/a-b-.socket.d/20.conf");
	write_unit("lib/a-b-c-.socket.d/30.conf");
	write_unit("lib/socket.d/40.conf");
	expect("a-b-c.socket",
	       "lib/a-b-c.socket lib/a-.socket.d/10.conf lib/a-b-.socket.d/20.conf lib/socket.d/40.conf");
}

/* Those of templates and instances with the prefix come behind those of the plain prefixes. A connection of Accept=yes
 * is an instance of its template. */
Test(unit_load, reads_drop_ins_of_templates_that_a_prefix_names)
{
	static const char *const names[] = { "a-", "a-b-@i-j", "a-b-@", "a-@i-j", "a-@" };
	char path[100];

	write_unit("lib/a-b-c@.service");
	for (size_t n = 0; n < 5; n++) {
		snprintf(path, sizeof(path), "lib/%s.service.d/%zu0.conf", names[n], 9 - n);
		write_unit(path);
		for (size_t behind = n; behind < 5; behind++) {
			snprintf(path, sizeof(path), "lib/%s.service.d/0%zu.conf", names[behind], n);
			write_unit(path);
		}
	}
	write_unit("lib/a-@i-.service.d/91.conf");
	expect("a-b-c@i-j.service",
	       "lib/a-b-c@.service lib/a-.service.d/00.conf lib/a-b-@i-j.service.d/01.conf "
	       "lib/a-b-@.service.d/02.conf lib/a-@i-j.service.d/03.conf lib/a-@.service.d/04.conf "
	       "lib/a-@.service.d/50.conf lib/a-@i-j.service.d/60.conf lib/a-b-@.service.d/70.conf "
	       "lib/a-b-@i-j.service.d/80.conf lib/a-.service.d/90.conf");
	expect("a-b-c@.service",
	       "lib/a-b-c@.service lib/a-.service.d/00.conf lib/a-b-@.service.d/01.conf "
	       "lib/a-b-@.service.d/02.conf lib/a-@.service.d/03.conf lib/a-@.service.d/04.conf "
	       "lib/a-@.service.d/50.conf lib/a-b-@.service.d/70.conf lib/a-.service.d/90.conf");
}

Test(unit_load, takes_no_dash_at_the_start_for_a_prefix)
{
	write_unit("lib/-a.service");
	write_unit("lib/-.service.d/10.conf");
	expect("-a.service", "lib/-a.service");
}

Test(unit_load, reads_drop_ins_of_the_named_folder_first)
{
	write_unit("mine/a.service");
	write_unit("mine/a.service.d/10.conf");
	write_unit("etc/a.service.d/10.conf");
	write_unit("etc/a.service.d/20.conf");
	expect_from("mine", "a.service", "mine/a.service mine/a.service.d/10.conf etc/a.service.d/20.conf");
}

Test(unit_load, reads_drop_ins_of_all_names_of_a_unit)
{
	static const char wanted[] = "lib/real.service lib/alias.service.d/10.conf lib/real.service.d/20.conf "
				     "lib/second.service.d/30.conf";

	write_unit("lib/real.service");
	link_to("real.service", "lib/alias.service");
	link_to("alias.service", "etc/second.service");
	write_unit("lib/alias.service.d/10.conf");
	write_unit("lib/real.service.d/20.conf");
	write_unit("lib/second.service.d/30.conf");
	write_unit("lib/alias.service.d/20.conf");
	expect("real.service", wanted);
	begin_again();
	expect("alias.service", wanted);
}

Test(unit_load, takes_a_drop_in_of_the_own_name_before_one_of_an_alias_in_an_earlier_folder)
{
	write_unit("lib/real.service");
	link_to("real.service", "lib/alias.service");
	write_unit("etc/alias.service.d/10.conf");
	write_unit("lib/real.service.d/10.conf");
	expect("real.service", "lib/real.service lib/real.service.d/10.conf");
}

Test(unit_load, reads_drop_ins_of_template_aliases_and_not_of_hidden_links)
{
	write_unit("lib/real@.service");
	link_to("real@.service", "lib/alias@.service");
	link_to("real@.service", "lib/hidden@.service");
	write_unit("etc/hidden@.service");
	write_unit("lib/alias@x.service.d/10.conf");
	write_unit("etc/alias@.service.d/20.conf");
	write_unit("lib/hidden@x.service.d/30.conf");
	expect("real@x.service", "lib/real@.service lib/alias@x.service.d/10.conf etc/alias@.service.d/20.conf");
}

/* A link such as alias@x.service -> real@.service is another name of this instance alone. */
Test(unit_load, reads_drop_ins_of_an_instance_that_leads_to_the_template)
{
	static const char wanted[] = "lib/real@.service etc/alias@x.service.d/10.conf lib/alias@.service.d/20.conf";

	write_unit("lib/real@.service");
	link_to("real@.service", "lib/alias@x.service");
	write_unit("etc/alias@x.service.d/10.conf");
	write_unit("lib/alias@.service.d/20.conf");
	expect("alias@x.service", wanted);
	begin_again();
	expect("real@x.service", wanted);
	expect("real@y.service", "lib/real@.service");
}

Test(unit_load, reads_no_drop_ins_of_template_aliases_for_an_instance_with_its_own_file)
{
	write_unit("lib/real@.service");
	write_unit("etc/real@x.service");
	link_to("real@.service", "lib/alias@.service");
	link_to("real@.service", "lib/real@y.service");
	write_unit("lib/alias@z.service");
	write_unit("lib/alias@.service.d/10.conf");
	expect("real@x.service", "etc/real@x.service");
	expect("real@y.service", "lib/real@.service lib/alias@.service.d/10.conf");
	expect("real@z.service", "lib/real@.service");
}

Test(unit_load, places_each_setting_in_its_file)
{
	const struct unit *unit;

	write_unit("lib/a.service");
	write_unit("etc/a.service.d/x.conf");
	unit = expect("a.service", "lib/a.service etc/a.service.d/x.conf");
	cr_expect_str_eq(unit->list[0].at.file, "lib/a.service");
	cr_expect_str_eq(unit->list[1].at.file, "etc/a.service.d/x.conf");
	cr_expect_str_eq(unit_place(&unit->list[1], 0).file, "etc/a.service.d/x.conf");
	cr_expect_eq(unit_place(&unit->list[1], 0).column, 13);
}

Test(unit_load, resets_by_a_drop_in)
{
	write_file("lib/a.service", "[Service]\nUser=a\n");
	write_file("lib/a.service.d/1.conf", "[Service]\nUser=\n");
	cr_expect_null(unit_last(find("a.service"), "Service", "User"));
}

Test(unit_load, refuses_a_unit_that_can_not_be_read_whole)
{
	write_unit("lib/a.service");
	cr_assert(mkdir("lib/a.service.d", 0755) == 0 && mkfifo("lib/a.service.d/1.conf", 0644) == 0);
	write_unit("lib/b.service");
	cr_assert_eq(mkdir("lib/b.service.d", 0755), 0);
	link_to("gone", "lib/b.service.d/1.conf");
	cr_assert_eq(mkfifo("lib/c.service", 0644), 0);
	cr_assert_eq(mkdir("lib/d.service", 0755), 0);
	expect_failed("nowhere", "a.service", "lib/a.service.d/1.conf: error: cannot read: not a regular file");
	expect_failed("nowhere", "b.service", "lib/b.service.d/1.conf: error: cannot read: No such file");
	expect_failed("nowhere", "c.service", "lib/c.service: error: cannot read: not a regular file");
	expect_failed("nowhere", "d.service", "lib/d.service: error: cannot read: Is a directory");
	cr_expect_eq(diags.errors, 4);
	expect_failed("nowhere", "a.service", "");
	cr_expect_eq(diags.errors, 4, "an answer holds");
}

/* What it requires may be what restricts its clients. */
Test(unit_load, refuses_a_folder_of_names_that_can_not_be_read)
{
	struct word_list list = { 0 };

	write_unit("lib/a.service");
	link_to("gone", "lib/a.service.requires");
	unit_listed_names(&reading, "nowhere", find("a.service"), ".requires", &list);
	cr_expect(list.failed);
	cr_expect_eq(list.count, 0);
	cr_expect(strstr(said(), "lib/a.service.requires: error: cannot read: No such file"), "%s", said());
	word_list_free(&list);
}

static bool is_warned(void)
{
	bool failed = false;
	const struct unit *unit = unit_find(&reading, "etc", "a.service", &failed);

	return unit && !failed && strstr(said(), "etc: warning: cannot read: Permission denied; its units");
}

Test(unit_load, passes_over_a_folder_of_the_path_that_it_may_not_look_at_and_says_so)
{
	write_unit("lib/a.service");
	cr_assert_eq(chmod(".", 0755), 0);      /* nobody gets to the folders that he may look at */
	cr_assert_eq(chmod("etc", 0), 0);
	as_nobody(is_warned);
	cr_assert_eq(chmod("etc", 0755), 0);
}

static bool is_refused(void)
{
	bool failed = false;
	const struct unit *unit = unit_find(&reading, "mine", "a.service", &failed);

	return !unit && failed && strstr(said(), "mine: error: cannot read: Permission denied");
}

Test(unit_load, refuses_a_named_folder_that_it_may_not_look_at)
{
	write_unit("mine/a.service");
	write_unit("lib/a.service");
	cr_assert_eq(chmod("mine", 0), 0);
	as_nobody(is_refused);
	cr_assert_eq(chmod("mine", 0755), 0);
}

Test(unit_load, bounds_the_names_of_a_unit)
{
	char path[64];

	write_unit("lib/a.service");
	for (int n = 0; n < 64; n++) {
		snprintf(path, sizeof(path), "lib/alias%d.service", n);
		link_to("a.service", path);
	}
	expect_failed("nowhere", "a.service", "lib/a.service: error: 64 names lead to a.service, or more");
}

Test(unit_load, refuses_lines_that_are_no_text)
{
	const struct unit *unit;

	write_file("lib/a.service", "\xef\xbb\xbf# \x1b comment\n[Service]\nUser=a\nGroup=\x01\nNice=3\n");
	unit = find("a.service");
	cr_assert_not_null(unit);
	cr_expect_eq(diags.errors, 1);
	cr_expect(strstr(said(), "lib/a.service:4:7: error: the control character \\x01"), "%s", said());
	cr_expect(strstr(said(), "warning: a byte order mark"), "%s", said());
}

Test(unit_load, refuses_a_carriage_return_that_ends_no_line)
{
	write_file("lib/a.service", "[Service]\r\nUser=a\r\r\nGroup=b\r");
	expect("a.service", "a b");
	write_file("lib/b.service", "[Service]\n# comment\rUser=a\nEnvironment=A=b\rGroup=c\n");
	begin_again();
	find("b.service");
	cr_expect_eq(diags.errors, 2);
	cr_expect(strstr(said(), "lib/b.service:2:10: error: a carriage return"), "%s", said());
	cr_expect(strstr(said(), "lib/b.service:3:16: error: a carriage return"), "%s", said());
}

Test(unit_load, bounds_files)
{
	write_unit("lib/a.service");
	reading.files = READING_FILES;
	expect_failed("nowhere", "a.service", "lib/a.service: error: more than");
}
