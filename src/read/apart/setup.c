/* Writes and reads the setup in one order. */
#include "read/apart/setup.h"

#include <string.h>

#define LIST_MOST 1000000               /* texts of a list */
#define MACHINE_TEXTS (sizeof(struct unit_machine) / sizeof(const char *))

static void put_texts(struct frames *frames, const char *const *list, size_t count)
{
	frame_put_number(frames, (int64_t)count);
	for (size_t n = 0; n < count; n++)
		frame_put_text(frames, list[n]);
}

static void put_inetd(struct frames *frames, const struct inetd_defaults *inetd)
{
	frame_put_number(frames, inetd->rate);
	frame_put_number(frames, inetd->instances);
	frame_put_number(frames, inetd->per_source_cpm);
	frame_put_number(frames, inetd->per_source);
	frame_put_number(frames, inetd->backlog);
	frame_put_text(frames, inetd->address);
	frame_put_number(frames, inetd->wrap_external);
	frame_put_number(frames, inetd->wrap_internal);
	frame_put_number(frames, inetd->passes_environment);
	frame_put_number(frames, inetd->tells_addresses);
	frame_put_text(frames, inetd->folder);
}

bool setup_send(struct frames *frames, const struct read_request *request)
{
	const char *texts[MACHINE_TEXTS];
	size_t folders = 0;

	while (request->unit_path && request->unit_path[folders])
		folders++;
	frame_begin(frames, FRAME_SETUP);
	frame_put_number(frames, request->warns_of_unsupported);
	frame_put_number(frames, request->shares_defaults);
	frame_put_number(frames, request->asks_services);
	frame_put_number(frames, request->allows_empty);
	frame_put_number(frames, request->inetd != NULL);
	if (request->inetd)
		put_inetd(frames, request->inetd);
	frame_put_number(frames, request->machine != NULL);
	if (request->machine) {
		memcpy(texts, request->machine, sizeof(texts));
		put_texts(frames, texts, MACHINE_TEXTS);
	}
	frame_put_number(frames, request->unit_path != NULL);
	put_texts(frames, request->unit_path, folders);
	put_texts(frames, request->before, request->before_count);
	return frame_end(frames) && frames_flush(frames);
}

static bool take_bool(struct frame *frame)
{
	return frame_number(frame, 0, 1);
}

static const char *take_text(struct frame *frame, struct pool *pool)
{
	const char *text = frame_text(frame), *kept = pool_text(pool, text);

	frame->is_bad |= text && !kept;
	return kept;
}

/* NULL-terminated. */
static const char *const *take_texts(struct frame *frame, struct pool *pool, size_t *count)
{
	size_t all = (size_t)frame_number(frame, 0, LIST_MOST);
	const char **list = pool_alloc(pool, (all + 1) * sizeof(*list));

	frame->is_bad |= !list;
	for (*count = 0; *count < all && !frame->is_bad; (*count)++)
		list[*count] = take_text(frame, pool);
	return list;
}

static void take_inetd(struct frame *frame, struct pool *pool, struct inetd_defaults *inetd)
{
	inetd->rate = frame_number(frame, INT64_MIN, INT64_MAX);
	inetd->instances = frame_number(frame, INT64_MIN, INT64_MAX);
	inetd->per_source_cpm = frame_number(frame, INT64_MIN, INT64_MAX);
	inetd->per_source = frame_number(frame, INT64_MIN, INT64_MAX);
	inetd->backlog = frame_number(frame, INT64_MIN, INT64_MAX);
	inetd->address = take_text(frame, pool);
	inetd->wrap_external = take_bool(frame);
	inetd->wrap_internal = take_bool(frame);
	inetd->passes_environment = take_bool(frame);
	inetd->tells_addresses = take_bool(frame);
	inetd->folder = take_text(frame, pool);
}

bool setup_read(struct frame *frame, struct pool *pool, struct received_setup *setup)
{
	struct read_request *request = &setup->request;
	const char *const *texts;
	size_t count;
	bool has_path;

	*setup = (struct received_setup){ 0 };
	request->warns_of_unsupported = take_bool(frame);
	request->shares_defaults = take_bool(frame);
	request->asks_services = take_bool(frame);
	request->allows_empty = take_bool(frame);
	if (take_bool(frame)) {
		take_inetd(frame, pool, &setup->inetd);
		request->inetd = &setup->inetd;
	}
	if (take_bool(frame)) {
		texts = take_texts(frame, pool, &count);
		if (frame->is_bad || count != MACHINE_TEXTS)
			return false;
		memcpy(&setup->machine, texts, sizeof(setup->machine));
		request->machine = &setup->machine;
	}
	has_path = take_bool(frame);
	texts = take_texts(frame, pool, &count);
	request->unit_path = has_path ? texts : NULL;
	request->before = take_texts(frame, pool, &request->before_count);
	return !frame->is_bad;
}
