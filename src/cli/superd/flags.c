/* The table of superd's flags.
 *
 * A help text is one short line: --help prints it, and the completion scripts of the shells quote it
 * (print_completion.c). */
#include "cli/superd/flags.h"

#include <string.h>

#include "base/scan.h"

const struct flag flags[FLAGS] = {
	[FLAG_FILE] = { "file", 'f', TAKES_FILES, .repeats = true, .argument = "[FORMAT:]FILE",
			.help = "read this table; may be given several times" },
	[FLAG_COMPAT] = { "compat", .takes = TAKES_WORDS, .argument = "NAME",
			  .words = "openbsd freebsd netbsd gnu busybox xinetd",
			  .help = "read inetd's tables as openbsd, freebsd, netbsd, gnu, busybox or xinetd do" },
	[FLAG_LISTEN] = { "listen", 'l', TAKES_SOMETHING, .repeats = true, .argument = "ENDPOINT",
			  .help = "one service without a file: its command stands behind --" },
	[FLAG_ACCEPT] = { "accept", 'a', .help = "with -l: an instance a connection" },
	[FLAG_DATAGRAM] = { "datagram", 'd', .help = "with -l: a datagram socket, where the endpoint names no kind" },
	[FLAG_SEQPACKET] = { "seqpacket", .help = "with -l: the same for packets in sequence" },
	[FLAG_INETD] = { "inetd", .help = "with -l: pass the socket as stdin and stdout" },
	[FLAG_NOW] = { "now", .help = "with -l: start at once, not with the first connection" },
	[FLAG_FDNAME] = { "fdname", .takes = TAKES_SOMETHING, .repeats = true, .argument = "NAME[:NAME]...",
			  .help = "with -l: the names of the sockets in LISTEN_FDNAMES" },
	[FLAG_SETENV] = { "setenv", 'E', TAKES_SOMETHING, .repeats = true, .argument = "NAME[=VALUE]",
			  .help = "with -l: set a variable, or pass superd's own on" },
	[FLAG_CHECK] = { "check", .help = "read and check the table, say all that is wrong, and exit" },
	[FLAG_PRINT] = { "print", .takes = TAKES_WORDS, .optional = true, .argument = "WHAT",
			 .words = "conf comments json mdoc bash zsh compat states",
			 .help = "the table as understood: conf, comments, json; or mdoc, bash, zsh, compat, states" },
	[FLAG_EXPLAIN] = { "explain", .takes = TAKES_OPTIONS, .argument = "OPTION",
			   .help = "say what an option of a table means; without OPTION list them all" },
	[FLAG_NO_PREFLIGHT] = { "no-preflight", .help = "do not look at this machine: a table for another" },
	[FLAG_KEEP_GOING] = { "keep-going", .help = "leave services with errors out and run the rest" },
	[FLAG_UNSUPPORTED] = { "unsupported", .takes = TAKES_WORDS, .argument = "WHAT", .words = "refuse warn",
			       .help = "what units ask for and superd lacks: refuse (default) or warn" },
	[FLAG_DAEMON] = { "daemon", .help = "go to the background once every socket was tried" },
	[FLAG_PID_FILE] = { "pid-file", .takes = TAKES_FILES, .argument = "FILE",
			    .help = "write superd's pid there" },
	[FLAG_PROCESS_NAME] = { "process-name", .takes = TAKES_SOMETHING, .argument = "NAME",
				.help = "what ps shows, and update-inetd looks for (superd)" },
	[FLAG_LOG] = { "log", .takes = TAKES_WORDS, .argument = "DEST", .words = "stderr syslog",
		       .help = "stderr (default), syslog[:FACILITY] or file:PATH" },
	[FLAG_LOG_FORMAT] = { "log-format", .takes = TAKES_WORDS, .argument = "FORMAT", .words = "text json",
			      .help = "text (default) or json" },
	[FLAG_LOG_LEVEL] = { "log-level", .takes = TAKES_WORDS, .argument = "LEVEL",
			     .words = "error warning notice info debug",
			     .help = "error, warning, notice, info (default) or debug" },
	[FLAG_CONTROL] = { "control", .takes = TAKES_FILES, .argument = "PATH",
			   .help = "where superctl finds this superd; none: nowhere" },
	[FLAG_CONTROL_GROUP] = { "control-group", .takes = TAKES_SOMETHING, .argument = "GROUP",
				 .help = "whose members may look at it, and do nothing" },
	[FLAG_STOP_DELAY] = { "stop-delay", .takes = TAKES_SOMETHING, .argument = "DURATION",
			      .help = "go on for so long when told to stop, then stop (0s)" },
	[FLAG_STOP_TIMEOUT] = { "stop-timeout", .takes = TAKES_SOMETHING, .argument = "DURATION",
				.help = "from the order to stop to SIGKILL (8s)" },
	[FLAG_VERSION] = { "version", .help = "say which version this is" },
	[FLAG_HELP] = { "help", 'h', .help = "this text" },
};

const struct flag *flag_find(const char *name)
{
	name += strspn(name, "-");
	for (size_t n = 0; n < FLAGS; n++) {
		const char *own = flags[n].name, *given = name;

		while (*own && (*given == *own || (*given == '_' && *own == '-')))
			own++, given++;
		if (!*own && !*given)
			return &flags[n];
	}
	return NULL;
}

const struct flag *flag_near(const char *word)
{
	const struct flag *nearest = NULL;
	unsigned most = 2;
	char name[64];
	size_t length;

	word += strspn(word, "-");
	length = strcspn(word, "=");
	if (!length || length >= sizeof(name))
		return NULL;
	memcpy(name, word, length);
	name[length] = '\0';
	for (size_t n = 0; n < FLAGS; n++) {
		unsigned distance = scan_distance(flags[n].name, name, most);

		if (distance > most || (nearest && distance == most))
			continue;
		nearest = &flags[n];
		most = distance;
	}
	return nearest;
}
