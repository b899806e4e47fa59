/* How far something is that was asked for and takes its time. */
#pragma once

enum standing { UNDER_WAY, DONE, FAILED };
