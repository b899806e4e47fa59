/* One backend, from its first command to its last:
 *
 *   CONDITION - START_PRE - LAUNCHED - STARTED - START_POST - READY - (REMAINS)
 *   EXEC_STOP - TERMINATED - (FINAL) - KILLED - STOP_POST - OVER
 *
 * Each step is the end of a process, or of a time limit: the table `phases` says which. A start goes so: instance_start
 * makes the plan and runs the commands before it; start_main gathers the descriptors, the variables and the control
 * group, and launches the main process (launch.c). on_report hears that its program runs, or at which stage it has
 * failed: at once, or by the pipe of a start by superd-exec. What follows is its type's, until instance_be_ready. */
#include "superd/daemon.h"

#define NAP 1.		   /* seconds: a shorter sleep is no news */
#define LOOK .05	   /* seconds between two looks at a group, or for a daemon */
#define SETTLED 5.	   /* seconds until a process that was found is the daemon for good */
#define READY_RUN 10.	   /* seconds of a run of exec_ready */
#define READY_PAUSE 100000 /* microseconds behind one that has failed, doubled up to: */
#define READY_PAUSE_MOST 1000000
#define ANSWERS 64	       /* of a builtin that has ended: what it leaves behind might ask on */
#define LIMITS_MOST 30.	       /* seconds that a change of limits may take */
#define FACTS_MOST 3	       /* variables that tell a command how its instance has ended */

/* ---- a plan ---- */

/* The UDP ports of superd's own programs, for one that answers datagrams: two of them must not answer each other for
 * ever. */
uint16_t *find_loop_ports(const struct service *row, struct plan_sockets *sockets)
{
	uint16_t *list = NULL;

	if ((!service_is_builtin(row) && !service_is_relayed(row)) || !service_find_socket(row, KINDS_DATAGRAM))
		return NULL;
	for (struct svc *svc = svc_next(NULL); svc; svc = svc_next(svc)) {
		EACH_SOCKET(socket, svc) {
			uint16_t *larger;

			if ((!service_is_builtin(svc->row) && !service_is_relayed(svc->row)) ||
			    socket->listen->address->kind != ENDPOINT_UDP || socket->fd < 0)
				continue;
			larger = realloc(list, (sockets->loop_count + 1) * sizeof(*list));
			if (!larger)
				break;
			list = larger;
			list[sockets->loop_count++] = (uint16_t)clients_port(socket);
		}
	}
	sockets->loop_ports = list;
	return list;
}

struct plan *plan_of(struct svc *svc, const struct service *row, const char *name, struct buf *why)
{
	bool *missing = calloc(svc->socket_count + row->socket_count + 1, sizeof(*missing)); /* row: of before, too */
	struct plan_sockets sockets = { .instance = name, .missing = missing, .first_pid = guard_first_pid() };
	uint16_t *loops;
	struct plan *plan;

	if (!missing) {
		buf_text(why, "out of memory");
		return NULL;
	}
	loops = find_loop_ports(row, &sockets);
	for (unsigned n = 0; n < svc->socket_count; n++) {
		const struct endpoint *address = svc->sockets[n].listen->address;

		missing[n] = svc->sockets[n].fd < 0 && address->kind != ENDPOINT_TCPMUX;
		if (!sockets.port && endpoint_has_port(address))
			sockets.port = address->port ? address->port : clients_port(&svc->sockets[n]);
	}
	plan = plan_make(row, &superd.defaults, &sockets, why);
	free(loops);
	free(missing);
	return plan;
}

/* A reload has dropped it if the row is another. */
static struct plan *plan_of_service(struct svc *svc, struct buf *why)
{
	if (!svc->run->plan)
		svc->run->plan = plan_of(svc, svc->row, NULL, why);
	return svc->run->plan;
}

/* Its own, if that has its name, or its service has another row by now. */
static struct plan *plan_of_instance(struct instance *instance, struct buf *why)
{
	struct svc *svc = instance->svc;

	if (!instance->plan && !*instance->name && instance->row == svc->row)
		return plan_of_service(svc, why);
	if (!instance->plan)
		instance->plan = plan_of(svc, instance->row, *instance->name ? instance->name : NULL, why);
	return instance->plan;
}

/* Behind a process by this plan: the next one reads again what may be another by then (environment_file). */
static void leave_plan(struct svc *svc, struct instance *instance, const struct plan *plan)
{
	if (!plan || !(plan->flags & PLAN_REREADS))
		return;
	if (plan == svc->run->plan)
		svc_forget_plan(svc);
	if (!instance || plan != instance->plan)
		return;
	plan_free(instance->plan);
	instance->plan = NULL;
}

/* ---- descriptors ---- */

static const char *const streams[] = { "input", "output", "error" };

/* A start, and what its request names. */
struct wiring {
	struct spawn_request request;
	int *wanted; /* the request's */
	int own;     /* of these, for this process alone; -1: none */
	struct buf names;
	struct stream_file files[3];
};

/* instance: whose process it is; NULL: a command's of the service. Its streams are to come: wire_streams. */
static void wire(struct wiring *wiring, struct svc *svc, const struct service *row, const struct plan *plan,
		 struct instance *instance, int *wanted)
{
	struct spawn_request *request = &wiring->request;

	*wiring = (struct wiring){ .wanted = wanted, .own = -1 };
	*request = (struct spawn_request){
		.service = row->name,
		.plan = plan,
		.wanted = wanted,
		.wanted_count = 3,
		.notify = service_notify_access(row) ? svc->run->notify_variable : NULL,
	};
	if (!instance)
		return;
	request->private_id = instance->private_id;
	request->invocation = instance->invocation;
	if (instance->socket && instance->client.peer.length) {
		request->remote_address = instance->peer;
		request->remote_port = client_port(&instance->client);
	}
}

static void add_own_fd(struct wiring *wiring, int fd)
{
	wiring->wanted[wiring->request.wanted_count++] = wiring->own = fd;
}

static void pass_fd(struct wiring *wiring, int fd, const char *name)
{
	wiring->wanted[wiring->request.wanted_count++] = fd;
	wiring->request.listen_count++;
	buf_addf(&wiring->names, "%s%s", wiring->names.length ? ":" : "LISTEN_FDNAMES=", name);
	wiring->request.names = wiring->names.data;
}

static void unwire(struct wiring *wiring)
{
	fd_close(&wiring->own);
	buf_free(&wiring->names);
}

/* One standard stream. beside: of a command, which gets neither sockets nor input, and truncates nothing. */
static int find_stream(struct wiring *wiring, struct svc *svc, const struct service *row, int number, int socket,
		       bool beside)
{
	struct stream stream = *plan_stream(row, number), before = { .kind = STREAM_NULL };
	bool input = number == STDIN_FILENO;

	if (socket < 0 && stream.kind == STREAM_SOCKET) /* of a command, or an optional one */
		stream.kind = input ? STREAM_NULL : STREAM_LOG;
	if (beside && input && (stream.kind == STREAM_DESCRIPTOR || stream.kind == STREAM_INHERIT))
		stream.kind = STREAM_NULL;
	else if (beside && stream.kind == STREAM_DESCRIPTOR)
		stream.kind = STREAM_LOG;
	else if (beside && stream.kind == STREAM_TRUNCATE)
		stream.kind = STREAM_APPEND;
	if (number)
		before = *plan_stream(row, number - 1);
	switch ((enum stream_kind)stream.kind) {
	case STREAM_LOG:
		return output_open(svc);
	case STREAM_FILE:
	case STREAM_APPEND:
	case STREAM_TRUNCATE:
		wiring->files[number] = (struct stream_file){
			.path = stream.path,
			.flags = stream_flags(row, number, beside),
			.is_same = number && wiring->files[number - 1].path &&
				(before.kind == stream.kind || (beside && before.kind == STREAM_TRUNCATE)) &&
				!strcmp(before.path, stream.path),
		};
		wiring->request.files = wiring->files;
		return input ? superd.null_in : superd.null_out;
	case STREAM_DESCRIPTOR:
		return wiring->wanted[3 + wiring->request.plan->stream_sockets[number]];
	case STREAM_INHERIT:
		return number;
	case STREAM_SOCKET:
		return socket;
	case STREAM_NULL:
		break;
	}
	return input ? superd.null_in : superd.null_out;
}

static bool wire_streams(struct wiring *wiring, struct svc *svc, const struct service *row, int socket, bool beside,
			 struct buf *why)
{
	for (int n = 0; n < 3; n++) {
		wiring->wanted[n] = find_stream(wiring, svc, row, n, socket, beside);
		if (wiring->wanted[n] >= 0)
			continue;
		buf_addf(why, "%s: %s", option_name_of(row, streams[n]), strerror(errno));
		return false;
	}
	return true;
}

/* ---- commands around it ---- */

/* The path of a group with settings. NULL with the reason in why. */
static char *make_cgroup(const struct service *row, const struct cgroup_settings *settings, uint64_t number,
			 struct buf *why)
{
	char *path;

	if (!cgroups_prepare(&superd.cgroups, settings->place, settings->controllers,
			     settings->count ? settings->list[0].option : "control group", why))
		return NULL;
	path = cgroups_instance_path(&superd.cgroups, row->name, number);
	if (!path)
		buf_text(why, strerror(errno));
	return path;
}

