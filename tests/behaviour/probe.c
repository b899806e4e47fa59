/* A backend that tries what it may not be allowed, and tells what came of it: a line an attempt, "ATTEMPT RESULT",
 * the result being ok, the name of an error, that of a signal, or what was found.
 *
 *   probe ATTEMPT[:ARGUMENT] …
 *
 * It knows nothing of superd. The hard thing is to try without doing harm where it is allowed: nothing of the
 * machine is changed, only asked for in the way that a change would be; and what may kill is tried by a child. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe_attempts.h"

char probe_found[4096];

int probe_tell(long number)
{
	snprintf(probe_found, sizeof(probe_found), "%ld", number);
	return 0;
}

static const struct attempt {
	const char *name;
	int (*run)(const char *argument);
	bool apart;                     /* it may kill, or change who tries it */
} attempts[] = {
	{ "write", try_write, false },
	{ "open", try_open, false },
	{ "open-to-write", try_open_to_write, false },
	{ "list", try_list, false },
	{ "read", try_read, false },
	{ "run", try_run, true },
	{ "namespace", try_namespace, false },
	{ "interfaces", try_interfaces, false },
	{ "socket", try_socket, false },
	{ "unshare", try_unshare, true },
	{ "enter", try_enter, true },
	{ "map", try_map, false },
	{ "protect", try_protect, false },
	{ "attach", try_attach, false },
	{ "schedule", try_schedule, true },
	{ "suid", try_suid, false },
	{ "new-suid", try_new_suid, false },
	{ "nameless-suid", try_nameless_suid, false },
	{ "personality", try_personality, true },
	{ "ask-personality", try_ask_personality, false },
	{ "host-name", try_host_name, true },
	{ "clock", try_clock, true },
	{ "kernel-log", try_kernel_log, true },
	{ "module", try_module, true },
	{ "ports", try_ports, true },
	{ "node", try_node, false },
	{ "mount", try_mount, true },
	{ "bound", try_bound, false },
	{ "held", try_held, false },
	{ "no-new-privileges", try_no_new_privileges, false },
	{ "keyring", try_keyring, false },
	{ "user", try_user, false },
	{ "owner", try_owner, false },
	{ "socket-of-32-bits", try_socket_of_32_bits, true },
};

static const char *run(const struct attempt *attempt, const char *argument)
{
	probe_found[0] = '\0';
	if (attempt->run(argument) < 0)
		return strerrorname_np(errno);
	return probe_found[0] ? probe_found : "ok";
}

static const char *run_apart(const struct attempt *attempt, const char *argument)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(attempt->run(argument) < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return strerrorname_np(errno);
	if (WIFSIGNALED(status))
		snprintf(probe_found, sizeof(probe_found), "SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(probe_found, sizeof(probe_found), "%s",
			 WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "ok");
	return probe_found;
}

static int try_one(const char *word)
{
	size_t length = strcspn(word, ":");
	const char *argument = word + length + (word[length] == ':');

	for (size_t n = 0; n < sizeof(attempts) / sizeof(attempts[0]); n++) {
		if (strlen(attempts[n].name) != length || memcmp(attempts[n].name, word, length) != 0)
			continue;
		printf("%s %s\n", word,
		       attempts[n].apart ? run_apart(&attempts[n], argument) : run(&attempts[n], argument));
		return 0;
	}
	fprintf(stderr, "probe: %s is no attempt\n", word);
	return 1;
}

int main(int count, char **words)
{
	int result = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int n = 1; n < count; n++)
		result |= try_one(words[n]);
	return result;
}
