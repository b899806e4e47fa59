/* What all programs build on: libc only. And those headers of the C library that most sources need. */
#pragma once

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- memory.c ---- */

/* When memory runs out. A function that allocates says so to its caller, which goes on without what it wanted. A program
 * of one short job cannot go on: it ends, and the program that started it goes on without it. */

#define MEMORY_EXIT 98                  /* exit status of a program that has ended so */

/* From now on a pool, an array or a text that gets no memory ends the process, with these last words to fd. So the
 * functions of lib/pool, lib/array and lib/buf never fail, and their callers need not look. words: static. */
void memory_ends_process(int fd, const char *words, size_t length);

/* Whether a call failed for lack of memory, descriptors or processes: the same call may succeed later. */
static inline bool error_is_shortage(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE || error == EAGAIN;
}

/* For these functions: there is no memory. Returns NULL, which the caller returns, unless the process ends. */
void *memory_ran_out(void);

/* glibc's malloc(3) keeps what is free for later. Of musl's there is nothing to give back. */

/* From now on large blocks go back to the kernel once they are free, and threads have no memory of their own. */
void memory_keep_little(void);

void memory_give_back(void);    /* what is free among small blocks */

/* superd is built with -ftrivial-auto-var-init=zero where the compiler knows it, so each call of a function fills its
 * variables with zeroes first: not a large one that has this word, on a path that every client takes. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#else
#define UNINITIALIZED
#endif

/* Memory for libraries that do not survive an allocation that fails: flex's scanner in libconfuse ends the process, and
 * glibc's NSS dereferences NULL, as in getpwnam_r(3) by 2.36.
 *
 * superd first allocates the memory, and frees it at once. malloc(3) keeps such small blocks in the arena of the
 * calling thread, where the library finds them and no other thread can take them in between. */

/* Bytes of one call of libc that asks NSS: a file's buffer takes 4 KiB, nsswitch.conf's database a few. */
#define NSS_MEMORY ((size_t)64 << 10)

/* Call it right before the library, with no allocation in between. false: refuse what would need the library, with
 * errno ENOMEM. */
static inline bool library_has_memory(size_t bytes)
{
	void *volatile room = malloc(bytes);    /* volatile, or the compiler drops both calls */
	bool good = room;

	free(room);
	return good;
}

/* ---- number ---- */

/* The smaller and the greater of two numbers. fmin(3) and fmax(3) would load libm, 0.3 MB of memory in each superd. */

/* Where a is not a number, b. */
static inline double number_min(double a, double b)
{
	return a < b ? a : b;
}

static inline double number_max(double a, double b)
{
	return a > b ? a : b;
}

/* Writes the decimal digits of a number in front of `end`, where there is room for them: at most 20. Returns the first. */
static inline char *number_digits(uint64_t number, char *end)
{
	do
		*--end = (char)('0' + number % 10);
	while (number /= 10);
	return end;
}

/* ---- list ---- */

/* An intrusive, circular, doubly linked list, as the kernel's list_head: embed struct list in the elements, and make
 * one more the head. A zeroed one is empty, as list_init leaves it. */

struct list {
	struct list *next, *previous;
};

