/* The journal that a superd before has left, from any bytes: what is taken of it lies inside, a line about one thing
 * counts once, each value is within its bounds, and each text is the same when it is written again. It includes the
 * source, as only that knows its records. */
#include "superd/journal.c"

#include "fuzzer.h"

void __wrap_output_resume(struct svc *svc, int read_end, int write_end);
void __wrap_notify_resume(struct svc *svc);
double __wrap_instance_limit_left(struct instance *instance);
void __wrap_instance_limit(struct instance *instance, int64_t microseconds);

/* What a line begins is another's work. */
void __wrap_output_resume(struct svc *svc, int read_end, int write_end)
{
	(void)svc, (void)read_end, (void)write_end;
}

void __wrap_notify_resume(struct svc *svc)
{
	(void)svc;
}

double __wrap_instance_limit_left(struct instance *instance)
{
	(void)instance;
	return -1;
}

void __wrap_instance_limit(struct instance *instance, int64_t microseconds)
{
	(void)instance;
	require(microseconds > 0);
}

static void take_fd(void *context, int fd)
{
	(void)context;
	require(fd > STDERR_FILENO);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
}

static void read_record(const struct journal_record *record)
{
	static struct exec_options exec;
	static const struct service row = { .name = "web", .exec = &exec };
	struct options options = { 0 };
	struct socket_run socket_run = { 0 };
	struct socket socket = { .run = &socket_run, .fd = -1 };
	struct run run = { 0 };
	struct svc svc = { .row = &row, .run = &run, .sockets = &socket, .socket_count = 1 };
	struct instance instance = { .svc = &svc, .row = &row };
	const struct journal_line line = { .text = record->rest };

	ev_init(&run.timer, on_timer);
	if (is_kind(record, "superd")) {
		superd.options = &options;
		walk_superd(&line);
		options_free(&options);
		journal.text = -1;
	} else if (is_kind(record, "svc")) {
		walk_service(&line, &svc);
		require(svc.state < STATES);
	} else {
		walk_instance(&line, &instance);
		require(instance.phase <= OVER && instance.result < RESULTS && instance.ends <= HAS_FAILED);
		require(!instance.socket || instance.socket == &socket);
	}
	ev_timer_stop(superd.loop, &run.timer);
	free(run.notify_variable);
	free(run.cgroup);
	free(instance.cgroup);
}

static void write_again(const struct journal_line *line)
{
	struct buf out = { 0 };
	size_t length, again;
	char *text = line_take(line, "text", &length), *read;

	if (text) {
		line_add(&out, "text", text, length);
		require(!out.failed);
		read = line_take(&(struct journal_line){ .text = buf_string(&out) }, "text", &again);
		require(read && again == length && !memcmp(read, text, length));
		free(read);
	}
	free(text);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!superd.loop)
		superd.loop = ev_default_loop(EVFLAG_AUTO);
	require(text && superd.loop);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (memchr(text, '\0', size)) {
		free(text);
		return 0;
	}
	if (take_lines(text, NULL)) {
		for (size_t n = 0; n < before.count; n++) {
			const struct journal_record *record = &before.list[n];

			for (size_t other = 0; other < n && n < 100; other++)
				require(strcmp(before.list[other].key, record->key) != 0);
			each_fd(record->key, take_fd, NULL);
			each_fd(record->rest, take_fd, NULL);
		}
		journal_names_pid(2);
		for (size_t n = 0; n < before.count; n++) {
			write_again(&(struct journal_line){ .text = before.list[n].rest });
			if (!before.list[n].gone && *before.list[n].rest)
				read_record(&before.list[n]);
		}
	}
	forget_lines();
	return 0;
}
