/* The table of dialects. inetd(8) of each system documents most of it; the rest was observed on the programs
 * themselves.
 *
 * Where dialects contradict each other, superd's own row has the choice that surprises least on a current system. */
#include "read/inetd/dialect.h"

static const struct inetd_dialect dialects[COMPATS] = {
	[COMPAT_NONE] = {
		.quoting = QUOTING_FULL, .continues = true, .bare = BARE_BOTH, .pause = "10min", .unix_mode = "0666",
	},
	[COMPAT_OPENBSD] = {            /* Debian's openbsd-inetd */
		.quoting = QUOTING_NONE, .continues = true, .bare = BARE_BOTH, .udp6_is_dual = true, .dot = DOT_FIRST,
		.root_keeps_group = true, .wait = WAIT_ELSE, .rate = 256, .rate_less = true, .number_less = true,
		.zero_is_default = true, .pause = "10min", .unix_mode = "0666",
	},
	[COMPAT_FREEBSD] = {
		.quoting = QUOTING_WHOLE, .continues = true, .bare = BARE_IPV4, .dot = DOT_KEPT, .rate = 256,
		.rate_less = true, .pause = "10min", .unix_mode = "0200", .wraps_program = true,
		.wait = WAIT_PREFIX,
	},
	[COMPAT_NETBSD] = {
		.quoting = QUOTING_PLAIN, .continues = true, .bare = BARE_IPV4, .tcp6_is_dual = true,
		.udp6_is_dual = true, .dot = DOT_SPLITS, .rate = 40, .zero_is_never = true,
		.pause = "10min", .unix_mode = "0755",
	},
	[COMPAT_GNU] = {
		.quoting = QUOTING_PLAIN, .bare = BARE_IPV4, .tcp6_is_dual = true, .udp6_is_dual = true,
		.dot = DOT_SPLITS, .root_keeps_group = true, .wait = WAIT_ELSE, .rate = 1000, .rate_less = true,
		.pause = "10min", .unix_mode = "0666", .adds_tcpmux = true, .zero_is_default = true,
	},
	[COMPAT_BUSYBOX] = {
		.quoting = QUOTING_NONE, .continues = true, .bare = BARE_IPV4, .tcp6_is_dual = true,
		.udp6_is_dual = true, .dot = DOT_FIRST, .rate_less = true, .number_less = true, .pause = "1min",
		.unix_mode = "0755", .searches_path = true,
	},
	[COMPAT_XINETD] = {
		.quoting = QUOTING_NONE, .continues = true, .bare = BARE_DUAL, .tcp6_is_dual = true,
		.udp6_is_dual = true, .dot = DOT_FIRST, .wait = WAIT_ELSE, .pause = "10min", .unix_mode = "0666",
	},
};

const struct inetd_dialect *inetd_dialect(enum compat compat)
{
	return &dialects[compat < COMPATS ? compat : COMPAT_NONE];
}
