/* superd's programs that help to load a table: superd-read, superd-filter. */
#include "superd/machine/machine.h"

#include <linux/capability.h>
#include <sys/personality.h>
#include <sys/time.h>

/* Starts a helper program beside the loop, which may start others at the same time and may reap this one. */

#define END_MOST 100 /* milliseconds that superd waits for its end */

/* How a program is started. */
struct helper_start {
	const char *option; /* its only argument; NULL: none */
	int type;	    /* of the channel: SOCK_STREAM or SOCK_SEQPACKET */
	int number;	    /* of the program's end of the channel */
	int *wanted;	    /* its descriptors, as in struct job; helper_process_start sets `number` */
	int wanted_count;
	const char *directory;	       /* NULL: superd's */
	const struct account *account; /* NULL: superd's own */
	uint64_t capabilities;	       /* that it may keep */
};

static const char *program_name(const struct helper_process *helper)
{
	return program_get(helper->program)->name;
}

/* Starts it. false: why not is added. */
static bool helper_process_start(struct helper_process *helper, const struct helper_start *start, struct buf *why)
{
	const char *const arguments[] = { start->option, NULL };
	struct plan *plan = plan_own_program(helper->program, arguments, start->account, NULL, why);
	struct job job = { .plan = plan, .wanted = start->wanted, .wanted_count = start->wanted_count, .record = -1 };
	int ends[2] = { -1, -1 };
	pid_t pid = -1;

	if (!plan)
		return false;
	if (socketpair(AF_UNIX, start->type | SOCK_CLOEXEC, 0, ends) == 0) {
		scm_rights_allow(ends[0], false);
		start->wanted[start->number] = ends[1];
		plan->directory = start->directory;
		plan->bounding = start->capabilities;
		for (int cap = 0; cap < 64; cap++) { /* a program that is not root's keeps only its ambient set */
			if (start->capabilities >> cap & 1 && capability_held(cap))
				plan->ambient |= UINT64_C(1) << cap;
		}
		job.command = &plan->main;
		job.file = plan->main.file;
		job.argv = plan->main.argv;
		job.environment = plan->environment;
		pid = spawn_start(&job, &helper->report);
	}
	if (pid < 0)
		buf_addf(why, "cannot start %s: %s", program_name(helper), strerror(errno));
	plan_free(plan);
	fd_close(&ends[1]);
	helper->channel = ends[0];
	helper->pid = pid > 0 ? pid : 0;
	helper->process = pid > 0 ? pidfd_of(pid) : -1;
	return pid > 0;
}

/* Adds why its channel is closed: it could not be run, is of another build, or has ended without an answer. */
static void helper_process_describe_end(const struct helper_process *helper, struct buf *why)
{
	struct fault fault;
	int status;

	if (helper->report >= 0 && read(helper->report, &fault, sizeof(fault)) == (ssize_t)sizeof(fault))
		buf_addf(why, "cannot start %s: %s: %s", program_name(helper), stage_name(fault.stage),
			 strerror(fault.error));
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
		pidfd_signal(helper->process, SIGKILL); /* the loop reaps it, or has done so */
	fd_close(&helper->process);
}

/* superd-read is superd's own user, as others may not read the tables, and keeps of its rights those to read any file.
 * SECURITY.md says why it is no wall: what it prints is what root runs. */

#define NUMBERS 1024 /* descriptors that a source may name */
#define PATIENCE 300 /* seconds; it may wait for a file system, and for the names of many ports */

/* Whether superd was started with this descriptor for a table to be read from, as of a here-document. superd's own are
 * close-on-exec. */
static bool is_for_reading(int fd)
{
	int flags = fcntl(fd, F_GETFD), access = fcntl(fd, F_GETFL);
	struct stat status;

	return flags >= 0 && !(flags & FD_CLOEXEC) && access >= 0 && (access & O_ACCMODE) == O_RDONLY &&
		!(access & O_PATH) && fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode));
}

