/* Memory for libev. It calls abort(3) where it gets none, and superd with all its sockets is not to end because somebody
 * else has taken what there was: so some is kept for it. */
#pragma once

void loop_memory_keep(void);    /* before the loop is made */
