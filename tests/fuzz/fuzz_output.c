/* What superd-output may answer, from any bytes, as it reads what programs print: superd takes no text from outside of
 * the answer, and keeps lines that it may print, in the order of their times, or gives superd-output up. The first two
 * bytes are the length of a first answer; the rest is a second one. It includes the source, as only that knows its
 * state. */
#include "superd/output.c"

#include "fuzzer.h"

static struct {
	const uint8_t *bytes;
	size_t length;
} answer_left[2];

ssize_t __wrap_recv(int fd, void *to, size_t size, int flags);
struct svc *__wrap_svc_find(const char *name);
void __wrap_control_log(const char *service, enum level level, const struct event *event, const char *text,
			size_t length);
void __wrap_log_say(struct log *log, enum level level, const char *format, ...);

/* Of SOCK_SEQPACKET: what does not fit is lost, and the end is a message of no bytes. */
ssize_t __wrap_recv(int fd, void *to, size_t size, int flags)
{
	size_t length = answer_left[0].length < size ? answer_left[0].length : size;

	require(fd == superd.output.fd && flags == MSG_DONTWAIT);
	if (length)
		memcpy(to, answer_left[0].bytes, length);
	memset((char *)to + length, 'x', size - length); /* of an answer before */
	answer_left[0] = answer_left[1];
	answer_left[1].length = 0;
	return (ssize_t)length;
}

static struct service row = { .name = "web" };
static struct run run;
static struct svc web = { .row = &row, .run = &run };

struct svc *__wrap_svc_find(const char *name)
{
	return strcmp(name, "web") == 0 ? &web : NULL;
}

void __wrap_control_log(const char *service, enum level level, const struct event *event, const char *text,
			size_t length)
{
	char *copy = malloc(length + 1);

	require(copy && service == row.name && level <= LEVEL_DEBUG && event->name && length < OUTPUT_ANSWER_MOST);
	memcpy(copy, text, length);
	free(copy);
}

void __wrap_log_say(struct log *log, enum level level, const char *format, ...)
{
	(void)log, (void)level;
	require(format);
}

static void check_ring(void)
{
	unsigned count = run.ring.next < run.ring.room ? run.ring.next : run.ring.room;
	double before = 0;

	require(run.ring.room <= RING);
	for (unsigned n = run.ring.next - count; n < run.ring.next; n++) {
		const struct ring_line *line = &run.ring.lines[n % run.ring.room];

		require(line->at >= before && line->level <= LEVEL_INFO && line->text);
		require(strlen(line->text) <= OUTPUT_KEPT);
		before = line->at;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = size < 2 ? 0 : data[0] | data[1] << 8;
	struct output output = { .svc = &web, .read_end = -1, .write_end = -1, .number = 1 };

	if (size < 2)
		return 0;
	first = first < size - 2 ? first : size - 2;
	answer_left[0].bytes = data + 2;
	answer_left[0].length = first;
	answer_left[1].bytes = data + 2 + first;
	answer_left[1].length = size - 2 - first;
	memset(&self.state, 0, sizeof(self.state));
	memset(&run, 0, sizeof(run));
	run.output = &output;
	superd.life = SUPERD_IS_OVER;   /* starts none again */
	superd.output.fd = 1 << 20;     /* no descriptor has this number */
	for (int n = 0; n < 2 && superd.output.fd >= 0; n++)
		take_answer();
	check_ring();
	require(strlen(run.last_line) < sizeof(run.last_line) && self.state.is_ready <= 1);
	for (unsigned n = 0; n < run.ring.room; n++)
		free(run.ring.lines[n].text);
	free(run.ring.lines);
	superd.output.fd = -1;
	return 0;
}
