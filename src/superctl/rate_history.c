/* For each service a JSON array: how many connections superd accepted, how many instances it started, and the rates,
 * the oldest first. */
#include "superctl/rate_history.h"

#include <math.h>

#include "superctl/json_reply.h"

enum { ACCEPTED, STARTED, RATES };

static double number_at(const json_t *entry, size_t place)
{
	return json_number_value(json_array_get(entry, place));
}

/* A copy of the last rates, so that there is room for one more. */
static void copy_rates(json_t *entry, const json_t *from)
{
	size_t count = json_array_size(from);
	size_t first = count > RATES + RATE_HISTORY_MOST - 1 ? count - (RATE_HISTORY_MOST - 1) : RATES;

	for (size_t i = first; i < count; i++)
		(void)json_array_append(entry, json_array_get(from, i));
}

static json_t *make_entry(double accepted, double started, const json_t *before)
{
	json_t *entry = json_array();

	(void)json_array_append_new(entry, json_real(accepted));
	(void)json_array_append_new(entry, json_real(started));
	copy_rates(entry, before);
	return entry;
}

/* seconds 0: the first answer, which has nothing to compare with. */
static json_t *count_service(const struct rate_history *history, const json_t *service, double seconds)
{
	const json_t *before = json_object_get(history->services, json_reply_text(service, "service"));
	double accepted = json_reply_number(service, "accepted"), started = json_reply_number(service, "activations");
	json_t *entry = make_entry(accepted, started, before);
	double rate;

	if (before)
		rate = fmax(accepted - number_at(before, ACCEPTED), started - number_at(before, STARTED));
	else
		/* It had no instance in the answer before, so all that it has now were started since. */
		rate = json_reply_number(service, "instances");
	if (seconds > 0 && (before || !history->is_partial))
		(void)json_array_append_new(entry, json_real(fmax(rate, 0) / seconds));
	return entry;
}

/* The entry of a service that is missing in the answer; NULL: it has no connection or start to show any more. */
static json_t *count_nothing(const json_t *before)
{
	json_t *entry = make_entry(number_at(before, ACCEPTED), number_at(before, STARTED), before);

	(void)json_array_append_new(entry, json_real(0));
	for (size_t i = RATES; i < json_array_size(entry); i++) {
		if (number_at(entry, i) > 0)
			return entry;
	}
	json_decref(entry);
	return NULL;
}

void rate_history_take(struct rate_history *history, const json_t *line)
{
	const json_t *list = json_reply_list(line, "services");
	double at = json_reply_number(line, "at"), seconds = history->at > 0 ? at - history->at : 0;
	json_t *services = json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *service = json_array_get(list, i);

		(void)json_object_set_new(services, json_reply_text(service, "service"),
					  count_service(history, service, seconds));
	}
	for (void *old = json_object_iter(history->services); old;
	     old = json_object_iter_next(history->services, old)) {
		const char *name = json_object_iter_key(old);
		json_t *entry = json_object_get(services, name) ? NULL : count_nothing(json_object_iter_value(old));

		if (entry)
			(void)json_object_set_new(services, name, entry);
	}
	json_decref(history->services);
	history->services = services;
	history->at = at;
	history->is_partial = json_reply_number(line, "more_services") > 0;
}

void rate_history_add(const struct rate_history *history, const char *service, bool unicode, struct buf *out)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char signs[] = "_.:-=+*#";
	const json_t *entry = json_object_get(history->services, service);
	double highest = 0;

	for (size_t i = RATES; i < json_array_size(entry); i++)
		highest = fmax(highest, number_at(entry, i));
	for (size_t i = RATES; i < json_array_size(entry); i++) {
		/* The lowest bar is for 0 alone. */
		size_t bar = highest > 0 ? (size_t)fmin(ceil(number_at(entry, i) / highest * 7), 7) : 0;

		if (unicode)
			buf_text(out, bars[bar]);
		else
			buf_char(out, signs[bar]);
	}
}

void rate_history_free(struct rate_history *history)
{
	json_decref(history->services);
	*history = (struct rate_history){ 0 };
}
