/* For --explain: an option as one writes it. */
#pragma once

/* The value, as superd.conf has it; for socket what stands behind it. NULL: a plain word, number or yes and no says it all. */
const char *example_of(const char *option);
