/* What goes over to the next superd, after a death and over an upgrade: a memory file of lines, each with all that is
 * to be known of one thing, and the text of the configuration beside it, which a line names.
 *
 *   superd journal 3
 *   +superd - version=0.1.0 control_fd=#5 text=#9
 *   +fd #37 of=web address=tcp:80            a listening socket
 *   +svc web due=1                           what is not so for each service that listens
 *   +store #41 of=web name=state             a descriptor that it keeps for its next start
 *   +start 17 of=web phase=5 main=4711 ...   an instance
 *   +client #43 of=web judged=1              a client that waits for its program
 *   +command - child=4711                    the main command that was started, until all is written anew
 *   -pid 4711 0                              a child has ended: its wait status
 *   +remove 4711 name=web ...                what a service has left is being removed
 *
 * A line takes the place of the one before with the same first two words; with - in front it takes that away. #N is a
 * descriptor: the next superd closes what no line names. The lines of a turn of the loop are written at its end, and
 * before a process is forked, which itself writes the line of its instance: so a superd that dies at any moment
 * has started what a line names, and no more. All is written anew at a reload, and when the file has grown. The ends
 * that the guard has seen, and of which no line tells yet, are in its page (guard.c).
 *
 * Not in it, so it is lost or begins anew: clients about whom superd-lookup is asked, but at an upgrade, sessions of
 * superctl, counters, history, pauses, and what limits have counted. What is held or disabled is in files of its own
 * (orders.c).
 *
 * Each thing has one list of its fields, which writes and reads (lines.c). An instance that an earlier entry of its
 * service has started is judged by the present one behind a death. */
#include "superd/daemon.h"

#include <search.h>
#include <sys/mman.h>
#include <sys/uio.h>

#define HEAD "superd journal 3\n"
#define LINES_KEPT (16 << 10) /* bytes of the buffer for them, which is freed when it was larger */
#define GROWTH (256 << 10)    /* bytes, until all is written anew, or as many as that has */
#define TEXT_MOST (256 << 20) /* bytes of it, and of the configuration */
#define CHECKED_MOST (64 << 10) /* bytes that tests check in each turn, */
#define TURNS_BETWEEN 64	/* and how many turns a longer one is not */

#ifdef SPAWN_FORK /* then a child may write its line behind the turn that has made it */
#define FORKS_CHILDREN true
#else
#define FORKS_CHILDREN false
#endif

static struct {
	int fd;				/* -1: nobody would read it */
	struct buf lines;		/* of this turn, not written yet */
	off_t whole, size;		/* of the file: all at once, what came since */
	bool is_written;		/* once: else all will be, and nothing is to be said */
	bool has_failed, due, text_due; /* due: all is to be written anew */
	bool is_checked;		/* by tests */
	unsigned turns;			/* that were not, as it is long */
	int text, stale;
	struct list services, instances; /* that have changed in this turn */
	struct buf child;		 /* line of an instance whose process is about to be made */
	bool child_is_command;
	struct {
		char version[80];
		int control, output, programs[PROGRAMS];
		unsigned found;
		pid_t output_pid;
	} said; /* of superd itself, or of the one before */
} journal = { .fd = -1,
	      .text = -1,
	      .stale = -1,
	      .said = { .control = -1, .output = -1 },
	      .services = { &journal.services, &journal.services },
	      .instances = { &journal.instances, &journal.instances } };

/* ---- the fields ---- */

static void walk_superd(const struct journal_line *line)
{
	bool stopping = line->out && superd_is_stopping(), keeps = false;

	for (size_t n = 0; line->out && n < superd.table->skipped_count; n++)
		keeps |= superd.table->skipped[n].is_kept;
	WALK(line, "version", journal.said.version);
	settings_walk(line, superd.options);
	WALK(line, "keeps", keeps);
	WALK_FD(line, "text", journal.text);
	WALK_FD(line, "control_fd", journal.said.control);
	WALK_FD(line, "output", journal.said.output);
	WALK(line, "output_pid", journal.said.output_pid);
	WALK_FD(line, "pid_file_fd", superd.pid_file.fd);
	WALK(line, "command", superd.main_command.pid);
	WALK(line, "command_begun", superd.command_begun);
	WALK(line, "exit_status", superd.exit_status);
	WALK(line, "stopping", stopping);
	if (!line->out) {
		superd.reads_files = keeps || guard->upgraded || guard->is_behind;
		superd.life = stopping ? SUPERD_DELAYS : superd.life;
	}
	WALK(line, "started", superd.started);
	for (int n = 0; n < PROGRAMS; n++) {
		char key[20];

		snprintf(key, sizeof(key), "program%d", n);
		WALK_FD(line, key, journal.said.programs[n]);
	}
}

/* The command around its sockets that ran under the superd before: it runs again, from the first of its phase on. */
static void end_socket_command(struct svc *svc, pid_t pid)
{
	struct run *run = svc->run;
	struct process process;

	/* Its number may be another's by now. */
	if (pid > 1 && process_read(pid, &process) && (process.parent == guard->pid || process.parent == getpid()))
		child_signal(&(struct child){ .pid = pid }, SIGKILL);
	if (run->socket_group) {
		cgroup_kill(run->socket_group);
		cgroup_remove(run->socket_group);
	}
	free(run->socket_group);
	CLEAR(run->socket_group);
	private_tmp_remove(svc->row->name, run->socket_private);
	CLEAR(run->socket_private);
}

/* The number of an instance, or of what is named after one. */
static uint64_t note_number(const char *text)
{
	uint64_t number = strtoull(text, NULL, 10);

	superd.last_number = number > superd.last_number ? number : superd.last_number;
	return number;
}

