/* A pool: memory that is freed all at once, with one copy of equal values.
 *
 * Ten thousand services must fit in a few megabytes. The pool packs texts without gaps and shares equal values. The
 * index of the values (16 bytes a slot) has a mapping of its own, so that pool_seal can return it to the kernel. */
#include "lib/lib.h"

#include <sys/mman.h>

#define BLOCK_FIRST ((size_t)64 << 10)
#define BLOCK_MOST ((size_t)1 << 20)
#define SLOTS_FIRST 256         /* a page */
#define ALIGN_ANY _Alignof(max_align_t)

/* Texts are packed and other values aligned, so equal bytes of the two kinds are two values. */
enum kind { KIND_TEXT, KIND_BYTES };

struct pool_block {
	struct pool_block *next;
	size_t size;
};

struct pool_slot {
	const void *value;              /* NULL: empty */
	uint32_t hash;
	uint32_t key;                   /* size * 2 + kind; larger values are not shared */
};

struct pool {
	struct pool_block *blocks;
	char *at, *end;                 /* free memory of the block in use; NULL: no block yet */
	size_t next_size;               /* bytes of the next block */
	size_t used;                    /* bytes of all values, without gaps and index */
	struct pool_slot *slots;        /* open addressing, a power of two; NULL: none yet, or sealed */
	size_t slot_count, slots_taken;
	bool sealed;                    /* values are no longer shared */
};

static void *map_pages(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? memory_ran_out() : memory;
}

struct pool *pool_new(void)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return memory_ran_out();
	pool->next_size = BLOCK_FIRST;
	return pool;
}

void pool_seal(struct pool *pool)
{
	if (pool->slots)
		munmap(pool->slots, pool->slot_count * sizeof(struct pool_slot));
	pool->slots = NULL;
	pool->slot_count = pool->slots_taken = 0;
	pool->sealed = true;
}

void pool_free(struct pool *pool)
{
	struct pool_block *next;

	if (!pool)
		return;
	pool_seal(pool);
	for (struct pool_block *block = pool->blocks; block; block = next) {
		next = block->next;
		munmap(block, block->size);
	}
	free(pool);
}

static struct pool_block *block_new(struct pool *pool, size_t size)
{
	struct pool_block *block = map_pages(size);

	if (!block)
		return NULL;
	block->size = size;
	block->next = pool->blocks;
	pool->blocks = block;
	return block;
}

/* Takes zeroed memory: mmap(2) gives zeros, and no memory is used twice. A request that would fill much of a block gets
 * a block of its own; the block in use stays in use. */
static void *pool_take(struct pool *pool, size_t size, size_t alignment)
{
	size_t left = (size_t)(pool->end - pool->at), gap = -(uintptr_t)pool->at & (alignment - 1);
	struct pool_block *block;
	char *memory;

	size = size ? size : 1;
	if (pool->at && gap <= left && size <= left - gap) {
		memory = pool->at + gap;
		pool->at = memory + size;
	} else if (size > SIZE_MAX / 2) {
		return memory_ran_out();
	} else if (size > pool->next_size / 4) {
		block = block_new(pool, (sizeof(*block) + size + 4095) & ~(size_t)4095);
		if (!block)
			return NULL;
		memory = (char *)(block + 1);
	} else {
		block = block_new(pool, pool->next_size);
		if (!block)
			return NULL;
		memory = (char *)(block + 1);
		pool->at = memory + size;
		pool->end = (char *)block + block->size;
		if (pool->next_size < BLOCK_MOST)
			pool->next_size *= 2;
	}
	pool->used += size;
	return memory;
}

void *pool_alloc(struct pool *pool, size_t size)
{
	return pool_take(pool, size, ALIGN_ANY);
}

static uint64_t hash_word(uint64_t hash, const unsigned char *at, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, at, size);
	hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 32;
}

/* Hashes eight bytes at a time, and four times eight beside each other while there are as many, since groups of options
 * are hundreds of bytes. Attackers do not write tables, so the hash needs no secret. */
