/* Any operator's program may have sent these lines. */
#include "superd/control/run_message.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/scan.h"

/* Reads a number of at most 4 digits, and moves *text behind it. false: there is none. */
static bool take_number(const char **text, unsigned short *number)
{
	size_t length = strspn(*text, "0123456789");

	if (!length || length > 4)
		return false;
	*number = (unsigned short)strtoul(*text, NULL, 10);
	*text += length;
	return true;
}

const char *run_message_read_size(const char *text, struct console_size *size)
{
	if (take_number(&text, &size->rows) && *text++ == 'x' && take_number(&text, &size->columns) && !*text)
		return NULL;
	return "expected ROWSxCOLUMNS, as 24x80";
}

static const char *read_signal(const char *text, int *signal)
{
	const char *refusal = scan_signal(text, signal);

	if (refusal)
		return refusal;
	if (*signal != SIGINT && *signal != SIGQUIT && *signal != SIGTERM && *signal != SIGHUP)
		return "expected INT, QUIT, TERM or HUP";
	return NULL;
}

/* Returns what stands behind the word and a space; "" if nothing does; NULL: the line begins otherwise. */
static const char *skip_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(line, word, length) != 0 || (line[length] && line[length] != ' '))
		return NULL;
	return line + length + (line[length] == ' ');
}

const char *run_message_read(struct run_message *message, const char *line)
{
	static const char *const words[] = {
		[RUN_INPUT] = "input", [RUN_END] = "end", [RUN_SIZE] = "size", [RUN_SIGNAL] = "signal",
	};
	const char *rest = NULL;

	for (int kind = RUN_INPUT; kind <= RUN_SIGNAL && !rest; kind++) {
		message->kind = kind;
		rest = skip_word(line, words[kind]);
	}
	if (!rest)
		return "expected input, end, size or signal";
	switch (message->kind) {
	case RUN_INPUT:
		if (!base64_decode(rest, &message->input))
			return "its input is no base64";
		return message->input.failed ? "out of memory" : NULL;
	case RUN_END:
		return *rest ? "end stands alone" : NULL;
	case RUN_SIZE:
		return run_message_read_size(rest, &message->size);
	case RUN_SIGNAL:
		break;
	}
	return read_signal(rest, &message->signal);
}
