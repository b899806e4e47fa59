/* superctl timeline: what the services did in the last hours, as bars in the terminal, or as SVG.
 *
 * How many cells a bar has depends on the longest name, so superctl asks twice: for bars of one cell, and then for
 * those that fit. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/write_all.h"
#include "superctl/conversation.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"
#include "superctl/timeline_bar.h"
#include "superctl/timeline_svg.h"
#include "superctl/views.h"

#define WIDTH_DEFAULT 80                /* where the width is unknown */
#define CELLS_LEAST 20                  /* of a bar, also on a narrow terminal */
#define CELLS_APART 12                  /* of the bar for each time above it, at least */
#define TIME_WIDTH 5                    /* columns of a time above the bars */
#define NAME_MOST 40                    /* columns of a name */
#define LINES_MOST 200000               /* of an answer */

struct timeline_view {
	const struct superctl_options *options;
	struct screen screen;
	json_t *lines;                  /* array, owned: the answer */
	size_t name_width;              /* of the widest name, in columns */
	struct buf out;
};

static bool keep_line(void *context, const json_t *line, struct reply_text *text)
{
	struct timeline_view *view = context;

	(void)text;
	if (view->options->json)
		return true;
	if (json_array_size(view->lines) < LINES_MOST && json_array_append(view->lines, (json_t *)(size_t)line) == 0)
		return true;
	fprintf(stderr, "superctl: timeline: too many services\n");
	return false;
}

/* cells 0: spans and wakes instead of bars, for --json. Replaces view->lines. */
static enum ctl_status ask_timeline(struct timeline_view *view, size_t cells)
{
	struct buf verb = { 0 };
	enum ctl_status status;

	json_decref(view->lines);
	view->lines = json_array();
	buf_text(&verb, "timeline");
	if (cells)
		buf_addf(&verb, " --cells=%zu", cells);
	status = conversation_ask(view->options, buf_string(&verb), CONVERSATION_TIMEOUT, keep_line, view);
	buf_free(&verb);
	return status;
}

/* ---- bars ---- */

static void measure_names(struct timeline_view *view)
{
	struct buf name = { 0 };

	for (size_t n = 0; n < json_array_size(view->lines); n++) {
		size_t width;

		json_reply_show_text(&name, json_array_get(view->lines, n), "service");
		width = screen_columns(buf_string(&name));
		view->name_width = width > view->name_width ? width : view->name_width;
		buf_clear(&name);
	}
	view->name_width = view->name_width > NAME_MOST ? NAME_MOST : view->name_width;
	buf_free(&name);
}

static size_t count_cells(const struct timeline_view *view)
{
	size_t width = view->screen.width ? view->screen.width : WIDTH_DEFAULT, used = view->name_width + 1;
	size_t cells = width > used + CELLS_LEAST ? width - used : CELLS_LEAST;

	return cells < TIMELINE_CELLS_MOST ? cells : TIMELINE_CELLS_MOST;
}

/* Adds local times above the cells that they begin, where they fit. */
static void add_axis(struct timeline_view *view, const json_t *line, size_t cells)
{
	double from = json_reply_number(line, "from"), until = json_reply_number(line, "until");
	double times[TIMELINE_TIMES_MOST];
	size_t count = timeline_axis(from, until, cells / CELLS_APART, times), column = 0;

	buf_addf(&view->out, "%*s", (int)view->name_width + 1, "");
	for (size_t n = 0; n < count; n++) {
		size_t at = (size_t)((times[n] - from) / (until - from) * (double)cells), before;

		if (at < column || at + TIME_WIDTH > cells)
			continue;
		buf_addf(&view->out, "%*s", (int)(at - column), "");
		before = view->out.length;
		human_units_add_minute(&view->out, times[n]);
		column = at + view->out.length - before;
	}
	buf_char(&view->out, '\n');
}

static void add_row(struct timeline_view *view, const json_t *line)
{
	struct buf name = { 0 };
	char *cut;

	json_reply_show_text(&name, line, "service");
	cut = strndup(buf_string(&name), screen_cut(buf_string(&name), view->name_width));
	buf_free(&name);
	if (!cut)
		return;
	screen_add(&view->screen, &view->out, STYLE_BOLD, cut);
	buf_addf(&view->out, "%*s", (int)(view->name_width + 1 - screen_columns(cut)), "");
	free(cut);
	timeline_bar_add(&view->out, &view->screen, timeline_bar(line));
	buf_char(&view->out, '\n');
}

/* Explains the letters that occur. */
static void add_legend(struct timeline_view *view)
{
	bool occurs[256] = { false };
	const char *between = "\n";

	for (size_t n = 0; n < json_array_size(view->lines); n++) {
		for (const char *at = timeline_bar(json_array_get(view->lines, n)); *at; at++)
			occurs[(unsigned char)*at] = true;
	}
	for (size_t n = 0; n < timeline_phase_count; n++) {
		const char letter[] = { timeline_phases[n].letter, '\0' };

		if (!occurs[(unsigned char)*letter])
			continue;
		buf_text(&view->out, between);
		timeline_bar_add(&view->out, &view->screen, letter);
		buf_addf(&view->out, " %s", timeline_phases[n].word);
		between = "  ";
	}
	buf_char(&view->out, '\n');
}

static enum ctl_status print_bars(struct timeline_view *view)
{
	enum ctl_status status = ask_timeline(view, 1);
	size_t cells;

	if (status != CTL_DONE)
		return status;
	if (!json_array_size(view->lines)) {
		buf_text(&view->out, "superd has no services\n");
		return conversation_print(&view->out) ? CTL_DONE : CTL_FAILED;
	}
	measure_names(view);
	cells = count_cells(view);
	status = ask_timeline(view, cells);
	if (status != CTL_DONE)
		return status;
	add_axis(view, json_array_get(view->lines, 0), cells);
	for (size_t n = 0; n < json_array_size(view->lines); n++)
		add_row(view, json_array_get(view->lines, n));
	add_legend(view);
	return conversation_print(&view->out) ? CTL_DONE : CTL_FAILED;
}

/* ---- SVG ---- */

static bool write_file(const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool ok = fd >= 0 && write_all(fd, text->data, text->length);

	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "superctl: timeline: cannot write %s: %s\n", path, strerror(errno));
	return ok;
}

static enum ctl_status print_svg(struct timeline_view *view)
{
	enum ctl_status status = ask_timeline(view, TIMELINE_SVG_CELLS);

	if (status != CTL_DONE)
		return status;
	timeline_svg_add(&view->out, view->lines);
	if (strcmp(view->options->svg, "-") != 0)
		return write_file(view->options->svg, &view->out) ? CTL_DONE : CTL_FAILED;
	return conversation_print(&view->out) ? CTL_DONE : CTL_FAILED;
}

enum ctl_status view_timeline(const struct superctl_options *options)
{
	struct timeline_view view = { .options = options };
	enum ctl_status status;

	screen_open(&view.screen, options->colour);
	if (options->json)
		status = ask_timeline(&view, 0);
	else if (options->svg)
		status = print_svg(&view);
	else
		status = print_bars(&view);
	json_decref(view.lines);
	buf_free(&view.out);
	return status;
}
