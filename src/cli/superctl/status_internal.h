/* The paragraphs of superctl status: each adds one or more labelled lines about a service, or nothing if superd has
 * sent nothing about it. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "cli/superctl/screen.h"

/* Adds "      State: ", aligned at the colon. */
void status_add_label(struct buf *out, const char *label);

void status_add_listeners(struct buf *out, const json_t *service);
void status_add_instances(struct buf *out, const struct screen *screen, const json_t *service);
void status_add_outdated(struct buf *out, const struct screen *screen, const json_t *service);
void status_add_counts(struct buf *out, const json_t *service);
void status_add_activation(struct buf *out, const json_t *service);
void status_add_exit(struct buf *out, const json_t *service);
void status_add_failures(struct buf *out, const json_t *service);
void status_add_refusals(struct buf *out, const json_t *service);
void status_add_pause(struct buf *out, const struct screen *screen, const json_t *service);
void status_add_idle(struct buf *out, const json_t *service);

/* Why the last reload was refused, if it was. */
void status_add_refused(struct buf *out, const json_t *version);

/* superd's own privileges, in one line, and in full; an older superd does not send them. */
void status_add_posture_line(struct buf *out, const json_t *version);
void status_add_posture(struct buf *out, const json_t *version);

void status_add_warm(struct buf *out, const struct screen *screen, const json_t *service);
void status_add_log(struct buf *out, const struct screen *screen, const json_t *service);
