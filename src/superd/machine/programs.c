/* superd's programs that help to load a table: superd-read, superd-filter. */
#include "superd/machine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/wait_note.h"
#include "os/foreign/foreign.h"
#include "os/proc/process.h"
#include "os/rights/rights.h"
#include "superd/start/start.h"
#include "table/option/service_mark.h"
#include "table/words/filter_request.h"

/* Starts a helper program beside the loop, which may start others at the same time and may reap this one. */

#define END_MOST 100                    /* milliseconds that superd waits for its end */

static const char *program_name(const struct helper_process *helper)
{
	return program_get(helper->program)->name;
}

static void add_fault(const struct helper_process *helper, const struct fault *fault, struct buf *why)
{
	buf_addf(why, "cannot start %s: %s: %s", program_name(helper), stage_name(fault->stage),
		 strerror(fault->error));
}

static bool spawn_helper(struct helper_process *helper, const struct helper_start *start, struct buf *why)
{
	struct process_defaults defaults = { 0 };
	const char *const arguments[] = { start->option, NULL };
	struct plan *plan = plan_own_program(helper->program, arguments, start->account, &defaults, why);
	struct spawn_request launch = {
		.plan = plan, .wanted = start->wanted, .wanted_count = start->wanted_count, .remote_port = -1,
	};

	if (!plan)
		return false;
	plan->apart = true;             /* it starts beside the loop, which may start others now */
	plan->limit_count = 0;
	plan->directory = start->directory;
	plan->bounding = plan_own_bounding(start->capabilities);
	for (int cap = 0; cap < 64; cap++) {    /* a program that is not root's keeps only its ambient set */
		if (start->capabilities >> cap & 1 && capability_held(cap))
			plan->ambient |= UINT64_C(1) << cap;
	}
	spawn_start(&launch);
	plan_free(plan);
	if (launch.pid < 0) {
		add_fault(helper, &launch.fault, why);
		return false;
	}
	helper->pid = launch.pid;
	helper->process = pidfd_of(launch.pid);
	helper->report = launch.report;
	return true;
}

bool helper_process_start(struct helper_process *helper, const struct helper_start *start, struct buf *why)
{
	int ends[2] = { -1, -1 };
	bool good;

	if (socketpair(AF_UNIX, start->type | SOCK_CLOEXEC, 0, ends) < 0) {
		buf_addf(why, "cannot start %s: %s", program_name(helper), strerror(errno));
		return false;
	}
	scm_rights_allow(ends[0], false);
	start->wanted[start->number] = ends[1];
	good = spawn_helper(helper, start, why);
	fd_close(&ends[1]);
	helper->channel = ends[0];
	return good;
}

void helper_process_describe_end(const struct helper_process *helper, struct buf *why)
{
	struct fault fault;
	int status;

	if (helper->report >= 0 && read(helper->report, &fault, sizeof(fault)) == (ssize_t)sizeof(fault))
		add_fault(helper, &fault, why);
	else if (helper->pid && waitpid_timeout(helper->pid, END_MOST, &status) && WIFEXITED(status) &&
		 WEXITSTATUS(status) == PROGRAM_OTHER_BUILD)
		program_describe_other(helper->program, why);
	else
		buf_addf(why, "%s has ended without an answer", program_name(helper));
}

void helper_process_end(struct helper_process *helper)
{
	fd_close(&helper->channel);
	fd_close(&helper->report);
	if (helper->pid && !waitpid_timeout(helper->pid, END_MOST, NULL))
		pidfd_signal(helper->process, SIGKILL);         /* the loop reaps it, or has done so */
	fd_close(&helper->process);
}

/* superd-read is superd's own user, as others may not read the tables, and keeps of its rights those to read any file.
 * SECURITY.md says why it is no wall: what it prints is what root runs. */

#define NUMBERS 1024                    /* descriptors that a source may name */
#define PATIENCE 300                    /* seconds; it may wait for a file system, and for the names of many ports */

/* Whether superd was started with this descriptor for a table to be read from, as of a here-document. superd's own are
 * close-on-exec. */
