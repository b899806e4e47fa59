/* superctl list, and status without a name: one line for each service, in columns that fit the terminal, and a line of
 * totals. */
#include "superctl/superctl.h"

/* The columns that are left out first on a narrow terminal stand last. */
static const enum field columns_of_list[] = {
	FIELD_MARK,  FIELD_NAME,      FIELD_STATE,  FIELD_ENDPOINTS, FIELD_MEMORY, FIELD_LAST_USED, FIELD_FOR,
	FIELD_QUEUE, FIELD_INSTANCES, FIELD_STARTS, FIELD_FAILED,    FIELD_TIME,   FIELD_COMMAND,
};

#define COLUMNS (sizeof(columns_of_list) / sizeof(*columns_of_list))

struct list_view {
	const struct superctl_options *options;
	struct screen screen;
	struct columns columns;
	json_t *services;	    /* the lines of the answer to show */
	size_t counts[STATE_WORDS]; /* of the services in each state */
	double memory[STATE_WORDS]; /* bytes of these */
	struct buf cell;	    /* the cell that is being composed */
};

struct listed {
	const json_t *service;
	char sort; /* the first letter of the key */
};

/* For qsort(3): by name, by state in the order of the totals, or the largest or latest first; equal ones by name. */
static int compare_listed(const void *one, const void *other)
{
	const struct listed *a = one, *b = other;
	const struct state_word *word = state_word_of(a->service), *other_word = state_word_of(b->service);
	const char *key = a->sort == 'u' ? "last_used" : a->sort == 'm' ? "memory" : "cpu";
	double number = json_reply_number(a->service, key), other_number = json_reply_number(b->service, key);
	int order = 0;

	if (a->sort == 's')
		order = (word > other_word) - (word < other_word);
	else if (a->sort != 'n')
		order = (number < other_number) - (number > other_number);
	return order ? order : strcmp(json_reply_text(a->service, "service"), json_reply_text(b->service, "service"));
}

/* Adds the services in their order. */
static void add_rows(struct list_view *view)
{
	struct listed *sorted = NULL;
	size_t count = 0, room = 0, n;
	json_t *service;

	json_array_foreach(view->services, n, service) array_add(sorted, count, room) =
		(struct listed){ service, view->options->sort ? *view->options->sort : '\0' };
	if (sorted && view->options->sort)
		qsort(sorted, count, sizeof(*sorted), compare_listed);
	for (n = 0; n < count; n++) {
		const json_t *each = sorted[n].service;
		size_t word = (size_t)(state_word_of(each) - state_words);

		if (view->options->names_only) {
			json_reply_show_text(&view->cell, each, "service");
			buf_char(&view->cell, '\n');
			continue;
		}
		for (size_t column = 0; column < COLUMNS; column++) {
			enum style style = field_add(&view->cell, columns_of_list[column], &view->screen, each);

			columns_add(&view->columns, style, &view->cell);
		}
		view->counts[word]++;
		view->memory[word] += json_reply_number(each, "memory");
	}
	free(sorted);
}

/* Adds "40 services: 30 asleep, 6 frozen (113M), 3 awake (56M), 1 failing". */
static void add_totals(const struct list_view *view, size_t count, struct buf *out)
{
	const char *between = ": ";

	buf_addf(out, "\n%zu services", count);
	for (size_t n = 0; n < STATE_WORDS; n++) {
		if (!view->counts[n])
			continue;
		buf_addf(out, "%s%zu %s", between, view->counts[n],
			 *state_words[n].word ? state_words[n].word : "other");
		between = ", ";
		if (view->memory[n] <= 0)
			continue;
		buf_text(out, " (");
		human_add(out, size_write, view->memory[n]);
		buf_char(out, ')');
	}
	buf_char(out, '\n');
}

enum ctl_status verb_list(const struct superctl_options *options)
{
	struct list_view view = { .options = options };
	struct column titles[COLUMNS];
	enum ctl_status status;
	size_t count;

	if (options->json && options->sort) {
		fprintf(stderr, "superctl: --json prints the answer of superd as it is, without --sort\n");
		return CTL_USAGE;
	}
	view.services = json_array();
	screen_open(&view.screen, options->colour);
	for (size_t n = 0; n < COLUMNS; n++)
		titles[n] = fields[columns_of_list[n]].column;
	columns_begin(&view.columns, titles, COLUMNS);
	status = client_ask(options, "list", options->json ? NULL : client_keep_line, view.services);
	add_rows(&view);
	count = columns_rows(&view.columns);
	if (count) /* also if a name matches no service */
		columns_print(&view.columns, &view.screen, "", &view.cell);
	else if (status == CTL_DONE && !options->json && !options->names_only)
		buf_text(&view.cell, options->failed_only ? "no service has failed\n" : "superd has no services\n");
	if (count > 1)
		add_totals(&view, count, &view.cell);
	if (!client_print(&view.cell))
		status = CTL_FAILED;
	columns_free(&view.columns);
	json_decref(view.services);
	buf_free(&view.cell);
	return status;
}
