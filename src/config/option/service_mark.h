/* Where a service set one of its options. An option that only a socket { } sets counts as set too. */
#pragma once

#include <stdbool.h>

#include "config/service/service.h"

/* Where this service's own text set the directive of this name, also inside a socket { }; NULL when it didn't. */
const struct mark *service_mark(const struct service *service, const char *directive);

/* Whether the service set it to something that was refused, so that nothing can be said of it. */
bool service_is_unclear(const struct service *service, const char *directive);

/* The place of a mark of this service. */
struct origin service_place(const struct service *service, const struct mark *mark);

/* The place where the service set the directive; the service's own place if it did not. */
struct origin service_origin(const struct service *service, const char *directive);
