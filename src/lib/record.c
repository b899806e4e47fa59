/* Each pointer is written as the number of its items, and the items; -1: it is NULL. What is read ends with one more
 * item, which is zeroed. */
#include "lib/lib.h"

const struct record_type record_byte = { 1, NULL };
const struct record_type record_text = {
	sizeof(char *),
	(const struct record_pointer[]){ { 0, RECORD_TEXT, &record_byte, 0 }, { 0 } },
};

static size_t count_items(const struct record_pointer *pointer, const char *item, const void *items)
{
	const void *number = item + pointer->count_at;
	size_t count = 0;

	switch (pointer->extent) {
	case RECORD_ONE:
		return 1;
	case RECORD_TEXT:
		return strlen(items);
	case RECORD_LIST:
		while (((void *const *)items)[count])
			count++;
		return count;
	case RECORD_COUNT_2:
		return *(const uint16_t *)number;
	case RECORD_COUNT_4:
		return *(const uint32_t *)number;
	case RECORD_COUNT_8:
		return *(const uint64_t *)number;
	}
	return 0;
}

void record_write(struct buf *out, const struct record_type *type, const void *item)
{
	for (const struct record_pointer *pointer = type->pointers; pointer && pointer->type; pointer++) {
		const char *items = *(const char *const *)((const char *)item + pointer->at);
		size_t count = items ? count_items(pointer, item, items) : 0, size = pointer->type->size;
		int64_t told = items ? (int64_t)count : -1;

		buf_add(out, &told, sizeof(told));
		if (count)
			buf_add(out, items, count * size);
		for (size_t n = 0; n < count && pointer->type->pointers; n++)
			record_write(out, pointer->type, items + n * size);
	}
}

bool record_take(struct record *record, void *bytes, size_t length)
{
	if (record->left < length)
		return false;
	memcpy(bytes, record->at, length);
	record->at += length;
	record->left -= length;
	return true;
}

bool record_read(struct record *record, const struct record_type *type, void *item)
{
	for (const struct record_pointer *pointer = type->pointers; pointer && pointer->type; pointer++) {
		size_t size = pointer->type->size;
		char *items = NULL;
		int64_t count;

		if (!record_take(record, &count, sizeof(count)) || count > (int64_t)(record->left / size))
			return false;
		if (count >= 0 &&
		    (!(items = pool_alloc(record->pool, ((size_t)count + 1) * size)) ||
		     !record_take(record, items, (size_t)count * size)))
			return false;
		memcpy((char *)item + pointer->at, &items, sizeof(items));
		for (int64_t n = 0; n < count; n++) {
			if (!record_read(record, pointer->type, items + (size_t)n * size))
				return false;
		}
	}
	return true;
}
