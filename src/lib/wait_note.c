/* One note of the process, with the time since when it holds. */
#include "lib/lib.h"

static struct {
	pthread_mutex_t lock;
	int64_t since;                  /* clock_ms(); 0: it waits for nothing */
	char text[WAIT_NOTE_MOST];
} note = { .lock = PTHREAD_MUTEX_INITIALIZER };

void wait_note(const char *kind, const char *name)
{
	int saved = errno;

	pthread_mutex_lock(&note.lock);
	note.since = kind ? clock_ms() : 0;
	if (kind)
		snprintf(note.text, sizeof(note.text), "%s %s", kind, name);
	pthread_mutex_unlock(&note.lock);
	errno = saved;
}

int wait_note_stat(const char *path, struct stat *status)
{
	int result;

	wait_note("the file", path);
	result = stat(path, status);
	wait_note(NULL, NULL);
	return result;
}

bool wait_note_read(char out[WAIT_NOTE_MOST], double *seconds)
{
	int64_t since;

	pthread_mutex_lock(&note.lock);
	since = note.since;
	memcpy(out, note.text, WAIT_NOTE_MOST);
	pthread_mutex_unlock(&note.lock);
	*seconds = (double)(clock_ms() - since) / 1000;
	return since;
}
