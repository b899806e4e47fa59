/* The lines that a sink cannot write yet. Each line is in two lists, the queue and its class, so that the oldest line
 * of a class is found without a search. */
#include "lib/log/log_queue.h"

#include <stdlib.h>
#include <string.h>

void log_queue_init(struct log_queue *queue, size_t most)
{
	*queue = (struct log_queue){ .most = most };
	list_init(&queue->lines);
	list_init(&queue->chatter);
	list_init(&queue->of_clients);
}

static size_t line_cost(size_t length)
{
	return sizeof(struct log_line) + length + 1;
}

static void count_loss(struct log_losses *lost, bool of_client)
{
	lost->all++;
	lost->of_clients += of_client;
}

static void line_free(struct log_queue *queue, struct log_line *line)
{
	queue->bytes -= line_cost(line->length);
	list_remove(&line->link);
	list_remove(&line->class_link);
	free(line);
}

/* Drops lines of a class, the oldest first. */
static void drop_until_fits(struct log_queue *queue, struct list *class, size_t bytes, struct log_losses *lost)
{
	LIST_EACH(link, class) {
		if (queue->bytes + bytes <= queue->most)
			return;
		log_queue_drop(queue, container_of(link, struct log_line, class_link), lost);
	}
}

static bool make_room(struct log_queue *queue, size_t bytes, bool of_client, struct log_losses *lost)
{
	if (bytes > queue->most)
		return false;
	drop_until_fits(queue, &queue->chatter, bytes, lost);
	if (of_client)
		drop_until_fits(queue, &queue->of_clients, bytes, lost);
	return queue->bytes + bytes <= queue->most;
}

bool log_queue_add(struct log_queue *queue, const struct log_text *text, struct log_losses *lost)
{
	size_t cost = line_cost(text->length);
	struct log_line *line = NULL;

	if (make_room(queue, cost, text->of_client, lost))
		line = malloc(cost);
	if (!line) {
		count_loss(lost, text->of_client);
		return false;
	}
	line->length = text->length;
	line->done = text->done;
	line->of_client = text->of_client;
	memcpy(line->text, text->text, text->length);
	line->text[text->length] = '\0';
	queue->bytes += cost;
	list_init(&line->class_link);
	if (text->done) {
		list_add(queue->lines.next, &line->link);
		return true;
	}
	list_add(&queue->lines, &line->link);
	list_add(text->of_client ? &queue->of_clients : &queue->chatter, &line->class_link);
	return true;
}

struct log_line *log_queue_first(const struct log_queue *queue)
{
	return list_empty(&queue->lines) ? NULL : container_of(queue->lines.next, struct log_line, link);
}

void log_queue_advance(struct log_queue *queue, struct log_line *line, size_t done)
{
	if (!done) {
		log_queue_rewind(queue);
		return;
	}
	if (done > line->done)
		queue->taken += done - line->done;
	line->done = done;
	list_remove(&line->class_link);
}

/* Makes the first line the oldest of its class again. */
void log_queue_rewind(struct log_queue *queue)
{
	struct log_line *line = log_queue_first(queue);

	if (!line || !line->done)
		return;
	line->done = 0;
	list_add((line->of_client ? &queue->of_clients : &queue->chatter)->next, &line->class_link);
}

void log_queue_complete(struct log_queue *queue, struct log_line *line)
{
	queue->taken += line->length + 1;
	line_free(queue, line);
}

void log_queue_drop(struct log_queue *queue, struct log_line *line, struct log_losses *lost)
{
	count_loss(lost, line->of_client);
	line_free(queue, line);
}

void log_queue_clear(struct log_queue *queue, struct log_losses *lost)
{
	LIST_EACH(link, &queue->lines)
		log_queue_drop(queue, container_of(link, struct log_line, link), lost);
}
