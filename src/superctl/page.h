/* The pages of builtin = status in HTML, composed from superd's answers. They need no script; page.js only refreshes
 * them, by putting the elements of a new page with class "live" in place of the old ones. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "lib/buf.h"
#include "superctl/timeline_bar.h"

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
