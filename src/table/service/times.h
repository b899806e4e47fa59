/* Times of the day (access_times): "HH:MM-HH:MM", both minutes included. If the end is before the beginning, the span
 * goes over midnight. */
#pragma once

#include <stdbool.h>

#include "table/service/service.h"

/* Returns NULL, or why this word is no span of time. */
const char *times_refuse_word(const char *word);

/* Whether a minute of the day, 0 to 1439, is in one of the spans; without spans it always is. */
bool times_include(words spans, unsigned minute);
