/* Exit statuses and signals by name. The names of statuses are those of sysexits.h and systemd.exec(5), "PROCESS
 * EXIT CODES". A number is always an exit status here; a signal needs its name. */
#include "table/service/service.h"

static const struct {
	const char *name;
	int status;
} names[] = {
	{ "SUCCESS", 0 }, { "FAILURE", 1 }, { "INVALIDARGUMENT", 2 }, { "NOTIMPLEMENTED", 3 },
	{ "NOPERMISSION", 4 }, { "NOTINSTALLED", 5 }, { "NOTCONFIGURED", 6 }, { "NOTRUNNING", 7 },
	{ "USAGE", 64 }, { "DATAERR", 65 }, { "NOINPUT", 66 }, { "NOUSER", 67 }, { "NOHOST", 68 },
	{ "UNAVAILABLE", 69 }, { "SOFTWARE", 70 }, { "OSERR", 71 }, { "OSFILE", 72 },
	{ "CANTCREAT", 73 }, { "IOERR", 74 }, { "TEMPFAIL", 75 }, { "PROTOCOL", 76 }, { "NOPERM", 77 },
	{ "CONFIG", 78 }, { "CHDIR", 200 }, { "NICE", 201 }, { "FDS", 202 }, { "EXEC", 203 },
	{ "MEMORY", 204 }, { "LIMITS", 205 }, { "OOM_ADJUST", 206 }, { "SIGNAL_MASK", 207 },
	{ "STDIN", 208 }, { "STDOUT", 209 }, { "CHROOT", 210 }, { "IOPRIO", 211 },
	{ "TIMERSLACK", 212 }, { "SECUREBITS", 213 }, { "SETSCHEDULER", 214 }, { "CPUAFFINITY", 215 },
	{ "GROUP", 216 }, { "USER", 217 }, { "CAPABILITIES", 218 }, { "CGROUP", 219 },
	{ "SETSID", 220 }, { "CONFIRM", 221 }, { "STDERR", 222 }, { "PAM", 224 }, { "NETWORK", 225 },
	{ "NAMESPACE", 226 }, { "NO_NEW_PRIVILEGES", 227 }, { "SECCOMP", 228 },
	{ "SELINUX_CONTEXT", 229 }, { "PERSONALITY", 230 }, { "APPARMOR", 231 }, { "APPARMOR_PROFILE", 231 },
	{ "ADDRESS_FAMILIES", 232 }, { "RUNTIME_DIRECTORY", 233 }, { "CHOWN", 235 },
	{ "SMACK_PROCESS_LABEL", 236 }, { "KEYRING", 237 }, { "STATE_DIRECTORY", 238 },
	{ "CACHE_DIRECTORY", 239 }, { "LOGS_DIRECTORY", 240 }, { "CONFIGURATION_DIRECTORY", 241 },
	{ "NUMA_POLICY", 242 }, { "CREDENTIALS", 243 }, { "BPF", 245 }, { "EXCEPTION", 255 },
};

/* Parses an exit status or a signal, and sets the other one to -1. false: it is neither. */
static bool parse_status(const char *word, int *status, int *signal)
{
	int64_t number;

	*status = *signal = -1;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		if (!strcmp(names[n].name, word)) {
			*status = names[n].status;
			return true;
		}
	}
	if (!scan_count(word, &number)) {
		if (number < 0 || number > 255)
			return false;
		*status = (int)number;
		return true;
	}
	return !scan_signal(word, signal);
}

const char *exit_status_refuse(const char *word)
{
	int status, signal;

	if (parse_status(word, &status, &signal))
		return NULL;
	return "expected an exit status from 0 to 255, the name of one, as TEMPFAIL, or of a signal, as SIGKILL";
}

bool exit_status_has_number(words set)
{
	int status, signal;

	for (; set && *set; set++) {
		if (parse_status(*set, &status, &signal) && status >= 0)
			return true;
	}
	return false;
}

bool exit_status_is_in(words set, int status)
{
	int exited, signal;

	for (; set && *set; set++) {
		if (!parse_status(*set, &exited, &signal))
			continue;
		if (WIFEXITED(status) ? WEXITSTATUS(status) == exited
				      : WIFSIGNALED(status) && WTERMSIG(status) == signal)
			return true;
	}
	return false;
}
