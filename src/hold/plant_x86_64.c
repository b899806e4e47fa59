/* The planted code is a template, followed by its data: the registers to restore, and the places. It is written into a
 * page that the program may read and execute only, as ptrace(2) writes there nevertheless: so a filter against memory
 * that is both writable and executable is kept. The page stays after the hand-over; nothing runs in it.
 *
 * The code uses the stack below the red zone (128 bytes, System V ABI); a signal handler of the program puts its frame
 * below that in turn. It restores every register from its data, and jumps to the program's own syscall instruction. */
#include "hold/plant.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptrace.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>

#define PAGE 4096
#define RED_ZONE 128
#define FRAME 112                       /* bytes of stack: iovec 0, msghdr 16, control data 72, byte 96 */
#define SYSCALL_SIZE 2                  /* bytes of the instruction syscall */
#define SYSCALL_CODE 0x050f
static_assert(HOLD_TAKEN_BYTE == 116, "as the template has it");

/* What stands behind the template's code. */
struct planted {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rsp, flags, rip;
	uint64_t place_count;
	struct planted_place {
		int32_t number, flags;  /* second and third argument of dup3(2) */
	} places[HOLD_PLACES];
};
static_assert(offsetof(struct planted, rsp) == 120 && offsetof(struct planted, place_count) == 144 &&
	      offsetof(struct planted, places) == 152, "as the template has it");

extern const unsigned char hold_template[];
extern const uint64_t hold_template_size;       /* bytes of the code; its data stand behind it */

/* By the placeholder, to superd. */
#define SEND_BYTE(byte) \
	"	movb $" byte ", 96(%rsp)\n" \
	"	movl $44, %eax\n"               /* sendto */ \
	"	movl 152+.Ldata(%rip), %edi\n" \
	"	leaq 96(%rsp), %rsi\n" \
	"	movl $1, %edx\n" \
	"	movl $0x4000, %r10d\n"          /* MSG_NOSIGNAL */ \
	"	xorl %r8d, %r8d\n" \
	"	xorl %r9d, %r9d\n" \
	"	syscall\n"