/* The object that embeds a member. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

static inline void list_init(struct list *head)
{
	head->next = head->previous = head;
}

static inline bool list_empty(const struct list *head)
{
	return !head->next || head->next == head;
}

static inline bool list_has_one(const struct list *head)
{
	return !list_empty(head) && head->next == head->previous;
}

/* Adds at the end. */
static inline void list_add(struct list *head, struct list *link)
{
	if (!head->next)
		list_init(head);
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

static inline void list_add_first(struct list *head, struct list *link)
{
	list_add(head->next ? head->next : head, link);
}

/* Removes link and leaves it an empty list, so removing it twice is harmless. */
static inline void list_remove(struct list *link)
{
	if (!link->next)
		return;
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

static inline struct list *list_first(const struct list *head)
{
	return head->next ? head->next : (struct list *)(uintptr_t)head;
}

/* Iterates over a list; the body may remove the current link. */
#define LIST_EACH(link, head) \
	for (struct list *link = list_first(head), *link##_next = link->next; link != (head); \
	     link = link##_next, link##_next = link->next)

/* The same over the objects that embed a member. */
#define LIST_OF(type, name, member, head) \
	for (type *name = container_of(list_first(head), type, member), \
		  *name##_next = container_of(list_first(&name->member), type, member); \
	     &name->member != (head); \
	     name = name##_next, name##_next = container_of(list_first(&name->member), type, member))

/* ---- array.c ---- */

/* Arrays that grow by doubling. */

/* Makes room for one more element of `size` bytes behind the first `count`. Returns the array, which may have moved;
 * the caller frees it. NULL: out of memory; the old array and *capacity (in elements) are unchanged. */
void *array_grow(void *array, size_t *capacity, size_t count, size_t size);

/* array_add(list, count, capacity) = element: adds an element. For processes that end without memory (lib/memory.c). */
#define array_add(list, count, capacity) \
	(*((list) = array_grow((list), &(capacity), (count), sizeof(*(list))), &(list)[(count)++]))

/* The index of the last of these elements, which begin with a size_t and are sorted by it, that is not above the number;
 * 0: none is. By binary search. */
size_t array_floor(const void *array, size_t count, size_t size, size_t number);

/* ---- pool.c ---- */

/* Memory that is freed all at once, with one copy of equal values.
 *
 * A table and everything in it lives in one pool until pool_free. pool_keep returns the same address for equal bytes.
 * So ten thousand services with the same options share one copy, and two kept values of one pool are equal if their
 * pointers are. The blocks come from mmap(2), so freeing a table returns all its memory to the kernel. */

struct pool;

struct pool *pool_new(void);                    /* NULL: out of memory */
void pool_free(struct pool *pool);              /* accepts NULL */

/* Allocates zeroed memory, aligned for any type. NULL: out of memory. */
void *pool_alloc(struct pool *pool, size_t size);

/* Returns the pool's only copy of these bytes, 8-aligned. NULL: out of memory. */
const void *pool_keep(struct pool *pool, const void *bytes, size_t size);

/* Returns a new copy, aligned for any pointer. NULL: out of memory. */
void *pool_copy(struct pool *pool, const void *bytes, size_t size);

/* Returns the pool's only copy of a text. NULL: out of memory, or text is NULL. */
const char *pool_text(struct pool *pool, const char *text);
const char *pool_text_n(struct pool *pool, const char *text, size_t length);
const char *pool_textf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Why a text is wrong, by functions that return NULL where it is right: a text that pool_textf has made, or that there was
 * no memory for it. */
#define NO_MEMORY "out of memory"
static inline const char *reason_or_memory(const char *reason)
{
	return reason ? reason : NO_MEMORY;
}

/* Returns the pool's only copy of a list of texts, NULL-terminated; keeps the texts, too. NULL: out of memory. */
const char *const *pool_list(struct pool *pool, const char *const *list, size_t count);

/* Ends the sharing and frees its index, which a finished table does not need. From now on, pool_keep and the functions
 * behind it copy each value. */
void pool_seal(struct pool *pool);

size_t pool_used(const struct pool *pool);      /* bytes allocated by all callers */

/* ---- zone.c ---- */

/* Memory for objects of one size of which most are never used: each is zeroed, and takes memory only once something is
 * written to it. A page is shared with its neighbours. */

struct zone {
	size_t size;            /* of an object, set by the owner; the rest is zeroed */
	struct list chunks;
};

void *zone_take(struct zone *zone);                     /* zeroed. NULL and errno: out of memory */
void zone_give(struct zone *zone, void *object);        /* accepts NULL */

/* ---- buf.c ---- */

/* Growable text. A failed allocation sets `failed` and turns every later call into a no-op, so the caller checks once,
 * at buf_take. A zeroed struct is an empty buffer; the owner calls buf_free. */

struct buf {
	char *data;                     /* owned, NUL-terminated; NULL: nothing was added yet */
	size_t length, capacity;        /* bytes; length leaves out the NUL */
	bool failed;                    /* memory ran out; buf_clear resets it */
};

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_number(struct buf *buf, uint64_t number);      /* decimal; many times faster than buf_addf */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Copies a text to an array of that size, as far as it fits, as strlcpy(3), which some libcs lack. */
void text_copy(char *out, size_t size, const char *text);

/* Adds text for a terminal or a log. Control characters except the tab, characters that reverse the direction of text,
 * and bytes that are no UTF-8 become \xHH. Escaping a text twice changes nothing more. */
void buf_visible(struct buf *buf, const char *text, size_t length);

/* Shortens the text to at most `length` bytes, never inside a UTF-8 character. true: the text was longer. */
bool buf_cut(struct buf *buf, size_t length);

/* The text so far, "" if empty; borrowed until the next call. */
const char *buf_string(const struct buf *buf);

/* Returns the text, which the caller frees, and empties the buffer. NULL: out of memory. */
char *buf_take(struct buf *buf);

/* Returns the text, kept in the pool, and empties the buffer. NULL: out of memory. */
struct pool;
const char *buf_keep(struct buf *buf, struct pool *pool);

void buf_clear(struct buf *buf);        /* empties the buffer, resets `failed`, keeps the memory */
void buf_free(struct buf *buf);

/* Characters of UTF-8, and whether a terminal shows or obeys them. */

/* Returns the length in bytes of the character at the start of text; 0: it is not valid UTF-8. left: the bytes of text,
 * at least 1. */
size_t utf8_length(const unsigned char *text, size_t left);

/* Whether a character of `length` bytes (utf8_length) is visible: no C0 or C1 control except the tab, no line or
 * paragraph separator, no change of direction (U+202A to U+202E, U+2066 to U+2069). */
bool utf8_is_visible(const unsigned char *at, size_t length);

/* Escapes as in C, of values in units and of credentials. */

/* Adds what the escape behind a backslash means: \n, \\, \x41, \101, \u20ac, \U0001f600 and the like; \s is a blank.
 * Returns its length; 0: it is none. is_text: nor one that means the byte 0. */
size_t c_escape_read(const char *text, bool is_text, struct buf *out);

/* ---- ptr_map.c ---- */

/* A cache from a pair of pointers to a pointer, for one pass over a table. Equal values of a table have one address in
 * its pool, so a pointer is as good a key as the value. A zeroed struct is an empty map; the owner calls
 * ptr_map_free. */

struct ptr_map {
	void *root;                     /* owned, of tsearch(3) */
};

/* Sets *value to the value of this key. false: there is none. */
bool ptr_map_get(const struct ptr_map *map, const void *a, const void *b, const void **value);

/* Stores a value, which may be NULL. If memory runs out, it stores nothing, and the caller computes the value again. */
void ptr_map_put(struct ptr_map *map, const void *a, const void *b, const void *value);

void ptr_map_free(struct ptr_map *map);

/* Frees a tree of tsearch(3), but not its elements. */
void tree_free(void *root);

/* ---- hash ---- */

/* FNV-1a (RFC 9923): a hash without a key, the same on every machine. If strangers choose the input, start from a
 * secret. */

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* One step, which is defined for a byte. */
static inline uint64_t hash_add(uint64_t hash, uint64_t byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	for (size_t n = 0; n < size; n++)
		hash = hash_add(hash, byte[n]);
	return hash;
}

/* With the NUL, so that of two texts in a row it counts where the first ends. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

/* FNV-1a of 32 bits, without the NUL. */
static inline uint32_t hash_text_32(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

/* ---- scan.c ---- */

/* Reads scalars from text: the whole text or nothing. The scan functions return NULL on success. Otherwise they return
 * a static message with the accepted form, "a mode is octal, at most 07777", and leave *out
 * alone. */

#define SCAN_INFINITY INT64_MAX                 /* the value of "infinity" and "unlimited", case-insensitive */

const char *scan_count(const char *text, int64_t *out);         /* decimal, 0x hexadecimal, 0 octal; may have a sign */
const char *scan_unlimited(const char *text, int64_t *out);     /* scan_count, or "unlimited"/"infinity" */

/* Reads a duration in microseconds, as systemd.time(7): 250ms 5s 5min 2h 1d 1w, spans like "1min 30s", fractions of up
 * to six digits, "infinity". A bare number is seconds. Never negative. */
const char *scan_duration(const char *text, int64_t *out);

/* Reads a time span as systemd.time(7) writes it, which may also be of months, M, and years, y. */
const char *scan_timespan(const char *text, int64_t *out);

/* Reads a size in bytes: 64K 1.5G 1T, "1G 512M", also KB, Ki and KiB, case-insensitive, base 1024; "infinity". */
const char *scan_bytes(const char *text, int64_t *out);

const char *scan_mode(const char *text, mode_t *out);           /* octal, at most 07777 */
const char *scan_bool(const char *text, bool *out);             /* yes no true false on off 1 0 y n t f, any case */
const char *scan_signal(const char *text, int *out);            /* TERM, SIGTERM, 15, RTMIN+3, RTMAX-2, any case */

/* Write the shortest text that scan_duration or scan_bytes reads back as the same value. buf has at least 32 bytes. */
void scan_duration_format(int64_t microseconds, char *buf);
void scan_bytes_format(int64_t bytes, char *buf);

/* Writes "TERM", "RTMIN+3", or the number of a signal without a name, into buf of at least 32 bytes; returns buf. */
const char *scan_signal_name(int signal, char *buf);

/* The edit distance between a and b, at most `most` + 1; for "did you mean". An edit adds, drops or changes a letter,
 * or swaps two neighbours. Different texts have distance `most` + 1 if either is longer than 63 bytes. */
unsigned scan_distance(const char *a, const char *b, unsigned most);

/* The known word that is most like a name; "did you mean". The longer the name, the more edits it may be away. */
struct scan_nearest {
	const char *name;
	unsigned most;
	const char *word;               /* NULL: none is like it */
};

struct scan_nearest scan_nearest_begin(const char *name);

/* Whether a known word is nearer than those before. */
bool scan_nearest_look(struct scan_nearest *nearest, const char *known);

/* Whether a text of this length is a decimal number of at most `most`, without a sign. */
bool scan_unsigned(const char *text, size_t length, uint32_t most, uint32_t *out);

/* The value of a digit of any base up to 16; 16: it is none. */
int scan_digit(char c);

/* Reads two hexadecimal digits. 0: there are none, or they are 00. */
char scan_hex_byte(const char *text);

/* Reads the first bytes of a text as an address; one of IPv4 is then ::ffff:a.b.c.d. AF_INET or AF_INET6; 0: they are
 * none. */
int scan_address(const char *text, size_t length, struct in6_addr *out);

/* isblank(3) in the C locale. */
static inline bool scan_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline const char *scan_skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* The last component of a path, as GNU's basename(3). */
static inline const char *scan_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether a text of this length is the word, and whether it begins with it. */
static inline bool scan_is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !memcmp(text, word, length);
}

static inline bool scan_begins_with(const char *text, size_t length, const char *word)
{
	return length >= strlen(word) && !memcmp(text, word, strlen(word));
}

static inline bool scan_ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), own = strlen(end);

	return length >= own && !strcmp(text + length - own, end);
}

/* ---- units.c ---- */

/* Sizes for people, written the same way by superd and superctl, in the units that tables take: "512B" "2.1M" "1.0G",
 * base 1024. */

#define SIZE_TEXT_MOST 16               /* bytes with the NUL */

/* Writes the text into out and returns out. NaN, negative sizes and those beyond 1e15 bytes are "?". */
const char *size_write(char out[SIZE_TEXT_MOST], double bytes);

/* Durations for people, written the same way by superd and superctl: "320 us" "3.2 ms" "189 ms" "1.5 s" "12 s" "3 min 5
 * s" "1 h" "2 d 4 h". */

#define DURATION_MOST 40                /* bytes with the NUL */

/* Writes the text into out, and returns where it begins there. Negative durations are "0 s"; NaN and beyond 1e15 s "?". */
const char *duration_write(char out[DURATION_MOST], double seconds);

/* Writes whole seconds only: "0 s" "12 s". */
const char *duration_write_whole(char out[DURATION_MOST], double seconds);

/* Times for people, in local time, written the same way by superd and superctl. Logs write RFC 3339 instead
 * (lib/log). */

#define TIME_TEXT_MOST 64               /* bytes with the NUL */

/* Writes "16:20:11" for a time on the local day of `now`, "Nov 20 16:20:11" in the same year, and "2025-11-20 16:20:11"
 * in another; "an unknown time" for 0, NaN, negative times
 * and those beyond every calendar. */
const char *time_write(char out[TIME_TEXT_MOST], double unix_seconds, double now);

/* Writes "Nov 20 16:20:11", or "??? ?? ??:??:??" in the same cases. For lines that may be kept in a file. */
const char *time_write_dated(char out[TIME_TEXT_MOST], double unix_seconds);

/* Writes "16:20", or "??:??" in the same cases. */
const char *time_write_minute(char out[TIME_TEXT_MOST], double unix_seconds);

/* ---- shell_words.c ---- */

/* Splits a command into words as a shell does, without any expansion or operators: blanks separate words, '…' is
 * literal, and a backslash in "…" or bare text makes the next character literal. */

/* Splits text; sets *out to a NULL-terminated list in the pool, *count to its length. Returns NULL, or the mistake
 * (static: "a ' is not closed"). */
const char *shell_words_split(struct pool *pool, const char *text, const char *const **out, size_t *count);

/* Splits text and adds the words to out, each with its NUL. Fails as shell_words_split does. */
const char *shell_words_split_into(struct buf *out, const char *text, size_t *count);

/* Adds one word to out, quoted if shell_words_split needs that to read it back. */
void shell_words_quote(struct buf *out, const char *word);

/* ---- json.c ---- */

/* Writes JSON (RFC 8259) field by field; commas are added as needed. Names are plain words and not escaped. */

/* Adds a string with its quotes. Bytes that are no UTF-8 become U+FFFD; characters that buf_visible escapes become
 * \uHHHH. */
void json_quote(struct buf *out, const char *text, size_t length);

/* Adds a string of at most `most` bytes, quotes included; a longer text ends in an ellipsis. most: at least 8. */
void json_quote_within(struct buf *out, const char *text, size_t length, size_t most);

void json_text(struct buf *out, const char *text);      /* NULL: null */

void json_object_open(struct buf *out);         /* also for an element of a list */
void json_object_close(struct buf *out);

void json_field_name(struct buf *out, const char *name);        /* the caller adds the value */
void json_text_field(struct buf *out, const char *name, const char *text);      /* NULL: null */
void json_count_field(struct buf *out, const char *name, uint64_t number);
void json_whole_field(struct buf *out, const char *name, int64_t number);       /* negative: null */
void json_seconds_field(struct buf *out, const char *name, double seconds);     /* with six decimals */
void json_flag_field(struct buf *out, const char *name, bool flag);
void json_null_field(struct buf *out, const char *name);

/* Opens a list or an object as a field. */
void json_list_field(struct buf *out, const char *name);
void json_list_close(struct buf *out);
void json_object_field(struct buf *out, const char *name);

void json_element_text(struct buf *out, const char *text);
void json_lines_field(struct buf *out, const char *name, const char *lines); /* a list of the lines of a text */

/* A name or an element in the form of --print=json, with a blank behind commas and colons. The caller adds the
 * value. */
void json_wide_name(struct buf *out, const char *name);
void json_wide_element(struct buf *out);

/* ---- http.c ---- */

/* HTTP requests and responses (RFC 9112), as far as a server of a few pages needs them. A head is not NUL-terminated. */

/* A part of a text, borrowed. */
struct substring {
	const char *at;
	size_t length;
};

/* Finds a field by its name. Returns how many there are; *found is the value of the last one. */
size_t http_field(const char *text, size_t length, const char *name, struct substring *found);

/* Whether the field Host names this server: there is one, and it is an IP address, "localhost" or one of `names`, which
 * ends with NULL; a port is ignored. A page elsewhere may have its own name lead to this server (DNS rebinding), and
 * then a browser lets it read the response. It cannot have an address for its name. */
bool http_host_is_own(const char *text, size_t length, const char *const *names);

/* Adds what somebody may do whose Host is not own, as a line. If Host may be a name of this server, the line has the
 * option to write: "builtin = { status, ..., server }". What is in the place of the dots is no affair of a page elsewhere. */
void http_add_elsewhere(struct buf *out, const char *text, size_t length, const char *builtin, const char *const *names);

#define HTTP_REQUEST_MOST 8192          /* bytes of a head */

struct http_request {
	int status;                     /* 200, or the status code to refuse the request with */
	bool is_head;                   /* HEAD: the response has no body */
	struct substring path;          /* a part of the head, not decoded, behind any "http://HOST"; empty: 400 or 505 */
};

/* Whether the head is complete: it ends with an empty line. */
bool http_is_whole(const char *text, size_t length);

/* Parses a complete head. The status is 200 only for GET and HEAD of `path`, with any query; NULL: of any path. */
struct http_request http_parse(const char *text, size_t length, const char *path);

/* Decodes %HH. false: an escape is wrong, or the text has a control character. */
bool http_decode(const char *text, size_t length, struct buf *out);

const char *http_reason(int status);    /* the reason phrase, as "Not Found" */

/* Adds the head of a response, up to the empty line. fields: further lines. */
void http_add_head(struct buf *out, int status, const char *type, size_t length, const char *fields);

/* ---- record.c ---- */

/* Structs from one program to another of the same build: a struct as it is in memory, and behind it what its pointers lead
 * to. A table names those; all other members are the same in both, and other pointers lead nowhere there. */

/* A struct, or a number. */
struct record_type {
	size_t size;
	const struct record_pointer *pointers;  /* ends with one without a type; NULL: it has none */
};

enum record_extent {
	RECORD_ONE = 1,                 /* it leads to one */
	RECORD_TEXT,                    /* to a text with a NUL behind it */
	RECORD_LIST,                    /* to pointers with a NULL behind them */
	RECORD_COUNT_2, RECORD_COUNT_4, RECORD_COUNT_8,         /* to as many as a member of so many bytes says */
};

/* A pointer of a struct. Any may be NULL. */
struct record_pointer {
	size_t at;                      /* offset in the struct */
	enum record_extent extent;
	const struct record_type *type; /* of what it leads to */
	size_t count_at;                /* RECORD_COUNT: offset of the member */
};

extern const struct record_type record_byte, record_text;       /* a byte; a pointer to a text */

/* Appends what the pointers of an item lead to, and what that leads to. */
void record_write(struct buf *out, const struct record_type *type, const void *item);

/* What is left to read. */
struct record {
	const char *at;
	size_t left;
	struct pool *pool;              /* for what is read */
};

/* Takes bytes. false: there are not so many. */
bool record_take(struct record *record, void *bytes, size_t length);

/* Sets the pointers of an item that was taken. false: something is missing. */
bool record_read(struct record *record, const struct record_type *type, void *item);

/* ---- clock.c ---- */

/* Readings of clock_gettime(2). Async-signal-safe. */

double clock_now(void);                         /* seconds of CLOCK_MONOTONIC */
int64_t clock_ms(void);                         /* milliseconds of CLOCK_MONOTONIC */
double clock_wall(void);                        /* seconds of CLOCK_REALTIME: since 1970, and it may jump */

/* Waits of a process that has replaced another by execve(2) and cannot return to it. Its predecessor had enough memory
 * and descriptors, so a call that fails for lack of them may succeed a moment later. Only before the loop runs. */

#define PATIENCE_TRIES 50               /* 5 s in all */
#define PATIENCE_PAUSE 100              /* milliseconds */

/* Waits a moment before the next try. false: all tries are used up. A zeroed number begins. */
static inline bool patience_wait(unsigned *tries)
{
	if (*tries == PATIENCE_TRIES)
		return false;
	++*tries;
	poll(NULL, 0, PATIENCE_PAUSE);
	return true;
}

/* ---- thread.c ---- */

/* Threads of superd. Only the event loop receives signals; every other thread blocks them all. */

/* Starts a thread by pthread_create(3). Returns 0 or an error number. thread NULL: detached. stack: bytes; 0:
 * default. */
int thread_start(pthread_t *thread, size_t stack, void *(*run)(void *context), void *context);

/* Blocks all signals of the calling thread by pthread_sigmask(3), and stores the old mask in *before. */
void thread_block_signals(sigset_t *before);

/* ---- backoff.c ---- */

/* The pause before the next try of what has failed: least, twice that, … up to most, with jitter. The one place where
 * superd and its programs compute such a pause. Pure: time and chance are arguments. */

struct backoff {                        /* zeroed: nothing has failed */
	unsigned char failures;         /* in a row, up to UCHAR_MAX */
};

/* Counts a failure, and returns the pause in seconds before the next try. least and most: microseconds (backoff_min,
 * backoff_max). chance: in [0, 1); it shortens the pause by up to a tenth, so that many services do not wake
 * together. */
double backoff_next(struct backoff *backoff, int64_t least, int64_t most, double chance);

/* Resets the count if the run that failed had lasted longer than most: so many seconds, against microseconds. */
void backoff_forgive(struct backoff *backoff, double lasted, int64_t most);

void backoff_reset(struct backoff *backoff);

/* ---- fd.c ---- */

/* File descriptors: opened close-on-exec, moved to high numbers, read up to a limit. */

/* The lowest number for long-lived descriptors. They are high so that a child that shares superd's descriptors copies
 * only few of them: close_range(2) with CLOSE_RANGE_UNSHARE. */
#define FD_HIGH 64

/* The same for listeners: libev has 16 bytes for each number up to the highest that it watches, and it watches none of
 * these itself. */
#define FD_LISTENER 256

/* Moves fd to the lowest free number from `least` on, close-on-exec, and closes the old one. If there is no such
 * number, returns fd unchanged, but close-on-exec. -1 stays -1. Keeps errno. */
int fd_raise(int fd, int least);

/* Makes room for the numbers below `most` in the table of descriptors, as far as the limit allows. The kernel makes it
 * anew at each power of two, which takes milliseconds once another process or thread shares it. */
void fd_make_room(int most);

int fd_set_nonblocking(int fd, bool on);        /* O_NONBLOCK of fcntl(2), only if it differs; 0, or -1 and errno */
int fd_pipe(int ends[2]);                       /* pipe2(2) with O_CLOEXEC | O_NONBLOCK, or pipe(2) and fcntl(2) */
bool fd_wait(int fd, int milliseconds);          /* poll(2) until it is readable; false: it was not in this time */
void fd_close(int *fd);                         /* close(2), and sets *fd to -1; keeps errno */

/* Closes these and all between, by close_range(2); where the filter of a container denies that, one by one, as far as the
 * table of descriptors goes. Async-signal-safe. */
#define FD_MOST (1 << 20)                       /* that goes no further */
void fd_close_range(unsigned first, unsigned last);

/* Whether it is a unix socket below a path, whose mode says who may connect. An abstract name has none: all may. */
bool fd_has_path(int fd);

/* Reads a regular file of at most `most` bytes, NUL-terminated; never blocks on a fifo or device. The caller frees the
 * text. NULL and errno: EFBIG if larger, EISDIR for a directory, EINVAL for any other file that is not regular. */
char *fd_read_file(const char *path, size_t most, size_t *length);
char *fd_read_regular(int fd, size_t most, size_t *length);     /* the same of an open one, which it closes; -1: errno stays */

/* Reads an open descriptor to its end, and waits for that. The caller frees the text. NULL and errno: EFBIG if
 * larger. */
char *fd_read_all(int fd, size_t most, size_t *length);

/* Makes a pipe or terminal rewindable: reads it to its end, at most `most` bytes, into a memfd_create(2) file that
 * takes its number. Returns the offset to lseek(2) back to; -1 and errno: EFBIG if there was more. */
off_t fd_make_rewindable(int fd, size_t most);

/* Makes the missing folders above a path, with this mode whatever the umask is. What fails, fails again where the path is
 * used. */
void fd_make_parents(const char *path, mode_t mode);

/* Opens /dev/null on 0, 1 and 2 where they are closed, so that no other file gets these numbers. false: one is still
 * closed. */
bool fd_ensure_standard(void);

/* Writes a whole text to a file, or to a pipe that has room for it. */

/* false and errno: not all was written. Async-signal-safe. */
bool write_all(int fd, const char *text, size_t length);

/* Writes a text to a file of the kernel's, by one write(2): below an open folder, or AT_FDCWD. false and errno.
 * Async-signal-safe. */
bool fd_write_file(int folder, const char *path, const char *text);

/* Reads the number that a file of the kernel's begins with. false: there is none, as in "max", or it cannot be read. */
bool fd_read_number(const char *path, int64_t *number);

/* ---- unix_socket.c ---- */

/* Unix sockets: names, connections, datagrams to the socket of sd_notify(3), whose receiver is os/socket/notify, and
 * descriptors in messages (unix(7), SCM_RIGHTS). */

/* Makes the address of a path or, for "@name", of an abstract name. false and errno: it is too long, or neither. */
bool notify_address(const char *name, struct sockaddr_un *address, socklen_t *length);

/* Opens a socket for notify_socket_send_fd. -1 and errno. */
int notify_socket_sender(void);

/* Sends a text to this address, and a descriptor, which the receiver gets a copy of; -1: none. false and errno. */
bool notify_socket_send_fd(int sender, const char *name, const char *text, int descriptor);

/* Connects to a unix socket by such a name, without blocking (unix(7)). A full accept queue is an error. type:
 * SOCK_STREAM and so on. Returns a close-on-exec, non-blocking descriptor, which takes no descriptors where the kernel
 * can refuse them; or -1 and errno. */
int unix_connect(const char *path, int type);

#define FD_MESSAGE_MOST 253                     /* descriptors in one message: the kernel's SCM_MAX_FD */

/* Sends one message with `count` descriptors, which may be 0, by sendmsg(2); adds MSG_NOSIGNAL to flags. false and
 * errno. */
bool fd_message_send(int to, const void *bytes, size_t size, const int *fds, size_t count, int flags);

/* Receives one message with at most *count descriptors by recvmsg(2); sets *count to their number. They are
 * close-on-exec and the caller's; further ones are closed. Returns the bytes, or -1 and errno, EINTR included. */
ssize_t fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags);

/* Descriptors that arrive at a unix socket (SCM_RIGHTS, unix(7)). The kernel refuses them where it can; elsewhere
 * superd looks for them before it receives anything. Dropping the last reference to a file may block on its file
 * system, which may be the sender's own and never answer. So superd itself receives only descriptors that it has
 * requested. */

/* Allows or forbids descriptors at this socket, and at connections accepted from it from now on (SO_PASSRIGHTS); a
 * sender gets EPERM. false and errno: ENOPROTOOPT before Linux 6.16, or if it is not a unix socket. */
bool scm_rights_allow(int fd, bool allowed);

/* Copies the start of the queue and leaves it there, without blocking: the data that one recv(2) of `size` bytes would
 * return. *carries: the data has descriptors. Returns the number of bytes; -1 and errno. */
ssize_t scm_rights_peek(int fd, void *to, size_t size, bool *carries);

/* superd's end of a channel to one of its helper programs: packets (SOCK_SEQPACKET), which carry descriptors only from
 * superd to the helper. The other end may be hostile, so what arrives is bounded and never trusted. */

/* Receives a packet without blocking. Returns its length; 0, with EPIPE as errno: end of file; -1 and errno: EMSGSIZE:
 * it was longer than `size`; EPERM: it carries descriptors, stays in the queue, and blocks the channel. */
ssize_t fd_channel_receive(int end, char *to, size_t size);

/* ---- wait_note.c ---- */

/* The file, or the answer of NSS or DNS, that the reading of a table waits for at the moment. A file system or a server
 * that does not answer may block the reading thread forever; another thread or the loop reads the note, and names that
 * file or server. One table is read at a time, and only the thread that reads it writes the note. */

#define WAIT_NOTE_MOST 320              /* bytes with the NUL; longer names are cut */

/* Before a call that may not return: wait_note("the file", path). kind NULL: it has returned. errno stays. */
void wait_note(const char *kind, const char *name);
int wait_note_stat(const char *path, struct stat *status);      /* stat(2) with a note */

/* Sets out to "the file /etc/superd.conf", and seconds to how long the call has lasted. false: it waits for nothing. */
bool wait_note_read(char out[WAIT_NOTE_MOST], double *seconds);

/* ---- source_count.c ---- */

/* Counts the instances of a service for each source address, for per_source. The end of an instance decrements its
 * count. */

#define SOURCE_SIZE 16

/* A zeroed struct is empty. */
struct source_counts {
	void *root;                     /* of tsearch(3) */
	size_t used;                    /* sources with a count */
};

/* Counts one more. service: its identity, never dereferenced; source: a client's address or network. false: that would
 * exceed limit, or out of memory; nothing was counted. */
bool source_count_enter(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE],
			int64_t limit);
