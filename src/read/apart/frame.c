/* Writes and reads frames. What is received is checked here: sizes, kinds, the form of numbers. */
#include "read/apart/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/memory.h"

#define BATCH (64u << 10)               /* bytes that are sent, or asked for, at once */

struct head {
	uint32_t length;                /* of the fields */
	uint32_t kind;
};

void frames_end_without_memory(int fd)
{
	static const struct head last = { .kind = FRAME_MEMORY };

	memory_ends_process(fd, (const char *)&last, sizeof(last));
}

void frame_begin(struct frames *frames, enum frame_kind kind)
{
	const struct head head = { .kind = kind };

	frames->begun = frames->out.length;
	buf_add(&frames->out, &head, sizeof(head));
}

void frame_put_text(struct frames *frames, const char *text)
{
	buf_char(&frames->out, text ? '=' : '-');
	buf_add(&frames->out, text ? text : "", text ? strlen(text) + 1 : 1);
}

void frame_put_number(struct frames *frames, int64_t number)
{
	buf_addf(&frames->out, "%lld", (long long)number);
	buf_char(&frames->out, '\0');
}

void frame_put_place(struct frames *frames, struct origin at)
{
	frame_put_text(frames, at.file);
	frame_put_number(frames, at.line);
	frame_put_number(frames, at.column);
}

bool frames_flush(struct frames *frames)
{
	size_t sent = 0;

	while (sent < frames->out.length) {
		ssize_t count = send(frames->fd, frames->out.data + sent, frames->out.length - sent, MSG_NOSIGNAL);

		if (count < 0 && errno != EINTR)
			return false;
		sent += count > 0 ? (size_t)count : 0;
	}
	buf_clear(&frames->out);
	return true;
}

bool frame_end(struct frames *frames)
{
	size_t length = frames->out.length - frames->begun - sizeof(struct head);
	struct head head;

	if (frames->out.failed || length > FRAME_MOST) {
		errno = frames->out.failed ? ENOMEM : EFBIG;
		return false;
	}
	memcpy(&head, frames->out.data + frames->begun, sizeof(head));
	head.length = (uint32_t)length;
	memcpy(frames->out.data + frames->begun, &head, sizeof(head));
	return frames->out.length < BATCH || frames_flush(frames);
}

/* Makes room for `size` bytes from start on, and one more. */
static bool make_room(struct frames *frames, size_t size)
{
	char *in = frames->in;

	if (frames->start) {
		memmove(in, in + frames->start, frames->end - frames->start);
		frames->end -= frames->start;
		frames->start = 0;
	}
	if (frames->capacity > size)
		return true;
	in = realloc(in, 2 * size + 1);
	if (!in)
		return memory_ran_out();
	frames->in = in;
	frames->capacity = 2 * size + 1;
	return true;
}

/* Receives until there are `size` bytes. */
static bool receive(struct frames *frames, size_t size)
{
	while (frames->end - frames->start < size) {
		ssize_t count;

		if (frames->capacity - frames->start <= size && !make_room(frames, size > BATCH ? size : BATCH))
			return false;
		count = recv(frames->fd, frames->in + frames->end, frames->capacity - frames->end - 1, 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0)
			errno = 0;
		if (count <= 0)
			return false;
		frames->end += (size_t)count;
		frames->taken += (size_t)count;
	}
	return true;
}

bool frame_receive(struct frames *frames, struct frame *frame)
{
	struct head head;

	if (!receive(frames, sizeof(head)))
		return false;
	memcpy(&head, frames->in + frames->start, sizeof(head));
	if (head.length > FRAME_MOST || head.kind >= FRAMES || frames->taken > FRAMES_MOST) {
		errno = head.length > FRAME_MOST || frames->taken > FRAMES_MOST ? EFBIG : EBADMSG;
		return false;
	}
	if (!receive(frames, sizeof(head) + head.length))
		return false;
	frame->kind = (enum frame_kind)head.kind;
	frame->at = frames->in + frames->start + sizeof(head);
	frame->end = frame->at + head.length;
	frame->is_bad = false;
	frames->start += sizeof(head) + head.length;
	return true;
}

/* The next field, whose end is a NUL; NULL: there is none. */
static char *next_field(struct frame *frame)
{
	char *field = frame->at, *end = frame->is_bad ? NULL : memchr(field, '\0', (size_t)(frame->end - field));

	if (!end) {
		frame->is_bad = true;
		return NULL;
	}
	frame->at = end + 1;
	return field;
}

const char *frame_text(struct frame *frame)
{
	const char *field = next_field(frame);

	if (field && *field == '=')
		return field + 1;
	frame->is_bad |= !field || strcmp(field, "-") != 0;
	return NULL;
}

int64_t frame_number(struct frame *frame, int64_t least, int64_t most)
{
	const char *field = next_field(frame);
	char *end = NULL;
	long long number;

	errno = 0;
	number = field ? strtoll(field, &end, 10) : 0;
	if (!field || end == field || *end || errno || number < least || number > most) {
		frame->is_bad = true;
		return least;
	}
	return number;
}

struct origin frame_place(struct frame *frame, struct pool *pool)
{
	const char *file = frame_text(frame);
	struct origin at = { .file = pool_text(pool, file) };

	at.line = (unsigned)frame_number(frame, 0, UINT32_MAX);
	at.column = (unsigned)frame_number(frame, 0, UINT32_MAX);
	frame->is_bad |= file && !at.file;
	return at;
}

void frames_free(struct frames *frames)
{
	buf_free(&frames->out);
	free(frames->in);
	frames->in = NULL;
	frames->start = frames->end = frames->capacity = 0;
}
