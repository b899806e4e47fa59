/* How long a test waits for what must come, until it says that it hangs. Criterion ends it some seconds later (.timeout). */
#pragma once

#define HANG_MS 100000
