/* Notifications from any bytes: no read behind them, texts lie inside, names are fit for LISTEN_FDNAMES, and what was
 * passed over does not count. */

#include "superd/main.h"
#include "fuzzer.h"

static void expect_inside(struct note_text text, const char *bytes, size_t size)
{
	if (!text.at)
		return;
	require(text.at >= bytes && text.length <= size && text.at + text.length <= bytes + size);
	require(!memchr(text.at, '\n', text.length));
}

static void expect_name(struct note_text name)
{
	for (size_t n = 0; n < name.length; n++)
		require(name.at[n] >= ' ' && name.at[n] <= '~' && name.at[n] != ':');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1); /* of its own size, so that a read behind it is seen */
	struct notify_message message;

	if (!bytes)
		return 0;
	if (size)
		memcpy(bytes, data, size);
	if (notify_message_parse(bytes, size, &message) && message.flags & NOTE_BARRIER)
		require(message.flags == NOTE_BARRIER && message.main_pid == NOTE_UNSET);
	expect_inside(message.status, bytes, size);
	expect_inside(message.name, bytes, size);
	expect_inside(message.wrong, bytes, size);
	if (message.name.at)
		expect_name(message.name);
	require(message.extend >= NOTE_UNSET && message.watchdog_every >= NOTE_UNSET);
	require(message.main_pid >= NOTE_UNSET && message.main_pid <= INT32_MAX);
	free(bytes);
	return 0;
}