static uint32_t hash_words(const void *bytes, size_t size, uint32_t key)
{
	const unsigned char *at = bytes;
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) + 1, more[3] = { 1, 2, 3 };

	for (; size >= 32; at += 32, size -= 32) {
		hash = hash_word(hash, at, 8);
		for (int n = 0; n < 3; n++)
			more[n] = hash_word(more[n], at + 8 * n + 8, 8);
	}
	hash ^= more[0] * 3 ^ more[1] * 5 ^ more[2] * 7;
	for (; size >= 8; at += 8, size -= 8)
		hash = hash_word(hash, at, 8);
	hash = hash_word(hash, at, size);
	return (uint32_t)(hash ^ hash >> 29);
}

/* Finds the slot of a value, or the empty slot for it. */
static struct pool_slot *slot_find(const struct pool *pool, const void *bytes, uint32_t key, uint32_t hash)
{
	size_t mask = pool->slot_count - 1;
	struct pool_slot *slot;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		slot = &pool->slots[i];
		if (!slot->value)
			return slot;
		if (slot->hash == hash && slot->key == key && !memcmp(slot->value, bytes, key >> 1))
			return slot;
	}
}

/* Keeps the index at most three quarters full. */
static bool slots_reserve(struct pool *pool)
{
	struct pool_slot *old = pool->slots, *new;
	size_t old_count = old ? pool->slot_count : 0, count = old ? old_count * 2 : SLOTS_FIRST;

	if (old && pool->slots_taken < old_count / 4 * 3)
		return true;
	new = map_pages(count * sizeof(*new));
	if (!new)
		return false;
	for (size_t i = 0; i < old_count; i++) {
		size_t to = old[i].hash & (count - 1);

		if (!old[i].value)
			continue;
		while (new[to].value)
			to = (to + 1) & (count - 1);
		new[to] = old[i];
	}
	if (old)
		munmap(old, old_count * sizeof(*old));
	pool->slots = new;
	pool->slot_count = count;
	return true;
}

static void *copy_value(struct pool *pool, const void *bytes, size_t size, enum kind kind)
{
	char *memory;

	if (kind == KIND_TEXT && size == SIZE_MAX)
		return NULL;
	memory = kind == KIND_TEXT ? pool_take(pool, size + 1, 1) : pool_take(pool, size, 8);
	if (memory && size)
		memcpy(memory, bytes, size);
	return memory;
}

void *pool_copy(struct pool *pool, const void *bytes, size_t size)
{
	return copy_value(pool, bytes, size, KIND_BYTES);
}

static const void *keep_value(struct pool *pool, const void *bytes, size_t size, enum kind kind)
{
	uint32_t key = (uint32_t)size << 1 | kind, hash;
	struct pool_slot *slot;

	if (pool->sealed || size > UINT32_MAX >> 1)
		return copy_value(pool, bytes, size, kind);
	if (!slots_reserve(pool))
		return NULL;
	hash = hash_words(bytes, size, key);
	slot = slot_find(pool, bytes, key, hash);
	if (slot->value)
		return slot->value;
	slot->value = copy_value(pool, bytes, size, kind);
	if (!slot->value)
		return NULL;
	slot->hash = hash;
	slot->key = key;
	pool->slots_taken++;
	return slot->value;
}

const void *pool_keep(struct pool *pool, const void *bytes, size_t size)
{
	return keep_value(pool, bytes, size, KIND_BYTES);
}

const char *pool_text_n(struct pool *pool, const char *text, size_t length)
{
	return keep_value(pool, text, length, KIND_TEXT);
}

const char *pool_text(struct pool *pool, const char *text)
{
	return text ? pool_text_n(pool, text, strlen(text)) : NULL;
}

const char *pool_textf(struct pool *pool, const char *format, ...)
{
	const char *kept;
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return memory_ran_out();
	kept = pool_text_n(pool, text, (size_t)length);
	free(text);
	return kept;
}

const char *const *pool_list(struct pool *pool, const char *const *list, size_t count)
{
	const char *const *kept = NULL;
	const char **texts = calloc(count + 1, sizeof(*texts));

	if (!texts)
		return memory_ran_out();
	for (size_t i = 0; i < count; i++) {
		texts[i] = pool_text(pool, list[i]);
		if (!texts[i])
			goto out;
	}
	kept = pool_keep(pool, texts, (count + 1) * sizeof(*texts));
out:
	free(texts);
	return kept;
}

size_t pool_used(const struct pool *pool)
{
	return pool->used;
}