static bool is_for_reading(int fd)
{
	int flags = fcntl(fd, F_GETFD), access = fcntl(fd, F_GETFL);
	struct stat status;

	return flags >= 0 && !(flags & FD_CLOEXEC) && access >= 0 && (access & O_ACCMODE) == O_RDONLY &&
	       !(access & O_PATH) && fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode));
}

/* The kernel does not count the time in which the machine stands still. */
static bool limit_waiting(int channel, struct buf *why)
{
	const struct timeval limit = { .tv_sec = PATIENCE };

	if (setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    setsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0)
		return true;
	buf_addf(why, "cannot limit the time of superd-read: %s", strerror(errno));
	return false;
}

bool reader_process_start(void *with, int *channel, pid_t *pid, struct buf *why)
{
	struct reader_process *reader = with;
	int wanted[NUMBERS];
	struct helper_start start = {
		.option = "--marks", .type = SOCK_STREAM, .number = STDOUT_FILENO, .wanted = wanted, .wanted_count = 3,
		.capabilities = UINT64_C(1) << CAP_DAC_READ_SEARCH,
	};
	bool good;

	for (int n = 0; n < NUMBERS; n++)
		wanted[n] = -1;
	if (reader->reads_input && fcntl(STDIN_FILENO, F_GETFD) >= 0)
		wanted[STDIN_FILENO] = STDIN_FILENO;
	for (int fd = STDERR_FILENO + 1; fd < NUMBERS; fd++) {
		if (!is_for_reading(fd))
			continue;
		wanted[fd] = fd;
		start.wanted_count = fd + 1;
	}
	good = helper_process_start(&reader->helper, &start, why) && limit_waiting(reader->helper.channel, why);
	*channel = reader->helper.channel;
	*pid = reader->helper.pid;
	reader->helper.channel = -1;
	return good;
}

void reader_process_describe_end(void *with, struct buf *why)
{
	const struct reader_process *reader = with;

	helper_process_describe_end(&reader->helper, why);
}

/* Asks superd-filter, a process without rights, so that superd need not link libseccomp. Equal requests have one
 * address in the table's pool.
 *
 * The kernel checks a filter when it is installed, and superd checks only that it is of a length that the kernel takes:
 * what a filter allows is superd-filter's word. */

#define PROGRAM "superd-filter"
#define ANSWER_SECONDS 10               /* for one filter; the largest take a tenth of a second */

void filters_open(struct filters *filters, struct table *table, const struct table *before, struct diags *diags)
{
	*filters = (struct filters){ .table = table, .before = before ? before->filters : NULL, .diags = diags,
				     .helper = HELPER_PROCESS_NONE(PROGRAM_FILTER) };
}

void filters_close(struct filters *filters)
{
	helper_process_end(&filters->helper);
	buf_free(&filters->failure);
}

/* Starts the program with its end of the channel as its only descriptor. */
static bool start_filter(struct filters *filters)
{
	int wanted[] = { -1, -1, -1 };
	const struct helper_start start = {
		.type = SOCK_SEQPACKET, .wanted = wanted, .wanted_count = 3, .directory = "/",
		.account = helper_user_account(HELPER_USER_FILTER),
	};

	return helper_process_start(&filters->helper, &start, &filters->failure);
}

/* Notes why it is not asked any more: it has ended before its program ran, or without an answer. */
static void note_end(struct filters *filters, int error)
{
	if (error && error != EPIPE && error != ECONNRESET)
		buf_addf(&filters->failure, "cannot ask " PROGRAM ": %s", strerror(error));
	else
		helper_process_describe_end(&filters->helper, &filters->failure);
}

/* The number of words in `calls`, which is the first line. */
static size_t count_calls(const char *request)
{
	size_t count = 0;

	if (strncmp(request, "calls ", 6) != 0)
		return 0;
	for (; *request && *request != '\n'; request++)
		count += *request == ' ';
	return count;
}

