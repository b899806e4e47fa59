/* Draws the bars of all services below each other, with their names on the left, times above and a legend below. The
 * picture needs no other file and no script. Where the viewer's theme is dark, so is the picture. */
#include "superctl/timeline_svg.h"

#include "superctl/html.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"
#include "superctl/timeline_bar.h"

/* Units of the drawing. */
#define CELL 2
#define BAR_HEIGHT 14
#define ROW_HEIGHT 22
#define MARGIN 12
#define NAME_WIDTH 200                  /* room for names, which are cut, in front of the bars */
#define AXIS_HEIGHT 44                  /* room for title and times above the bars */
#define LEGEND_HEIGHT 34
#define LEGEND_STEP 95
#define TIMES_MOST 8                    /* times above the bars */
#define BARS_WIDTH (CELL * TIMELINE_SVG_CELLS)

static const char style[] =
	"<style>text{font:12px system-ui,sans-serif;fill:#1b1f24}.back{fill:#fff}.dim{fill:#57606a}"
	".t-none{fill:#eef1f4}.t-off{fill:#d0d7de}.t-asleep{fill:#b6d4fb}.t-wakes{fill:#6fbf7f}"
	".t-starting{fill:#d4a72c}.t-running{fill:#1a7f37}.t-frozen{fill:#0969da}.t-paused{fill:#bf8700}"
	".t-failed{fill:#cf222e}"
	"@media(prefers-color-scheme:dark){"
	"text{fill:#e6edf3}.back{fill:#0d1117}.dim{fill:#9aa4af}.t-none{fill:#1c2128}"
	".t-off{fill:#30363d}.t-asleep{fill:#1f3a5f}.t-wakes{fill:#347d39}.t-starting{fill:#bb8009}"
	".t-running{fill:#56d364}.t-frozen{fill:#388bfd}.t-paused{fill:#e3b341}.t-failed{fill:#ff7b72}}</style>\n";

static void add_axis(struct buf *out, const json_t *line)
{
	double from = json_reply_number(line, "from"), until = json_reply_number(line, "until");
	double times[TIMELINE_TIMES_MOST];
	size_t count;

	buf_addf(out, "<text class=\"dim\" x=\"%d\" y=\"18\">superd, ", MARGIN);
	human_units_add_time(out, from);
	buf_text(out, " to ");
	human_units_add_time(out, until);
	buf_text(out, "</text>\n");
	count = timeline_axis(from, until, TIMES_MOST, times);
	for (size_t n = 0; n < count; n++) {
		buf_addf(out, "<text class=\"dim\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">",
			 NAME_WIDTH + (times[n] - from) / (until - from) * BARS_WIDTH, AXIS_HEIGHT - 6);
		human_units_add_minute(out, times[n]);
		buf_text(out, "</text>\n");
	}
}

static void add_row(struct buf *out, const json_t *line, size_t n)
{
	const char *bar = timeline_bar(line);

	buf_addf(out, "<g transform=\"translate(%d %zu)\"><title>", NAME_WIDTH, AXIS_HEIGHT + n * ROW_HEIGHT);
	html_member(out, line, "service");
	buf_text(out, ": ");
	timeline_bar_add_words(out, bar);
	buf_addf(out, "</title><svg x=\"%d\" width=\"%d\" height=\"%d\"><text y=\"12\">", MARGIN - NAME_WIDTH,
		 NAME_WIDTH - 2 * MARGIN, ROW_HEIGHT);
	html_member(out, line, "service");
	buf_addf(out, "</text></svg><path class=\"t-none\" d=\"M0 0h%dv%dH0z\"/>", BARS_WIDTH, BAR_HEIGHT);
	timeline_bar_add_paths(out, bar, CELL, BAR_HEIGHT);
	buf_text(out, "</g>\n");
}

static void add_legend(struct buf *out, size_t rows)
{
	for (size_t n = 0; n < timeline_phase_count; n++) {
		buf_addf(out, "<g transform=\"translate(%zu %zu)\"><path class=\"%s\" d=\"M0 0h12v12H0z\"/>"
			      "<text x=\"17\" y=\"11\">%s</text></g>\n",
			 NAME_WIDTH + n * LEGEND_STEP, AXIS_HEIGHT + rows * ROW_HEIGHT + 8, timeline_phases[n].class,
			 timeline_phases[n].word);
	}
}

void timeline_svg_add(struct buf *out, const json_t *lines)
{
	size_t rows = json_array_size(lines), height = AXIS_HEIGHT + rows * ROW_HEIGHT + LEGEND_HEIGHT;
	int width = NAME_WIDTH + BARS_WIDTH + 2 * MARGIN + 10;

	buf_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" viewBox=\"0 0 %d %zu\">\n",
		 width, height, width, height);
	buf_text(out, "<title>Timeline of the services of superd</title>\n");
	buf_text(out, style);
	buf_text(out, "<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n");
	if (rows)
		add_axis(out, json_array_get(lines, 0));
	for (size_t n = 0; n < rows; n++)
		add_row(out, json_array_get(lines, n), n);
	add_legend(out, rows);
	buf_text(out, "</svg>\n");
}
