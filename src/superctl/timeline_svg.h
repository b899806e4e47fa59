/* A timeline as a picture in SVG, complete in one file. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"

#define TIMELINE_SVG_CELLS 360          /* of each bar */

/* Adds the picture of these lines of superd's answer to timeline --cells. */
void timeline_svg_add(struct buf *out, const json_t *lines);
