/* The pages that superd-web serves by HTTP. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/http_field.h"
#include "superctl/superctl.h"

/* Text in HTML and in a URL. Names, messages and reasons come from tables, backends and clients: all of them pass
 * through here. */

/* Adds text for an element or a quoted attribute, visible (buf_visible) and with & < > " ' as references. */
void html_add(struct buf *out, const char *text, size_t length);
void html_text(struct buf *out, const char *text);
void html_lines(struct buf *out, const char *text); /* the same for preformatted text: tabs and line breaks stay */
void html_member(struct buf *out, const json_t *object, const char *key); /* a string member; nothing if it is none */

/* Adds text as a segment of a URL's path or as a value of its query: letters, digits, - _ ~ and . stay, others become
 * %HH. */
void html_url(struct buf *out, const char *text);

/* The head of an HTTP request (RFC 9112), as far as a server of a few pages needs it. */

#define HTTP_REQUEST_MOST 8192          /* bytes of a head */

struct http_request {
	int status;                     /* 200, or the status code to refuse the request with */
	bool is_head;                   /* HEAD: the response has no body */
	const char *path, *query;       /* parts of the head, not decoded; borrowed. NULL: the status is 400 or 505 */
	size_t path_length, query_length;
};

/* Whether the head is complete: it ends with an empty line. */
bool http_is_whole(const char *text, size_t length);

/* Parses a complete head. The status is 200 only for GET and HEAD of `path`, with any query; NULL: of any path. */
struct http_request http_parse(const char *text, size_t length, const char *path);

/* Decodes %HH, and + as a blank if is_form. false: an escape is wrong, or the text has a control character. */
bool http_decode(const char *text, size_t length, bool is_form, struct buf *out);

/* Adds the decoded value of a field of the query; none if it is missing. false: as http_decode. */
bool http_query(const struct http_request *request, const char *name, struct buf *out);

const char *http_reason(int status);    /* the reason phrase, as "Not Found" */

/* One HTTP request and its response over stdin and stdout, a connection that superd accepted. */

struct http_response {
	int status;                     /* 200; any other status has its reason for a body */
	const char *type;               /* of the body */
	struct buf body;
};

struct http_view {
	const char *name;               /* for messages */
	const char *builtin;            /* its word in superd.conf */
	const char *path;               /* as for http_parse */
	const char *fields;             /* further lines of the head */
	/* Answers a request that is right. Returns the exit status, and has printed why. */
	enum ctl_status (*answer)(const struct superctl_options *options, const struct http_request *request,
				  struct http_response *response);
};

/* Reads a request, and answers it. options->hosts: names that Host may have besides an address and localhost, as a
 * protection against DNS rebinding; NULL: any. A client that sends nothing gets nothing. Then it reads until the client
 * closes its side, for a limited time. That the client has left is no failure. */
enum ctl_status http_serve(const struct http_view *view, const struct superctl_options *options);

/* The bars of superd's answer to timeline --cells: one letter for each cell of time. */

#define TIMELINE_CELLS_MOST 512         /* of a bar; superd takes no more */

struct timeline_phase {
	char letter;                    /* as superd sends it */
	const char *word;               /* for people */
	const char *class;              /* in the style sheet of the status page */
};

extern const struct timeline_phase timeline_phases[];
extern const size_t timeline_phase_count;

/* The bar of a service's line, at most TIMELINE_CELLS_MOST bytes; "": there is none. */
const char *timeline_bar(const json_t *line);

/* Adds the words of the phases in the bar: "asleep, running". */
void timeline_bar_add_words(struct buf *out, const char *bar);

/* The word and the class of the mark of a failure that was too short for its letter. */
#define TIMELINE_FAULT_WORD "failing for a moment"
#define TIMELINE_FAULT_CLASS "t-failed"

/* Adds such marks as one path, below the cells: as wide as they, and a third as high. Nothing if there are none. */
void timeline_bar_add_faults(struct buf *out, const json_t *line);
bool timeline_bar_has_faults(const json_t *line);

/* How much time a bar is about. */
struct timeline_span {
	double seconds;
	const char *since;              /* as an option of timeline */
	const char *title, *label;      /* in full, and short */
};

/* The shortest span that holds all of what superd has lived, so that the bar is not blank on the first day; at last 6 h. */
const struct timeline_span *timeline_span_of(double lived);

/* Adds the bar as one path of SVG for each phase in it; a cell is `width` wide and `height` high. */
void timeline_bar_add_paths(struct buf *out, const char *bar, unsigned width, unsigned height);

#define TIMELINE_TIMES_MOST 24

/* Chooses the times beside the bars: round ones of the local clock, with equal steps, from `from` on and before `until`,
 * Unix seconds, at multiples of 1, 2, 5, 10, 15 or 30 min, or of 1, 2, 3, 6 or 12 h since midnight: the least of these
 * steps that gives at most `most`, and TIMELINE_TIMES_MOST. most: 1 at least. Returns how many; 0: the two are no times
 * of a calendar. */
size_t timeline_axis(double from, double until, size_t most, double times[TIMELINE_TIMES_MOST]);

/* The pages of builtin = status in HTML, composed from superd's answers. They need no script; page.js only refreshes
 * them, by putting the elements of a new page with class "live" in place of the old ones. */

#define PAGE_CELLS 96                   /* of the bars in the overview */
#define PAGE_CELLS_OF_ONE 360           /* of the bar on the page of a service */
#define PAGE_SERVICES 5000              /* rows of the overview; a filter shows the others */

/* superd's answers; all borrowed. */
struct overview {
	const json_t *metrics;          /* array: superd's own line, then one for each service */
	const json_t *timelines;        /* object: name to the line of timeline --cells */
	const struct timeline_span *span;       /* of these */
	const json_t *failed;           /* object: name to the line of status, for services with failures; may lack some */
	const json_t *faulty;           /* object: name to the line of list --failed */
	const char *filter;             /* part of a service's name, endpoint or state, case-insensitive; "": all services */
	bool failed_only;               /* only services with a fault now, those of list --failed */
};

struct service_page {
	const json_t *status;           /* the service's line of status */
	const json_t *row;              /* the same of show; NULL: the page is without details */
	const json_t *bar, *timeline;   /* the same of timeline, with --cells and without; NULL: unknown */
	const struct timeline_span *span;       /* of the bar */
	const json_t *log;              /* array of the lines of log, the oldest first; NULL: the page is without details */
};

void page_add_overview(struct buf *out, const struct overview *overview);
void page_add_service(struct buf *out, const struct service_page *page);

extern const char page_css[], page_js[];
