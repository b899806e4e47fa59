/* The note of what the reading of a table waits for. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

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
	errno = ENOTTY;
	wait_note("the file", "/etc/superd.conf");
	cr_expect_eq(errno, ENOTTY);
	expect_note("the file /etc/superd.conf");
	wait_note("NSS: the user", "web");
	expect_note("NSS: the user web");
	wait_note(NULL, NULL);
	expect_none();
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memset(cut, 'n', sizeof(cut));
	memcpy(cut, "the file ", strlen("the file "));
	cut[sizeof(cut) - 1] = '\0';
	wait_note("the file", name);
	expect_note(cut);
	wait_note(NULL, NULL);
}
