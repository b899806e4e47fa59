/* The words of hardening: what each type reads and refuses, and that what it writes is read back the same. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "table/option/option_table.h"
#include "table/words/errno_name.h"
#include "table/words/sandbox_words.h"
#include "table/words/syscall_groups.h"
#include "tests/unit/pool_fixture.h"

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

TestSuite(harden, .init = open_pool, .fini = close_pool);

union field {
	words list;
	unsigned bits;
	int64_t number;
};

/* As superd.conf has it after these words, or what is wrong with them. */
static const char *read_as(const char *option, union field *field, bool append, const char *const *given)
{
	static char text[512];
	const struct directive *directive = directive_find(NATIVE, option);
	struct parse parse = { .directive = directive, .words = given, .count = words_count(given), .append = append,
			       .pool = pool };
	struct buf out = { 0 };
	const char *wrong = type_parse(&parse, field);

	if (wrong)
		return wrong;
	type_format(directive, field, &out);
	snprintf(text, sizeof(text), "%s", buf_string(&out));
	buf_free(&out);
	return text;
}

static const char *as(const char *option, const char *const *given)
{
	union field field = { 0 };

	return read_as(option, &field, false, given);
}

Test(harden, a_tilde_is_meant_for_what_stands_behind_it)
{
	cr_expect_str_eq(as("system_call_filter", WORDS("~@mount", "@clock")), "{\"~@mount\", \"~@clock\"}");
	cr_expect_str_eq(as("system_call_filter", WORDS("@system-service", "~@mount", "chroot")),
			 "{\"@system-service\", \"~@mount\", \"~chroot\"}");
}

Test(harden, a_plus_ends_what_a_tilde_began)
{
	const char *written = "{\"~@mount\", \"+umount2\"}";

	cr_expect_str_eq(as("system_call_filter", WORDS("~@mount", "+umount2")), written);
}

Test(harden, what_is_added_keeps_its_own_sign)
{
	union field field = { 0 };

	read_as("system_call_filter", &field, false, WORDS("~@mount", "@swap"));
	cr_expect_str_eq(read_as("system_call_filter", &field, true, WORDS("umount2")),
			 "{\"~@mount\", \"~@swap\", \"+umount2\"}");
	cr_expect(signed_list_denies(field.list));
}

Test(harden, calls_are_refused_that_can_be_none)
{
	cr_expect(strstr(as("system_call_filter", WORDS("@system-servic")), "did you mean '@system-service'?"));
	cr_expect(strstr(as("system_call_filter", WORDS("mount umount")), "name of a system call"));
	cr_expect(strstr(as("system_call_filter", WORDS("")), "name of a system call"));
	cr_expect(strstr(as("system_call_filter", WORDS("~mount:ENOTHING")), "followed by the error"));
	cr_expect(strstr(as("system_call_filter", WORDS("mount:EPERM")), "only denied calls"));
	cr_expect_str_eq(as("system_call_filter", WORDS("~mount:EPERM", "swapon:5")),
			 "{\"~mount:EPERM\", \"~swapon:5\"}");
}

Test(harden, every_group_has_calls_and_knows_its_groups)
{
	for (size_t n = 0; n < syscall_group_count; n++) {
		const char *at = syscall_groups[n].calls;

		cr_expect_str_eq(syscall_group_names[n], syscall_groups[n].name);
		cr_expect(*at, "%s", syscall_groups[n].name);
		while ((at = strchr(at, '@'))) {
			char name[64] = "";

			memcpy(name, at, strcspn(at, " "));
			cr_expect(syscall_group_find(name), "%s in %s", name, syscall_groups[n].name);
			at++;
		}
	}
}

Test(harden, families_are_names_or_none)
{
	cr_expect_str_eq(as("restrict_address_families", WORDS("AF_UNIX", "AF_INET6")), "{\"AF_UNIX\", \"AF_INET6\"}");
	cr_expect_str_eq(as("restrict_address_families", WORDS("none")), "{\"none\"}");
	cr_expect(strstr(as("restrict_address_families", WORDS("AF_UNIX", "none")), "must be the only word"));
	cr_expect(strstr(as("restrict_address_families", WORDS("inet")), "family of addresses"));
}