static void on_limits_changed(struct helper *helper, int status)
{
	int error = status == HELPER_LATE ? ETIMEDOUT : WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;

	if (error)
		svc_say(container_of(helper, struct run, limits)->svc, LEVEL_ERROR, "limits",
			"cannot change the limits of what runs: %s", strerror(error));
}

/* A process writes them, as the kernel takes memory back before a lower limit is one. */
void instance_change_limits(struct svc *svc, const struct service *row)
{
	const struct cgroup_settings *settings = service_prepared(row)->cgroup_settings;
	const struct service *before = svc->row;
	struct buf why = { 0 };
	bool any = false;
	pid_t pid;

	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		any |= instance->cgroup && cgroup_settings_differ(before, row);
	}
	if (!any)
		return;
	if (settings && settings->count &&
	    !cgroups_prepare(&superd.cgroups, settings->place, settings->controllers, settings->list[0].option, &why)) {
		svc_say(svc, LEVEL_ERROR, "limits", "cannot change the limits of what runs: %s", buf_string(&why));
		buf_free(&why);
		return;
	}
	pid = helper_begin(&svc->run->limits, LIMITS_MOST, on_limits_changed, NULL, 0);
	if (pid < 0)
		svc_say(svc, LEVEL_ERROR, "limits", "cannot change the limits of what runs: %s",
			strerror(svc->run->limits.child.pid ? EBUSY : errno));
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		if (!instance->cgroup)
			continue;
		instance->cgroup_is_spent = true;
		if (pid == 0 && !cgroup_settings_change(before, row, instance->cgroup))
			_exit(errno);
	}
	if (pid == 0)
		_exit(0);
}

static bool enter_cgroup(struct instance *instance, struct spawn_request *request, struct buf *why)
{
	instance->cgroup_is_left = false;
	if (instance->stand != MOVES)
		instance_freeze(instance, MOVES);
	if (instance->cgroup && instance->stand != MOVES) { /* superd waits for the exec of what is started there */
		buf_text(why, "its control group cannot be thawed");
		return false;
	}
	if (!request->plan->cgroup_settings) {
		/* What leaves its session is frozen, stopped and counted with it. With accept = yes it would cost more
		 * than most of those programs do. */
		if (instance->row->exec->accept || !cgroups_probe(&superd.cgroups))
			return true;
		/* To make and remove one costs a fifth of a start. */
		if (!instance->cgroup && instance->svc->run->cgroup) {
			instance->cgroup = instance->svc->run->cgroup;
			instance->svc->run->cgroup = NULL;
			journal_service(instance->svc);
			instance->cgroup_is_reused = true;
		} else if (!instance->cgroup) {
			instance->cgroup =
				cgroups_instance_path(&superd.cgroups, instance->row->name, instance->number);
		} else if (instance->cgroup_is_spent) {
			cgroup_remove(instance->cgroup); /* it is empty */
		}
		request->into = instance->cgroup ? cgroup_service_open(instance->cgroup) : -1;
		if (request->into >= 0 || !error_is_shortage(errno))
			return true;
		request->fault.error = errno; /* no reason to start it outside its group */
		buf_addf(why, "its control group: %s", strerror(errno));
		errno = request->fault.error;
		return false;
	}
	if (!instance->cgroup)
		instance->cgroup = make_cgroup(instance->row, service_prepared(instance->row)->cgroup_settings,
					       instance->number, why);
	request->group = instance->cgroup;
	instance->cgroup_is_spent = true; /* it has settings */
	return instance->cgroup;
}

/* Behind a launch, or in its place. */
static void leave_cgroup(struct instance *instance, struct spawn_request *request)
{
	if (request->into > 0) {
		fd_close(&request->into);
	} else if (!request->group && instance->cgroup && cgroup_remove(instance->cgroup)) { /* it is outside */
		free(instance->cgroup);
		instance->cgroup = NULL;
	}
}

/* "exec: No such file or directory", and the option of one before the program. */
void describe_command_fault(const struct service *row, enum command_phase phase, const struct fault *fault,
			    struct buf *out)
{
	if (fault->stage != STAGE_EXEC) {
		describe_fault(row, fault, out);
		return;
	}
	buf_addf(out, "%s: %s", stage_name(fault->stage), strerror(fault->error));
	if (phase == PHASE_CONDITION || phase == PHASE_START_PRE)
		origin_cite(service_origin(row, command_option(phase)), out);
}

/* The first command of a start checks the conditions. */
bool instance_checks_conditions(const struct instance *instance, enum command_phase phase, unsigned number)
{
	const struct service *row = instance->row;

	return row->groups->commands->condition && instance->phase <= LAUNCHED && !number &&
		(phase == PHASE_CONDITION || (phase == PHASE_START_PRE && !service_commands(row, PHASE_CONDITION)));
}

/* How the instance has ended, for the commands of its stop. */
struct facts {
	const char *list[FACTS_MOST + 2];
	size_t count;
	char result[40], code[40], status[48], main_pid[40];
};

static void add_end(struct facts *facts, const struct instance *instance)
{
	bool signalled = WIFSIGNALED(instance->status);
	char name[32];

	snprintf(facts->result, sizeof(facts->result), "SERVICE_RESULT=%s", result_name(instance->result));
	facts->list[facts->count++] = facts->result;
	if (instance->reached < STARTED || instance->main.pid)
		return;
	snprintf(facts->code, sizeof(facts->code), "EXIT_CODE=%s",
		 !signalled			       ? "exited"
			 : WCOREDUMP(instance->status) ? "dumped"
						       : "killed");
	if (signalled)
		snprintf(facts->status, sizeof(facts->status), "EXIT_STATUS=%s",
			 scan_signal_name(WTERMSIG(instance->status), name));
	else
		snprintf(facts->status, sizeof(facts->status), "EXIT_STATUS=%d", WEXITSTATUS(instance->status));
	facts->list[facts->count++] = facts->code;
	facts->list[facts->count++] = facts->status;
}

/* Those around the sockets may run otherwise than the service: then the plan is to be freed. */
static struct plan *plan_of_commands(struct commands *commands, bool *own, struct buf *why)
{
	struct svc *svc = commands->svc;
	const struct service *row = service_prepared(svc->row)->socket_row;

	*own = commands->phase >= PHASE_SOCKET_START_PRE;
	if (*own)
		return plan_of(svc, row ? row : svc->row, NULL, why);
	return commands->of ? plan_of_instance(commands->of, why) : plan_of_service(svc, why);
}

enum result command_run(struct commands *commands, unsigned number, struct buf *why)
{
	struct svc *svc = commands->svc;
	struct instance *instance = commands->of;
	const struct service *row = instance ? instance->row : svc->row;
	enum command_phase phase = commands->phase;
	/* Those beside an instance that runs are told of it, and have its control group and its /tmp. */
	struct instance *of = phase == PHASE_RELOAD || phase == PHASE_IDLE_UNLESS ? svc->run->current : instance;
	bool has_main = of && of->reached >= STARTED &&
		(of->main.pid || phase == PHASE_READY ||
		 (phase == PHASE_START_POST && row->exec->type != TYPE_ONESHOT)), own;
	struct facts facts = { .count = 0 };
	int wanted[3], report = -1, error = 0;
	struct wiring wiring;
	struct spawn_request *request = &wiring.request;
	struct plan *plan = plan_of_commands(commands, &own, why);
	enum result result = plan ? RESULT_EXIT_CODE : RESULT_RESOURCES;
	pid_t pid = -1;

	if (phase == PHASE_STOP || phase == PHASE_STOP_POST)
		add_end(&facts, instance);
	snprintf(facts.main_pid, sizeof(facts.main_pid), "MAINPID=%ld", of ? (long)of->pid : 0);
	if (has_main)
		facts.list[facts.count] = facts.main_pid;
	wire(&wiring, svc, row, plan, instance, wanted);
	if (plan && wire_streams(&wiring, svc, row, -1, true, why)) {
		request->command = &plan->commands[phase].list[number];
		request->variables = facts.list;
		if (service_notify_access(row) < NOTIFY_EXEC)
			request->notify = NULL;
		if (instance)
			request->checks = instance_checks_conditions(instance, phase, number);
		else
			request->private_id = of ? of->private_id : (svc->run->socket_private = private_tmp_new(row));
		if (of && (instance || of->cgroup) && !enter_cgroup(of, request, why))
			request->fault.stage = STAGE_CGROUP;
		if (!of && plan->cgroup_settings)
			request->group = svc->run->socket_group =
				make_cgroup(row, plan->cgroup_settings, ++superd.last_number, why);
		if (!why->length && instance)
			journal_prepare(instance, true);
		if (!why->length)
			pid = launch(request, NULL, &report);
		if (of)
			leave_cgroup(of, request);
		if (pid < 0 && !why->length) {
			if (phase != PHASE_READY)
				buf_addf(why, "%s: %.100s: ", command_option(phase),
					 service_commands(row, phase)[number]);
			describe_command_fault(row, phase, &request->fault, why);
		}
		error = request->fault.error;
	} else {
		error = errno;
	}
	if (pid < 0 && instance && instance->phase < LAUNCHED && limits_are_meant(error))
		instance->lack = error;
	unwire(&wiring);
	if (own)
		plan_free(plan);
	else
		leave_plan(svc, instance, plan);
	if (pid > 0 && instance) {
		fd_close(&instance->report);
		instance->report = report;
		report = -1;
	}
	fd_close(&report);
	if (pid > 0)
		child_watch(&commands->child, pid);
	else if (instance) /* its line may have one that has ended */
		journal_instance(instance);
	if (own && pid > 0)
		journal_service(svc);
	else if (own)
		command_leave(commands);
	return pid > 0 ? RESULT_SUCCESS : result;
}

