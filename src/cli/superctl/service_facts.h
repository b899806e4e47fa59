/* Facts of a service, computed from superd's answer. status gets full answers; those of list, top and metrics are
 * shorter, and may have a number in the place of a list. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

size_t service_facts_instances(const json_t *service);          /* the number of instances */

/* Sums over the listeners or instances. false: the number is unknown. */
bool service_facts_queue(const json_t *service, double *waiting);
bool service_facts_memory(const json_t *service, double *bytes);
bool service_facts_cpu(const json_t *service, double *seconds);

double service_facts_refused(const json_t *service);            /* refused clients, for all reasons */

/* Adds the endpoints, at most so many of them, and then the number of the others: "+2". */
void service_facts_add_endpoints(struct buf *out, const json_t *service, size_t most);

/* Adds the command as ps(1) shows it, and the program in parentheses if argv0 is another name. brief: the program is
 * printed without its folder. */
void service_facts_add_command(struct buf *out, const json_t *service, bool brief);
