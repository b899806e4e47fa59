/* Writes values for another superd. */
#include "superd/saved/state_save.h"

#include <inttypes.h>
#include <stdlib.h>

#include "os/netdiag/socket_id.h"

void save_fd(struct state_saver *saver, const char *key, int fd)
{
	size_t capacity = saver->capacity ? 2 * saver->capacity : 64;
	uint64_t id;
	int *bigger;

	if (fd < 0)
		return;
	state_add_number(&saver->text, key, fd);
	if (socket_id_read(fd, &id))    /* until it is read, the descriptor may have become another one */
		buf_addf(&saver->text, "%s" STATE_FD_ID "=%" PRIu64 "\n", key, id);
	if (saver->count == saver->capacity) {
		bigger = reallocarray(saver->fds, capacity, sizeof(*bigger));
		if (!bigger) {
			saver->failed = true;
			return;
		}
		saver->fds = bigger;
		saver->capacity = capacity;
	}
	saver->fds[saver->count++] = fd;
}

void save_number(struct state_saver *saver, const char *key, int64_t value)
{
	if (value)
		state_add_number(&saver->text, key, value);
}

void save_real(struct state_saver *saver, const char *key, double value)
{
	if (value < 0 || value > 0)
		state_add_real(&saver->text, key, value);
}

void save_text(struct state_saver *saver, const char *key, const char *value)
{
	if (value && *value)
		state_add(&saver->text, key, value);
}

void save_free(struct state_saver *saver)
{
	buf_free(&saver->text);
	free(saver->fds);
	*saver = (struct state_saver){ 0 };
}