void source_count_leave(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE]);
unsigned source_count_count(const struct source_counts *sources, const void *service,
			    const unsigned char source[SOURCE_SIZE]);
void source_count_free(struct source_counts *sources);

/* ---- diag.c ---- */

/* Diagnostics: the mistakes in a file that a person wrote, their places, and the corrections.
 *
 * Readers and checks add diagnostics and never print. The program prints them all at the end, as FILE:LINE:COL:
 * severity: message, with hints and further places on lines of their own. A diagnostic that is lost because memory runs
 * out counts as an error.
 *
 * The cost of a malformed file is bounded: beyond DIAGS_MOST errors, or as many warnings and notes, further ones are only
 * counted, and a message is cut at DIAGS_MESSAGE bytes. */

struct buf;

#define DIAGS_MOST 100000               /* of either kind */
#define DIAGS_ERRORS 200                /* what people are shown (diags_bound) */
#define DIAGS_OTHERS 2000
#define DIAGS_MESSAGE 1000              /* bytes */

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

const char *severity_name(enum severity severity);      /* "error" */

/* A place in a source. Line and column count from 1; 0: unknown. file is borrowed, mostly from the table's pool;
 * NULL: unknown. Diagnostics copy it. */
struct origin {
	const char *file;
	unsigned line, column;
};

