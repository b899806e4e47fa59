/* Reads superd's JSON.
 *
 * Another program may own the socket and send anything. A member of the wrong type counts as missing, and text is
 * escaped before it is printed, because it may hold any byte. */
#include "superctl/superctl.h"

#include <math.h>

static void *allocate_value(size_t size)
{
	void *got = malloc(size);

	if (!got)
		memory_ran_out();
	return got;
}

void json_reply_need_memory(const char *words)
{
	memory_ends_process(STDERR_FILENO, words, strlen(words));
	json_set_alloc_funcs(allocate_value, free);
}

json_t *json_reply_parse(const char *line, size_t length)
{
	json_t *object = json_loadb(line, length, JSON_ALLOW_NUL, NULL);

	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

const char *json_reply_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool json_reply_is(const json_t *object, const char *key, const char *text)
{
	return !strcmp(json_reply_text(object, key), text);
}

bool json_reply_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

bool json_reply_has_number(const json_t *object, const char *key)
{
	return json_is_number(json_object_get(object, key));
}

double json_reply_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

int json_reply_count(const json_t *object, const char *key)
{
	double number = json_reply_number(object, key);

	return number > 0 && number <= INT_MAX ? (int)number : 0;
}

const json_t *json_reply_list(const json_t *object, const char *key)
{
	const json_t *list = json_object_get(object, key);

	return json_is_array(list) ? list : NULL;
}

const json_t *json_reply_object(const json_t *object, const char *key)
{
	const json_t *found = json_object_get(object, key);

	return json_is_object(found) ? found : NULL;
}

void json_reply_show(struct buf *out, const json_t *text)
{
	if (json_is_string(text))
		buf_visible(out, json_string_value(text), json_string_length(text));
}

void json_reply_show_text(struct buf *out, const json_t *object, const char *key)
{
	json_reply_show(out, json_object_get(object, key));
}

/* Numbers as people read them: ages, sizes, times. */

void human_add(struct buf *out, human_write *write, double number)
{
	char text[TIME_TEXT_MOST];

	buf_text(out, write(text, number));
}

const char *clock_write(char out[TIME_TEXT_MOST], double unix_seconds)
{
	return time_write(out, unix_seconds, (double)time(NULL));
}

void human_add_float(struct buf *out, double number)
{
	char text[40] = "";

	if (!isfinite(number)) {
		buf_text(out, isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf");
		return;
	}
	if (fabs(number) < 1e6 && number == (double)(long)number)
		snprintf(text, sizeof(text), "%.0f", number); /* 10.0, and not 1e+01 */
	for (int digits = 1; digits <= 17 && strtod(text, NULL) != number; digits++)
		snprintf(text, sizeof(text), "%.*g", digits, number); /* the fewest that read back the same */
	buf_text(out, text);
	if (!strpbrk(text, ".e"))
		buf_text(out, ".0");
}

/* Reads a template from left to right. What a choice has written is cut off again if it is not the one. */

struct template
{
	struct buf *out;
	const json_t *object;
	const char *at;
};

double reply_now(const json_t *service)
{
	return json_reply_has_number(service, "since") && json_reply_has_number(service, "for")
		? json_reply_number(service, "since") + json_reply_number(service, "for")
		: 0;
}

void template_add_lapse(struct buf *out, double seconds)
{
	human_add(out, seconds < 1 ? duration_write : duration_write_whole, seconds > 0 ? seconds : 0);
}

void template_add_ago(struct buf *out, double now, double at)
{
	if (now >= at) {
		template_add_lapse(out, now - at);
		buf_text(out, " ago (");
	}
	human_add(out, clock_write, at);
	buf_text(out, now >= at ? ")" : "");
}

static void add_number(const struct template *template, double number, const char *unit, size_t length)
{
	static const struct {
		const char *name;
		human_write *write;
	} units[] = {
		{ "span", duration_write },
		{ "age", duration_write_whole },
		{ "clock", clock_write },
		{ "bytes", size_write },
	};

	if (length == 3 && !memcmp(unit, "ago", length)) {
		template_add_ago(template->out, reply_now(template->object), number);
		return;
	}
	for (size_t n = 0; n < sizeof(units) / sizeof(*units); n++) {
		if (length == strlen(units[n].name) && !memcmp(unit, units[n].name, length)) {
			human_add(template->out, units[n].write, number);
			return;
		}
	}
	buf_addf(template->out, "%.0f%.*s%s", number, (int)length, unit, length && number != 1 ? "s" : "");
}

static bool add_list(struct buf *out, const json_t *list)
{
	for (size_t n = 0; n < json_array_size(list); n++) {
		const json_t *each = json_array_get(list, n);

		buf_text(out, n ? ", " : "");
		if (json_is_number(each))
			buf_addf(out, "%.0f", json_number_value(each));
		else
			json_reply_show(out, each);
	}
	return json_array_size(list);
}

/* The member of a name such as "relay.target". NULL: there is none. */
static const json_t *find_member(const json_t *object, const char *name, size_t length)
{
	char key[64];
	size_t first = strcspn(name, ".");

	if (first >= length)
		first = length;
	if (first >= sizeof(key))
		return NULL;
	memcpy(key, name, first);
	key[first] = '\0';
	object = json_object_get(object, key);
	return first < length ? find_member(object, name + first + 1, length - first - 1) : object;
}

static bool add_member(struct template *template)
{
	char sign = strchr("?!#", *template->at) ? *template->at++ : '\0';
	size_t length = strcspn(template->at, "=:}");
	const json_t *member = find_member(template->object, template->at, length);
	const char *rest = template->at + length;
	size_t size = strcspn(rest, "}");

	template->at = rest + size + 1;
	if (sign == '#')
		return json_is_number(member);
	if (sign)
		return (json_is_true(member) || json_number_value(member) > 0 || json_string_length(member) ||
			json_array_size(member) || json_object_size(member)) == (sign == '?');
	if (*rest == '=')
		return json_is_number(member) ? json_number_value(member) == strtod(rest + 1, NULL)
					      : json_string_length(member) == size - 1 &&
				!memcmp(json_string_value(member), rest + 1, size - 1);
	if (json_is_number(member))
		add_number(template, json_number_value(member), rest + (size > 0), size ? size - 1 : 0);
	else if (json_is_array(member))
		return add_list(template->out, member);
	else
		json_reply_show(template->out, member);
	return json_is_number(member) || json_string_length(member);
}

static void add_choice(struct template *template);

static bool add_part(struct template *template)
{
	bool is_so = true;

	while (*template->at && *template->at != '|' && *template->at != ']') {
		char c = *template->at++;

		if (c == '{')
			is_so &= add_member(template);
		else if (c == '[')
			add_choice(template);
		else
			buf_char(template->out, c);
	}
	return is_so;
}

static void add_choice(struct template *template)
{
	bool found = false;

	do {
		size_t before = template->out->length;
		bool is_so = add_part(template);

		if (found || !is_so)
			(void)buf_cut(template->out, before);
		found |= is_so;
	} while (*template->at++ == '|');
}

bool template_add(struct buf *out, const json_t *object, const char *text)
{
	struct template template = { out, object, text };

	return add_part(&template);
}