bool reader_process_start(void *with, int *channel, pid_t *pid, struct buf *why)
{
	/* The kernel does not count the time in which the machine stands still. */
	const struct timeval limit = { .tv_sec = PATIENCE };
	struct reader_process *reader = with;
	int wanted[NUMBERS], fd;
	struct helper_start start = {
		.option = "--marks",
		.type = SOCK_STREAM,
		.number = STDOUT_FILENO,
		.wanted = wanted,
		.wanted_count = 3,
		.capabilities = UINT64_C(1) << CAP_DAC_READ_SEARCH,
	};
	bool good;

	for (int n = 0; n < NUMBERS; n++)
		wanted[n] = -1;
	if (reader->reads_input && fcntl(STDIN_FILENO, F_GETFD) >= 0)
		wanted[STDIN_FILENO] = STDIN_FILENO;
	for (int n = STDERR_FILENO + 1; n < NUMBERS; n++) {
		if (!is_for_reading(n))
			continue;
		wanted[n] = n;
		start.wanted_count = n + 1;
	}
	good = helper_process_start(&reader->helper, &start, why);
	*channel = fd = reader->helper.channel;
	*pid = reader->helper.pid;
	reader->helper.channel = -1;
	if (good &&
	    (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	     setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)) {
		buf_addf(why, "cannot limit the time of superd-read: %s", strerror(errno));
		return false;
	}
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
#define ANSWER_SECONDS 10 /* for one filter; the largest take a tenth of a second */

void filters_open(struct filters *filters, struct table *table, const struct table *before, struct diags *diags)
{
	*filters = (struct filters){ .table = table,
				     .before = before ? before->filters : NULL,
				     .diags = diags,
				     .helper = HELPER_PROCESS_NONE(PROGRAM_FILTER) };
}

void filters_close(struct filters *filters)
{
	helper_process_end(&filters->helper);
	buf_free(&filters->failure);
}

/* The number of words in `calls`, which is the first line. */
static size_t count_calls(const char *request)
{
	size_t count = 0;

	for (; *request && *request != '\n'; request++)
		count += *request == ' ';
	return count;
}

/* Sends the request and waits for the answer. Returns its length; 0: there is none, for the reason in `failure`: then
 * it is not asked any more. */
static size_t hear_answer(struct filters *filters, const char *request, char answer[FILTER_ANSWER_MOST])
{
	struct buf *why = &filters->failure;
	const char *flaw;
	ssize_t got;

	got = send(filters->helper.channel, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (got >= 0 && !fd_wait(filters->helper.channel, ANSWER_SECONDS * 1000)) {
		buf_addf(why, PROGRAM " has not answered for %d s", ANSWER_SECONDS);
		return 0;
	}
	if (got >= 0)
		got = fd_channel_receive(filters->helper.channel, answer, FILTER_ANSWER_MOST);
	if (got < 0 && errno != EPIPE && errno != ECONNRESET)
		buf_addf(why, "cannot ask " PROGRAM ": %s", strerror(errno));
	else if (got <= 0)
		helper_process_describe_end(&filters->helper, why);
	else if ((flaw = filter_answer_flaw(answer, (size_t)got, count_calls(request))))
		buf_addf(why, "the answer of " PROGRAM " is wrong: %s", flaw);
	return why->length || got <= 0 ? 0 : (size_t)got;
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
	*kept = (struct compiled_filter){
		.next = table->filters, .request = request, .answer = bytes, .length = length, .unknown = head.unknown
	};
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

/* Finds the filter, or has it compiled. Returns NULL with the reason in why. */
static const struct compiled_filter *get_filter(struct filters *filters, const char *request, struct buf *why)
{
	int wanted[] = { -1, -1, -1 }; /* its end of the channel is its only descriptor */
	struct helper_start start = { .type = SOCK_SEQPACKET, .wanted = wanted, .wanted_count = 3, .directory = "/" };
	const struct compiled_filter *kept = NULL;
	char answer[FILTER_ANSWER_MOST];
	struct filter_answer head;
	size_t length = 0;

	for (const struct compiled_filter *made = filters->table->filters; made; made = made->next) {
		if (made->request == request)
			return made;
	}
	for (const struct compiled_filter *made = filters->before; made; made = made->next) {
		if (!strcmp(made->request, request))
			return keep_filter(filters->table, request, made->answer, made->length);
	}
	if (!filters->failure.length && !filters->helper.pid) {
		start.account = helper_user_account(HELPER_USER_FILTER);
		helper_process_start(&filters->helper, &start, &filters->failure);
	}
	if (!filters->failure.length)
		length = hear_answer(filters, request, answer);
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

/* A call that the table denies must not be allowed because of a typo. One that is younger than libseccomp never is. */
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
			  denied ? ": if it is younger, leave it out: every filter denies it" : "; it is skipped");
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

/* A list of allowed calls is installed last, as it need not allow the installation of others. */
bool filters_of_service(struct filters *filters, const struct service *service, struct sandbox_support *support,
			const struct sock_fprog *const **list)
{
	static const struct filter_request none = { .personality = -1 };
	const struct hardening_options *hardening = service->groups->hardening;
	const struct syscall_options *calls = service->groups->syscalls;
	const struct sock_fprog *made[3] = { 0 };
	int own = hardening->lock_personality ? personality(0xffffffff) : 0;
	int64_t own_personality = !hardening->lock_personality ? -1 : own < 0 ? 0 : own;
	struct filter_request request = {
		.families = calls->restrict_address_families,
		.namespaces = hardening->restrict_namespaces,
		.personality = own_personality, /* superd's, with which every service starts */
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
	words allowed = calls->system_call_filter;
	bool good = true, is_restricted;

	*list = NULL;
	is_restricted = memcmp(&request, &none, sizeof(none)) != 0 || (calls->system_call_architectures && !allowed);
	if ((!is_restricted && !allowed) || !build_has("libseccomp") ||
	    (filters->table->warns_of_unsupported && sandbox_support_missing(support) & SANDBOX_NEEDS_FILTER))
		return true;
	request.architectures = calls->system_call_architectures;
	if (is_restricted)
		good = add_filter(filters, service, &request, made);
	if (good && allowed &&
	    service_is_builtin(service)) { /* superd executes its own programs by execveat(2), behind it */
		size_t count = words_count(allowed);
		const char **longer = pool_alloc(filters->table->pool, (count + 2) * sizeof(*longer));

		if (!longer) {
			diag_error(filters->diags, service->at, "%s: out of memory", service->name);
			return false;
		}
		memcpy(longer, allowed, count * sizeof(*longer));
		longer[count] = "execveat";
		allowed = longer;
	}
	request = (struct filter_request){
		.calls = allowed,
		.architectures = calls->system_call_architectures,
		.error = calls->system_call_error_number,
		.personality = -1,
	};
	if (good && allowed)
		good = add_filter(filters, service, &request, made);
	if (!good || !made[0])
		return good;
	*list = pool_keep(filters->table->pool, made, sizeof(made));
	if (!*list)
		diag_error(filters->diags, service->at, "%s: out of memory", service->name);
	return *list;
}
