/* The progress of an order that may take time. */
#pragma once

enum standing { UNDER_WAY, DONE, FAILED };