/* What it has beside its sockets. The name is there, if only to be skipped. */
static void walk_service(const struct journal_line *line, struct svc *svc)
{
	/* A start that is under way comes again, unless an instance has a line: then it is that. So it does by a client
	 * who waits, but the first of a boot must not depend on that. */
	bool unbound = svc->bound, boots = svc->row->exec->start == START_BOOT,
	     due = svc->run->start_due > 0 || (svc->state == STARTING && (boots || !svc->run->queued)),
	     begun = boots && !due;
	int ends[] = { svc->run->output ? svc->run->output->read_end : -1,
		       svc->run->output ? svc->run->output->write_end : -1 };
	pid_t command = svc->run->socket_commands.child.pid;
	const char *number;

	for (unsigned n = 0; n < svc->socket_count; n++)
		unbound &= svc->sockets[n].fd < 0; /* else it shows */
	WALK(line, "bound", unbound);
	WALK(line, "drains_since", svc->run->drains_since);
	WALK(line, "begun", begun); /* else it is new, and starts now */
	WALK(line, "due", due);
	WALK(line, "names", svc->run->names);
	WALK(line, "socket_command", command);
	WALK(line, "socket_private", svc->run->socket_private);
	WALK(line, "socket_group", svc->run->socket_group);
	WALK(line, "left_group", svc->run->cgroup);
	WALK_FD(line, "notify", svc->run->notify);
	WALK(line, "variable", svc->run->notify_variable);
	if (ends[0] >= 0 || !line->out)
		WALK(line, "starts", svc->run->starts); /* by which superd-output tells what is new */
	WALK_FD(line, "log_read", ends[0]);
	WALK_FD(line, "log_write", ends[1]);
	if (!line->out && ends[0] >= 0 && ends[1] >= 0)
		output_resume(svc, ends[0], ends[1]);
	if (line->out)
		return;
	svc->bound = unbound;
	number = svc->run->cgroup ? strrchr(svc->run->cgroup, '-') : NULL;
	if (number) /* no other gets its name */
		note_number(number + 1);
	svc->run->start_due = due ? clock_now() : 0;
	end_socket_command(svc, command);
	if (svc->run->notify > 0 && svc->run->notify_variable)
		notify_resume(svc);
}

static void walk_instance(const struct journal_line *line, struct instance *instance)
{
	struct svc *svc = instance->svc;
	double limit = instance_limit_left(instance), most = instance->limit_most;
	bool current = svc->run->current == instance, late = instance->commands.late;
	unsigned socket = instance->socket ? (unsigned)(instance->socket - svc->sockets) + 1 : 0;
	/* An end that is not judged yet is judged by the next superd. */
	pid_t child = 0, main = instance->end_is_judged ? instance->pid : instance->main.pid;

	limit = limit < 0 ? 0 : clock_now() + limit;
	WALK_MOST(line, "phase", instance->phase, OVER);
	WALK(line, "current", current);
	WALK(line, "pid", instance->pid);
	WALK(line, "main", main);
	WALK(line, "group", instance->group);
	WALK(line, "command", instance->commands.child.pid);
	WALK(line, "next", instance->commands.next);
	WALK_MOST(line, "reached", instance->reached, READY);
	WALK(line, "since", instance->since);
	WALK(line, "born", instance->born);
	WALK(line, "limit", limit);
	WALK(line, "limit_most", most);
	WALK(line, "left", instance->limit_left);
	WALK(line, "status", instance->status);
	WALK_MOST(line, "result", instance->result, RESULTS - 1);
	WALK_MOST(line, "ends", instance->ends, HAS_FAILED);
	WALK(line, "late", late);
	WALK_MOST(line, "stand", instance->stand, STANDS_BY_ORDER);
	WALK(line, "halted", instance->is_halted);
	WALK_MOST(line, "says", instance->says, STOPS);
	WALK(line, "private", instance->private_id);
	WALK(line, "watchdog", instance->watchdog_every);
	WALK(line, "cgroup", instance->cgroup);
	WALK(line, "reused", instance->cgroup_is_reused);
	WALK(line, "spent", instance->cgroup_is_spent);
	WALK(line, "text", instance->status_text);
	WALK(line, "invocation", instance->invocation);
	WALK(line, "name", instance->name);
	WALK(line, "socket", socket);
	WALK(line, "peer", instance->peer);
	WALK(line, "source", instance->source);
	WALK(line, "counted", instance->counted);
	WALK_FD(line, "client", instance->client.fd);
	WALK_FD(line, "channel", instance->channel);
	WALK_FD(line, "report", instance->report);
	WALK_FD(line, "binder", instance->binder_fd);
	WALK(line, "binder_pid", instance->binder);
	WALK(line, "relay", instance->relay.child.pid);
	if (instance->relay.child.pid)
		WALK_FD(line, "relay_fd", instance->relay.fd);
	if (line->out)
		return;
	instance->commands.late = late ? IS_OVERDUE : IN_TIME;
	instance->main.pid = main;
	WALK(line, "child", child); /* its own word */
	if (child > 0) {
		instance->phase = LAUNCHED;
		instance->pid = instance->main.pid = instance->group = child;
	}
	if (limit > 0)
		instance_limit(instance,
			       limit > clock_now() ? (int64_t)(number_min(limit - clock_now(), 1e9) * 1e6) : 1);
	instance->limit_most = most;
	if (current)
		svc->run->current = instance;
	if (socket && socket <= svc->socket_count)
		instance->socket = &svc->sockets[socket - 1];
}

static void walk_parked(const struct journal_line *line, struct svc *svc, struct parked *parked)
{
	unsigned socket = line->out ? (unsigned)(parked->socket - svc->sockets) : 0;

	WALK(line, "socket", socket);
	WALK(line, "judged", parked->judged);
	WALK(line, "counted", parked->client.is_counted);
	WALK(line, "mux", parked->client.asks_mux);
	parked->socket = socket < svc->socket_count ? &svc->sockets[socket] : NULL;
}