/* What one around the sockets has left that has ended, or could not be started. */
void command_leave(struct commands *commands)
{
	struct svc *svc = commands->svc;
	struct run *run = svc->run;

	private_tmp_remove(svc->row->name, run->socket_private);
	CLEAR(run->socket_private);
	if (run->socket_group && commands->late)
		cgroup_kill(run->socket_group);
	if (run->socket_group)
		cgroup_remove(run->socket_group);
	free(run->socket_group);
	CLEAR(run->socket_group);
	journal_service(svc);
}

/* Phase by phase: its commands, and which phase follows when they, or what it waits for, are done or have failed, when
 * the main process ends well or badly meanwhile, when its time is over, and when the instance is to end. A command that
 * is over its time is killed, and has failed then. The end of a start is that of what it has forked: on_main. */
#define NONE PHASES
#define STAY (OVER + 1)
/* clang-format off */
static const struct {
	unsigned char commands, done, failed, well, badly, late, to_end;
} phases[] = {
	/*               commands          done        failed      well        badly       late        to_end */
	[CONDITION]  = { PHASE_CONDITION,  START_PRE,  STOP_POST,  STAY,       STAY,       STAY,       STAY },
	[START_PRE]  = { PHASE_START_PRE,  LAUNCHED,   STOP_POST,  STAY,       STAY,       STAY,       STAY },
	[LAUNCHED]   = { NONE,             STARTED,    STOP_POST,  STARTED,    STARTED,    TERMINATED, STAY },
	[STARTED]    = { NONE,             START_POST, TERMINATED, TERMINATED, TERMINATED, TERMINATED, TERMINATED },
	[START_POST] = { PHASE_START_POST, READY,      TERMINATED, STAY,       STAY,       STAY,       TERMINATED },
	[READY]      = { NONE,             READY,      READY,      EXEC_STOP,  TERMINATED, EXEC_STOP,  EXEC_STOP },
	[REMAINS]    = { NONE,             REMAINS,    REMAINS,    STAY,       STAY,       STAY,       EXEC_STOP },
	[EXEC_STOP]  = { PHASE_STOP,       TERMINATED, TERMINATED, STAY,       STAY,       STAY,       STAY },
	[TERMINATED] = { NONE,             STOP_POST,  STOP_POST,  STAY,       STAY,       FINAL,      STAY },
	[FINAL]      = { NONE,             STOP_POST,  STOP_POST,  STAY,       STAY,       KILLED,     STAY },
	[KILLED]     = { NONE,             STOP_POST,  STOP_POST,  STAY,       STAY,       STOP_POST,  STAY },
	[STOP_POST]  = { PHASE_STOP_POST,  OVER,       OVER,       STAY,       STAY,       STAY,       STAY },
	[OVER]       = { NONE,             OVER,       OVER,       STAY,       STAY,       STAY,       STAY },
};
/* clang-format on */

static void leave_phase(struct instance *instance, bool good);
static void begin_end(struct instance *instance, enum ends ends);

/* The first that goes wrong counts. */
static void note_result(struct instance *instance, enum result result)
{
	if (!instance->result)
		instance->result = result;
}

/* The fault that a process which has ended has told; stage STAGE_NONE: its program has run. */
struct fault instance_take_fault(struct instance *instance)
{
	struct fault fault = { .stage = STAGE_NONE };

	io_stop(&instance->report_io);
	if (instance->report < 0)
		return fault;
	if (read(instance->report, &fault, sizeof(fault)) != (ssize_t)sizeof(fault) || (unsigned)fault.stage >= STAGES)
		fault = (struct fault){ .stage = STAGE_NONE };
	fd_close(&instance->report);
	return fault;
}

/* exec_ready has failed: its next run. */
static void ask_ready_again(struct instance *instance)
{
	instance->ready_runs++;
	timer_begin(&instance->ready, backoff_next(&instance->ready_failed, READY_PAUSE, READY_PAUSE_MOST, 0));
}

static void on_ready_run(struct commands *commands, enum result result, const char *why)
{
	struct instance *instance = commands->of;

	if (result == RESULT_SUCCESS) {
		instance_be_ready(instance);
		return;
	}
	text_copy(instance->why_unready, sizeof(instance->why_unready), why);
	ask_ready_again(instance);
}

/* The commands of its phase are done, or one has failed. */
static void on_commands(struct commands *commands, enum result result, const char *why)
{
	struct instance *instance = commands->of;

	note_result(instance, result);
	if (result != RESULT_SUCCESS && instance->phase < READY)
		text_copy(instance->why, sizeof(instance->why), why);
	else if (result != RESULT_SUCCESS)
		svc_say(instance->svc, LEVEL_NOTICE, "command", "%s", why);
	leave_phase(instance, result == RESULT_SUCCESS && (!instance->ends || instance->phase >= EXEC_STOP));
}

/* ---- its start ---- */

void describe_fault(const struct service *row, const struct fault *fault, struct buf *out)
{
	const char *name = stage_name(fault->stage), *option = stage_option(fault->stage), *path = NULL;
	struct path_finding finding;
	struct process_defaults bases;
	struct buf own = { 0 };
	size_t length = 0;

	switch (fault->stage) {
	case STAGE_CONDITIONS:
		buf_addf(out, "%s is not so",
			 (size_t)fault->resource < words_count(row->groups->commands->condition)
				 ? row->groups->commands->condition[fault->resource]
				 : "a condition");
		origin_cite(service_origin(row, "condition"), out);
		return;
	case STAGE_FOLDERS:
		directories_find_bases(&bases);
		directories_describe_fault(row, &bases, fault->resource, fault->error, out);
		return;
	case STAGE_PROGRAM:
		if (fault->error == EPROTO) {
			program_describe_other(PROGRAM_EXEC, out);
			return;
		}
		break;
	case STAGE_CGROUP:
		option = cgroup_settings_fault_option(row, fault->resource);
		path = option ? option_name_of(row, option) : NULL;
		break;
	case STAGE_MOUNTS:
		path = sandbox_fault_path(row, fault->resource, &option);
		break;
	case STAGE_LIMITS:
		option = limit_option(fault->resource);
		path = option ? option_name_of(row, option) : NULL;
		break;
	case STAGE_DIRECTORY:
		path = row->groups->environment->working_directory;
		break;
	case STAGE_STREAMS:
		if (fault->resource >= 0 && fault->resource < 3) {
			option = streams[fault->resource];
			path = plan_stream(row, fault->resource)->path;
		}
		break;
	case STAGE_CREDENTIALS:
		path = credentials_fault(row, fault->resource, &option, &length);
		break;
	case STAGE_EXEC:
		path = row->exec->exec ? row->exec->exec[0] : program_get(plan_builtin_program(row))->name;
		break;
	default:
		break;
	}
	if (fault->stage == STAGE_STREAMS && option)
		buf_text(out, option_name_of(row, option));
	else if (option && !strncmp(name, "setting ", 8) && !strcmp(name + 8, option))
		buf_addf(out, "setting %s", option_name_of(row, option));
	else
		buf_text(out, name);
	if (path)
		buf_addf(out, ": %.*s", (int)(length ? length : strlen(path)), path);
	buf_addf(out, ": %s", fault->error == ETIMEDOUT ? "it took too long, and was ended" : strerror(fault->error));
	/* Paths that others can lead elsewhere are not opened with superd's rights. */
	if (fault->stage == STAGE_CREDENTIALS && path)
		path = memchr(path, '/', length);
	if ((fault->stage == STAGE_STREAMS || fault->stage == STAGE_CREDENTIALS ||
	     (fault->stage == STAGE_MOUNTS && !service_root(row))) &&
	    (fault->error == EACCES || fault->error == EPERM || fault->error == ELOOP) && path &&
	    path_leads_to_foreign(path, &finding))
		path_finding_add(&finding, out);
	origin_cite(option && service_setting(row, option) ? service_origin(row, option) : row->at, out);
	buf_free(&own);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events);
static void on_look(struct ev_loop *loop, ev_timer *timer, int events);
static void on_main(struct child *child, int status, const struct rusage *used);
static void on_ready_due(struct ev_loop *loop, ev_timer *timer, int events);
static void on_report(struct io *io);

struct instance *instance_new(struct svc *svc)
{
	struct instance *instance = calloc(1, sizeof(*instance));

