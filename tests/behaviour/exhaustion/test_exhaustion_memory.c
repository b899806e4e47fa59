/* Memory that cannot be had, while superd runs: its address space is limited to what it has and a little more, by
 * prlimit(2), with more room from round to round. Strict overcommit is a setting of the whole machine; a limit of the
 * address space fails the same calls, mmap(2) and brk(2), with the same ENOMEM, and forks as well where their copies
 * count. A control group with memory.max ends processes instead, which test_memory_pressure has. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"
#include "superctl.h"

#define MEGABYTE (1L << 20)

/* Rounds: finely where allocations fail, coarsely where a thread's stack of eight megabytes does. */
static const struct {
	long step, until;
} rooms[] = { { 12 << 10, MEGABYTE }, { MEGABYTE, 12 * MEGABYTE } };

enum { PORTS = 3, MANY = 60 };

struct shop {
	struct superd *superd;
	int ports[PORTS], idle;         /* those that are asked, and the first of many that are not */
	int round;
	unsigned reloads, refusals;
};

/* What no client asks for makes the table long: reading it takes memory. */
static const char *table_of(const struct shop *shop)
{
	const char *table = text_of(
		"service shared {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n user = \"%s\"\n"
		" env = { \"ROUND=%d\" }\n}\n"
		"service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"%s\"\n user = \"root\"\n"
		" only_from = { \"127.0.0.0/8\" }\n cps = { 1000, %ds }\n}\n"
		"service echo {\n listen = \"127.0.0.1:%d\"\n accept = yes\n builtin = echo\n user = \"nobody\"\n}\n",
		shop->ports[0], backend("take 1"), own_user(), shop->round, shop->ports[1], backend("stdio"),
		shop->round + 1, shop->ports[2]);

	for (int n = 0; n < MANY; n++)
		table = text_of("%sservice idle%d {\n listen = \"@%s-%d\"\n exec = { \"/bin/sh\", \"-c\", \"%d\" }\n"
				" user = \"nobody\"\n env = { \"A=%d\", \"B=%d\" }\n}\n",
				table, n, path_in("abstract"), n, n, n, shop->round);
	return table;
}