static void walk_removal(const struct journal_line *line, struct removal *removal)
{
	struct buf *folders = &removal->folders;

	WALK(line, "name", removal->name);
	WALK(line, "uid", removal->uid);
	WALK(line, "tmp", removal->is_of_tmp);
	if (line->out)
		line_add(line->out, "folders", folders->data, folders->length);
	else
		folders->data = line_take(line, "folders", &folders->length);
}

/* ---- writing ---- */

/* The begin of a line about something of a service. */
static struct journal_line begin_line(struct buf *out, const struct svc *svc)
{
	line_add(out, "of", svc->row->name, strlen(svc->row->name));
	return (struct journal_line){ .out = out };
}

static void add_service(struct svc *svc, struct buf *out)
{
	size_t start = out->length, head;

	buf_text(out, "+svc ");
	line_encode(out, svc->row->name, strlen(svc->row->name));
	head = out->length;
	walk_service(&(struct journal_line){ .out = out }, svc);
	if (out->length == head && svc->noted && !out->failed)
		memcpy(out->data + start, "-", 1);
	else if (out->length == head)
		buf_cut(out, start);
	if (svc->noted != (out->length > head)) /* else the memory of one that has done nothing stays as it is */
		svc->noted = !svc->noted;
	if (out->length > start)
		buf_char(out, '\n');
}

static void add_instance(struct instance *instance, struct buf *out)
{
	struct journal_line line;

	buf_text(out, "+start ");
	buf_number(out, instance->number);
	line = begin_line(out, instance->svc);
	walk_instance(&line, instance);
	buf_char(out, '\n');
}

/* all: also of those that have a line. */
static void add_removals(struct buf *out, bool all)
{
	struct removal *removal;

	for (size_t n = 0; (removal = removal_at(n)); n++) {
		if (removal->is_noted && !all)
			continue;
		removal->is_noted = true;
		buf_addf(out, "+remove %ld", (long)removal->pid);
		walk_removal(&(struct journal_line){ .out = out }, removal);
		buf_char(out, '\n');
	}
}

static void add_socket(const struct socket *socket, struct buf *out)
{
	struct buf address = { 0 };
	unsigned row = socket->number;
	bool old = socket->is_old || lent_is_changing(socket->svc),
	     lent = socket->lent && socket->svc->row->exec->accept; /* of others it is taken for granted */
	char *stored = socket->is_stored ? socket->run->stored : NULL;
	int family = socket->family, number = socket_address_port(&socket->run->name);
	unsigned port = socket->listen->address->port || number <= 0 ? 0 : (unsigned)number;
	struct journal_line line;

	endpoint_format(socket->listen->endpoint, &address);
	buf_text(out, "+fd #");
	buf_number(out, (uint64_t)socket->fd);
	line = begin_line(out, socket->svc);
	line_add(out, "address", buf_string(&address), address.length);
	WALK(&line, "old", old);
	WALK(&line, "lent", lent);
	WALK(&line, "row", row);
	WALK(&line, "family", family);
	WALK(&line, "tries", socket->run->tries);
	WALK(&line, "port", port);
	WALK(&line, "stored", stored);
	buf_char(out, '\n');
	out->failed |= address.failed;
	buf_free(&address);
}

void journal_socket(const struct socket *socket)
{
	if (journal.is_written)
		add_socket(socket, &journal.lines);
}

static void add_stored(struct stored *stored, struct buf *out)
{
	struct journal_line line;

	buf_addf(out, "+store #%d", stored->fd);
	line = begin_line(out, stored->svc);
	WALK(&line, "name", stored->name);
	WALK(&line, "polled", stored->polled);
	WALK(&line, "user", stored->user);
	buf_char(out, '\n');
}

void journal_stored(struct stored *stored)
{
	if (journal.is_written)
		add_stored(stored, &journal.lines);
}

static void add_parked(struct svc *svc, struct parked *parked, struct buf *out)
{
	struct journal_line line;

	buf_addf(out, "+client #%d", parked->client.fd);
	line = begin_line(out, svc);
	walk_parked(&line, svc, parked);
	buf_char(out, '\n');
}

void journal_parked(struct svc *svc, struct parked *parked)
{
	if (journal.is_written)
		add_parked(svc, parked, &journal.lines);
}

void journal_service(struct svc *svc)
{
	if (!journal.is_written)
		return;
	list_remove(&svc->run->changed);
	list_add(&journal.services, &svc_run(svc)->changed);
}

void journal_instance(struct instance *instance)
{
	list_remove(&instance->changed);
	list_add(&journal.instances, &instance->changed);
}

void journal_say(const char *format, ...)
{
	va_list list;

	if (!journal.is_written)
		return;
	va_start(list, format);
	buf_vaddf(&journal.lines, format, list);
	va_end(list);
}

/* "-start 17", and behind the pid of a child its wait status; -1: none. */
void journal_gone(const char *kind, uint64_t number, int status)
{
	struct buf *out = &journal.lines;

	if (!journal.is_written)
		return;
	buf_char(out, '-');
	buf_text(out, kind);
	buf_char(out, ' ');
	buf_number(out, number);
	if (status >= 0) {
		buf_char(out, ' ');
		buf_number(out, (uint64_t)status);
	}
	buf_char(out, '\n');
}

/* lines: they get their lines; else all is written anew. */
static void take_changed(bool lines)
{
	for (struct list *link; (link = journal.services.next) != &journal.services;) {
		list_remove(link);
		if (lines)
			add_service(container_of(link, struct run, changed)->svc, &journal.lines);
	}
	for (struct list *link; (link = journal.instances.next) != &journal.instances;) {
		list_remove(link);
		if (lines)
			add_instance(container_of(link, struct instance, changed), &journal.lines);
	}
	if (lines)
		add_removals(&journal.lines, false);
}