/* r12 counts the places down: the first is replaced last, so that superd can be told by it. If the program dies before
 * it tells that it has its client, superd gives that to another, as none of the program's own instructions has run. */
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	".globl hold_template, hold_template_size\n"
	".hidden hold_template, hold_template_size\n"
	"hold_template:\n"
	".Lreceive:\n"
	"	leaq 96(%rsp), %rax\n"
	"	movq %rax, (%rsp)\n"            /* iov_base */
	"	movq $1, 8(%rsp)\n"             /* iov_len */
	"	movq $0, 16(%rsp)\n"            /* msg_name */
	"	movq $0, 24(%rsp)\n"            /* msg_namelen */
	"	movq %rsp, 32(%rsp)\n"          /* msg_iov */
	"	movq $1, 40(%rsp)\n"            /* msg_iovlen */
	"	leaq 72(%rsp), %rax\n"
	"	movq %rax, 48(%rsp)\n"          /* msg_control */
	"	movq $24, 56(%rsp)\n"           /* msg_controllen */
	"	movq $0, 64(%rsp)\n"            /* msg_flags */
	"	movq $0, 72(%rsp)\n"            /* cmsg_len */
	"	movl $47, %eax\n"               /* recvmsg */
	"	movl 152+.Ldata(%rip), %edi\n"
	"	leaq 16(%rsp), %rsi\n"
	"	xorl %edx, %edx\n"
	"	syscall\n"
	"	cmpq $-4, %rax\n"               /* EINTR */
	"	je .Lreceive\n"
	"	testq %rax, %rax\n"
	"	jle .Lrestore\n"                /* superd has closed its end */
	"	cmpq $20, 72(%rsp)\n"           /* CMSG_LEN(sizeof(int)) */
	"	jne .Lfail\n"
	"	movl 88(%rsp), %ebx\n"          /* the connection */
	"	leaq 152+.Ldata(%rip), %r13\n"
	"	movq 144+.Ldata(%rip), %r12\n"
	".Lplace:\n"
	"	cmpq $1, %r12\n"
	"	jne .Lreplace\n"
	".Ltell:\n"                             /* the last step to come: the client is this program's */
	SEND_BYTE("116")                        /* HOLD_TAKEN_BYTE */
	"	cmpq $-4, %rax\n"               /* EINTR */
	"	je .Ltell\n"
	"	cmpq $-32, %rax\n"              /* EPIPE: superd does not ask any more */
	"	je .Lreplace\n"
	"	testq %rax, %rax\n"
	"	js .Lfail\n"
	".Lreplace:\n"
	"	movl $292, %eax\n"              /* dup3 */
	"	movl %ebx, %edi\n"
	"	movl -8(%r13,%r12,8), %esi\n"
	"	movl -4(%r13,%r12,8), %edx\n"
	"	syscall\n"
	"	cmpq $-4, %rax\n"               /* EINTR */
	"	je .Lreplace\n"
	"	cmpq $-16, %rax\n"              /* EBUSY */
	"	je .Lreplace\n"
	"	testq %rax, %rax\n"
	"	js .Lfail\n"
	"	decq %r12\n"
	"	jnz .Lplace\n"
	"	movl $3, %eax\n"                /* close */
	"	movl %ebx, %edi\n"
	"	syscall\n"
	".Lrestore:\n"
	"	movq .Ldata(%rip), %rax\n"
	"	movq 8+.Ldata(%rip), %rbx\n"
	"	movq 16+.Ldata(%rip), %rcx\n"
	"	movq 24+.Ldata(%rip), %rdx\n"
	"	movq 32+.Ldata(%rip), %rsi\n"
	"	movq 40+.Ldata(%rip), %rdi\n"
	"	movq 48+.Ldata(%rip), %rbp\n"
	"	movq 56+.Ldata(%rip), %r8\n"
	"	movq 64+.Ldata(%rip), %r9\n"
	"	movq 72+.Ldata(%rip), %r10\n"
	"	movq 80+.Ldata(%rip), %r11\n"
	"	movq 88+.Ldata(%rip), %r12\n"
	"	movq 96+.Ldata(%rip), %r13\n"
	"	movq 104+.Ldata(%rip), %r14\n"
	"	movq 112+.Ldata(%rip), %r15\n"
	"	pushq 128+.Ldata(%rip)\n"
	"	popfq\n"
	"	movq 120+.Ldata(%rip), %rsp\n"
	"	jmpq *136+.Ldata(%rip)\n"
	".Lfail:\n"                             /* any other byte */
	SEND_BYTE("0")
	"	movl $231, %eax\n"              /* exit_group */
	"	movl $127, %edi\n"
	"	syscall\n"
	"	ud2\n"
	".balign 8\n"
	".Ldata:\n"
	"hold_template_size:\n"
	"	.quad .Ldata - hold_template\n"
	".popsection\n");

/* The program at its call, and how far it is. */
struct planting {
	struct hold_trace *trace;
	struct user_regs_struct registers;      /* at the call's entry */
	bool is_at_entry;                       /* of the call; else at the end of an injected one */
};

static bool set_registers(const struct planting *held, struct user_regs_struct *registers)
{
	return hold_ptrace(PTRACE_SETREGS, held->trace->program, 0, registers) == 0;
}

static bool is_at(enum hold_stop stop, enum hold_stop wanted, struct hold_report *report)
{
	if (stop == wanted)
		return true;
	report->obstacle = stop == HOLD_AT_LIMIT ? HOLD_TOO_LATE :
			   stop == HOLD_AT_FAILURE ? HOLD_UNTRACEABLE :
			   HOLD_CALLS_REFUSED;  /* its end: a filter of system calls has killed it */
	report->error = stop == HOLD_AT_FAILURE ? errno : 0;
	return false;
}

static bool fail_by(struct hold_report *report, enum hold_obstacle obstacle, int error)
{
	report->obstacle = obstacle;
	report->error = error;
	return false;
}

