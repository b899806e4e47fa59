/* Memory that the project's own code is refused. The linker hands its calls over; those of libraries go on as they were. */
#pragma once

#include <stdbool.h>

struct scarce {
	bool all;               /* each time is refused */
	unsigned refused;       /* or this one, 0: none */
	unsigned more;          /* and so many after it */
	unsigned asked;         /* how often memory was asked for */
};

extern struct scarce scarce;