/* All before it outlives superd when this returns. */
void journal_flush(void)
{
	if (!journal.is_written)
		return;
	journal.due |= journal.said.found != programs_found();
	take_changed(true);
	if (journal.lines.failed ||
	    (journal.lines.length &&
	     write(journal.fd, journal.lines.data, journal.lines.length) != (ssize_t)journal.lines.length))
		journal.due = true;
	journal.size += (off_t)journal.lines.length;
	journal.due |= journal.size > GROWTH && journal.size > journal.whole;
	if (!journal.due)
		guard->kept = guard->heard;
	if (journal.lines.length > LINES_KEPT)
		buf_free(&journal.lines);
	else
		buf_clear(&journal.lines);
}

/* Before a descriptor that has a line is closed: another gets its number, and a superd that follows must not take that
 * for the one of the line. */
void journal_drop(const char *kind, int fd)
{
	journal_say("-%s #%d\n", kind, fd);
	journal_flush();
}

/* ---- the text of the configuration ---- */

/* Rows that a thread prints while the loop goes on. */
static struct {
	pthread_t thread;
	bool runs;
	const struct table *table;
	char *text;
} printed;

static void *print(void *table)
{
	printed.text = saved_print(table, NULL, 0);
	return NULL;
}

static void print_end(void)
{
	if (printed.runs)
		pthread_join(printed.thread, NULL);
	printed.runs = false;
}

/* A file with this text; -1 and errno. */
static int make_file(const char *name, const struct buf *text)
{
	int fd = text->failed ? -1 : fd_raise(memfd_create(name, MFD_CLOEXEC), FD_HIGH);

	if (fd >= 0 && (fcntl(fd, F_SETFL, O_APPEND) < 0 || !write_all(fd, text->data, text->length)))
		fd_close(&fd);
	return fd;
}

void journal_print(const struct table *table)
{
	if (journal.fd < 0)
		return;
	print_end();
	free(printed.text);
	printed.text = NULL;
	printed.table = table;
	printed.runs = thread_start(&printed.thread, 0, print, (void *)(uintptr_t)table) == 0;
}

/* What a reload has removed and something runs by, and what it lets go on by a former entry, is behind the table. */
static bool make_text(void)
{
	const struct service **more = NULL;
	size_t count = 0, room = 0;
	struct buf out = { 0 };
	int fd;

	saved_head(superd.table, &out);
	print_end();
	for (const struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		void *larger;

		if (svc->table == superd.table)
			continue;
		larger = array_grow(more, &room, count, sizeof(*more));
		if (!larger) {
			out.failed = true;
			break;
		}
		more = larger;
		more[count++] = svc->row;
		if (!svc->removed)
			continue;
		buf_text(&out, "removed");
		line_add(&out, "name", svc->row->name, strlen(svc->row->name));
		buf_char(&out, '\n');
	}
	if (count || !printed.text || printed.table != superd.table) {
		free(printed.text);
		printed.text = saved_print(superd.table, more, count);
	}
	free(more);
	buf_char(&out, '\n');
	buf_text(&out, printed.text ? printed.text : "");
	fd = printed.text ? make_file("superd-state", &out) : -1;
	buf_free(&out);
	free(printed.text);
	printed.text = NULL;
	if (fd < 0)
		return false;
	fd_close(&journal.stale);
	journal.stale = journal.text; /* the file still names it */
	journal.text = fd;
	journal.text_due = false;
	return true;
}

static void write_all_anew(void);

/* with_text: the configuration is another, and all outlives superd when this returns. Else it does at the end of the
 * turn. */
void journal_rewrite(bool with_text)
{
	journal.due = true;
	journal.text_due |= with_text;
	if (!with_text || journal.fd < 0)
		return;
	write_all_anew();
	guard->is_behind |= journal.due; /* the next superd reads the files, too */
}

static void add_all(struct buf *out)
{
	strcpy(journal.said.version, PACKAGE_VERSION);
	journal.said.control = control_fd();
	journal.said.output = superd.output.fd;
	journal.said.output_pid = superd.output.child.pid;
	buf_text(out, HEAD "+superd -");
	walk_superd(&(struct journal_line){ .out = out });
	buf_char(out, '\n');
	for (size_t n = 0; n < superd.inherited.count; n++) {
		if (superd.inherited.list[n].fd >= 0)
			buf_addf(out, "+fd #%d\n", superd.inherited.list[n].fd);
	}
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		add_service(svc, out);
		for (unsigned n = 0; n < svc->socket_count; n++) {
			if (svc->sockets[n].fd >= 0)
				add_socket(&svc->sockets[n], out);
		}
		LIST_OF(struct stored, stored, link, &svc->run->stored)
			add_stored(stored, out);
		LIST_OF(struct instance, instance, link, &svc->run->instances)
			add_instance(instance, out);
		for (size_t n = 0; n < svc->run->parked_count; n++)
			add_parked(svc, &svc->run->parked[n], out);
	}
	add_removals(out, true);
}

static bool compose(struct buf *out)
{
	if ((journal.text < 0 || journal.text_due) && !make_text())
		return false;
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc))
		svc->noted = false;
	journal.said.found = programs_found(); /* first: a thread may find one meanwhile */
	for (enum program n = 0; n < PROGRAMS; n++)
		journal.said.programs[n] = program_known(n)->fd;
	add_all(out);
	return !out->failed;
}

/* Each number behind a '#' that stands where a descriptor does. */
static void each_fd(const char *text, void (*act)(void *context, int fd), void *context)
{
	for (const char *mark = text; (mark = strchr(mark, '#')); mark++) {
		bool is_it = mark == text || mark[-1] == ' ' || mark[-1] == '=';
		int fd;

		if (is_it && sscanf(mark + 1, "%d", &fd) == 1 && fd > STDERR_FILENO)
			act(context, fd);
	}
}