/* Has the program make a system call of ours. The result is what the kernel returned: an error is negative. */
static bool inject(struct planting *held, long number, const uint64_t arguments[6], long *result,
		   struct hold_report *report)
{
	struct user_regs_struct registers = held->registers;

	registers.rdi = arguments[0];
	registers.rsi = arguments[1];
	registers.rdx = arguments[2];
	registers.r10 = arguments[3];
	registers.r8 = arguments[4];
	registers.r9 = arguments[5];
	registers.rax = (uint64_t)number;
	if (held->is_at_entry)
		registers.orig_rax = (uint64_t)number;
	else
		registers.rip -= SYSCALL_SIZE;
	if (!set_registers(held, &registers))
		return fail_by(report, HOLD_UNTRACEABLE, errno);
	if (!held->is_at_entry && !is_at(hold_trace_run(held->trace), HOLD_AT_CALL, report))
		return false;
	held->is_at_entry = false;
	if (!is_at(hold_trace_run(held->trace), HOLD_AT_RETURN, report))
		return false;
	if (hold_ptrace(PTRACE_GETREGS, held->trace->program, 0, &registers) < 0)
		return fail_by(report, HOLD_UNTRACEABLE, errno);
	*result = (long)registers.rax;
	return true;
}

/* The same for a call that has to succeed. */
static bool inject_well(struct planting *held, long number, const uint64_t arguments[6], long *result,
			struct hold_report *report)
{
	if (!inject(held, number, arguments, result, report))
		return false;
	return *result < 0 && *result > -PAGE ? fail_by(report, HOLD_CALLS_REFUSED, (int)-*result) : true;
}

/* The same for a call that has to fail at its argument, which is no address. */
static bool inject_fault(struct planting *held, long number, const uint64_t arguments[6], struct hold_report *report)
{
	long result;

	if (!inject(held, number, arguments, &result, report))
		return false;
	if (result == -EFAULT)
		return true;
	/* A filter that kills leaves the call's number. */
	return fail_by(report, HOLD_CALLS_REFUSED, result < 0 ? (int)-result : 0);
}

/* Makes every call of the hand-over once, while there is no client to lose: a filter may forbid one of them, or there
 * may be no free descriptor. Learns which places close on exec. */
static bool rehearse(struct planting *held, struct planted *planted, struct hold_report *report)
{
	uint64_t first = (uint64_t)planted->places[0].number;
	long copy, result;

	for (uint64_t n = 0; n < planted->place_count; n++) {
		struct planted_place *place = &planted->places[n];

		if (!inject_well(held, SYS_fcntl, (uint64_t[6]){ (uint64_t)place->number, F_GETFD }, &result, report))
			return false;
		place->flags = result & FD_CLOEXEC ? O_CLOEXEC : 0;
	}
	if (!inject_well(held, SYS_fcntl, (uint64_t[6]){ first, F_DUPFD_CLOEXEC, 0 }, &copy, report))
		return false;
	for (uint64_t n = 0; n < planted->place_count; n++) {
		const struct planted_place *place = &planted->places[n];
		const uint64_t over[6] = { (uint64_t)copy, (uint64_t)place->number, (uint64_t)place->flags };

		if (!inject_well(held, SYS_dup3, over, &result, report))
			return false;
	}
	return inject_well(held, SYS_close, (uint64_t[6]){ (uint64_t)copy }, &result, report) &&
	       inject_fault(held, SYS_sendto, (uint64_t[6]){ first, 0, 1, MSG_NOSIGNAL | MSG_DONTWAIT }, report) &&
	       inject_fault(held, SYS_recvmsg, (uint64_t[6]){ first, 0, MSG_DONTWAIT }, report);
}

static bool write_words(const struct hold_trace *trace, uint64_t at, const void *bytes, size_t size,
			struct hold_report *report)
{
	for (size_t n = 0; n < size; n += sizeof(uint64_t)) {
		uintptr_t word = 0;

		memcpy(&word, (const char *)bytes + n, size - n < sizeof(word) ? size - n : sizeof(word));
		if (hold_ptrace(PTRACE_POKETEXT, trace->program, at + n, (void *)word) < 0)
			return fail_by(report, HOLD_UNTRACEABLE, errno);
	}
	return true;
}

