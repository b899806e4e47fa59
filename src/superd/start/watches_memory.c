/* For the present daemon alone; superd's daemon anew has its own. */
#include "superd/start/cgroup_settings.h"

const bool cgroup_settings_watches_memory = false;
