/* Compares each part of an answer with its bounds as bytes: a bool or an enum that is none may not even be loaded. */
#include "lib/answer.h"

#include <pthread.h>
#include <string.h>

#define FAULTS_MOST 8

/* Noted where an answer is read, which may be before or after its process was reaped, and in any thread. */
static struct {
	pthread_mutex_t lock;
	struct answer_fault list[FAULTS_MOST];
	size_t count;
} faults = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool is_in_bounds(const struct answer_field *field, const void *at)
{
	union { uint8_t one; uint16_t two; uint32_t four; uint64_t eight; } raw = { 0 };
	unsigned rest = 64 - 8 * (unsigned)field->size;
	uint64_t number;
	int64_t value;

	memcpy(&raw, at, field->size);
	number = field->size == 1 ? raw.one : field->size == 2 ? raw.two : field->size == 4 ? raw.four : raw.eight;
	if (field->least >= 0)
		return number >= (uint64_t)field->least && number <= (uint64_t)field->most;
	value = (int64_t)(number << rest) >> rest;      /* with its sign */
	return value >= field->least && value <= field->most;
}

const char *answer_flaw(const struct answer_form *form, const void *answer, size_t length)
{
	if (length < form->size || length - form->size > form->more)
		return "length";
	for (size_t n = 0; n < form->count; n++) {
		const struct answer_field *field = &form->fields[n];
		const char *at = (const char *)answer + field->at;

		if (!(field->is_text ? memchr(at, '\0', field->size) != NULL : is_in_bounds(field, at)))
			return field->name;
	}
	return NULL;
}

void answer_note_fault(const struct answer_form *form, const char *flaw, pid_t pid)
{
	pthread_mutex_lock(&faults.lock);
	if (faults.count < FAULTS_MOST)
		faults.list[faults.count++] = (struct answer_fault){ form->process, flaw, pid };
	pthread_mutex_unlock(&faults.lock);
}

bool answer_take_fault(struct answer_fault *fault)
{
	bool any;

	pthread_mutex_lock(&faults.lock);
	any = faults.count;
	if (any) {
		*fault = faults.list[0];
		memmove(faults.list, faults.list + 1, --faults.count * sizeof(*faults.list));
	}
	pthread_mutex_unlock(&faults.lock);
	return any;
}
