/* superd-web: serves `builtin = metrics` and `builtin = status`, an HTTP request over a connection that superd has
 * accepted, which is standard input and output or descriptor 3 (sd_listen_fds(3)). superd gives it a connection to its
 * control socket that may only read:
 *
 *	superd-web --channel=FD metrics [HOST]...
 *	superd-web --channel=FD status [log] [HOST]...
 *
 * It is a program of its own, and no part of superd-builtin, as it needs the JSON library, which would cost every other
 * builtin its memory and time. */

#include "os/host/host.h"
#include "superctl/superctl.h"

#define SECONDS_MOST 330 /* lifetime of the process; each of its steps ends sooner (superctl/http.c) */

int main(int argc, char **argv)
{
	static const char channel[] = "--channel=";
	struct superctl_options options = { .control = "its control socket", .timeout = -1 };
	const struct self_sandbox nothing = { .rights = 0 };
	bool is_status;
	int64_t fd = -1;

	program_begin("superd-web", false, &argc, argv);
	json_reply_need_memory("superd-web: out of memory\n");
	is_status = argc >= 3 && !strcmp(argv[2], "status");
	signal(SIGPIPE, SIG_IGN);
	if (argc < 3 || strncmp(argv[1], channel, sizeof(channel) - 1) != 0 ||
	    scan_count(argv[1] + sizeof(channel) - 1, &fd) || fd < 3 || fd > 1024 ||
	    (!is_status && strcmp(argv[2], "metrics") != 0)) {
		fprintf(stderr, "superd-web: superd starts it, for builtin = metrics or status\n");
		return 2;
	}
	alarm(SECONDS_MOST);
	options.control_fd = (int)fd;
	/* pass = systemd has the connection at descriptor 3. */
	if (getenv("LISTEN_FDS") && (dup2(3, STDIN_FILENO) < 0 || dup2(3, STDOUT_FILENO) < 0)) {
		perror("superd-web: cannot take over the connection");
		return 1;
	}
	options.hosts = (const char *const *)argv + 3;
	tzset();
	self_sandbox_enter(&nothing);
	return (is_status ? verb_page : verb_metrics_page)(&options) == CTL_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