static long address_space(pid_t pid)
{
	FILE *file = fopen(text_of("/proc/%d/statm", pid), "re");
	long pages = 0;

	cr_assert(file && fscanf(file, "%ld", &pages) == 1);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

/* Less than 0: as much as there may ever be. */
static void leave_room(struct superd *superd, long room)
{
	pid_t below = guarded_pid(superd), pid = below ? below : superd->pid;
	struct rlimit limit;

	cr_assert_eq(prlimit(pid, RLIMIT_AS, NULL, &limit), 0);
	limit.rlim_cur = room < 0 ? limit.rlim_max : (rlim_t)(address_space(pid) + room);
	cr_assert_eq(prlimit(pid, RLIMIT_AS, &limit, NULL), 0);
}

static int greet(int port)
{
	int client = client_connect(port);

	client_send(client, "hello\n");
	return client;
}

static void expect_all_served(const struct shop *shop)
{
	for (int n = 0; n < PORTS; n++) {
		int client = greet(shop->ports[n]);

		cr_assert_not_null(strstr(client_line(client), "hello"));
		close(client);
	}
}

static struct shop open_shop(void)
{
	struct shop shop = { 0 };

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need an address space of their own");
	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	for (int n = 0; n < PORTS; n++)
		shop.ports[n] = free_port();
	shop.superd = controlled_run("%s", table_of(&shop));
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	expect_all_served(&shop);
	return shop;
}

static void expect_alive(const struct shop *shop)
{
	cr_assert_not(superd_has_ended(shop->superd), "round %d: %s", shop->round, world_logs());
}

/* Done, or refused with a reason. */
static void order_reload(struct shop *shop)
{
	struct outcome outcome;

	shop->round++;
	write_file("superd.conf", "%s", table_of(shop));
	outcome = SUPERCTL(control_path(), "--timeout", "15s", "reload");
	expect_alive(shop);
	shop->reloads += outcome.status == 0;
	shop->refusals += outcome.status != 0;
	cr_assert(outcome.status == 0 || strstr(outcome.err, "memory") || strstr(outcome.out, "memory") ||
		  strstr(outcome.err, "thread"), "round %d: %d: %s%s\n%s", shop->round, outcome.status, outcome.out,
		  outcome.err, world_logs());
}

static void order_status(struct shop *shop)
{
	struct outcome outcome = SUPERCTL(control_path(), "status");

	expect_alive(shop);
	cr_assert(outcome.status == 0 || strstr(outcome.err, "memory"), "round %d: %d: %s%s\n%s", shop->round,
		  outcome.status, outcome.out, outcome.err, world_logs());
}

static void order_restart(struct shop *shop)
{
	SUPERCTL(control_path(), "--timeout", "5s", "restart", "shared");
	expect_alive(shop);
}

/* Clients that come while there is no memory are served when there is some again, or have been. */
static void squeeze(struct shop *shop, long room, void (*order)(struct shop *shop))
{
	int clients[PORTS];

	leave_room(shop->superd, room);
	for (int n = 0; n < PORTS; n++)
		clients[n] = greet(shop->ports[n]);
	order(shop);
	leave_room(shop->superd, -1);
	for (int n = 0; n < PORTS; n++)
		close(clients[n]);
}

/* coarse: so many times fewer rounds. */
static void squeeze_all(void (*order)(struct shop *shop), long coarse)
{
	struct shop shop = open_shop();
	long room = 0;

	for (size_t n = 0; n < sizeof(rooms) / sizeof(*rooms); n++) {
		for (; room < rooms[n].until; room += rooms[n].step * coarse)
			squeeze(&shop, room, order);
	}
	if (order == order_reload)
		cr_assert(shop.refusals > 0 && shop.reloads > 0, "%u refused, %u done", shop.refusals, shop.reloads);
	WAIT_UNTIL(SUPERCTL(control_path(), "reload").status == 0);
	expect_all_served(&shop);
	superd_stop(shop.superd);
}

Behaviour(exhaustion_memory, a_reload_without_memory_is_refused_and_says_so)
{
	squeeze_all(order_reload, 2);
}

Behaviour(exhaustion_memory, questions_and_starts_without_memory_end_nothing)
{
	squeeze_all(order_status, 4);
}

Behaviour(exhaustion_memory, orders_without_memory_end_nothing)
{
	squeeze_all(order_restart, 12);
}

/* The answer has all words of the row, which are longer than what is left. */
Behaviour(exhaustion_memory, an_answer_that_finds_no_memory_says_so)
{
	enum { VARIABLES = 400, LENGTH = 4000 };
	char value[LENGTH + 1], *table = malloc(VARIABLES * (LENGTH + 16)), *end = table;
	struct superd *superd;

	SKIP_WITHOUT(!running_sanitized(), "sanitizers need an address space of their own");
	cr_assert(table);
	memset(value, 'x', LENGTH);
	value[LENGTH] = '\0';
	for (int n = 0; n < VARIABLES; n++)
		end += sprintf(end, "%s\"V%d=%s\"", n ? ",\n" : "", n, value);
	superd = controlled_run("service it {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/true\"\n env = { %s }\n}\n",
				table);
	free(table);
	superd_port(superd, "it");
	WAIT_UNTIL(SUPERCTL(control_path(), "list").status == 0);
	leave_room(superd, 200 << 10);
	cr_assert_not_null(strstr(SUPERCTL(control_path(), "show", "it").err, "out of memory for the answer"));
	leave_room(superd, -1);
	cr_assert_eq(SUPERCTL(control_path(), "show", "it").status, 0);
	superd_stop(superd);
}

/* 0: this kernel does not say. Who may not look into a process, as nobody but root may into superd, reads this file. */
static unsigned long anonymous_kilobytes(pid_t pid)
{
	const char *memory = read_text(text_of("/proc/%d/status", (int)pid));
	unsigned long kilobytes = 0;

	memory = memory ? strstr(memory, "\nRssAnon:") : NULL;
	return memory && sscanf(memory, "\nRssAnon: %lu kB", &kilobytes) == 1 ? kilobytes : 0;
}

/* Whether a process has what it has written, and no more: some kernels give it a page for one that it has only read,
 * or many pages for one. */
static bool memory_is_what_was_written(void)
{
	enum { SIZE = 32 * MEGABYTE };
	unsigned long before = anonymous_kilobytes(getpid());
	void *mapped = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *memory = mapped;
	unsigned long after;

	cr_assert(mapped != MAP_FAILED);
	for (size_t n = 0; n < SIZE; n += 4096)
		cr_assert(!memory[n]);
	for (size_t n = 0; n < SIZE; n += MEGABYTE)
		memory[n] = 1;
	after = anonymous_kilobytes(getpid());
	munmap(mapped, SIZE);
	return before && after < before + (SIZE >> 10) / 4;
}

/* What superd keeps of a service that runs is some two kilobytes; nobody writes there before the first start. What it
 * took to read the table is given back once all of them listen. */
Behaviour(exhaustion_memory, a_service_that_never_started_takes_less_than_a_kilobyte)
{
	enum { SERVICES = 2000, LINE = 128 };
	const char *const unchecked[] = { "SUPERD_CHECK_JOURNAL", NULL }; /* the check takes memory, too */
	char *table = malloc(SERVICES * LINE), *end = table;
	struct superd *superd;
	pid_t below, pid;

	if (running_sanitized())
		cr_skip("%s", "a sanitizer takes more for each object");
	if (!memory_is_what_was_written())
		cr_skip("%s", "this kernel gives a process memory that it has not written, or does not say how much");
	cr_assert(table);
	for (int n = 0; n < SERVICES; n++)
		end += snprintf(end, LINE, "service s%d {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/true %d\"\n}\n",
				n, n);
	superd = superd_run_with(&(struct setup){ .environment = unchecked }, "%s", table);
	free(table);
	superd_port(superd, "s1999");
	below = guarded_pid(superd);
	pid = below ? below : superd->pid;
	cr_assert(anonymous_kilobytes(pid) > 100);
	WAIT_UNTIL(anonymous_kilobytes(pid) < SERVICES);
}