Test(harden, namespaces_are_those_allowed_or_taken)
{
	union field field = { 0 };

	cr_expect_str_eq(as("restrict_namespaces", WORDS("yes")), "yes");
	cr_expect_str_eq(as("restrict_namespaces", WORDS("no")), "no");
	cr_expect_str_eq(as("restrict_namespaces", WORDS("~mnt", "net")), "{\"~mnt\", \"~net\"}");
	cr_expect_str_eq(as("restrict_namespaces", WORDS("cgroup", "ipc", "mnt", "net", "pid", "time", "user")),
			 "{\"~uts\"}");
	cr_expect(strstr(as("restrict_namespaces", WORDS("network")), "expected one of"));
	read_as("restrict_namespaces", &field, false, WORDS("mnt"));
	cr_expect_str_eq(read_as("restrict_namespaces", &field, true, WORDS("~mnt")), "yes");
}

Test(harden, errors_have_names_and_numbers)
{
	int64_t number = 0;

	cr_expect_str_eq(as("system_call_error_number", WORDS("EPERM")), "EPERM");
	cr_expect_str_eq(as("system_call_error_number", WORDS("1")), "EPERM");
	cr_expect_str_eq(as("system_call_error_number", WORDS("4000")), "4000");
	cr_expect_str_eq(as("system_call_error_number", WORDS("kill")), "kill");
	cr_expect(strstr(as("system_call_error_number", WORDS("4096")), "up to 4095"));
	cr_expect(errno_scan("kill", &number));
	cr_expect_eq(number, ERRNO_KILL);
}

Test(harden, paths_have_prefixes_and_do_not_climb)
{
	bool optional, inside;

	cr_expect_str_eq(as("read_only_paths", WORDS("-/a", "+/b", "-+/c", "/")),
			 "{\"-/a\", \"+/b\", \"-+/c\", \"/\"}");
	cr_expect(strstr(as("read_only_paths", WORDS("a")), "starts with /"));
	cr_expect(strstr(as("read_only_paths", WORDS("/a/../b")), "no part .."));
	cr_expect_str_eq(as("read_only_paths", WORDS("/a..b/..c")), "{\"/a..b/..c\"}");
	cr_expect_str_eq(protected_path("-+/x", &optional, &inside), "/x");
	cr_expect(optional && inside);
}

Test(harden, bindings_have_a_source_and_a_target)
{
	struct bind_path binding;

	cr_expect(bind_path_read("-/a:/b:norbind", &binding));
	cr_expect(binding.optional && !binding.recursive);
	cr_expect_eq(binding.source_length, 2);
	cr_expect(!strncmp(binding.target, "/b", binding.target_length));
	cr_expect(bind_path_read("/a", &binding));
	cr_expect(!strncmp(binding.target, "/a", binding.target_length) && binding.recursive);
	cr_expect_str_eq(as("bind_paths", WORDS("/a:/b")), "{\"/a:/b\"}");
	cr_expect(strstr(as("bind_paths", WORDS("/a:b")), "SOURCE:TARGET"));
	cr_expect(strstr(as("bind_paths", WORDS("/a:/b:twice")), "SOURCE:TARGET"));
	cr_expect(strstr(as("bind_paths", WORDS("/a:/")), "root_directory"));
	cr_expect(strstr(as("bind_paths", WORDS("")), "SOURCE:TARGET"));
}

Test(harden, temporary_file_systems_have_options_that_are_known)
{
	cr_expect_str_eq(as("temporary_file_system", WORDS("/var:ro,size=10M,mode=0700", "/srv")),
			 "{\"/var:ro,size=10M,mode=0700\", \"/srv\"}");
	cr_expect(strstr(as("temporary_file_system", WORDS("var")), "starts with /"));
	cr_expect(strstr(as("temporary_file_system", WORDS("/var:size=")), "tmpfs options"));
	cr_expect(strstr(as("temporary_file_system", WORDS("/var:bind")), "tmpfs options"));
}