	if (!instance)
		return NULL;
	instance->svc = svc;
	instance->row = svc->row;
	instance->table = svc->table;
	instance->table->users++;
	instance->report = instance->binder_fd = instance->channel = instance->client.fd = instance->main_io.fd = -1;
	instance->main.ended = on_main;
	instance->watchdog_every = -1;
	ev_init(&instance->look, on_look);
	ev_init(&instance->ready, on_ready_due);
	io_init(&instance->report_io, -1, on_report, instance);
	ev_set_priority(&instance->report_io.ev, EV_MAXPRI); /* before what the program prints */
	instance->look.data = instance->ready.data = instance;
	superd.awake += list_empty(&svc->run->instances);
	list_add(&svc->run->instances, &instance->link);
	list_init(&instance->changed);
	instance->number = ++superd.last_number;
	superd.instances++;
	return instance;
}

/* What a reload changes at once is its row's, unless its start would be another one: then that it came by. A plan of
 * its own has texts of its row's table. */
void instance_take_row(struct instance *instance)
{
	struct svc *svc = instance->svc;

	if (instance->plan || service_runs_differently(instance->row, svc->row))
		return;
	svc->table->users++;
	table_release(instance->table);
	instance->row = svc->row;
	instance->table = svc->table;
}

void instance_free(struct instance *instance)
{
	if (!instance)
		return;
	binder_end(instance);
	relay_stop(instance, true);
	ev_timer_stop(superd.loop, &instance->limit);
	ev_timer_stop(superd.loop, &instance->look);
	ev_timer_stop(superd.loop, &instance->ready);
	ev_timer_stop(superd.loop, &instance->watchdog);
	io_stop(&instance->report_io);
	io_stop(&instance->channel_io);
	io_stop(&instance->main_io);
	fd_close(&instance->main_io.fd);
	fd_close(&instance->channel);
	child_forget(&instance->main);
	commands_drop(&instance->commands);
	fd_close(&instance->report);
	close_apart(instance->svc, &instance->client.fd);
	if (instance->counted)
		source_count_leave(&superd.sources, instance->svc, instance->source);
	if (instance->cgroup && !instance->svc->run->cgroup && !instance->cgroup_is_spent) {
		instance->svc->run->cgroup = instance->cgroup;
		journal_service(instance->svc);
	} else if (instance->cgroup) {
		cgroup_remove(instance->cgroup);
		free(instance->cgroup);
	}
	free(instance->escaped);
	if (instance->private_id)
		private_tmp_remove(instance->row->name, instance->private_id);
	plan_free(instance->plan);
	list_remove(&instance->link);
	list_remove(&instance->changed);
	journal_gone("start", instance->number, -1);
	if (!instance->row->exec->accept)
		output_tell(instance->svc);
	table_release(instance->table);
	superd.instances--;
	superd.awake -= list_empty(&instance->svc->run->instances);
	free(instance);
}

static bool lives(const struct instance *instance, const struct escaped *escaped)
{
	struct process process;

	return process_read(escaped->pid, &process) && process.start_time == escaped->born && !process.ended &&
		process.group != instance->group;
}

/* Whether it is one of those that were found when their parents lived. */
bool instance_has_escaped(const struct instance *instance, pid_t pid)
{
	bool has = false;

	for (size_t n = 0; n < instance->escaped_count && !has; n++)
		has = instance->escaped[n].pid == pid && lives(instance, &instance->escaped[n]);
	return has;
}

/* Without a control group, those who have left the process group are found by their parents while these live. */
static void note_escaped(struct instance *instance)
{
	pid_t *pids = instance->cgroup ? NULL : instance_processes(instance);
	size_t count = 0;
	struct escaped *list;
	struct process process;

	while (pids && pids[count])
		count++;
	list = count ? calloc(count, sizeof(*list)) : NULL;
	if (list) {
		free(instance->escaped);
		instance->escaped = list;
		instance->escaped_count = 0;
	}
	for (pid_t *at = pids; list && *at; at++) {
		if (process_read(*at, &process))
			list[instance->escaped_count++] = (struct escaped){ *at, process.start_time };
	}
	free(pids);
}

/* By its control group, where it has one. Without it its user has to do. */
static bool is_own(const struct instance *instance, const struct process *process)
{
	uid_t user = user_of(instance->row), users[3];
	pid_t parent;

	if (process->start_time < instance->born)
		return false;
	if (instance->cgroup)
		return cgroup_holds(instance->cgroup, process->pid);
	return capability_kills(instance->row) ||
		(process_read_users(process->pid, &parent, users) && users[0] == user && users[1] == user &&
		 users[2] == user);
}

/* Forgets a process group that is none any more: once nobody is left in one whose leader superd has reaped, another
 * process may get its number. */
void instance_check_group(struct instance *instance)
{
	struct process leader;

	if (instance->group > 1 && instance->main.pid != instance->group && process_read(instance->group, &leader) &&
	    (instance->pid == instance->group || !is_own(instance, &leader)))
		instance->group = 0;
}

/* Its process group. 0: none, or none any more. */
static pid_t live_group(struct instance *instance)
{
	instance_check_group(instance);
	return instance->group > 1 && kill(-instance->group, 0) == 0 ? instance->group : 0;
}

/* Asked several times at each end; to look costs a hundredth of a start. */
bool instance_cgroup_lives(struct instance *instance)
{
	bool lives = instance->cgroup && !instance->cgroup_is_left && cgroup_is_populated(instance->cgroup);

	instance->cgroup_is_left = !lives && !instance->main.pid && !instance->commands.child.pid;
	return lives;
}

static bool group_lives(struct instance *instance)
{
	bool populated = instance_cgroup_lives(instance);

	for (size_t n = 0; n < instance->escaped_count && !populated; n++)
		populated = lives(instance, &instance->escaped[n]);
	return populated || live_group(instance);
}

static int64_t stop_limit(const struct instance *instance)
{
	int64_t limit = instance->row->groups->lifecycle->timeout_stop;

	return limit ? limit : 1;
}

static bool start_main(struct instance *instance, struct buf *why);

/* Enters a phase, or the next one if there is nothing to do in it. */
static void enter(struct instance *instance, enum phase phase)
{
	const struct restart_options *restart = instance->row->groups->restart;
	bool left_alone = instance->row->groups->lifecycle->kill_mode == KILL_NONE;
	bool barks = instance->result == RESULT_WATCHDOG;
	struct buf why = { 0 };

	journal_instance(instance);
	if (instance->commands.child.pid) { /* exec_ready or exec_start_post: nobody waits for it any more */
		commands_drop(&instance->commands);
		fd_close(&instance->report);
	}
	ev_timer_stop(superd.loop, &instance->ready);
	instance->phase = phase;
	instance->commands.next = 0;
	if (phase > READY)
		notify_watchdog(instance); /* nobody feeds it any more */
	if (phase > REMAINS)
		relay_stop(instance, false); /* who comes now is for the next one */
	if (phase > REMAINS && instance->svc->run->current == instance)
		idle_follow(instance->svc); /* it may have ended by itself: its commands are not frozen */
	if (phase <= READY && phase > instance->reached)
		instance->reached = phase;
	switch (phase) {
	case LAUNCHED:
		if (instance->svc->run->received > 0) /* a command before it keeps a descriptor for it: on_receiver */
			return;
		if (!start_main(instance, &why)) {
			text_copy(instance->why, sizeof(instance->why), buf_string(&why));
			note_result(instance, RESULT_RESOURCES);
			leave_phase(instance, false);
		}
		buf_free(&why);
		return;
	case READY:
		relay_begin(instance);
		svc_note_ready(instance->svc, instance);
		if (!instance->main.pid && !instance->end_is_judged)
			enter(instance, instance->result == RESULT_SUCCESS ? REMAINS : TERMINATED);
		return;
	case REMAINS:
		if (instance->relay.failed.failures) /* its timer was stopped above */
			relay_begin(instance);
		if (!restart->remain_after_exit || instance->ends || instance->says == STOPS)
			enter(instance, EXEC_STOP);
		else if (restart->kill_leftovers && group_lives(instance)) {
			instance_limit(instance, stop_limit(instance));
			instance_signal(instance, instance->row->groups->lifecycle->kill_signal);
		}
		return;
	case TERMINATED:
		if (instance->ends ||
		    restart->kill_leftovers) /* else what it leaves is spared, as it has ended by itself */
			note_escaped(instance);
		if ((!instance->ends && !restart->kill_leftovers) || (!instance->main.pid && !group_lives(instance))) {
			enter(instance, STOP_POST);
			return;
		}
		if (instance->reached == STARTED && !instance->main.pid && instance->row->exec->type == TYPE_FORKING) {
			pid_t *left = instance_processes(instance);
			size_t count = 0;

			while (left && left[count])
				count++;
			free(left);
			if (count)
				svc_say(instance->svc, LEVEL_NOTICE, "stopping",
					"stopping %zu process%s that a failed start has left", count,
					count == 1 ? "" : "es");
		}
		instance_limit(instance,
			       barks && restart->timeout_abort >= 0 ? restart->timeout_abort : stop_limit(instance));
		if (!left_alone)
			instance_signal(instance,
					barks ? instance->row->groups->lifecycle->watchdog_signal
					      : instance->row->groups->lifecycle->kill_signal);
		if (restart->send_sighup)
			instance_signal(instance, SIGHUP);
		if (instance_is_frozen(instance))
			instance_freeze(instance, MOVES);
		if (!instance->main.pid)
			ev_feed_event(superd.loop, &instance->look, EV_TIMER);
		return;
	case FINAL:
		if (!restart->final_kill_signal || restart->final_kill_signal == SIGKILL) {
			enter(instance, KILLED);
			return;
		}
		note_escaped(instance);
		instance_signal(instance, restart->final_kill_signal);
		instance_limit(instance, stop_limit(instance));
		return;
	case KILLED:
		if (left_alone || !restart->send_sigkill) {
			svc_say(instance->svc, LEVEL_WARNING, "leftover", "pid %ld keeps running: %s",
				(long)instance->pid, left_alone ? "kill_mode" : "send_sigkill");
			child_forget(&instance->main);
			enter(instance, STOP_POST);
			return;
		}
		note_escaped(instance);
		instance->svc->run->kills++;
		instance_signal(instance, SIGKILL);
		instance_limit(instance, KILL_PATIENCE);
		return;
	case OVER: /* the loop reports it, never a call that still needs the instance */
		ev_timer_stop(superd.loop, &instance->limit);
		ev_feed_event(superd.loop, &instance->look, EV_TIMER);
		return;
	case STARTED:
		return;
	case EXEC_STOP:
	case STOP_POST:
		instance_limit(instance, stop_limit(instance));
		/* fall through */
	default:
		commands_begin(&instance->commands, instance->svc, instance, phases[phase].commands, 0, on_commands);
	}
}

