/* Reads the values of an earlier superd, each within bounds. */
#include "engine/state/resume_value.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

int resume_fd(struct ledger_section *section, const char *key)
{
	int fd = (int)ledger_number(section, key, STDERR_FILENO + 1, INT_MAX, -1);

	return fd >= 0 && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

int resume_fd_of(struct ledger_section *section, struct ledger_entry *entry)
{
	struct ledger_section one = { .entries = entry, .count = 1, .ledger = section->ledger };

	return resume_fd(&one, entry->key);
}

void resume_text(char *out, size_t size, const char *text)
{
	if (text && strlen(text) < size)
		memcpy(out, text, strlen(text) + 1);
}

void resume_timer(struct ev_loop *loop, ev_timer *timer, struct ledger_section *section, const char *key)
{
	double left = ledger_real(section, key, -1.);

	if (left < 0.)
		return;
	ev_timer_set(timer, left, 0.);
	ev_timer_start(loop, timer);
}
