/* access_times: "HH:MM-HH:MM", both minutes included, also over midnight. */
#pragma once

#include <stdbool.h>

#include "config/service/service.h"

/* Why this word is no span of time; NULL when it is one. */
const char *times_refuse_word(const char *word);

/* Whether a minute of the day, 0 to 1439, lies in one of them; no spans: always. */
bool times_include(words spans, unsigned minute);
