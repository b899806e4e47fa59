/* The lines that a sink does not take now, in their order, until it takes them.
 *
 * Bounded in bytes. If a line does not fit, older ones are dropped and counted: chatter first, the oldest of it; then,
 * for a line about a client (START, EXIT, FAIL, refused), the oldest line about a client. Chatter never displaces a line
 * about a client. A line of which the sink has taken a part is never dropped. Pure: nothing here writes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

enum write_outcome {
	WRITE_DONE,
	WRITE_FULL,                     /* the reader is behind: the descriptor can be polled for writing */
	WRITE_AWAY,                     /* nobody reads, or there is no room: only trying again tells */
	WRITE_LOST                      /* this line never goes out */
};

struct log_losses {
	unsigned long all;              /* lines that were dropped */
	unsigned long of_clients;       /* those of them that were about a client */
};

struct log_line {
	struct list link;               /* in the queue */
	struct list kin;                /* in its class; a list of its own once the line must not be dropped */
	size_t length;
	size_t done;                    /* bytes of it that the sink has taken */
	bool of_client;
	char text[];                    /* with a NUL behind it, which length leaves out */
};

struct log_queue {
	struct list lines, chatter, of_clients;
	size_t bytes, most;             /* of memory, the lines' own included */
	uint64_t taken;                 /* grows with what the sink takes, so that a loop sees whether it moves */
};

void log_queue_init(struct log_queue *queue, size_t most);

static inline bool log_queue_is_empty(const struct log_queue *queue)
{
	return list_empty(&queue->lines);
}

/* Adds a line, of which `done` bytes went out already: then it is the first. What is dropped for it, or the line
 * itself where there is no room or no memory (false), is counted in lost. */
bool log_queue_add(struct log_queue *queue, const char *text, size_t length, size_t done, bool of_client,
		   struct log_losses *lost);

struct log_line *log_queue_first(const struct log_queue *queue);       /* NULL: none */

/* The sink took so many bytes of the first one in all; 0: it begins anew, as the sink is another. */
void log_queue_begin(struct log_queue *queue, struct log_line *line, size_t done);
void log_queue_rewind(struct log_queue *queue);

/* It took all of it, which leaves the queue. */
void log_queue_took(struct log_queue *queue, struct log_line *line);

/* Drops one line, or all. */
void log_queue_drop(struct log_queue *queue, struct log_line *line, struct log_losses *lost);
void log_queue_clear(struct log_queue *queue, struct log_losses *lost);
