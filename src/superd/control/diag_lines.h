/* The diagnostics of a reading of the table as lines of an answer. They are copied, as the answer may take longer than
 * they live. */
#pragma once

#include "lib/buf.h"
#include "lib/diag.h"
#include "superd/control/session.h"

/* Begins zeroed. */
struct diag_lines {
	struct buf text;                /* lines, with a newline before each; owned */
	size_t sent;                    /* bytes of text that are sent */
};

void diag_lines_add(struct diag_lines *lines, const struct diags *diags);       /* if memory lacks: text.failed */
bool diag_lines_send(struct diag_lines *lines, struct session *session); /* sends while there is room; true: all are sent */
void diag_lines_free(struct diag_lines *lines);