/* 0: it names none. */
static pid_t read_pid_file(const struct instance *instance)
{
	size_t length;
	char *text = foreign_read_file(instance->row->groups->lifecycle->pid_file, instance->row->account, 64, &length);
	int64_t pid = 0;

	if (text)
		text[strcspn(text, " \t\r\n")] = '\0';
	if (!text || scan_count(text, &pid) || pid > INT32_MAX)
		pid = 0;
	free(text);
	return (pid_t)pid;
}

/* What it is not ready for, as far as superd knows. */
void instance_describe_awaited(const struct instance *instance, struct buf *out)
{
	const struct service *row = instance->row;
	const struct lifecycle_options *lifecycle = row->groups->lifecycle;
	const char *path = lifecycle->pid_file;

	if (service_is_relayed(row)) {
		if (!instance->relay.up)
			relay_describe(instance, out);
	} else if (lifecycle->ready) {
		buf_addf(out, "it has printed no line with \"%s\"", lifecycle->ready);
		origin_cite(service_origin(row, "ready"), out);
	} else if (service_commands(row, PHASE_READY)) {
		buf_addf(out, "exec_ready: %.200s: ", *service_commands(row, PHASE_READY));
		if (instance->ready_runs)
			buf_addf(out, "%s, run %u", instance->why_unready, instance->ready_runs);
		else
			buf_text(out, "not done yet");
		origin_cite(service_origin(row, "exec_ready"), out);
	} else if (row->exec->type == TYPE_FORKING && instance->phase == STARTED && !instance->main.pid) {
		pid_t pid = path ? read_pid_file(instance) : 0;

		if (pid)
			buf_addf(out, "pid_file %s names pid %ld: that is no process of this start", path, (long)pid);
		else if (path)
			buf_addf(out, "pid_file %s: the daemon has not written its pid there", path);
		else
			buf_text(out, "which of its processes is the daemon is not known: set pid_file");
	}
}

/* The time of its phase is over. */
static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;
	bool starts = instance->phase < READY, says;
	struct buf awaited = { 0 };

	(void)loop, (void)events;
	if (instance->commands.child.pid && instance->phase != STARTED) {
		commands_late(&instance->commands);
		return;
	}
	if (instance->phase == REMAINS) {
		instance_signal(instance, SIGKILL);
		return;
	}
	if (instance->phase > REMAINS) {
		note_result(instance, RESULT_TIMEOUT);
		if (instance->phase == KILLED)
			child_give_up(instance->svc, &instance->main, instance->pid);
		enter(instance, phases[instance->phase].late);
		return;
	}
	if (instance->phase == LAUNCHED && instance->ends) { /* killed by then: its file system does not answer */
		child_give_up(instance->svc, &instance->main, instance->pid);
		leave_phase(instance, false);
		return;
	}
	if (starts) { /* it may have said so while superd stood still */
		notify_read(instance->svc);
		if (instance->phase >= READY || ev_is_active(timer))
			return;
	}
	says = instance->says == STOPS;
	if (starts && !says && instance->row->exec->pass == PASS_BIND)
		binder_describe_missing(instance, &awaited);
	if (starts && !says)
		instance_describe_awaited(instance, &awaited);
	svc_say(instance->svc, LEVEL_NOTICE, "stopping", "stopping pid %ld: %s%s%s%s%s", (long)instance->pid,
		says		 ? "it sent STOPPING=1, and has not ended within "
			: starts ? "it was not ready within "
				 : "",
		option_name_of(instance->row, says ? "timeout_stop" : starts ? "timeout_start" : "runtime_max"),
		starts || says ? "" : " is over", awaited.length ? ": " : "", buf_string(&awaited));
	buf_free(&awaited);
	/* One of accept = yes has served its client for so long. */
	if (instance->row->exec->accept && !starts && !says)
		instance_stop(instance);
	else
		instance_fail(instance, RESULT_TIMEOUT);
}

void instance_limit(struct instance *instance, int64_t microseconds)
{
	journal_instance(instance);
	instance->limit_most = clock_now() + EXTENDED_MOST * ((double)microseconds / 1e6);
	timer_limit(&instance->limit, microseconds, on_limit, instance);
}

/* Else who does not want to end would never have to. */
void timer_extend(ev_timer *timer, double most, int64_t microseconds)
{
	double wanted = (double)microseconds / 1e6, left = most - clock_now();

	if (wanted > left)
		wanted = left;
	if (!ev_is_active(timer) || ev_timer_remaining(superd.loop, timer) >= wanted)
		return;
	ev_timer_stop(superd.loop, timer);
	ev_timer_set(timer, wanted, 0);
	ev_timer_start(superd.loop, timer);
}

double instance_limit_left(struct instance *instance)
{
	return ev_is_active(&instance->limit) ? number_max(ev_timer_remaining(superd.loop, &instance->limit), 0) : -1;
}

/* Passes a connection to the control socket that may only read, or one end of a channel, to a builtin that asks
 * superd. */
static bool wire_channel(struct instance *instance, struct wiring *wiring, struct buf *why)
{
	words builtin = instance->row->exec->builtin;
	int ends[2];

	if (plan_channel(instance->row) < 0 || !instance->row->exec->accept)
		return true;
	if (builtin && (!strcmp(builtin[0], "metrics") || !strcmp(builtin[0], "status"))) {
		struct builtin_options options;
		const char *bad;
		/* The row lets its clients see logs and commands, or the mode of a unix socket does. */
		bool in_detail = (!builtin_read_options(builtin, &options, &bad) && options.log) ||
			fd_has_path(instance->client.fd);
		int reader = control_reader(instance->row->name, in_detail, why);

		if (reader < 0)
			return false;
		add_own_fd(wiring, reader);
		return true;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		buf_addf(why, "opening a channel: %s", strerror(errno));
		return false;
	}
	fd_set_nonblocking(ends[0], true);
	add_own_fd(wiring, ends[1]);
	instance->channel = ends[0];
	return true;
}

/* A start of a main process. */
struct launching {
	struct instance *instance;
	struct wiring wiring;
	struct launch *launch;
	struct svc *lends; /* whose listeners the program gets; NULL: it gets a connection */
	char local[120];
	int wanted[];
};

/* What a program gets beside sockets and kept descriptors: its streams, and a channel. */
#define DESCRIPTORS_OTHERS 4

enum { GATHERED_MOST = 32 };

/* Those of one turn, which are launched together. */
static struct {
	bool is_open;
	struct launching *list[GATHERED_MOST];
	size_t count;
} gathered;

/* Behind the launch. */
static bool note_launched(struct launching *start, struct buf *why)
{
	struct instance *instance = start->instance;
	struct spawn_request *request = &start->wiring.request;

	instance->pid = launch_finish(start->launch, request, start->lends, &instance->report);
	leave_cgroup(instance, request);
	unwire(&start->wiring);
	leave_plan(instance->svc, instance, request->plan);
	if (instance->pid < 0) {
		if (limits_are_meant(request->fault.error))
			instance->lack = request->fault.error;
		describe_fault(instance->row, &request->fault, why);
		instance->pid = 0;
		free(start);
		return false;
	}
	instance->since = request->begun;
	free(start);
	instance->group = instance->pid;
	instance->phase = LAUNCHED;
	if (!instance->row->exec->accept)
		output_tell(instance->svc);
	child_watch(&instance->main, instance->pid);
	if (instance->report >= 0) {
		instance->report_io.fd = instance->report;
		io_watch(&instance->report_io, EV_READ);
	} else { /* its program runs: the loop hears of that as of any other end of a start */
		ev_feed_event(superd.loop, &instance->report_io.ev, EV_CUSTOM);
	}
	if (instance->channel >= 0)
		channel_begin(instance);
	return true;
}