static void pass_fd(void *context, int fd)
{
	(void)context;
	self_exe_pass(&fd, 1, true);
}

/* Takes the place of the file before in one step. */
static void write_all_anew(void)
{
	struct buf out = { 0 };
	int file;

	take_changed(false);
	buf_clear(&journal.lines);
	if (journal.fd < 0)
		return;
	file = compose(&out) ? make_file("superd-journal", &out) : -1;
	journal.due = file < 0 || dup3(file, journal.fd, O_CLOEXEC) < 0; /* then the next turn tries again */
	if (journal.due && !journal.has_failed)
		log_error(superd.log, "cannot save the state for the next superd: %s", strerror(errno));
	journal.has_failed = journal.due;
	if (!journal.due) {
		guard->kept = guard->heard;
		guard->is_behind = false;
		guard->has_journal = journal.is_written = true;
		journal.size = 0;
		journal.whole = (off_t)out.length;
		fd_close(&journal.stale);
	}
	fd_close(&file);
	buf_free(&out);
}

/* What superd is outlives it from now on. */
void journal_ready(void)
{
	if (!journal.is_written || journal.due)
		write_all_anew();
}

/* Everything, from the begin, for another program. false and errno. */
bool journal_whole(void)
{
	journal.due = true;
	journal_ready();
	journal_flush();
	return !journal.due;
}

/* In the process that asks. */
void journal_pass_check(void)
{
	self_exe_pass(&journal.text, 1, true);
	guard_pass(true); /* the journal is among these */
}

/* The whole text of a memory file, of which others may have the same descriptor. NULL and errno. */
static char *read_file(int fd)
{
	struct stat status;
	char *text = NULL;
	ssize_t got = -1;

	if (fstat(fd, &status) < 0)
		return NULL;
	errno = EFBIG;
	if (status.st_size <= TEXT_MOST && (text = malloc((size_t)status.st_size + 1)))
		got = pread(fd, text, (size_t)status.st_size, 0);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[got] = '\0';
	return text;
}

/* Another program goes on with it, and what it names stays open for that. */
void journal_pass(void)
{
	char *text = read_file(journal.fd);

	if (!text) { /* the next superd would have none of its descriptors: the guard starts this one again */
		log_error(superd.log, "not upgraded: cannot read the state: %s", strerror(errno));
		log_finish(superd.log);
		raise(SIGKILL);
	}
	each_fd(text, pass_fd, NULL);
	free(text);
	self_exe_pass(&journal.fd, 1, true);
}

static ev_prepare turn;

static void check(void);

static void on_turn(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	(void)loop, (void)prepare, (void)events;
	journal_flush();
	if (journal.due)
		write_all_anew();
	if (journal.is_checked)
		check();
}

/* fd: the guard's file; -1: there is no guard. */
void journal_begin(int fd)
{
	journal.fd = fd;
	if (fd < 0) {
		fd_close(&journal.text);
		return;
	}
	journal.is_written = journal.text >= 0; /* by the superd before: what comes is behind that */
	journal.due = true;
	journal.is_checked = !FORKS_CHILDREN && getenv("SUPERD_CHECK_JOURNAL");
	if (!journal.is_written)
		journal_print(superd.table);
	ev_prepare_init(&turn, on_turn);
	ev_prepare_start(superd.loop, &turn);
}

/* ---- a process that is about to be forked ---- */

/* instance NULL: superd's main command. command: it is one of a phase, not the main process. */
void journal_prepare(struct instance *instance, bool command)
{
	if (journal.fd < 0)
		return;
	if (instance)
		list_remove(&instance->changed); /* the process writes that */
	if (journal.is_written)
		journal_flush();
	else
		write_all_anew();
	buf_clear(&journal.child);
	if (instance)
		add_instance(instance, &journal.child);
	else
		buf_text(&journal.child, "+command -\n");
	journal.child.length--;
	journal.child_is_command = command;
}

/* The reading end of the pipe that tells its failure; -1: there is none. */
void journal_name_report(int report)
{
	if (!journal.child.length)
		return;
	WALK_FD(&(struct journal_line){ .out = &journal.child }, "report", report);
	buf_text(&journal.child, journal.child_is_command ? " command=" : " child=");
}

/* In the child, whose memory may be superd's: `note` is what journal_take_prepared has given. */
void journal_note_child(const struct buf *note)
{
	char text[24], *at;
	struct iovec parts[2] = { { note->data, note->length } };

	if (!parts[0].iov_len)
		return;
	text[sizeof(text) - 1] = '\n';
	at = number_digits((uint64_t)getpid(), text + sizeof(text) - 1);
	parts[1] = (struct iovec){ at, (size_t)(text + sizeof(text) - at) };
	if (writev(journal.fd, parts, 2) < 0)
		_exit(127); /* nobody would know of it */
}

void journal_take_prepared(struct buf *note)
{
	*note = (struct buf){ .failed = journal.child.failed };
	buf_add(note, journal.child.data, journal.child.length);
	buf_clear(&journal.child);
}

/* ---- reading ---- */

struct journal_record {
	char *key, *rest; /* "start 17"; what is behind it */
	bool gone;
};

static struct {
	char *text;
	struct journal_record *list; /* in the order of their first lines */
	size_t count;
	void *by_key; /* of tsearch(3) */
} before;

static int compare_keys(const void *a, const void *b)
{
	return strcmp(((const struct journal_record *)a)->key, ((const struct journal_record *)b)->key);
}

static void forget_lines(void)
{
	tree_free(before.by_key);
	free(before.list);
	free(before.text);
	memset(&before, 0, sizeof(before));
}

