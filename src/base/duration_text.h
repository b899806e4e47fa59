/* A span of time as people read it, one way for all that superd and superctl say: "320 us" "3.2 ms" "189 ms" "1.5 s"
 * "12 s" "3 min 5 s" "1 h" "2 d 4 h". */
#pragma once

#define DURATION_MOST 40

/* The text, in out. Of what is no span, as a stranger may send it, "?". */
const char *duration_write(char out[DURATION_MOST], double seconds);

/* The same without fractions of a second: "0 s" "12 s". */
const char *duration_write_whole(char out[DURATION_MOST], double seconds);
