/* The lines that a sink cannot write now, in their order. It makes no system call.
 *
 * The queue is bounded in bytes. There are two classes of lines: those about a client (START, EXIT, FAIL,
 * refused), and chatter, which is everything else. If a line does not fit, the oldest chatter is dropped and
 * counted; to make room for a line about a client, then also the oldest lines about clients. A line that is
 * written in part is never dropped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/list.h"

enum write_outcome {
	WRITE_DONE,
	WRITE_FULL,                     /* the reader is behind; poll(2) the descriptor for writing */
	WRITE_AWAY,                     /* no reader, or no room on the disk; nothing to poll, so try again later */
	WRITE_LOST                      /* this line can never be written */
};

struct log_losses {
	unsigned long all;              /* lines that were dropped */
	unsigned long of_clients;       /* dropped lines that were about a client */
};

/* A line for the queue, borrowed. */
struct log_text {
	const char *text;
	size_t length;
	size_t done;                    /* bytes that are written already */
	bool of_client;                 /* the line is about a client */
};

struct log_line {
	struct list link;               /* in log_queue.lines */
	struct list class_link;         /* in log_queue.chatter or .of_clients; in neither once `done` is not 0 */
	size_t length;                  /* bytes of text without its NUL */
	size_t done;                    /* bytes that are written */
	bool of_client;
	char text[];
};

struct log_queue {
	struct list lines;              /* all lines, owned, the oldest first */
	struct list chatter, of_clients;
	size_t bytes, most;             /* memory of the lines, and its bound */
	uint64_t taken;                 /* bytes written in all, so that the loop sees progress */
};

void log_queue_init(struct log_queue *queue, size_t most);

static inline bool log_queue_is_empty(const struct log_queue *queue)
{
	return list_empty(&queue->lines);
}

/* Copies a line to the end of the queue, or to its front if a part is written already. Counts in *lost the lines that
 * it drops. false: no room or no memory; the line itself is dropped and counted. */
bool log_queue_add(struct log_queue *queue, const struct log_text *text, struct log_losses *lost);

struct log_line *log_queue_first(const struct log_queue *queue);       /* NULL: none */

/* Records that `done` bytes of the first line are written; 0: it starts over, because the sink has another file. */
void log_queue_advance(struct log_queue *queue, struct log_line *line, size_t done);
void log_queue_rewind(struct log_queue *queue);

/* Removes the first line, because all of it is written. */
void log_queue_complete(struct log_queue *queue, struct log_line *line);

/* Drop one line, or all, and count them in *lost. */
void log_queue_drop(struct log_queue *queue, struct log_line *line, struct log_losses *lost);
void log_queue_clear(struct log_queue *queue, struct log_losses *lost);
