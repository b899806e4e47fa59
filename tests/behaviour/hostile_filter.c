/* Stands in for superd-filter: beside itself it has a file "mode", whose word says how it answers, and a file
 * "requests", to which it adds a line for each request, with its pid and its rights in front. */
#include <limits.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETURN_ALLOW UINT64_C(0x7fff000000000006)       /* BPF_RET | BPF_K, SECCOMP_RET_ALLOW */

struct answer {
	uint32_t error, instructions, unknown;
	char rest[60000];
};

/* The file of this name beside the program. */
static FILE *open_beside(const char *name, const char *mode)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 16);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	strcpy(strrchr(path, '/') + 1, name);
	return fopen(path, mode);
}

static void note_request(char *text)
{
	FILE *out = open_beside("requests", "a");

	if (!out)
		return;
	for (char *at = text; *at; at++)
		*at = *at == '\n' ? ';' : *at;
	fprintf(out, "pid %d, uid %d, no new privileges %d, may bind %d: %s\n", (int)getpid(), (int)getuid(),
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE), text);
	fclose(out);
}

static size_t make_answer(const char *mode, struct answer *answer)
{
	const uint64_t allow = RETURN_ALLOW;
	const uint32_t far = 70;

	memset(answer, 0, sizeof(*answer));
	answer->instructions = 1;
	memcpy(answer->rest, &allow, sizeof(allow));
	if (!strcmp(mode, "short"))
		return 5;
	if (!strcmp(mode, "cut"))
		return offsetof(struct answer, rest) + 4;
	if (!strcmp(mode, "long"))
		return sizeof(*answer);
	if (!strcmp(mode, "many")) {
		answer->instructions = 4097;
		return offsetof(struct answer, rest) + 4097 * sizeof(allow);
	}
	if (!strcmp(mode, "unknown")) {
		answer->unknown = 1;
		memcpy(answer->rest + sizeof(allow), &far, sizeof(far));
		return offsetof(struct answer, rest) + sizeof(allow) + sizeof(far);
	}
	if (!strcmp(mode, "fails")) {
		answer->error = 22;
		answer->instructions = 0;
		return offsetof(struct answer, rest);
	}
	return offsetof(struct answer, rest) + sizeof(allow);
}

int main(void)
{
	static struct answer answer;
	static char text[65537];
	char mode[16] = "";
	FILE *in = open_beside("mode", "r");
	ssize_t length;

	if (!in || fscanf(in, "%15s", mode) != 1)
		return 2;
	fclose(in);
	while ((length = recv(0, text, sizeof(text) - 1, 0)) > 0) {
		text[length] = '\0';
		note_request(text);
		if (!strcmp(mode, "ends"))
			return 1;
		if (!strcmp(mode, "hangs"))
			pause();
		if (send(0, &answer, make_answer(mode, &answer), 0) < 0)
			return 1;
		if (!strcmp(mode, "stays"))
			pause();
	}
	return 0;
}
