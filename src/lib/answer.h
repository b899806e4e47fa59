/* The answer of a process that works for superd: one message of a fixed form. Such a process reads what strangers made,
 * which may have taken it over. So superd uses nothing of an answer unless each part of it is what the process can have
 * found. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A part of an answer that has bounds. */
struct answer_field {
	const char *name;
	size_t at, size;                /* bytes; a number has 1, 2, 4 or 8 */
	bool is_text;                   /* it ends with a NUL within its size */
	int64_t least, most;            /* of a number; `least` below 0: it is signed */
};

#define ANSWER_NUMBER(type, member, least, most) \
	{ #member, offsetof(struct type, member), sizeof(((struct type *)0)->member), false, least, most }
#define ANSWER_FLAG(type, member) ANSWER_NUMBER(type, member, 0, 1)
#define ANSWER_ERROR(type, member) ANSWER_NUMBER(type, member, 0, 4095)         /* an errno, or 0 */
#define ANSWER_TEXT(type, member) \
	{ #member, offsetof(struct type, member), sizeof(((struct type *)0)->member), true, 0, 0 }

struct answer_form {
	const char *process;            /* name of the process that answers */
	size_t size;                    /* bytes of each answer */
	size_t more;                    /* bytes that may follow these */
	size_t fds;                     /* descriptors that it may carry */
	const struct answer_field *fields;
	size_t count;
};

#define ANSWER_FORM(name, type, fields) { name, sizeof(type), 0, 0, fields, sizeof(fields) / sizeof(*(fields)) }

/* What is wrong with an answer of so many bytes: the name of a field, or "length". NULL: nothing is. */
const char *answer_flaw(const struct answer_form *form, const void *answer, size_t length);

/* An answer that had a flaw, for the log. Any thread may note one; if many are noted before they are taken, the last are
 * dropped. */
struct answer_fault {
	const char *process, *flaw;
	pid_t pid;
};
void answer_note_fault(const struct answer_form *form, const char *flaw, pid_t pid);
bool answer_take_fault(struct answer_fault *fault);     /* the oldest; false: there is none */