/* Starts the main process. */
static bool start_main(struct instance *instance, struct buf *why)
{
	struct svc *svc = instance->svc;
	const struct service *row = instance->row;
	bool is_connection = instance->socket, has_client = is_connection && instance->client.fd >= 0, good;
	size_t room = DESCRIPTORS_OTHERS + (is_connection ? 1 : svc->socket_count + svc->run->stored_count);
	struct plan *plan = plan_of_instance(instance, why);
	struct launching *start;
	struct wiring *wiring;
	struct spawn_request *request;
	int first = -1, filter = -1;

	if (!plan)
		return false;
	if (room > CHILD_DESCRIPTORS) {
		buf_addf(why, "passing sockets: it would get more than %d descriptors", CHILD_DESCRIPTORS);
		return false;
	}
	if (!(start = calloc(1, sizeof(*start) + room * sizeof(*start->wanted)))) {
		buf_text(why, "out of memory");
		instance->lack = ENOMEM;
		return false;
	}
	start->instance = instance;
	start->lends = has_client ? NULL : svc;
	wiring = &start->wiring;
	request = &wiring->request;
	wire(wiring, svc, row, plan, instance, start->wanted);
	if (row->exec->type == TYPE_FORKING && row->groups->lifecycle->pid_file)
		instance->pid_before = read_pid_file(instance);
	for (unsigned n = 0; n < (is_connection ? 1 : svc->socket_count); n++) {
		const struct socket *socket = is_connection ? instance->socket : &svc->sockets[n];
		int fd = has_client ? instance->client.fd : socket->fd;

		if (fd < 0 || row->exec->pass == PASS_BIND || service_is_relayed(row))
			continue;
		if (first < 0)
			first = fd;
		if (row->exec->pass == PASS_SYSTEMD)
			pass_fd(wiring, fd, socket->listen->name);
	}
	if (!is_connection) {
		LIST_OF(struct stored, stored, link, &svc->run->stored)
			pass_fd(wiring, stored->fd, stored->name);
	}
	errno = wiring->names.failed ? ENOMEM : 0; /* what has nothing to do with a lack leaves it so */
	if (wiring->names.failed)
		buf_text(why, "passing sockets: out of memory");
	if (wiring->names.failed || !wire_streams(wiring, svc, row, first, false, why) ||
	    !wire_channel(instance, wiring, why)) {
		if (limits_are_meant(errno))
			instance->lack = errno;
		goto fail;
	}
	request->checks = plan->condition_count && !service_commands(row, PHASE_CONDITION) &&
		!service_commands(row, PHASE_START_PRE);
	request->watchdog =
		svc->run->notify_variable && service_has_watchdog(row) ? row->groups->lifecycle->watchdog : 0;
	request->store = svc->run->notify_variable && !row->exec->accept
		? (unsigned)row->groups->lifecycle->file_descriptor_store_max
		: 0;
	if (has_client && plan->flags & PLAN_TELLS_UNIT)
		request->cookie = socket_id(instance->client.fd);
	if (has_client && row->groups->environment->tcp_environment &&
	    client_local(&instance->client, start->local, sizeof(start->local), &request->local_port))
		request->local_address = start->local;
	errno = 0; /* of what may fail for other reasons */
	good = enter_cgroup(instance, request, why) &&
		(row->exec->pass != PASS_BIND || binder_begin(instance, request->plan, &filter, why));
	if (filter >= 0) {
		add_own_fd(wiring, filter);
		request->filter_channel = request->wanted_count - 1;
	}
	if (good)
		journal_prepare(instance, false);
	start->launch = good ? launch_prepare(request, start->lends) : NULL;
	if (!start->launch) {
		if (limits_are_meant(errno))
			instance->lack = errno;
		if (!why->length)
			buf_text(why, strerror(errno));
		goto fail;
	}
	if (gathered.is_open && gathered.count < GATHERED_MOST && instance->phase < LAUNCHED && has_client &&
	    !(plan->flags & PLAN_REREADS)) {
		gathered.list[gathered.count++] = start;
		return true;
	}
	launch_together(&start->launch, 1);
	return note_launched(start, why);
fail:
	leave_cgroup(instance, request);
	unwire(wiring);
	free(start);
	return false;
}

void instances_gather(void)
{
	gathered.is_open = true;
}

size_t instances_gathered(void)
{
	return gathered.count;
}

/* Nothing of it was started: it is freed. */
static void conclude_unstarted(struct instance *instance)
{
	note_result(instance, RESULT_RESOURCES);
	accept_park_again(instance);
	svc_conclude_instance(instance->svc, instance);
}

void instances_start_gathered(void)
{
	struct instance *failed[GATHERED_MOST];
	struct launch *list[GATHERED_MOST];
	struct buf why = { 0 };
	size_t failures = 0;

	gathered.is_open = false;
	for (size_t n = 0; n < gathered.count; n++)
		list[n] = gathered.list[n]->launch;
	if (gathered.count)
		launch_together(list, gathered.count);
	for (size_t n = 0; n < gathered.count; n++) {
		struct instance *instance = gathered.list[n]->instance;

		if (!note_launched(gathered.list[n], &why)) {
			text_copy(instance->why, sizeof(instance->why), buf_string(&why));
			failed[failures++] = instance;
		}
		buf_clear(&why);
	}
	gathered.count = 0; /* the end of one may let others start */
	for (size_t n = 0; n < failures; n++)
		conclude_unstarted(failed[n]);
	buf_free(&why);
}

void instance_start(struct instance *instance)
{
	struct svc *svc = instance->svc;
	struct buf why = { 0 };
	bool good;

	instance->since = instance->begun = clock_now();
	instance->born = process_now();
	if (svc->run->plan && svc->run->plan->flags & PLAN_REREADS)
		svc_forget_plan(svc);
	good = plan_of_service(svc, &why);
	if (good && svc->run->plan->flags & PLAN_PER_CONNECTION)
		client_instance_name(&instance->client, svc->run->names++, instance->name, sizeof(instance->name));
	good = good && (service_notify_access(svc->row) == NOTIFY_NONE || notify_open(svc, &why));
	if (good) {
		instance->private_id = private_tmp_new(svc->row);
		if (svc->run->plan->flags & PLAN_TELLS_UNIT)
			spawn_invocation(instance->invocation);
		instance_limit(instance, svc->row->groups->lifecycle->timeout_start);
		if (service_commands(svc->row, PHASE_CONDITION) || service_commands(svc->row, PHASE_START_PRE))
			enter(instance, CONDITION);
		else
			good = start_main(instance, &why);
	}
	if (!good) {
		text_copy(instance->why, sizeof(instance->why), buf_string(&why));
		conclude_unstarted(instance);
	}
	buf_free(&why);
}

static void note_started(struct instance *instance)
{
	struct svc *svc = instance->svc;
	struct event event = { .name = "started", .service = svc->row->name, .pid = instance->pid };
	double now = clock_now();
	char span[DURATION_MOST];
	bool wakes = list_has_one(&svc->run->instances) && (*svc->run->start_by || svc->run->pause != PAUSE_REPEATS);
	bool boots = svc->row->exec->start == START_BOOT && !svc->run->activations && !svc->run->queued &&
		!*svc->run->start_by, tells;

	svc->run->lacks = false;
	svc->run->activations++;
	facts_note(svc, svc->state);
	svc->run->last_start = now;
	svc->run->last_wait = now - (instance->socket ? instance->begun : svc->run->asked);
	if (instance->socket) {
		char more[LOG_RATE_LIMIT_MORE] = "";
		bool due = svc_line_is_due(svc, LINE_STARTED, now, more);
		bool is_told = svc->row->groups->logging->log_on_success || svc_shows_superd(svc);

		event.peer = instance->peer;
		if (*instance->peer)
			text_copy(svc->run->last_peer, sizeof(svc->run->last_peer), instance->peer);
		if (due)
			log_event(superd.log, is_told && !*more ? LEVEL_DEBUG : LEVEL_INFO, &event,
				  "started, pid %ld, for %s%s", (long)instance->pid,
				  *instance->peer ? instance->peer : "a local client", more);
		record_start(svc, instance->pid, client_port(&instance->client) >= 0 ? instance->peer : NULL, due);
		if (wakes)
			facts_note_wake(svc, false, 0, svc->run->last_peer);
		facts_note_served(svc, false, now - instance->begun);
	} else {
		text_copy(svc->run->last_peer, sizeof(svc->run->last_peer), svc->run->start_by);
		event.duration = svc->run->slept;
		event.has_duration = svc->run->slept >= NAP;
		/* How long it slept is told with the client that has woken it: facts.c */
		tells = event.has_duration && *svc->run->start_by;
		log_event(superd.log, LEVEL_INFO, &event, "started, pid %ld%s%s%s%s%s", (long)instance->pid,
			  *svc->run->start_by ? ", by " : "", svc->run->start_by, tells ? ", after " : "",
			  tells ? duration_write(span, svc->run->slept) : "", tells ? " asleep" : "");
		record_start(svc, instance->pid, *instance->peer ? instance->peer : NULL, true);
		if (wakes)
			facts_note_wake(svc, false, boots ? 0 : svc->run->slept, boots ? "boot" : svc->run->start_by);
		svc->run->slept = svc->run->last_latency = 0;
		*svc->run->start_by = '\0';
	}
}

