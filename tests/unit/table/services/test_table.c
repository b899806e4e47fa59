/* The table: rows in order, found by name, served or skipped. */
#include "table/services/services.h"
#include "tests/unit/builders.h"

TestSuite(table, .init = begin_table, .fini = end_table);

static void add_row(const char *name)
{
	struct service row = { .name = pool_text(table->pool, name), .at = next_line() };

	cr_assert_not_null(table_add(table, &row));
}

static void add_numbered(size_t count)
{
	char name[32];

	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "service-%zu", i);
		add_row(name);
	}
}

Test(table, an_empty_one_finds_nothing)
{
	cr_expect_null(table_find(table, "web"));
	cr_expect_eq(table->count, 0);
}

Test(table, finds_every_one_of_ten_thousand)
{
	char name[32];

	add_numbered(10000);
	for (size_t i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "service-%zu", i);
		cr_assert_eq(table_find(table, name), &table->services[i], "%s", name);
	}
	cr_expect_null(table_find(table, "service-10000"));
	cr_expect_null(table_find(table, ""));
}

Test(table, finds_the_first_of_a_name)
{
	add_row("web");
	add_row("mail");
	add_row("web");
	cr_expect_eq(table_find(table, "web"), &table->services[0]);
	cr_expect_eq(table->count, 3);
}

Test(table, finds_a_row_added_after_a_look_up)
{
	add_row("web");
	cr_expect_null(table_find(table, "mail"));
	add_row("mail");
	cr_expect_eq(table_find(table, "mail"), &table->services[1]);
}

Test(table, has_a_row_for_each_entry_that_is_left_out)
{
	const struct skipped *entry;

	add_numbered(3);
	cr_assert(skipped_add(table, &table->services[1], "a.conf:2: there is no such user here"));
	cr_assert(table_skip(table, (struct origin){ "a.conf", 7, 1 }, "service-2"));
	cr_assert(table_skip(table, (struct origin){ "a.conf", 8, 1 }, "other"));
	cr_assert(table_skip(table, (struct origin){ "a.conf", 8, 5 }, "other"));
	cr_assert(skipped_list(table));
	cr_expect_eq(table->count, 6);
	cr_expect_eq(skipped_count(table), 4);
	entry = skipped_of(table, table_find(table, "service-1"));
	cr_assert_not_null(entry);
	cr_expect_str_eq(skipped_reason(entry), "a.conf:2: there is no such user here");
	cr_expect_not(table_find(table, "service-2")->is_skipped, "the one that is served keeps its name");
	cr_expect(service_is_off(table_find(table, "a.conf:7")));
	cr_expect(service_is_off(table_find(table, "other")));
	cr_expect_not_null(skipped_of(table, table_find(table, "a.conf:8")));
}

Test(table, freeing_none_is_harmless)
{
	table_free(NULL);
}

Test(table, keeps_where_entries_were_left_out)
{
	char file[] = "old.conf";

	for (unsigned i = 1; i <= 10; i++)
		cr_assert(table_skip(table, (struct origin){ .file = file, .line = i }, NULL));
	file[0] = 'X';
	cr_assert_eq(table->skipped_count, 10);
	for (unsigned i = 0; i < 10; i++) {
		cr_expect_str_eq(table->skipped[i].at.file, "old.conf");
		cr_expect_eq(table->skipped[i].at.line, i + 1);
	}
}

Test(table, knows_what_it_may_lack_by_name_or_by_place)
{
	struct service web = { .name = "web", .at = { "a.conf", 3, 1 } };
	struct service web_udp = { .name = "web-udp", .at = { "a.conf", 4, 1 }, .is_foreign = true };
	struct service web_admin = { .name = "web-admin", .at = { "a.conf", 6, 1 } };
	struct service webster = { .name = "webster", .at = { "a.conf", 5, 1 } };
	struct service mail = { .name = "mail", .at = { "b.conf", 1, 1 } };
	struct service gone = { .name = "gone", .at = { "c.conf", 9, 1 } };
	struct table *later = table_new();

	cr_expect_not(table_may_lack(later, &web));
	cr_assert(table_skip(later, (struct origin){ "other.conf", 7, 1 }, "web"));
	cr_assert(table_skip(later, (struct origin){ "b.conf", 2, 1 }, NULL));
	cr_expect(table_may_lack(later, &web), "its entry moved to another file");
	cr_expect(table_may_lack(later, &web_udp), "an entry that does not tell its protocol");
	cr_expect_not(table_may_lack(later, &webster));
	cr_expect_not(table_may_lack(later, &web_admin), "superd.conf has whole names");
	cr_expect_not(table_may_lack(later, &mail), "another entry of its file");
	cr_assert(table_skip(later, (struct origin){ "b.conf", 1, 1 }, NULL));
	cr_expect(table_may_lack(later, &mail), "the entry stands where it stood");
	cr_expect_not(table_may_lack(later, &webster), "no entry of its file is in doubt");
	table_skip(later, (struct origin){ "a.conf", 1, 1 }, "http")->is_doubtful = true;
	cr_expect(table_may_lack(later, &webster), "an entry of its file may have been called so");
	cr_expect_not(table_may_lack(later, &gone));
	cr_assert(table_add_role(later, (struct source_role){ ROLE_SHARED, .at = { "c.conf", 4, 1 } }));
	cr_expect_not(table_may_lack(later, &gone), "its file was read");
	cr_assert(table_add_role(later, (struct source_role){ ROLE_SHARED, .at.file = "c.conf" }));
	cr_expect(table_may_lack(later, &gone), "its file could not be read");
	cr_assert_not_null(table_add(later, &web));
	cr_expect_not(table_may_lack(later, &web), "there it is");
	table_free(later);
}
