/* No lock, as a process that was forked meanwhile would find it taken for ever: the number is odd while the note is
 * written, and differs if it was written while it was read. */
#include "lib/wait_note.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/clock.h"

static struct {
	atomic_uint number;
	atomic_bool waits;
	_Atomic int64_t since;          /* clock_ms() */
	atomic_char text[WAIT_NOTE_MOST];
} note;

static _Thread_local bool is_noted;     /* this thread reads a table */

void wait_note_follow(bool reads_table)
{
	is_noted = reads_table;
}

void wait_note_begin(const char *kind, const char *name)
{
	char text[WAIT_NOTE_MOST];
	int saved = errno;

	if (!is_noted)
		return;
	snprintf(text, sizeof(text), "%s %s", kind, name);
	note.number++;
	note.waits = true;
	note.since = clock_ms();
	for (size_t n = 0; n == 0 || text[n - 1]; n++)
		note.text[n] = text[n];
	note.number++;
	errno = saved;
}

void wait_note_end(void)
{
	if (!is_noted)
		return;
	note.number++;
	note.waits = false;
	note.number++;
}

int wait_note_stat(const char *path, struct stat *status)
{
	int result;

	wait_note_begin("the file", path);
	result = stat(path, status);
	wait_note_end();
	return result;
}

bool wait_note_read(char out[WAIT_NOTE_MOST], double *seconds)
{
	unsigned before = note.number;
	bool waits = note.waits;
	size_t n = 0;

	*seconds = (double)(clock_ms() - note.since) / 1000;
	while (n < WAIT_NOTE_MOST - 1 && (out[n] = note.text[n]))
		n++;
	out[n] = '\0';
	return waits && before % 2 == 0 && note.number == before;
}
