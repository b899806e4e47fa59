/* Surroundings in which superd cannot answer a bind(2): --check says so, and what to do. The test takes the place of a
 * container's runtime: it forbids itself, and with that superd, what that may forbid. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "binding.h"

#define LOWER(n) (offsetof(struct seccomp_data, args[n]) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))
#define REFUSED "does not let superd answer bind(2): "

static void install(struct sock_filter *list, unsigned short count, unsigned long flags)
{
	const struct sock_fprog program = { count, list };

	if (geteuid() != 0)
		cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_geq(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program), 0, "%s", strerror(errno));
}

/* A call with this number fails from now on, if its first argument is this one, and its second has one of these bits,
 * if there are any. */
static void forbid(long number, uint32_t first, uint32_t bits, uint32_t error)
{
	struct sock_filter list[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOWER(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOWER(1)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (!bits)
		list[5] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0, 0, 1);
	install(list, sizeof(list) / sizeof(*list), 0);
}

/* A table with the binder, and with a service that needs nothing. */
static const char *write_table(int port)
{
	return write_file("refused.conf", "%sservice calm { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
			  bind_table(text_of("\"127.0.0.1:%d\"", port), "",
				     text_of("tcp4 bind=127.0.0.1:%d listen=5 serve=poll", port)),
			  backend("serve"));
}

static void expect_refused(int error, const char *hint)
{
	const char *table = write_table(free_port());
	struct outcome checked = SUPERD_ANSWER("--check", "-f", table), run = SUPERD_ANSWER("-f", table);

	cr_expect_neq(checked.status, 0);
	cr_expect_not_null(strstr(checked.err, text_of("%s:3:2: error: web: pass = bind: ", table)), "%s", checked.err);
	cr_expect_not_null(strstr(checked.err, text_of(REFUSED "%s", error_text(error))), "%s", checked.err);
	cr_expect_not_null(strstr(checked.err, hint), "%s", checked.err);
	cr_expect_not_null(strstr(checked.err, "put the program behind redirect"), "%s", checked.err);
	cr_expect_neq(run.status, 0, "superd serves what it cannot");
	cr_expect_not_null(strstr(run.err, REFUSED), "%s", run.err);
}

BehaviourOfBind(bind_refused, by_a_kernel_that_knows_no_notifications)
{
	forbid(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, EINVAL);
	expect_refused(EINVAL, "it needs a container that allows seccomp(2)");
}

BehaviourOfBind(bind_refused, by_a_container_that_allows_no_such_filter)
{
	forbid(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, EPERM);
	expect_refused(EPERM, "a container that allows seccomp(2)");
}

BehaviourOfBind(bind_refused, by_a_runtime_that_answers_calls_itself)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };

	install(allow, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	expect_refused(EBUSY, "the container's runtime answers system calls of this container already");
}

BehaviourOfBind(bind_refused, the_others_are_served_where_that_is_asked_for)
{
	const char *arguments[] = { "--keep-going", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd;

	forbid(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, EPERM);
	superd = superd_run_with(&setup, "%s", read_text(write_table(free_port())));
	client_ask_pid(superd_port(superd, "calm"));
	superd_wait_log(superd, REFUSED);
}

/* Before Linux 5.19 a signal interrupts a call that superd has begun to answer: its thread has the socket, and asks
 * again. Go sends its threads many signals. */
BehaviourOfBind(bind_refused, is_no_bind_that_a_signal_interrupts)
{
	int port = free_port();
	char steps[8192] = "alarms=500";
	const char *bound = text_of(" tcp4 reuseport=1 bind=127.0.0.1:%d", port);

	for (int n = 0; n < 100; n++)
		snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s close", bound);
	snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s alarms=0 listen=5 serve=poll", bound);
	forbid(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1 << 5 /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */, EINVAL);
	superd_wait_log(bind_run(text_of("\"127.0.0.1:%d\"", port), "", steps), "web: listening");
	client_ask_pid(port);
}