bool origin_equal(struct origin a, struct origin b);    /* false if either has no file */

/* Adds a second place to a message: " at FILE:LINE"; nothing if the place is unknown. */
void origin_describe(struct origin at, struct buf *out);

/* Cites a place: adds " (FILE:LINE)"; nothing if the place is unknown. */
void origin_cite(struct origin at, struct buf *out);

struct diag {
	char *file;                     /* owned; NULL: no file */
	unsigned line, column;          /* as in struct origin */
	enum severity severity;
	char *message;                  /* owned */
	char *hint;                     /* the correction, owned; NULL: none */
	bool follows;                   /* a further place of the diagnostic before it; stays behind that one */
	bool was_error;                 /* it counts as none any more; diags_pass_over made it a warning */
};

struct diags {
	struct diag *list;              /* owned; in the order of adding until diags_sort */
	size_t count, capacity;
	size_t errors, warnings;        /* totals; errors includes those dropped or lost */
	size_t dropped_errors;          /* errors beyond the bound, which list does not have */
	size_t dropped_others;          /* warnings and notes beyond the bound */
	size_t lost;                    /* diagnostics lost because memory ran out */
	bool lacks_memory;              /* an error is that; what is read may lack something */
	struct diag *last;              /* the diagnostic added last, for diags_hint; NULL: it was dropped */
};

