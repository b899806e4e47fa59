/* superctl as installed, and what holds its answers against their papers. */
#pragma once

#include "harness.h"

const char *superctl_path(void);

/* Runs superctl to its end with --control and these arguments. */
struct outcome superctl_answer(const char *control, const char *const *arguments);
#define SUPERCTL(control, ...) superctl_answer(control, (const char *const[]){ __VA_ARGS__, NULL })

/* What superctl why prints of a service of the superd at control_path(). */
const char *why_of(const char *service);

/* Fails the test unless the answer, as --json prints it, is as the schema has this definition. false: that can't be
 * looked at, as there is no jsonschema for python3. */
bool schema_holds(const char *definition, const char *answer);

/* The samples of metrics in either format as Prometheus' own parser reads them, one a line; NULL: there is no parser. */
const char *metrics_read(const char *text);
