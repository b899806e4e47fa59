/* Writes values for another superd. */
#include "engine/serialize/state_save.h"

#include <stdlib.h>

void save_fd(struct state_saver *carry, const char *key, int fd)
{
	size_t capacity = carry->capacity ? 2 * carry->capacity : 64;
	int *bigger;

	if (fd < 0)
		return;
	state_add_number(&carry->text, key, fd);
	if (carry->count == carry->capacity) {
		bigger = reallocarray(carry->fds, capacity, sizeof(*bigger));
		if (!bigger) {
			carry->failed = true;
			return;
		}
		carry->fds = bigger;
		carry->capacity = capacity;
	}
	carry->fds[carry->count++] = fd;
}

void save_number(struct state_saver *carry, const char *key, int64_t value)
{
	if (value)
		state_add_number(&carry->text, key, value);
}

void save_real(struct state_saver *carry, const char *key, double value)
{
	if (value < 0 || value > 0)
		state_add_real(&carry->text, key, value);
}

void save_text(struct state_saver *carry, const char *key, const char *value)
{
	if (value && *value)
		state_add(&carry->text, key, value);
}

void save_free(struct state_saver *carry)
{
	buf_free(&carry->text);
	free(carry->fds);
	*carry = (struct state_saver){ 0 };
}