/* Finds what counts: of the lines about one thing the last one. only: those of this kind; NULL: all. */
static bool take_lines(char *text, const char *only)
{
	size_t count = 0;

	before.text = text;
	for (const char *end = text; (end = strchr(end, '\n')); end++)
		count++;
	before.list = calloc(count + 1, sizeof(*before.list));
	for (char *end, *line = text; before.list && (end = strchr(line, '\n')); line = end + 1) {
		struct journal_record *record = &before.list[before.count], **known;
		char *rest;

		*end = '\0';
		rest = strchr(line, ' ');
		rest = rest ? strchr(rest + 1, ' ') : NULL;
		if (rest)
			*rest++ = '\0';
		if ((*line != '+' && *line != '-') || (only && strncmp(line + 1, only, strlen(only)) != 0))
			continue;
		*record = (struct journal_record){ line + 1, rest ? rest : end, *line == '-' };
		known = tsearch(record, &before.by_key, compare_keys);
		if (!known)
			return false;
		if (*known == record)
			before.count++;
		else
			**known = *record;
	}
	return before.list;
}

/* The record of this kind, and the second word of its key; NULL: it is another. */
static char *is_kind(const struct journal_record *record, const char *kind)
{
	size_t length = strlen(kind);

	return !record->gone && !strncmp(record->key, kind, length) && record->key[length] == ' '
		? record->key + length + 1
		: NULL;
}

/* ---- the check of tests: SUPERD_CHECK_JOURNAL ---- */

static pid_t read_pid(const char *line, const char *key)
{
	pid_t pid = 0;

	WALK(&(struct journal_line){ .text = line }, key, pid);
	return pid;
}

static const struct journal_record *find_record(const char *key)
{
	struct journal_record *const *found =
		tfind(&(struct journal_record){ .key = (char *)(uintptr_t)key }, &before.by_key, compare_keys);

	return found ? *found : NULL;
}

static bool end_is_told(pid_t pid)
{
	char key[24];

	snprintf(key, sizeof(key), "pid %ld", (long)pid);
	return pid > 0 && find_record(key);
}

/* Whether another line says what has become of this word, or it is another in each turn. */
static bool is_told_elsewhere(const char *key, const char *line, const char *word)
{
	static const char *const of_child[] = { "phase", "pid", "main", "group", "since", "child" },
				 *const of_end[] = { "main", "status", "result", "pid" };
	const struct journal_record *command = find_record("command -");
	pid_t child = read_pid(line, "child"), main = child ? child : read_pid(line, "main");

	if (!strcmp(word, "limit"))
		return true;
	if (!strcmp(key, "superd -"))
		return (command && !strncmp(word, "command", 7)) ||
			(!strcmp(word, "command") && end_is_told(read_pid(line, "command")));
	if (strncmp(key, "start ", 6) != 0)
		return false;
	for (size_t n = 0; child && n < sizeof(of_child) / sizeof(*of_child); n++) {
		if (!strcmp(word, of_child[n]))
			return true;
	}
	for (size_t n = 0; end_is_told(main) && n < sizeof(of_end) / sizeof(*of_end); n++) {
		if (!strcmp(word, of_end[n]))
			return true;
	}
	return end_is_told(read_pid(line, word)); /* of another child */
}

/* The words of a line that are not so in the other, but for those that are told elsewhere. */
static void find_words(const char *key, const char *was, const char *line, const char *other, const char *says,
		       struct buf *out)
{
	for (const char *at = line; *at; at += strcspn(at, " "), at += *at == ' ') {
		size_t length = strcspn(at, "= ");
		char word[32] = "", *value, *there;

		memcpy(word, at, length < sizeof(word) ? length : sizeof(word) - 1);
		value = line_take(&(struct journal_line){ .text = line }, word, NULL);
		there = line_take(&(struct journal_line){ .text = other }, word, NULL);
		if (value && (!there || strcmp(value, there) != 0) && !is_told_elsewhere(key, was, word))
			buf_addf(out, " %s %s=%s", says, word, value);
		free(value);
		free(there);
	}
}

/* All that a superd that followed now would take over is what this one has. */
static void check(void)
{
	struct buf now = { 0 }, found = { 0 };
	char *text;

	if (!journal.is_written || journal.due ||
	    (journal.size + journal.whole > CHECKED_MOST && journal.turns++ % TURNS_BETWEEN))
		return;
	text = read_file(journal.fd);
	if (text && take_lines(text, NULL))
		add_all(&now);
	for (char *end, *line = now.failed ? NULL : now.data; line && (end = strchr(line, '\n')); line = end + 1) {
		struct journal_record *record;
		char *rest = strchr(line, ' ');

		*end = '\0';
		rest = rest ? strchr(rest + 1, ' ') : NULL;
		if (*line == 's')
			continue;
		if (rest)
			*rest = '\0';
		rest = rest ? rest + 1 : end;
		record = (struct journal_record *)(uintptr_t)find_record(line + 1);
		if (record && record->gone != (*line == '-'))
			record = NULL;
		if (record) {
			find_words(line + 1, record->rest, record->rest, rest, "was", &found);
			find_words(line + 1, record->rest, rest, record->rest, "is", &found);
			record->gone = true;
		} else {
			buf_addf(&found, " %c is not written: %s", *line, rest);
		}
		if (found.length)
			log_error(superd.log, "the journal differs: %s:%s", line + 1, buf_string(&found));
		journal.due |= found.length; /* it is told once */
		buf_clear(&found);
	}
	for (size_t n = 0; !now.failed && now.data && n < before.count; n++) { /* without memory nothing can be said */
		const struct journal_record *record = &before.list[n];

		if (record->gone || !strcmp(record->key, "command -"))
			continue;
		log_error(superd.log, "the journal differs: %s is gone, and was %s", record->key, record->rest);
		journal.due = true;
	}
	forget_lines();
	buf_free(&now);
	buf_free(&found);
}

