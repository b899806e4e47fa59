/* Text in HTML and in a URL. Names, messages and reasons come from tables, backends and clients: all of them pass
 * through here. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "lib/buf.h"

/* Adds text for an element or a quoted attribute, visible (buf_visible) and with & < > " ' as references. */
void html_add(struct buf *out, const char *text, size_t length);
void html_text(struct buf *out, const char *text);
void html_lines(struct buf *out, const char *text); /* the same for preformatted text: tabs and line breaks stay */
void html_member(struct buf *out, const json_t *object, const char *key); /* a string member; nothing if it is none */

/* Adds text as a segment of a URL's path or as a value of its query: letters, digits, - _ ~ and . stay, others become
 * %HH. */
void html_url(struct buf *out, const char *text);