/* exec_ready: runs until it succeeds. A run that hangs is ended. And a relay that has failed begins again. */
static void on_ready_due(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)loop, (void)timer, (void)events;
	if (instance->relay.failed.failures || instance->phase >= READY)
		relay_begin(instance);
	if (output_is_ready(instance->svc))
		instance_be_ready(instance);
	if (instance->phase == STARTED && !instance->ends && service_commands(instance->row, PHASE_READY) &&
	    !instance->commands.child.pid)
		commands_begin(&instance->commands, instance->svc, instance, PHASE_READY, READY_RUN, on_ready_run);
}

/* Its program runs: what is awaited is its type's. */
static void await_ready(struct instance *instance)
{
	unsigned type = instance->row->exec->type;

	if (service_awaits_target(instance->row) || instance->row->exec->type == TYPE_FORKING)
		relay_begin(instance);
	if (instance->ends) {
		enter(instance, TERMINATED);
		return;
	}
	if (instance->row->exec->pass == PASS_BIND)
		binder_launched(instance);
	if (service_commands(instance->row, PHASE_READY))
		ev_feed_event(superd.loop, &instance->ready, EV_TIMER);
	if (((type == TYPE_SIMPLE || type == TYPE_EXEC) && !service_awaits_ready(instance->row) &&
	     !service_awaits_target(instance->row) && instance->row->exec->pass != PASS_BIND) ||
	    (instance->row->groups->lifecycle->ready && output_is_ready(instance->svc)))
		instance_be_ready(instance);
}

static void on_report(struct io *io)
{
	struct instance *instance = io->data;
	struct fault fault = instance_take_fault(instance);

	if (!fault.stage && instance->ends == HAS_FAILED) /* it was killed on its way to its program */
		fault = (struct fault){ .stage = STAGE_EXEC, .error = ECANCELED };
	if (fault.stage) {
		struct buf why = { 0 };

		/* SO_LOCK_FILTER: no socket that a program has locked gets its rules any more, but a new one does. */
		for (unsigned n = 0;
		     fault.stage == STAGE_RULES && fault.error == EPERM && n < instance->svc->socket_count; n++) {
			struct socket *socket = &instance->svc->sockets[n];

			if (socket->fd >= 0 && socket->lent && listen_prepared(socket->listen)->rules)
				lent_keep_old(instance->svc, socket, "a program has locked its rules");
		}
		describe_fault(instance->row, &fault, &why);
		text_copy(instance->why, sizeof(instance->why), buf_string(&why));
		buf_free(&why);
		instance->was_kept = fault.stage == STAGE_CONDITIONS;
		note_result(instance,
			    fault.stage != STAGE_CONDITIONS ? RESULT_RESOURCES
				    : fault.error	    ? RESULT_EXIT_CODE
							    : RESULT_CONDITION);
		child_forget(&instance->main);
		leave_phase(instance, false);
		return;
	}
	if (!instance->row->exec->builtin || strcmp(instance->row->exec->builtin[0], "tcpmux") != 0)
		close_apart(instance->svc, &instance->client.fd);
	enter(instance, STARTED);
	if (!instance->socket)
		journal_flush(); /* it is logged once; for each client that would cost too much */
	note_started(instance);
	await_ready(instance);
}

/* Before it is shown: its program may run already, and the loop has not come to hear of it. */
void instance_look(struct instance *instance)
{
	struct pollfd look = { instance->report, POLLIN, 0 };

	if (instance->phase == LAUNCHED && (instance->main.pid || instance->end_is_judged) &&
	    (instance->report < 0 || (poll(&look, 1, 0) > 0 && !(look.revents & POLLIN))))
		on_report(&instance->report_io);
}

void instance_be_ready(struct instance *instance)
{
	if (instance->phase != STARTED || instance->ends)
		return;
	enter(instance, START_POST);
}

/* ---- its end ---- */

static void leave_phase(struct instance *instance, bool good)
{
	bool starts = instance->phase < READY;

	if (starts && !good && !instance->ends && instance->phase >= STARTED) {
		begin_end(instance, HAS_FAILED);
		return;
	}
	if (starts && !good && instance->ends != IS_ASKED)
		accept_park_again(instance);
	good &= !starts || !instance->ends;
	if (starts && instance->was_kept) /* nothing has run that exec_stop_post were to undo */
		enter(instance, OVER);
	else
		enter(instance, good ? phases[instance->phase].done : phases[instance->phase].failed);
}

/* Whether all of a process group are the instance's: one that was named may be in the group of another service. */
static bool owns_group(const struct instance *instance, pid_t group)
{
	pid_t *all = group > 1 && group != getpgrp() ? process_list_all() : NULL;
	bool owns = all;
	struct process process;

	for (pid_t *at = all; owns && *at; at++) {
		if (process_read(*at, &process) && process.group == group && !process.ended)
			owns = is_own(instance, &process);
	}
	free(all);
	return owns;
}

/* Each process gets it once. */
void instance_signal(struct instance *instance, int signal)
{
	unsigned mode = instance->row->groups->lifecycle->kill_mode;
	bool all = mode == KILL_GROUP || (signal == SIGKILL && mode == KILL_MIXED);
	bool by_group = all && instance_cgroup_lives(instance);
	pid_t main = instance->main.pid, own = main > 1 ? getpgid(main) : 0, group = all ? live_group(instance) : 0;

	if (!by_group || signal == SIGKILL || !cgroup_signal(instance->cgroup, signal)) {
		if (group)
			kill(-group, signal);
		if (main > 1 && (!all || own != group))
			kill(all && owns_group(instance, own) ? -own : main, signal);
		for (size_t n = 0; all && n < instance->escaped_count; n++) {
			if (lives(instance, &instance->escaped[n]) &&
			    (own <= 1 || getpgid(instance->escaped[n].pid) != own))
				kill(instance->escaped[n].pid, signal);
		}
	}
	if (by_group && signal == SIGKILL) {
		instance->cgroup_is_spent = true; /* some kernels kill on in it */
		cgroup_kill(instance->cgroup);
	}
	if (signal != SIGKILL && signal != SIGSTOP && signal != SIGCONT)
		instance_signal(instance, SIGCONT); /* a stopped process hears nothing else */
}

/* Begins its end. An order wins over a failure that has begun it before. */
static void begin_end(struct instance *instance, enum ends ends)
{
	bool begins = !instance->ends;

	instance_look(instance);
	if (begins || ends == IS_ASKED)
		instance->ends = ends;
	journal_instance(instance);
	if (!begins || instance->phase >= EXEC_STOP)
		return;
	if (instance->row->exec->type == TYPE_FORKING && instance->phase == STARTED && !instance->main.pid)
		binder_follow_daemon(instance);
	binder_leave(instance);
	if (instance_is_frozen(instance) && service_commands(instance->row, PHASE_STOP))
		instance_freeze(instance, MOVES);
	instance_limit(instance, stop_limit(instance));
	if (instance->commands.child.pid && instance->phase < LAUNCHED) {
		commands_end(&instance->commands, stop_limit(instance));
		return;
	}
	if (instance->phase == LAUNCHED) {
		instance_signal(instance, SIGKILL);
		instance_limit(instance, KILL_PATIENCE);
		return;
	}
	if (phases[instance->phase].to_end == STAY)
		leave_phase(instance, false);
	else
		enter(instance, instance->result == RESULT_WATCHDOG ? TERMINATED : phases[instance->phase].to_end);
}

void instance_stop(struct instance *instance)
{
	begin_end(instance, IS_ASKED);
}

void instance_fail(struct instance *instance, enum result result)
{
	note_result(instance, result);
	if (instance->svc->run->current == instance && instance->svc->state != STOPPING) {
		svc_set(instance->svc, STOPPING);
		limits_offer();
	}
	begin_end(instance, HAS_FAILED);
}

uid_t user_of(const struct service *row)
{
	return row->account && row->account->switches ? row->account->uid : geteuid();
}

bool instance_may_follow(const struct instance *instance, pid_t pid, pid_t parent)
{
	struct process process;

	return pid > 1 && pid != getpid() && !child_is_watched(pid) && process_read(pid, &process) && !process.ended &&
		(process.parent == getpid() || (parent && process.parent == parent)) && is_own(instance, &process);
}

/* The daemon of a forking start is the process that its pid file names, or else the only one that its programs have
 * left. What is found first may be one between that ends soon, and well: then it is looked for again (on_main). */