/* Adds one diagnostic. */
void diags_add(struct diags *diags, enum severity severity, struct origin at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds an error; always false. */
bool diags_refuse(struct diags *diags, struct origin at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds the error "out of memory"; always false. */
bool diags_out_of_memory(struct diags *diags, struct origin at);

/* Sets the hint of the diagnostic added last, in place of an earlier hint. */
void diags_hint(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Marks the diagnostic added last as a further place of the one before it. */
void diags_tie(struct diags *diags);

/* Turns an error of the list into a warning, because superd leaves out the service with that error. */
void diags_pass_over(struct diags *diags, struct diag *diag);

/* Removes diagnostics that are not wanted. before: the last one that stays; NULL: none does yet. */
void diags_drop(struct diags *diags, bool (*is_unwanted)(const struct diag *before, const struct diag *diag));

/* Drops diagnostics beyond DIAGS_ERRORS and DIAGS_OTHERS. A diagnostic that was an error counts as one. */
void diags_bound(struct diags *diags);

/* Sorts the diagnostics by line; files stay in the order in which they first appear. Does nothing if memory runs
 * out. */
void diags_sort(struct diags *diags);

/* Adds FILE:LINE:COL as far as known; nothing if there is no file. */
void diag_place(const struct diag *diag, struct buf *out);

/* Prints all diagnostics and the number of those dropped. Control characters become \xHH. */
void diags_print(const struct diags *diags, FILE *out);

#define DIAGS_SUMMARY_MOST 80           /* bytes with the NUL */

/* Writes "2 errors" into out, or "2 errors: out of memory" if diagnostics were lost; takes no memory. Returns out. */
const char *diags_summarize(const struct diags *diags, char out[DIAGS_SUMMARY_MOST]);

/* Adds "FILE:LINE:COL: MESSAGE; and 2 more errors"; without an error, memory was short. */
void diags_describe(const struct diags *diags, struct buf *out);

void diags_free(struct diags *diags);

#define diag_error(diags, at, ...) diags_add(diags, SEVERITY_ERROR, at, __VA_ARGS__)
#define diag_warning(diags, at, ...) diags_add(diags, SEVERITY_WARNING, at, __VA_ARGS__)
#define diag_note(diags, at, ...) diags_add(diags, SEVERITY_NOTE, at, __VA_ARGS__)

/* ---- source_file.c ---- */

/* One file of a table in memory, with an index of its lines.
 *
 * source_load refuses a file of more than SOURCE_MOST bytes, control characters except tab, newline, form feed and
 * carriage return, a byte order mark, and a line longer than SOURCE_LINE. source_load_in_parts refuses only a file with a
 * NUL. The text stays as written; readers work on copies. It may have CRLF line ends: readers take the carriage return
 * as a blank. */

#define SOURCE_MOST (16u << 20)         /* bytes of a file */
#define SOURCE_LINE (1u << 20)          /* bytes of a line */

struct source_file {
	const char *file;               /* kept in the pool given to source_load */
	char *text;                     /* NUL-terminated, owned */
	size_t length;
	size_t *lines;                  /* offset of each line's first byte, owned */
	size_t line_count;
};

/* Reads the file at path; "-" is standard input, <stdin> in diagnostics. false: an error is in diags, and the source is
 * empty; source_free is harmless then. */
bool source_load(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* As source_load, but leaves lines that are not plain text for the reader to refuse (source_refuse_flaw), and drops a
 * byte order mark with a warning. */
bool source_load_in_parts(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* As source_load, but accepts any bytes, as of a binary property list. */
bool source_load_bytes(struct source_file *source, const char *path, struct pool *pool, struct diags *diags);

/* Whether the bytes from start to end are not plain text, or more than a line may have: then this is reported as an
 * error. */
bool source_refuse_flaw(const struct source_file *source, size_t start, size_t end, struct diags *diags);

/* Removes a byte order mark. false: there was none. */
bool source_drop_mark(struct source_file *source);

/* Indexes the lines of a text that the caller put into the struct. false: out of memory. */
bool source_find_lines(struct source_file *source);

/* Blanks between words: those of a line, with a carriage return at its end. */
static inline bool source_is_blank(char c)
{
	return c == ' ' || c == '\t' || (c >= '\v' && c <= '\r');
}

/* Moves *at to the next word of a line that ends at `end`, behind blanks. Returns its length; 0: there is none, and *at is
 * end. */
size_t source_next_word(const char *text, size_t *at, size_t end);

/* Returns the offset of the newline that ends the line of a byte, or of the end. */
size_t source_line_end(const struct source_file *source, size_t at);

/* Returns line and column of a byte of the text. */
struct origin source_origin(const struct source_file *source, size_t offset);

/* As source_origin, but fast for ascending offsets. *line is the index of the line found last, 0 at first. */
struct origin source_origin_near(const struct source_file *source, size_t offset, size_t *line);

void source_free(struct source_file *source);

/* ---- log.c, log_sink.c ---- */

/* superd's log and its destinations. */

/* A destination of log lines: stderr, a file or syslog. It writes each line at once or queues it, and never waits. The
 * queue is bounded: a line that finds no room is dropped, and counted. The owner calls log_sink_flush when the sink can
 * be written again. */

#define SYSLOG_LINE 4000                /* most bytes of a line */
#define LOG_SINK_MODE 0640              /* permissions of a file that superd creates */
#define LOG_SINK_QUEUE (256 << 10)      /* most bytes of the queue: some two thousand lines */

/* The start of a line for syslog. */
struct syslog_head {
	int priority;                   /* facility | severity, as in syslog(3) */
	const char *ident;              /* the program's name */
	long pid;                       /* 0: none */
};

extern const char *const syslog_facilities[]; /* by LOG_FAC(LOG_DAEMON) …; 12 to 15 are reserved for the system */

enum log_sink_kind { LOG_SINK_STDERR, LOG_SINK_FILE, LOG_SINK_SYSLOG };

enum log_sink_mode {
	LOG_SINK_WRITE,                 /* write(2): a regular file, or a non-blocking description of superd's own */
	LOG_SINK_ASK,                   /* poll(2) first, for room of PIPE_BUF bytes: a shared description */
	LOG_SINK_SEND                   /* send(2) with MSG_DONTWAIT: a socket */
};

enum log_sink_state {
	LOG_SINK_READY,                 /* the queue is empty */
	LOG_SINK_FULL,                  /* lines wait until fd is writable */
	LOG_SINK_AWAY,                  /* lines wait, with nothing to poll: no syslog daemon, or a full disk */
	LOG_SINK_LOST                   /* of one line only: it can never be written */
};

struct log_sink {
	enum log_sink_kind kind;
	enum log_sink_mode mode;
	int fd;                         /* owned unless it is 2; -1: not connected to syslog */
	bool is_regular;                /* fd is a regular file */
	int facility;                   /* of syslog(3), LOG_DAEMON unless set */
	const char *ident;              /* the program's name in syslog lines, borrowed; "superd" unless set */
	long pid;                       /* in the head of its lines; 0: this process's */
	const char *daemon;             /* the socket of syslog; NULL: /dev/log; tests set another */
	bool is_stream;                 /* syslog's daemon listens on a stream socket: each line ends in NUL */
	double retry_at;                /* when syslog is next connected to, seconds of clock_now; 0: at once */
	struct buf text;                /* the syslog line; kept, so that logging allocates nothing once it has grown */
	struct buf queue;               /* lines that wait, in their order, each with a NUL behind it */
	size_t done;                    /* bytes of the first one that are written */
	enum log_sink_state state;
	struct backoff tries;           /* since the last one of which something was taken */
	double away_since;              /* wall clock; 0: it is not LOG_SINK_AWAY */
	int error;                      /* errno of the last failed write; 0: there is no syslog daemon */
	unsigned long unreported;       /* lines dropped that no line of the log reports yet; the owner subtracts */
	unsigned long *lost;            /* the sum of several sinks, borrowed; NULL: none */
	/* Called when state or fd has changed, and, with LOG_SINK_READY, before a descriptor is closed. NULL: there is no
	 * event loop. */
	void (*wait)(struct log_sink *sink);
	void *waiter;                   /* context of wait, set by the owner */
	/* Reports the dropped lines when the queue is written. NULL: the owner reports them elsewhere. */
	void (*report_dropped)(struct log_sink *sink);
};

const char *log_sink_refusal(const char *destination);  /* why it is no valid destination (static); NULL: it is valid */

/* Returns why superd cannot log to this destination, as far as it sees without creating or opening a file: static text
 * or strerror(3)'s. NULL: no reason. */
const char *log_sink_check(const char *destination);

/* Opens a sink; destination and file as in log_open. Returns NULL, or why not (static text or strerror(3)'s). The owner calls
 * log_sink_close. */
const char *log_sink_open(struct log_sink *sink, const char *destination, int file);

/* Writes or queues a line, which ends in a newline and a NUL. severity: of syslog(3). */
void log_sink_take(struct log_sink *sink, int severity, const char *line, size_t length);

/* As log_sink_take, for syslog under another name, and without the newline: control characters are escaped, and the
 * line is cut at SYSLOG_LINE bytes. */
void log_sink_take_as(struct log_sink *sink, const struct syslog_head *head, const char *line, size_t length);

/* Writes the queue, a bounded number of lines at a time, and reports what was dropped. */
void log_sink_flush(struct log_sink *sink);

/* The seconds until a sink is to be tried again for which no event comes. They double up to a minute while nothing is
 * taken, so that an idle superd whose log nobody reads hardly wakes. */
double log_sink_pause(struct log_sink *sink);

/* Why it is LOG_SINK_AWAY: an errno, ENOENT if there is no syslog daemon; 0: it is not. */
int log_sink_error(const struct log_sink *sink);

/* Writes the queue, and waits for its reader until this time in milliseconds of clock_ms. */
void log_sink_finish(struct log_sink *sink, int64_t until);

/* Counts a line that is lost. */
void log_sink_count_lost(struct log_sink *sink);

/* The most bytes of a line, newline included, that are written as a whole. */
size_t log_sink_most(const struct log_sink *sink);

/* Goes on with another destination, kind, mode, fd, is_regular and facility of `next`; fd is this sink's now. Lines that
 * the old one does not take at once are lost, unless both are files or both are syslog. */
void log_sink_go_on(struct log_sink *sink, const struct log_sink *next);

void log_sink_close(struct log_sink *sink);     /* drops the queue */

/* superd's log: one line for each event, to stderr, to a file or to syslog, as text or JSON.
 *
 * Logging never blocks: lines that the destination does not take now are queued. Those that find no room are dropped,
 * and their number is logged once the queue is written. The caller ignores SIGPIPE. The JSON field names are stable: time
 * level service event pid peer status signal duration reason message. */

enum level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG };

struct log;
struct log_sink;

/* Opens a log, which the caller closes. destination: "stderr", "syslog", "syslog:FACILITY" or "file:PATH"; file: that
 * path's, which it takes over, opened to append, and non-blocking, as it may be a fifo; level: the least severe level that
 * is logged. NULL: *why is the reason (static text or strerror(3)'s). */
struct log *log_open(const char *destination, int file, bool json, enum level level, const char **why);
void log_close(struct log *log);                /* accepts NULL; calls log_finish */
void log_finish(struct log *log);               /* waits until log_deadline for the queue to be written */

/* Sets superd's name in the text form and for syslog, as "inetd"; "superd" otherwise. The caller keeps the text. With
 * like_xinetd, a line of a file begins as xinetd's -filelog writes it: "26/01/31@23:59:59 NAME[PID]: NOTICE: ". */
void log_set_name(struct log *log, const char *name, bool like_xinetd);
const char *log_name(const struct log *log);    /* accepts NULL */

/* Moves the log to another destination, as log_sink_go_on, or opens the same one again, for log rotation. Returns NULL,
 * or why it cannot: the log is as before then. log_set_form changes what log_open has set. */
const char *log_move(struct log *log, const char *destination, int file);
void log_set_form(struct log *log, bool json, enum level level);

/* What another process needs to write lines of the same form to the same place, as superd-output does: where each line
 * is appended whole, they need not agree on more. */
struct log_shape {
	bool json, like_xinetd, is_regular;
	enum level level;
	int kind, mode, facility;       /* of struct log_sink */
	long pid;                       /* in the head of the lines */
	char name[64];
};

int log_shape(const struct log *log, struct log_shape *out); /* returns its descriptor, borrowed; -1: syslog */
void log_adopt(struct log *log, const struct log_shape *shape, int fd); /* shape: kept by the caller, as is its name */

/* While on, errors also go to stderr, in the text form, for the user or script that starts superd. A line that stderr
 * does not take at once is not echoed. */
void log_echo(struct log *log, bool on);        /* accepts NULL */

/* The facts of an event. A fact that is 0 or NULL is unknown, except status, signal and duration, which have flags. */
struct event {
	const char *name;               /* started, exited, refused, listening, … */
	const char *service;
	pid_t pid;
	const char *peer;               /* the client's address as text; "": it has none (unix socket) */
	bool has_status, has_signal, has_duration;
	int status, signal;             /* exit status; number of the signal */
	double duration;                /* seconds */
	const char *reason;
	bool is_output;                 /* printed by a backend; the text form is "SERVICE[PID]: LINE" */
	bool is_alone;                  /* the text form is the message alone: other programs parse it */
};

/* Logs one line: in the text form "SERVICE: MESSAGE", or "superd: MESSAGE" without a service; in JSON all facts and the
 * message. log NULL: does nothing. */
void log_event(struct log *log, enum level level, const struct event *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Logs one line that is no event of a service; its event in JSON is "message". */
void log_say(struct log *log, enum level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Logs a line that a backend printed, without its newline, as "SERVICE[PID]: LINE", which superd's own lines never look
 * like. Uses the event's service and pid; pid 0: unknown, written "-" as in RFC 5424. Ignores the log's level: the
 * service's option `output` selects the lines. */
void log_output(struct log *log, enum level level, const struct event *event, const char *line, size_t length);

/* Logs a line with event->is_alone set. Ignores the log's level, too: an option of the service asks for the line. */
void log_record(struct log *log, enum level level, const struct event *event, const char *line, size_t length);

/* Calls heard for every event up to this level, even if the log leaves it out, but not for lines that heard itself
 * logs. heard NULL: ends that. The message may have control characters, which the text form escapes. */
void log_tap(struct log *log, enum level level,
	     void (*heard)(void *context, enum level level, const struct event *event, const char *message,
			   size_t length),
	     void *context);

/* An event with its message. */
struct log_message {
	enum level level;
	const struct event *event;
	const char *text;
	size_t length;
};

/* Adds the last members of a JSON object: every fact and the message, which it cuts so that `out` gets at most `most`
 * bytes with the closing brace. */
void log_add_facts(struct buf *out, const struct log_message *message, size_t most);

const char *log_level_name(enum level level);   /* "notice" */
bool log_wants(const struct log *log, enum level level);        /* the log or its tap uses this level */

/* The sink, for the loop, which writes the queue, and for an upgrade, which passes it on. Borrowed. log NULL: NULL. */
struct log_sink *log_sink(struct log *log);

/* The number of lines dropped since the start, by all of superd's sinks. log NULL: NULL. */
unsigned long *log_losses(struct log *log);

/* Until when superd waits at its end for the readers of all sinks, in milliseconds of clock_ms: a second after the
 * first call. */
int64_t log_deadline(struct log *log);

#define log_error(log, ...) log_say(log, LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_say(log, LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...) log_say(log, LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...) log_say(log, LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_say(log, LEVEL_DEBUG, __VA_ARGS__)

/* ---- cli_option.c ---- */

/* The options of a command line as a table. A row defines how an option is written, what --help prints, and
 * which member of the options struct gets its argument. A new option is a new row.
 *
 * CLI_FIELD derives from the C type of a member how it is set:
 *   bool                   true; with `words`: 1 for the second word, 0 for the first
 *   an enum                the argument's index in `words`; `value` if the option takes no argument
 *   const char *           the argument, which is one of `words` if there are some; without one, `words`
 *   struct cli_texts       one more argument
 *   int64_t                what `scan` reads, within `least` and `most`
 *
 * CLI_FLAG does to the bit `value` of an unsigned what CLI_FIELD does to a bool. */

enum cli_field { CLI_NO_FIELD, CLI_BOOL, CLI_FLAG, CLI_ENUM, CLI_TEXT, CLI_TEXTS, CLI_NUMBER };

struct cli_texts {
	const char **list;              /* owned array of borrowed texts */
	size_t count;
};

struct cli_option {
	const char *name;               /* without the dashes; NULL: the option has only a letter */
	char letter;                    /* 0: none */
	bool optional;                  /* the argument may be missing; if present, it is part of the same word */
	bool ends;                      /* reading stops behind it, as for --help */
	const char *argument;           /* the argument's placeholder; NULL: takes none */
	const char *words;              /* the accepted arguments, separated by blanks; NULL: any */
	const char *help;               /* one line */
	const char *refusal;            /* message for a word not in `words` or a number out of bounds */
	enum cli_field field;           /* CLI_FIELD sets field and offset */
	size_t offset;
	const char *(*scan)(const char *text, int64_t *number);         /* a function of lib/scan.c */
	int64_t least, most;            /* bounds of the number; most 0: no limit */
	const char *(*refuse)(const char *text);        /* why a text is refused; NULL: it is not */
	/* Handles the argument in place of `field`. Returns NULL when done, or why the argument is refused; "": that is
	 * printed already. */
	const char *(*set)(void *options, const struct cli_option *option, const char *argument);
	unsigned value;                 /* value of an enum, a bit, or for the program's own use */
};

#define CLI_FIELD(type, member)                                                                                        \
	.field = _Generic(((type *)NULL)->member,                                                                      \
		bool: CLI_BOOL, unsigned: CLI_ENUM, const char *: CLI_TEXT, struct cli_texts: CLI_TEXTS,               \
		int64_t: CLI_NUMBER),                                                                                  \
	.offset = offsetof(type, member)

struct cli {
	const char *program;            /* the name in front of error messages */
	const char *dashes;             /* in front of an option's name: "--", "-" */
	const char *joint;              /* between a name and its argument in --help: "=", " " */
	int width;                      /* of the options' column in --help, in characters */
	bool by_letter;                 /* error messages name an option by its letter, if it has one */
	bool ends_at_word;              /* the first word that is no option ends the options */
	const struct cli_option *options;
	size_t count;                   /* at most CLI_MOST */
};

#define CLI_MOST 64

enum cli_result {
	CLI_READ,                       /* all options are read; optind is the index of the first other word */
	CLI_ENDED,                      /* an option with `ends` stopped the reading */
	CLI_UNKNOWN,                    /* getopt_long(3) has refused argv[optind - 1] and printed why */
	CLI_REFUSED                     /* an argument was refused, and the reason printed */
};

/* Reads the options of argv by getopt_long(3). Sets a bit in *given for each row that occurs, the lowest bit for the
 * first row; NULL: not wanted. */
enum cli_result cli_read(const struct cli *cli, void *options, int argc, char **argv, uint64_t *given);

/* Sets one option. false: refused, and the reason is printed. */
bool cli_set(const struct cli *cli, const struct cli_option *option, void *options, const char *argument);

/* The same, without `set`, and prints nothing. Returns why the argument is refused; NULL: the field is set. */
const char *cli_set_field(const struct cli_option *option, void *options, const char *argument);

/* false: out of memory. */
bool cli_texts_add(struct cli_texts *texts, const char *text);

/* Finds an option by its name, in which "_" may stand for "-"; NULL: none. */
const struct cli_option *cli_find(const struct cli *cli, const char *name);

/* Prints "did you mean" for a misspelt option such as --stop-dealy=5s, if a name is near. */
void cli_hint(const struct cli *cli, const char *word);

/* Print the options, or one of them, to stdout, one line each. */
void cli_help(const struct cli *cli);
void cli_help_option(const struct cli *cli, const struct cli_option *option);

/* ---- build_id.c ---- */

/* The build id of superd and of its own programs: a hash of their sources (Makefile.am), the same for all that one build
 * made. All texts are static. */

const char *build_id(void);             /* twelve hexadecimal digits */
const char *build_version(void);        /* for people: "0.1.0 (build 3f2a9c1b7d04)" */

/* "--build=3f2a9c1b7d04", the first word that superd's own programs get (os/host/program). */
const char *build_word(void);

/* The optional libraries that this superd was built with. */

extern const char *const built_with[];  /* "libwrap", …, NULL */

bool build_has(const char *library);