void journal_each_fd(void (*act)(void *context, int fd), void *context)
{
	for (size_t n = 0; n < before.count; n++) {
		if (before.list[n].gone)
			continue;
		each_fd(before.list[n].key, act, context);
		each_fd(before.list[n].rest, act, context);
	}
	if (journal.text >= 0)
		act(context, journal.text);
}

/* Reads what the superd before has left. fd: its journal; sockets: nothing else of it is believed. Returns the text of
 * its configuration, for the caller to free; NULL: there is none, and why says so, or errno, if it cannot be read. */
char *journal_read(int fd, bool sockets, struct buf *why)
{
	char *text = read_file(fd);

	if (!text)
		return NULL;
	if (strncmp(text, HEAD, strlen(HEAD)) != 0) {
		if (*text)
			buf_addf(why, "it is '%.*s', and this superd reads '%.*s'", (int)strcspn(text, "\n"), text,
				 (int)strlen(HEAD) - 1, HEAD);
		else
			buf_text(why, "no state was saved");
		free(text);
		return NULL;
	}
	if (!take_lines(text, sockets ? "fd " : NULL))
		return NULL;
	for (size_t n = 0; n < before.count; n++) {
		const struct journal_line line = { .text = before.list[n].rest };

		if (is_kind(&before.list[n], "superd"))
			walk_superd(&line);
		else if (is_kind(&before.list[n], "command")) /* behind all others */
			WALK(&line, "child", superd.main_command.pid);
	}
	superd.command_begun |= superd.main_command.pid > 0;
	text = journal.text < 0 ? strdup("") : read_file(journal.text);
	if (!text || saved_is_whole(text))
		return text;
	buf_text(why, "its configuration cannot be read");
	free(text);
	return NULL;
}

/* Sockets that no service of the configuration has claimed yet: each takes those of its addresses. */
void journal_leave_sockets(struct listen_fds *to)
{
	for (size_t n = 0; n < before.count; n++) {
		const char *fd = is_kind(&before.list[n], "fd");

		if (fd && line_read_fd(fd) >= 0)
			listen_fds_add_own(to, line_read_fd(fd));
	}
}

bool journal_names_pid(pid_t pid)
{
	for (size_t n = 0; n < before.count; n++) {
		static const char *const keys[] = { "main", "child", "command", "relay", "binder_pid", "output_pid" };
		const struct journal_line line = { .text = before.list[n].rest };

		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !before.list[n].gone; i++) {
			pid_t named = 0;

			WALK(&line, keys[i], named);
			if (named == pid)
				return true;
		}
	}
	return false;
}

/* After a death the programs are those that were, whatever is installed by now. */
void journal_open_programs(void)
{
	for (int n = 0; n < PROGRAMS && guard->upgraded; n++)
		fd_close(&journal.said.programs[n]);
	programs_open(journal.said.programs);
}

/* ---- going on ---- */

/* Of which service a line is; NULL: there is none of this name. */
static struct svc *svc_of(const struct journal_line *line)
{
	char *name = line_take(line, "of", NULL);
	struct svc *svc = name ? svc_find(name) : NULL;

	free(name);
	return svc;
}

static void restore_service(const struct journal_line *line, const char *key)
{
	char *name = line_decode(key, NULL);
	struct svc *svc = name ? svc_find(name) : NULL;

	if (svc)
		walk_service(line, svc);
	free(name);
}

static void restore_socket(const struct journal_line *line, const char *key)
{
	struct svc *svc = svc_of(line);
	char *address = NULL, *stored = NULL;
	int fd = line_read_fd(key), family = 0;
	bool old = false, lent = false;
	unsigned row = 0, port = 0;
	uint64_t tries = 0;

	WALK(line, "old", old);
	WALK(line, "lent", lent);
	WALK(line, "address", address);
	WALK(line, "row", row);
	WALK(line, "family", family);
	WALK(line, "tries", tries);
	WALK(line, "port", port);
	WALK(line, "stored", stored);
	if (svc && (family || tries))
		binder_socket_of(svc, row, family, tries);
	for (unsigned n = 0; svc && n < svc->socket_count; n++) {
		struct socket *socket = &svc->sockets[n];
		struct buf own = { 0 };
		bool is_it;

		if (socket->fd >= 0)
			continue;
		/* The kernel is not asked what it is: a program that has it could let superd wait for that. */
		endpoint_format(socket->listen->endpoint, &own);
		is_it = fd >= 0 && address && !strcmp(address, buf_string(&own));
		buf_free(&own);
		if (!is_it)
			continue;
		socket->fd = fd;
		socket->lent = lent || !svc->row->exec->accept; /* perhaps */
		if (port)
			clients_remember_name(socket, (uint16_t)port);
		svc->bound = true;
		if (stored)
			store_note(socket, stored);
		rpc_announce(socket, true);
		if (old && listen_filters_lent(socket->listen) && svc->row->exec->pass != PASS_BIND)
			lent_keep_old(svc, socket, "the superd before had not set the new ones");
		else if (old)
			lent_change(svc, socket, NULL);
		fd = -1;
		break;
	}
	free(address);
	free(stored);
	if (fd >= 0 && !svc && listen_fds_add_own(&superd.inherited, fd))
		return; /* its row may come in */
	fd_close(&fd);
}

static void restore_stored(const struct journal_line *line, const char *key)
{
	struct svc *svc = svc_of(line);
	char stored[256] = "";
	bool polled = false;
	uid_t user = 0;
	int fd = line_read_fd(key);

	WALK(line, "name", stored);
	WALK(line, "polled", polled);
	WALK(line, "user", user);
	if (svc && fd >= 0)
		stored_add(svc, fd, stored, polled, user);
	else
		fd_close(&fd);
}