static void look_for_daemon(struct instance *instance)
{
	const char *path = instance->row->groups->lifecycle->pid_file;
	pid_t found = path ? read_pid_file(instance) : 0, *pids = path ? NULL : instance_processes(instance);
	unsigned count = 0;

	if (path && found > 1 && found != instance->pid_before && !group_lives(instance) && kill(found, 0) < 0 &&
	    errno == ESRCH) {
		instance_fail(instance, RESULT_PROTOCOL); /* it has ended before superd came to know it */
		return;
	}
	for (pid_t *at = pids; at && *at; at++) {
		if (instance_may_follow(instance, *at, guard->pid) && ++count)
			found = *at;
	}
	free(pids);
	if (path ? instance_may_follow(instance, found, guard->pid) : count == 1 && found == instance->candidate) {
		ev_timer_stop(superd.loop, &instance->limit);
		instance_follow(instance, found);
		instance->settled = path ? 0 : clock_now() + SETTLED;
		svc_say(instance->svc, LEVEL_INFO, "daemon", "daemon is pid %ld", (long)found);
		instance_be_ready(instance);
	} else if (!path && !group_lives(instance)) { /* it has served, and ended */
		if (instance->phase == STARTED)
			instance_be_ready(instance);
		else
			enter(instance, REMAINS);
	} else {
		instance->candidate = count == 1 ? found : 0;
		timer_begin(&instance->look, LOOK);
	}
}

/* Processes of its group are left, or it cannot be thawed; or the daemon of a forking start is looked for. */
static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)events;
	ev_timer_stop(loop, timer);
	if (instance->stand == STUCK) {
		instance_freeze(instance, MOVES);
		if (instance->stand == STUCK || instance->phase < TERMINATED)
			return;
	}
	if (instance->phase == OVER) {
		notify_read(instance->svc); /* what it keeps for the next: on_receiver */
		if (instance->svc->run->received <= 0)
			svc_conclude_instance(instance->svc, instance);
	} else if (instance->phase <= READY) {
		look_for_daemon(instance);
	} else if (group_lives(instance)) {
		timer_begin(&instance->look, LOOK);
	} else {
		ev_timer_stop(loop, &instance->limit);
		enter(instance, phases[instance->phase].done);
	}
}

/* Another main process. The group of the one before stays that of the instance while anybody is there. */
void instance_follow(struct instance *instance, pid_t pid)
{
	struct process process;

	child_forget(&instance->main);
	io_stop(&instance->main_io);
	fd_close(&instance->main_io.fd);
	instance->pid = pid;
	journal_instance(instance);
	output_tell(instance->svc);
	if (!live_group(instance) && process_read(pid, &process))
		instance->group = owns_group(instance, process.group) ? process.group : 0;
	child_watch(&instance->main, pid);
}

/* A daemon that makes way for a successor has named it before its own end, as nginx does at an upgrade. */
static void follow_pid_file(struct instance *instance)
{
	pid_t pid = instance->row->groups->lifecycle->pid_file ? read_pid_file(instance) : 0;

	if (!instance_may_follow(instance, pid, guard->pid))
		return;
	instance_follow(instance, pid);
	svc_say(instance->svc, LEVEL_INFO, "daemon", "daemon is pid %ld", (long)pid);
}

static void on_main(struct child *child, int status, const struct rusage *used)
{
	struct instance *instance = container_of(child, struct instance, main);
	struct svc *svc = instance->svc;
	const char *signs = instance->row->groups->commands->exec_prefix;
	unsigned type = instance->row->exec->type, kill_mode = instance->row->groups->lifecycle->kill_mode;
	enum result result;
	enum phase next;
	bool early;

	binder_hear(instance); /* what it has bound is judged as that of a main process */
	child->pid = 0;
	io_stop(&instance->main_io);
	instance->end_is_judged = true;
	instance->status = status;
	if (used)
		instance->cpu += (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
			(double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
	notify_read(svc);
	if (!child->pid && !instance->ends && (instance->phase == START_POST || instance->phase == READY))
		follow_pid_file(instance);
	if (child->pid) { /* its last message, or its pid file, has named another */
		instance->end_is_judged = false;
		return;
	}
	output_drain(svc, false, false);
	for (int n = 0; n < ANSWERS && instance->channel >= 0 && channel_read(instance); n++)
		continue;
	if (instance_is_frozen(instance)) /* what it leaves behind goes on */
		instance_freeze(instance, MOVES);
	early = instance->phase == LAUNCHED;
	if (early) /* the pipe tells why, or that it has run */
		on_report(&instance->report_io);
	instance->end_is_judged = false;
	if (early && instance->phase >= EXEC_STOP)
		return;
	if (type != TYPE_FORKING && instance->phase <= READY && !instance->ends && status == 0 &&
	    binder_follow_daemon(instance)) {
		instance_fail(instance, RESULT_PROTOCOL);
		return;
	}
	result = result_of_end(instance->row, instance->phase, false, signs && strchr(signs, '-'), status);
	if (result == RESULT_SIGNAL && WTERMSIG(status) == SIGKILL && instance->phase <= READY && !instance->ends &&
	    oom_has_killed(instance))
		result = RESULT_OOM_KILL;
	note_result(instance, result);
	next = result == RESULT_SUCCESS ? phases[instance->phase].well : phases[instance->phase].badly;
	if (instance->phase >= TERMINATED && instance->phase <= KILLED) {
		if (kill_mode == KILL_MIXED)
			instance_signal(instance, SIGKILL);
		if (kill_mode == KILL_PROCESS)
			enter(instance, STOP_POST);
		else
			on_look(superd.loop, &instance->look, 0);
		return;
	}
	if (next == STAY)
		return; /* the command of this phase goes on */
	if (type == TYPE_FORKING && result == RESULT_SUCCESS &&
	    (instance->phase == STARTED || (instance->phase == READY && clock_now() < instance->settled))) {
		ev_feed_event(superd.loop, &instance->look, EV_TIMER);
		return;
	}
	ev_timer_stop(superd.loop, &instance->limit);
	if (instance->phase == STARTED && type == TYPE_ONESHOT && result == RESULT_SUCCESS)
		next = START_POST;
	else if (instance->phase == STARTED)
		instance->ends = HAS_FAILED; /* nothing is left of a start that has failed */
	else if (result == RESULT_SUCCESS)
		next = REMAINS; /* or EXEC_STOP behind it */
	enter(instance, next);
}

/* An instance of the superd before: what it waits for is waited for. */
void instance_resume(struct instance *instance)
{
	struct commands *commands = &instance->commands;
	pid_t main = instance->main.pid, command = commands->child.pid;
	bool readies = instance->phase == STARTED;
	enum command_phase phase = readies ? PHASE_READY : phases[instance->phase].commands;
	const char *const *texts = phase == NONE ? NULL : service_commands(instance->row, phase);
	unsigned count = 0;

	while (texts && texts[count])
		count++;
	if (commands->next > count) { /* the entry that has started it had more of them */
		if (command > 0)
			kill(command, SIGKILL);
		command = commands->child.pid = 0;
		commands->next = count;
	}
	commands_set(commands, instance->svc, instance, phase, readies ? READY_RUN : 0,
		     readies ? on_ready_run : on_commands);
	if (instance->watchdog_every == 0 && instance->reached < READY) /* else it has none, or has ended it */
		instance->watchdog_every = -1;
	instance->begun = instance->since;
	if (main <= 0 && instance->phase <= LAUNCHED) { /* they are of a process that was not forked */
		fd_close(&instance->channel);
		fd_close(&instance->binder_fd);
	}
	if (instance->channel >= 0)
		channel_begin(instance);
	if (main > 0) {
		child_watch(&instance->main, main);
		notify_resume_main(instance);
	}
	if (command > 0)
		commands_resume(commands, command);
	if (instance->phase == LAUNCHED && instance->report >= 0) {
		instance->report_io.fd = instance->report;
		io_watch(&instance->report_io, EV_READ);
	} else if (!command) {
		fd_close(&instance->report);
	}
	if (instance->relay.child.pid && instance->relay.fd > 0)
		relay_follow(instance, instance->relay.child.pid, instance->relay.fd);
	else /* its end was not written any more */
		instance->relay.child.pid = 0;
	if (instance->binder_fd >= 0)
		binder_resume(instance);
	if (instance->watchdog_every > 0)
		notify_watchdog(instance);
}

/* Its phase is entered again: what nobody does is done. */
void instance_go_on(struct instance *instance)
{
	bool forks = instance->row->exec->type == TYPE_FORKING && !instance->main.pid;

	if (instance->phase == READY || instance->phase == REMAINS)
		relay_begin(instance);
	if (instance->commands.child.pid || (instance->phase == LAUNCHED && instance->report >= 0))
		return;
	if (instance->phase == LAUNCHED && instance->main.pid)
		ev_feed_event(superd.loop, &instance->report_io.ev, EV_CUSTOM);
	else if (instance->phase == STARTED && !forks)
		await_ready(instance);
	else if (instance->phase == LAUNCHED && instance->ends)
		leave_phase(instance, false);
	else if (instance->phase == LAUNCHED)
		enter(instance, LAUNCHED);
	else if (phases[instance->phase].commands != NONE)
		commands_resume(&instance->commands, 0);
	else if (instance->phase == STARTED || (instance->phase >= TERMINATED && !instance->main.pid))
		ev_feed_event(superd.loop, &instance->look, EV_TIMER);
}