static void note_registers(struct planted *planted, const struct user_regs_struct *registers)
{
	planted->rax = registers->orig_rax;
	planted->rbx = registers->rbx;
	planted->rcx = registers->rcx;
	planted->rdx = registers->rdx;
	planted->rsi = registers->rsi;
	planted->rdi = registers->rdi;
	planted->rbp = registers->rbp;
	planted->r8 = registers->r8;
	planted->r9 = registers->r9;
	planted->r10 = registers->r10;
	planted->r11 = registers->r11;
	planted->r12 = registers->r12;
	planted->r13 = registers->r13;
	planted->r14 = registers->r14;
	planted->r15 = registers->r15;
	planted->rsp = registers->rsp;
	planted->flags = registers->eflags;
	planted->rip = registers->rip - SYSCALL_SIZE;
}

static bool plant_page(struct planting *held, struct planted *planted, uint64_t *page, struct hold_report *report)
{
	const uint64_t anywhere[6] = { 0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0 };
	long at;

	if (!rehearse(held, planted, report) || !inject_well(held, SYS_mmap, anywhere, &at, report))
		return false;
	*page = (uint64_t)at;
	return write_words(held->trace, *page, hold_template, hold_template_size, report) &&
	       write_words(held->trace, *page + hold_template_size, planted, sizeof(*planted), report);
}

/* orig_rax -1: no system call is to be repeated after a signal handler. */
static bool jump_to(const struct planting *held, uint64_t page, struct hold_report *report)
{
	struct user_regs_struct registers = held->registers;

	registers.rip = page;
	registers.rsp = (registers.rsp - RED_ZONE - FRAME) & ~UINT64_C(15);
	registers.orig_rax = (uint64_t)-1;
	registers.rax = 0;
	return set_registers(held, &registers) ? true : fail_by(report, HOLD_UNTRACEABLE, errno);
}

/* Whether the program is at an instruction that can be repeated. */
static bool find_call(struct planting *held, struct hold_report *report)
{
	pid_t program = held->trace->program;
	uint64_t word = 0;

	if (hold_ptrace(PTRACE_GETREGS, program, 0, &held->registers) < 0 ||
	    hold_ptrace(PTRACE_PEEKTEXT, program, held->registers.rip - SYSCALL_SIZE, &word) < 0)
		return fail_by(report, HOLD_UNTRACEABLE, errno);
	return (word & 0xffff) == SYSCALL_CODE ? true : fail_by(report, HOLD_32_BIT, 0);
}

void hold_plant(struct hold_trace *trace, const struct hold_request *request, struct hold_report *report)
{
	struct planting held = { .trace = trace, .is_at_entry = true };
	struct planted planted = { .place_count = request->place_count };
	pid_t program = trace->program;
	uint64_t mask, all = UINT64_MAX, page;

	for (size_t n = 0; n < request->place_count; n++)
		planted.places[n].number = request->places[n];
	if (!find_call(&held, report))
		return;
	note_registers(&planted, &held.registers);
	/* Signals wait meanwhile: a handler would mix its calls with ours. */
	if (hold_ptrace(PTRACE_GETSIGMASK, program, sizeof(mask), &mask) < 0 ||
	    hold_ptrace(PTRACE_SETSIGMASK, program, sizeof(all), &all) < 0) {
		fail_by(report, HOLD_UNTRACEABLE, errno);
		return;
	}
	if (!plant_page(&held, &planted, &page, report) || !jump_to(&held, page, report))
		return;
	if (hold_ptrace(PTRACE_SETSIGMASK, program, sizeof(mask), &mask) < 0 ||
	    hold_ptrace(PTRACE_DETACH, program, 0, NULL) < 0) {
		fail_by(report, HOLD_UNTRACEABLE, errno);
		return;
	}
	report->obstacle = HOLD_NONE;
	report->call = (long)planted.rax;
}