static void find_peer(struct client *client)
{
	client->peer.length = sizeof(client->peer.storage);
	if (client->fd < 0 || getpeername(client->fd, &client->peer.any, &client->peer.length) < 0)
		client->peer.length = 0;
}

static void restore_parked(const struct journal_line *line, const char *key)
{
	struct svc *svc = svc_of(line);
	struct parked parked = { .client.fd = line_read_fd(key) };

	if (svc)
		walk_parked(line, svc, &parked);
	find_peer(&parked.client);
	if (parked.socket && parked.client.fd >= 0)
		accept_park(svc, parked.socket, &parked.client, parked.judged);
	fd_close(&parked.client.fd);
}

static void restore_instance(const struct journal_line *line, const char *key)
{
	struct svc *svc = svc_of(line);
	struct instance *instance;

	if (!svc)
		return;
	if (!(instance = instance_new(svc)))
		state_fail();
	instance->number = note_number(key);
	walk_instance(line, instance);
	find_peer(&instance->client);
	if (instance->socket)
		svc->run->count++;
	if (instance->socket && endpoint_is_datagram(instance->socket->listen->endpoint))
		instance->socket->datagram = TAKEN;
	instance->counted = instance->counted && source_count_enter(&superd.sources, svc, instance->source, UNLIMITED);
}

/* Its death has ended that of the superd before. What runs again may have made its folders anew. */
static void restore_removal(const struct journal_line *line, const char *key)
{
	struct removal removal = { .pid = 0 };
	struct svc *svc;

	(void)key;
	walk_removal(line, &removal);
	svc = removal.name ? svc_find(removal.name) : NULL;
	if (!removal.name || (svc && !svc_is_empty(svc) && !removal.is_of_tmp))
		buf_free(&removal.folders);
	else if (!removal_begin(&removal.folders, removal.name, user_runs(removal.uid) ? 0 : removal.uid,
				removal.is_of_tmp))
		log_warn(superd.log, "%s: cannot remove what it has left: %s", removal.name, strerror(errno));
	free(removal.name);
}

static size_t each_instance(void (*act)(struct instance *instance))
{
	struct list *lists[] = { &superd.services, &superd.leaving };
	size_t count = 0;

	for (int n = 0; n < 2; n++) {
		LIST_EACH(link, lists[n]) {
			LIST_EACH(each, &container_of(link, struct svc, link)->run->instances) {
				act(container_of(each, struct instance, link));
				count++;
			}
		}
	}
	return count;
}

/* The services, their sockets and their instances are there again, and stand still. Frees the text, which is the
 * configuration. */
void journal_restore(char *text)
{
	static const struct {
		const char *name;
		void (*restore)(const struct journal_line *line, const char *key);
	} kinds[] = {
		{ "svc", restore_service },    { "fd", restore_socket },     { "store", restore_stored },
		{ "start", restore_instance }, { "client", restore_parked }, { "remove", restore_removal },
	};
	size_t services = 0, instances;

	if (guard->upgraded)
		text_copy(superd.upgraded_from, sizeof(superd.upgraded_from), journal.said.version);
	control_adopt(journal.said.control);
	output_begin(journal.said.output_pid, journal.said.output);
	for (const char *at = text; *at != '\n'; at = strchr(at, '\n') + 1) {
		char *name = strncmp(at, "removed ", 8) ? NULL
							: line_take(&(struct journal_line){ .text = at }, "name", NULL);
		struct svc *svc = name ? svc_find(name) : NULL;

		free(name);
		if (!svc)
			continue;
		table_find(superd.table, svc->row->name)->is_removed = true;
		svc->removed = true;
		list_remove(&svc->link);
		list_add(&superd.leaving, &svc->link);
	}
	free(text);
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(*kinds); kind++) {
		for (size_t n = 0; n < before.count; n++) {
			const char *key = is_kind(&before.list[n], kinds[kind].name);

			if (key)
				kinds[kind].restore(&(struct journal_line){ .text = before.list[n].rest }, key);
		}
	}
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc))
		services++;
	instances = each_instance(instance_resume);
	if (superd.main_command.pid > 0)
		child_watch(&superd.main_command, superd.main_command.pid);
	guard_tell(journal.said.version, services, instances);
}

/* What has ended while nobody waited for it. One of which neither superd nor its guard has told, superd has reaped and
 * died before that was known: it has ended well. */
void journal_deliver_ends(void)
{
	struct journal_end {
		pid_t pid;
		int status;
	} *ends = NULL;
	size_t count = 0, room = 0;

	each_instance(instance_go_on);
	for (size_t n = 0; n < 256; n++) {
		for (struct child *child = superd.children[n]; child; child = child->next) {
			bool lives = kill(child->pid, 0) == 0 || errno != ESRCH;
			struct journal_record *const *told;
			struct process process;
			char key[24];
			void *larger;

			/* Another process may have had its number before, or may have it now. */
			if (process_read(child->pid, &process) &&
			    (process.parent == getpid() || (process.parent == guard->pid && !process.ended)))
				continue;
			snprintf(key, sizeof(key), "pid %ld", (long)child->pid);
			told = tfind(&(struct journal_record){ .key = key }, &before.by_key, compare_keys);
			if (!told && lives)
				continue;
			if (!(larger = array_grow(ends, &room, count, sizeof(*ends))))
				state_fail();
			ends = larger;
			ends[count++] =
				(struct journal_end){ child->pid, told ? (int)strtol((*told)->rest, NULL, 10) : 0 };
		}
	}
	guard_hear(); /* first: all of those that had gone are there */
	for (size_t n = 0; n < count; n++)
		child_ended(ends[n].pid, ends[n].status, NULL);
	free(ends);
	forget_lines();
}
