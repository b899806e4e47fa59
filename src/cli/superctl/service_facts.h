/* What several views want to know of a service, from what superd says of it: in full for status, shorter for list, top
 * and metrics, where a list may be a number. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

size_t service_facts_instances(const json_t *service);
bool service_facts_queue(const json_t *service, double *waiting); /* false: of no listener it is known */
bool service_facts_memory(const json_t *service, double *bytes); /* of all its instances */
bool service_facts_cpu(const json_t *service, double *seconds);
double service_facts_refused(const json_t *service);            /* for whatever reason */
void service_facts_add_endpoints(struct buf *out, const json_t *service);

/* Adds its command as ps(1) has it, and what is run in brackets where argv0 calls it otherwise. brief: without folders. */
void service_facts_add_command(struct buf *out, const json_t *service, bool brief);

/* Whether it serves, or would serve whoever came next. */
bool service_facts_is_active(const json_t *service);
