/* The note of what the reading of a table waits for. */
#include "lib/wait_note.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/hang.h"

static void expect_note(const char *expected)
{
	char what[WAIT_NOTE_MOST];
	double seconds;

	cr_assert(wait_note_read(what, &seconds));
	cr_expect_str_eq(what, expected);
	cr_expect(seconds >= 0 && seconds < HANG_MS / 1000., "%f", seconds);
}

static void expect_none(void)
{
	char what[WAIT_NOTE_MOST];
	double seconds;

	cr_expect_not(wait_note_read(what, &seconds), "%s", what);
}

Test(wait_note, names_what_the_reading_waits_for)
{
	char name[2 * WAIT_NOTE_MOST], cut[WAIT_NOTE_MOST];

	expect_none();
	wait_note_begin("the file", "/etc/other");
	expect_none();                  /* nobody reads a table */
	wait_note_follow(true);
	errno = ENOTTY;
	wait_note_begin("the file", "/etc/superd.conf");
	cr_expect_eq(errno, ENOTTY);
	expect_note("the file /etc/superd.conf");
	wait_note_begin("NSS: the user", "web");
	expect_note("NSS: the user web");
	wait_note_end();
	expect_none();
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memset(cut, 'n', sizeof(cut));
	memcpy(cut, "the file ", strlen("the file "));
	cut[sizeof(cut) - 1] = '\0';
	wait_note_begin("the file", name);
	expect_note(cut);
	wait_note_end();
	wait_note_follow(false);
}

static void *read_other_files(void *context)
{
	struct stat status;

	cr_expect_eq(wait_note_stat("/", &status), 0);
	return context;
}

Test(wait_note, stays_while_another_thread_reads_files)
{
	pthread_t other;

	wait_note_follow(true);
	wait_note_begin("the file", "/etc/superd.conf");
	cr_assert_eq(pthread_create(&other, NULL, read_other_files, NULL), 0);
	pthread_join(other, NULL);
	expect_note("the file /etc/superd.conf");
}

static atomic_bool is_over;

static void *note_two_files(void *context)
{
	wait_note_follow(true);
	while (!is_over) {
		wait_note_begin("the file", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		wait_note_begin("the file", "bbbbbbbbbbbbbbbbbbbb");
		wait_note_end();
	}
	return context;
}

Test(wait_note, is_never_half_of_one_and_half_of_another, .timeout = 120)
{
	unsigned seen[2] = { 0, 0 };
	char what[WAIT_NOTE_MOST];
	pthread_t other;
	double seconds;

	cr_assert_eq(pthread_create(&other, NULL, note_two_files, NULL), 0);
	while (seen[0] < 1000 || seen[1] < 1000) {
		if (!wait_note_read(what, &seconds))
			continue;
		cr_assert(!strcmp(what, "the file aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") ||
			  !strcmp(what, "the file bbbbbbbbbbbbbbbbbbbb"), "%s", what);
		seen[what[strlen("the file ")] == 'b']++;
	}
	is_over = true;
	pthread_join(other, NULL);
}