/* Sends the request and waits for the answer. Returns its length; 0: there is none, for the reason in `failure`. */
static size_t hear_answer(struct filters *filters, const char *request, char answer[FILTER_ANSWER_MOST])
{
	const char *flaw = NULL;
	struct run_limit limit;
	ssize_t got;

	run_limit_begin(&limit, ANSWER_SECONDS);
	got = send(filters->helper.channel, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (got >= 0 && !run_limit_wait(&limit, filters->helper.channel)) {
		buf_addf(&filters->failure, PROGRAM " has not answered for %d s", ANSWER_SECONDS);
		return 0;
	}
	if (got >= 0)
		got = fd_channel_receive(filters->helper.channel, answer, FILTER_ANSWER_MOST);
	if (got <= 0) {
		note_end(filters, got < 0 ? errno : 0);
		return 0;
	}
	flaw = filter_answer_flaw(answer, (size_t)got, count_calls(request));
	if (!flaw)
		return (size_t)got;
	buf_addf(&filters->failure, "the answer of " PROGRAM " is wrong: %s", flaw);
	return 0;
}

/* Adds a filter to the table. NULL: out of memory. */
static const struct compiled_filter *keep_filter(struct table *table, const char *request, const void *answer,
						 size_t length)
{
	struct compiled_filter *kept = pool_alloc(table->pool, sizeof(*kept));
	const char *bytes = pool_keep(table->pool, answer, length);
	struct filter_answer head;

	request = pool_text(table->pool, request);
	if (!kept || !bytes || !request)
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	*kept = (struct compiled_filter){ .next = table->filters, .request = request, .answer = bytes,
					  .length = length, .unknown = head.unknown };
	kept->program.len = (unsigned short)head.instructions;
	kept->program.filter = (void *)(uintptr_t)(bytes + sizeof(head));
	table->filters = kept;
	return kept;
}

void filters_add(struct table *table, const char *request, const void *answer, size_t length)
{
	struct filter_answer head;

	if (filter_answer_flaw(answer, length, count_calls(request)))
		return;
	memcpy(&head, answer, sizeof(head));
	if (!head.error)
		keep_filter(table, request, answer, length);
}

/* Has a filter compiled. Returns NULL with the reason in why. */
static const struct compiled_filter *compile_filter(struct filters *filters, const char *request, struct buf *why)
{
	char answer[FILTER_ANSWER_MOST];
	const struct compiled_filter *kept = NULL;
	struct filter_answer head;
	bool asked = !filters->failure.length && (filters->helper.pid || start_filter(filters));
	size_t length;

	wait_note_begin("the program", PROGRAM);
	length = asked ? hear_answer(filters, request, answer) : 0;
	wait_note_end();
	if (!length) {
		buf_text(why, buf_string(&filters->failure));
		return NULL;
	}
	memcpy(&head, answer, sizeof(head));
	if (!head.error)
		kept = keep_filter(filters->table, request, answer, length);
	if (!kept)
		buf_text(why, head.error ? strerror((int)head.error) : "out of memory");
	return kept;
}

/* Finds the filter, or has it compiled. */
static const struct compiled_filter *get_filter(struct filters *filters, const char *request, struct buf *why)
{
	for (const struct compiled_filter *made = filters->table->filters; made; made = made->next) {
		if (made->request == request)
			return made;
	}
	for (const struct compiled_filter *made = filters->before; made; made = made->next) {
		if (!strcmp(made->request, request))
			return keep_filter(filters->table, request, made->answer, made->length);
	}
	return compile_filter(filters, request, why);
}

/* A call that the table denies must not be allowed because of a typo. */
static void report_unknown(const struct filters *filters, const struct service *service, words calls,
			   const struct compiled_filter *filter)
{
	const uint32_t *unknown = (const void *)(filter->program.filter + filter->program.len);

	for (uint32_t n = 0; n < filter->unknown; n++) {
		const char *word = calls[unknown[n]];
		bool denied = *word == '~';

		word += denied || *word == '+';
		diags_add(filters->diags, denied ? SEVERITY_ERROR : SEVERITY_WARNING,
			  service_origin(service, "system_call_filter"),
			  "%s: system_call_filter: libseccomp here knows no system call '%.*s'%s", service->name,
			  (int)strcspn(word, ":"), word,
			  denied ? ", so it cannot be denied" : "; it is left out");
	}
}

/* Adds the filter of a request to `list`. */
static bool add_filter(struct filters *filters, const struct service *service, const struct filter_request *request,
		       const struct sock_fprog **list)
{
	const struct compiled_filter *filter = NULL;
	struct buf text = { 0 }, why = { 0 };
	const char *kept;

	filter_request_write(request, &text);
	kept = text.failed ? NULL : pool_text(filters->table->pool, buf_string(&text));
	if (kept && text.length > FILTER_REQUEST_MOST)
		buf_addf(&why, "its words have more than %d bytes", FILTER_REQUEST_MOST);
	else if (kept)
		filter = get_filter(filters, kept, &why);
	if (filter) {
		report_unknown(filters, service, request->calls, filter);
		list[list[0] ? 1 : 0] = &filter->program;
	} else {
		diag_error(filters->diags, service->at, "%s: cannot compile its filter of system calls: %s",
			   service->name, why.length ? buf_string(&why) : "out of memory");
	}
	buf_free(&text);
	buf_free(&why);
	return filter;
}

/* The personality to lock: superd's, with which every service starts. */
static int64_t locked_personality(void)
{
	long own = personality(0xffffffff);

	return own < 0 ? 0 : (uint32_t)own;
}

/* What the restrictions deny. */
static void describe_restrictions(const struct service *service, struct filter_request *request)
{
	const struct hardening_options *hardening = service->groups->hardening;

	*request = (struct filter_request){
		.families = service->groups->syscalls->restrict_address_families,
		.namespaces = hardening->restrict_namespaces,
		.personality = hardening->lock_personality ? locked_personality() : -1,
		.realtime = hardening->restrict_realtime,
		.suid_sgid = hardening->restrict_suid_sgid,
		.executable_memory = hardening->memory_deny_write_execute,
		.sysctl = hardening->protect_kernel_tunables,
		.modules = hardening->protect_kernel_modules,
		.logs = hardening->protect_kernel_logs,
		.clock = hardening->protect_clock,
		.raw_io = hardening->private_devices,
		.hostname = hardening->protect_hostname,
	};
}

static bool leaves_out_filters(const struct filters *filters, struct sandbox_support *support)
{
	return !build_has("libseccomp") ||
	       (filters->table->warns_of_unsupported && sandbox_support_missing(support) & SANDBOX_NEEDS_FILTER);
}

/* superd executes its own programs by execveat(2), behind the filter. NULL: none, or out of memory. */
static words list_of_calls(const struct filters *filters, const struct service *service)
{
	words calls = service->groups->syscalls->system_call_filter;
	const char **list;
	size_t count = words_count(calls);

	if (!calls || !service_is_builtin(service))
		return calls;
	list = pool_alloc(filters->table->pool, (count + 2) * sizeof(*list));
	if (list) {
		memcpy(list, calls, count * sizeof(*list));
		list[count] = "execveat";
	}
	return list;
}

/* A list of allowed calls is installed last, as it need not allow the installation of others. */
bool filters_of_service(struct filters *filters, const struct service *service, struct sandbox_support *support,
			const struct sock_fprog *const **list)
{
	const struct syscall_options *calls = service->groups->syscalls;
	const struct sock_fprog *made[3] = { 0 };
	struct filter_request request;
	struct buf text = { 0 };
	bool good = true, is_restricted;

	*list = NULL;
	describe_restrictions(service, &request);
	filter_request_write(&request, &text);
	is_restricted = text.length || (calls->system_call_architectures && !calls->system_call_filter);
	buf_free(&text);
	if ((!is_restricted && !calls->system_call_filter) || leaves_out_filters(filters, support))
		return true;
	request.architectures = calls->system_call_architectures;
	if (is_restricted)
		good = add_filter(filters, service, &request, made);
	request = (struct filter_request){
		.calls = list_of_calls(filters, service), .architectures = calls->system_call_architectures,
		.error = calls->system_call_error_number, .personality = -1,
	};
	if (good && calls->system_call_filter && !request.calls) {
		diag_error(filters->diags, service->at, "%s: out of memory", service->name);
		good = false;
	} else if (good && request.calls) {
		good = add_filter(filters, service, &request, made);
	}
	if (!good || !made[0])
		return good;
	*list = pool_keep(filters->table->pool, made, sizeof(made));
	if (!*list)
		diag_error(filters->diags, service->at, "%s: out of memory", service->name);
	return *list;
}
