/* Facts of a service, computed from superd's answer.
 *
 * In the answer null means unknown, not 0. So each sum also returns whether any number was there. */
#include "cli/superctl/service_facts.h"

#include <string.h>

#include "cli/superctl/json_reply.h"

/* Sums a member over the objects of a list. false: no object has it as a number. */
static bool sum_of(const json_t *list, const char *key, double *sum)
{
	bool found = false;

	*sum = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *each = json_array_get(list, i);

		if (!json_reply_has_number(each, key))
			continue;
		*sum += json_reply_number(each, key);
		found = true;
	}
	return found;
}

/* The service's own member if it has one, else the sum over its instances. */
static bool own_or_sum(const json_t *service, const char *key, double *sum)
{
	if (!json_reply_has_number(service, key))
		return sum_of(json_reply_list(service, "instances"), key, sum);
	*sum = json_reply_number(service, key);
	return true;
}

size_t service_facts_instances(const json_t *service)
{
	const json_t *list = json_reply_list(service, "instances");
	double number = json_reply_number(service, "instances");

	/* superd lists a limited number, and counts the rest. */
	if (list)
		number = (double)json_array_size(list) + json_reply_number(service, "more_instances");
	return number > 0 && number < 1e9 ? (size_t)number : 0;
}

bool service_facts_queue(const json_t *service, double *waiting)
{
	return sum_of(json_reply_list(service, "listeners"), "queue", waiting);
}

bool service_facts_memory(const json_t *service, double *bytes)
{
	return own_or_sum(service, "memory", bytes);
}

bool service_facts_cpu(const json_t *service, double *seconds)
{
	return own_or_sum(service, "cpu", seconds);
}

double service_facts_refused(const json_t *service)
{
	const json_t *refused = json_object_get(service, "refused");
	double sum = json_number_value(refused);

	for (void *at = json_object_iter((json_t *)(size_t)refused); at;
	     at = json_object_iter_next((json_t *)(size_t)refused, at))
		sum += json_number_value(json_object_iter_value(at));
	return sum;
}

void service_facts_add_endpoints(struct buf *out, const json_t *service, size_t most)
{
	const json_t *list = json_reply_list(service, "listeners");
	size_t count = json_array_size(list);

	for (size_t i = 0; i < count && i < most; i++) {
		const json_t *each = json_array_get(list, i);

		if (i)
			buf_char(out, ' ');
		if (json_is_string(each))
			json_reply_show(out, each);
		else
			json_reply_show_text(out, each, "endpoint");
		if (!json_is_string(each) && *json_reply_text(each, "absent"))
			buf_addf(out, " (%s)", json_reply_text(each, "absent"));
	}
	if (count > most)
		buf_addf(out, " +%zu", count - most);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return *path == '/' && slash[1] ? slash + 1 : path;
}

/* Adds where clients are relayed to beside a program; a redirect alone has its target as its command. */
static void add_relayed(struct buf *out, const json_t *service, const json_t *words)
{
	const char *target = json_reply_text(service, "redirect");
	const char *first = json_string_value(json_array_get(words, 0));

	if (!*target || !strcmp(target, first))
		return;
	buf_text(out, ", relayed to ");
	buf_visible(out, target, strlen(target));
}

void service_facts_add_command(struct buf *out, const json_t *service, bool brief)
{
	const json_t *words = json_reply_list(service, "exec");
	const char *program = json_string_value(json_array_get(words, 0)), *argv0 = json_reply_text(service, "argv0");

	if (!program)
		return;
	if (json_array_size(words) == 2 && json_reply_is(service, "redirect", program)) {
		buf_text(out, "relayed to ");
		json_reply_show(out, json_array_get(words, 0));
		buf_char(out, ':');
		json_reply_show(out, json_array_get(words, 1));
		return;
	}
	program = brief ? base_name(program) : program;
	json_reply_show_words(out, *argv0 ? argv0 : program, words);
	if (*argv0) {
		buf_text(out, " (");
		buf_visible(out, program, strlen(program));
		buf_char(out, ')');
	}
	add_relayed(out, service, words);
}
